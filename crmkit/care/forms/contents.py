"""What the forms of a plan say: every field with its words, before it is laid out on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from crmkit.care.forms.layout import ACTION, CHECKLIST, FORMS, HEAD, Field, Form, Table
from crmkit.care.forms.texts import EMPTY
from crmkit.care.forms.values import KINDS, Shown
from crmkit.model.people import Person
from crmkit.model.plan import CarePlan, Checklist

SPARE = 2
"""Empty rows below those of a table, for what somebody adds by hand."""
BLANK_ROWS = 5
"""Rows of a table that nobody has filled in yet."""


@attrs.frozen
class Line:
    """One field and what it says."""

    field: Field
    shown: Shown


@attrs.frozen
class Grid:
    """A table and its rows: the number of each, then a cell a column."""

    table: Table
    rows: tuple[tuple[Shown, ...], ...]


@attrs.frozen(kw_only=True)
class Content:
    """One form, filled in.

    Attributes:
        form: Which.
        name: Of its first sheet.
        head: The common head.
        blocks: What stands below.
    """

    form: Form
    name: str
    head: tuple[Line, ...]
    blocks: tuple[Line | Grid, ...]


@attrs.frozen
class Filling:
    """Fills forms in.

    Attributes:
        plan: With what; None: with nothing.
        lang: Of words that are chosen: ``zh`` or ``en``.
        people: Account managers by id: their names are shown.
        blank: Only the head is filled in.
    """

    plan: CarePlan | None
    lang: str
    people: Mapping[str, Person]
    blank: bool = False

    def contents(self, form: str, action: str | None = None) -> Iterator[Content]:
        """Give one form, or ``all``; 090 once an action, or for one of them."""
        for number, one in FORMS.items():
            if form not in (number, "all"):
                continue
            if one is not CHECKLIST:
                yield self._content(one, number, None if self.blank else self.plan)
                continue
            for place, record in enumerate(self._checklists(action), 1):
                yield self._content(one, f"{number}-{place}", record)

    def _checklists(self, action: str | None) -> Sequence[Any]:
        """Give what the sheets of form 090 are filled in with, an action a sheet."""
        if self.plan is None:
            return [None]
        filled = {} if self.blank else {one.action: one for one in self.plan.checklists}
        ids = [one.id for one in self.plan.action_plan.actions]
        open_ = [one for one in dict.fromkeys(ids) if one not in filled]
        found = [*filled.values(), *open_]
        if action is not None:
            found = [one for one in found if action == getattr(one, "action", one)]
        return found or [None]

    def _content(self, form: Form, name: str, record: Any) -> Content:
        head = tuple(self._line(field, self.plan) for field in HEAD)
        blocks = [
            self._grid(block, record) if isinstance(block, Table) else self._line(block, record)
            for block in form.blocks
        ]
        last = blocks[-1]
        noted = any(isinstance(one, Line) and one.shown is not None for one in blocks[1:])
        if isinstance(record, Checklist) and isinstance(last, Line) and not noted:
            blocks[-1] = Line(last.field, EMPTY)  # gone through, and nothing was noted
        return Content(form=form, name=name, head=head, blocks=tuple(blocks))

    def _line(self, field: Field, record: Any) -> Line:
        if isinstance(record, str):  # only the action's id
            record = record if field is ACTION else None
            return Line(field, record and self._shown(field, record))
        return Line(field, None if record is None else self._shown(field, find(record, field.path)))

    def _grid(self, table: Table, record: Any) -> Grid:
        held = () if record is None else find(record, table.path)
        rows = [self._row(table, place, one) for place, one in enumerate(held, 1)]
        spare = SPARE if rows else BLANK_ROWS
        empty: tuple[Shown, ...] = (None,) * (len(table.columns) + 1)
        return Grid(table, (*rows, *(empty,) * spare))

    def _row(self, table: Table, place: int, record: Any) -> tuple[Shown, ...]:
        number: Shown = str(place)
        if table.number is not None:
            number = KINDS["text"].shown(find(record, table.number), self.lang, self.people)
        cells = [self._shown(column, find(record, column.path)) for column in table.columns]
        return number, *(
            EMPTY if column.key and cell is None else cell
            for column, cell in zip(table.columns, cells, strict=True)
        )

    def _shown(self, field: Field, value: Any) -> Shown:
        return KINDS[field.kind].shown(value, self.lang, self.people)


def find(record: Any, path: str) -> Any:
    """Give what lies at a path of attributes."""
    for name in path.split("."):
        record = getattr(record, name)
    return record
