"""A filled sheet taken apart: its rows, told by how they are merged, with every odd place named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from crmkit.care.forms.layout import GRID, HEAD, LABEL, NUMBER, Form, Table
from crmkit.care.forms.package import Fault, Paper
from crmkit.care.forms.texts import GOES_ON
from crmkit.care.forms.values import as_text
from crmkit.care.forms.words import NUMBER as NUMBER_WORDS
from crmkit.care.forms.words import without_continued


@attrs.frozen
class Entry:
    """What one cell says.

    Attributes:
        sheet: Name of the sheet.
        place: Of the cell: ``E5``.
        raw: What it holds; None: nothing.
        percent: Whether it shows a number as a percentage.
    """

    sheet: str
    place: str
    raw: Any
    percent: bool = False


@attrs.define
class Filled:
    """What all sheets of one form say.

    Attributes:
        name: Of the first sheet.
        fields: By path; several entries where a text goes on.
        tables: Paths of the tables that are there.
        rows: By the table's path: of each row its number and its cells, each in its entries.
    """

    name: str
    fields: dict[str, list[Entry]] = attrs.field(factory=dict)
    tables: set[str] = attrs.field(factory=set)
    rows: dict[str, list[list[list[Entry]]]] = attrs.field(factory=dict)


class Sheets:
    """Reads the sheets of one form, one after the other."""

    def __init__(self, form: Form, name: str, faults: list[Fault]) -> None:
        self.filled = Filled(name)
        self._form = form
        self._faults = faults
        self._table: Table | None = None
        self._fields = {
            words: block
            for block in (*form.blocks, *HEAD)
            for words in (block.label.zh, block.label.en)
            if not isinstance(block, Table)
        }
        self._tables = {
            words: block
            for block in form.blocks
            for words in (block.label.zh, block.label.en)
            if isinstance(block, Table)
        }

    def read(self, sheet: Paper) -> None:
        """Read one sheet; what cannot be is a fault."""
        self._sheet = sheet
        self._covered = {
            (row, column)
            for (first_row, first), (last_row, last) in sheet.merged.items()
            for row in range(first_row, last_row + 1)
            for column in range(first, last + 1)
            if (row, column) != (first_row, first)
        }
        self._seen: set[tuple[int, int]] = set()
        first = not self.filled.fields
        self._title()
        self._head(first=first)
        rows = iter(range(4, max([3, *(row for row, _ in (*sheet.cells, *sheet.merged))]) + 1))
        for row in rows:
            self._row(row, rows)
        self._strays()
        self._table = None

    # -- title and head ----------------------------------------------------------------

    def _title(self) -> None:
        said = self._entry(1, 1, GRID)
        if as_text(said.raw or "") not in map(self._form.heading, ("zh", "en")):
            wanted = f"{self._form.heading('zh')} / {self._form.heading('en')}"
            self._fault(said.place, f"the title must be {wanted}, got {said.raw!r}")

    def _head(self, *, first: bool) -> None:
        half = GRID // 2
        for place, field in enumerate(HEAD):
            row, column = 2 + place // 2, 1 + place % 2 * half
            label = self._entry(row, column, LABEL)
            if as_text(label.raw or "") not in field.label:
                wanted = f"{field.label.zh} ({field.label.en})"
                self._fault(label.place, f"the label must be {wanted}, got {label.raw!r}")
            value = self._entry(row, column + LABEL, half - LABEL, whole=True)
            if first:
                self.filled.fields[field.path] = [value]
            elif value.raw != self.filled.fields[field.path][0].raw:
                on = self.filled.fields[field.path][0]
                self._fault(value.place, f"must say the same as {on.sheet}!{on.place}")

    # -- what stands below -------------------------------------------------------------

    def _row(self, row: int, rows: Iterator[int]) -> None:
        last_row, span = self._sheet.merged.get((row, 1), (row, 0))
        span = span if last_row == row else 0
        label = self._said(row, 1)
        said = without_continued(as_text(label)) if label is not None else ""
        if span == GRID or (not span and said in self._tables):
            self._entry(row, 1, GRID, whole=True)
            self._table = self._tables.get(said)
            if self._table is None:
                self._unknown(row, label)
            else:
                self.filled.tables.add(self._table.path)
                self._columns(self._table, next(rows, row + 1))
        elif span == LABEL or (not span and said in self._fields):
            self._entry(row, 1, LABEL, whole=True)
            self._table = None
            field = self._fields.get(said)
            value = self._entry(row, 1 + LABEL, GRID - LABEL, whole=True)
            if field is None:
                self._unknown(row, label)
            else:
                self.filled.fields.setdefault(field.path, []).append(value)
        elif self._table is not None:
            self._record(row, self._table)
        elif said:
            self._unknown(row, label)

    def _columns(self, table: Table, row: int) -> None:
        """Check the names of a table's columns."""
        column = 1 + NUMBER
        first = self._entry(row, 1, NUMBER)
        if as_text(first.raw or "") not in NUMBER_WORDS:
            self._unknown(row, first.raw)
        for one in table.columns:
            said = self._entry(row, column, one.span)
            if as_text(said.raw or "") not in one.label:
                wanted = f"{one.label.zh} ({one.label.en})"
                self._fault(said.place, f"the column must be {wanted}, got {said.raw!r}")
            column += one.span

    def _record(self, row: int, table: Table) -> None:
        """Read one row of a table, which may go on from the one before."""
        number = self._entry(row, 1, NUMBER)
        cells, column = [], 1 + NUMBER
        for one in table.columns:
            cells.append(self._entry(row, column, one.span))
            column += one.span
        if number.raw == GOES_ON:
            above = self.filled.rows.get(table.path)
            if not above:
                self._fault(number.place, "goes on from a row that is not there")
                return
            for entries, cell in zip(above[-1][1:], cells, strict=True):
                entries.append(cell)
            return
        counted = as_text(number.raw or "").strip()
        if table.number is None and counted and not counted.isdecimal():
            self._unknown(row, number.raw)
        elif any(cell.raw is not None for cell in cells) or (table.number and counted):
            made = [[number], *([cell] for cell in cells)]
            self.filled.rows.setdefault(table.path, []).append(made)

    # -- cells -------------------------------------------------------------------------

    def _entry(self, row: int, column: int, span: int, *, whole: bool = False) -> Entry:
        """Give what the columns of the grid that are one cell say.

        Rows that somebody put in are not merged; `whole` says that this one must be.
        """
        places = [(row, one) for one in range(column, column + span)]
        self._seen.update(places)
        last = self._sheet.merged.get(places[0])
        if last != places[-1] and (
            whole or last is not None or any(one in self._covered for one in places)
        ):
            until = f"{_named(places[0])}:{_named(places[-1])}"
            self._fault(_named(places[0]), f"{until} must be one merged cell, as it was")
        told = [one for one in places if one in self._sheet.cells]
        for other in told[1:]:
            self._fault(_named(other), f"belongs to {_named(told[0])}, which says something")
        if not told:
            return Entry(self._sheet.name, _named(places[0]), None)
        place, cell = _named(told[0]), self._sheet.cells[told[0]]
        if cell.type in "ef":
            why = "is a formula: write its value" if cell.type == "f" else f"holds {cell.value}"
            self._fault(place, why)
            return Entry(self._sheet.name, place, None)
        percent = cell.type == "n" and "%" in cell.look
        return Entry(self._sheet.name, place, cell.value, percent)

    def _said(self, row: int, column: int) -> Any:
        cell = self._sheet.cells.get((row, column))
        return None if cell is None else cell.value

    def _strays(self) -> None:
        """Name what stands outside the form."""
        for place in self._sheet.cells:
            if place not in self._seen:
                self._fault(_named(place), "stands outside the form: nobody would read it")

    def _unknown(self, row: int, said: Any) -> None:
        known = ", ".join(dict.fromkeys(self._known()))
        self._seen.update((row, column) for column in range(1, GRID + 1))
        self._fault(_named((row, 1)), f"the label {said!r} is unknown here; the form has {known}")

    def _known(self) -> Sequence[str]:
        return [block.label.zh for block in self._form.blocks]

    def _fault(self, place: str, why: str) -> None:
        self._faults.append((self._sheet.name, place, why))


def _named(place: tuple[int, int]) -> str:
    """Name a cell as spreadsheets do: ``E5``."""
    row, column = place
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"
