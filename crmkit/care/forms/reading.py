"""A filled form back into the plan: everything is checked, and every fault is named by cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, tzinfo
from typing import Any

import attrs

from crmkit.arguments import show
from crmkit.care.forms.contents import find
from crmkit.care.forms.layout import ACTION, CHECKLIST, FORMS, HEAD, VERSION, Field, Form, Table
from crmkit.care.forms.package import Fault, opened, refuse
from crmkit.care.forms.sheets import Entry, Filled, Sheets
from crmkit.care.forms.values import KINDS, Reading, Wrong, as_text
from crmkit.model.people import Person
from crmkit.model.plan import CarePlan, Checklist

_SHEET = re.compile(r"(?:08[789]|090-\d+)(?: \(\d+\))?")
_MONEY = ("amount", "profit", "travel", "entertainment", "other")


@attrs.frozen(kw_only=True)
class Mark:
    """What a workbook says about itself, in the document property ``crmkit-form``.

    Attributes:
        layout: Version of the layout.
        plan: Id of the plan; empty: a form of nobody's.
        revision: How many moves the plan as a whole had made when the form was taken.
        customer: The customer's id; None: a form of nobody's.
        number: The customer's number; None: he has none.
        sheets: Names of the sheets, in order.
    """

    layout: int
    plan: str
    revision: int
    customer: str | None
    number: str | None
    sheets: tuple[str, ...]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Mark:
        """Check what a workbook says.

        Raises:
            InvalidValueError: somebody changed it, or it is of another layout.
        """
        if said.get("layout") != VERSION:
            why = f"the form has layout {said.get('layout')!r}, and this crmkit reads {VERSION}"
            refuse([("", "", f"{why}: take a new form")])
        plan, revision, sheets = said.get("plan"), said.get("revision"), said.get("sheets")
        customer, number = said.get("customer"), said.get("number")
        if not (
            isinstance(plan, str)
            and type(revision) is int
            and all(one is None or isinstance(one, str) for one in (customer, number))
            and isinstance(sheets, list)
            and sheets
            and all(isinstance(name, str) and _SHEET.fullmatch(name) for name in sheets)
        ):
            refuse([("", "", "the file's document property was changed: take a new form")])
        return cls(
            layout=VERSION,
            plan=plan,
            revision=revision,
            customer=customer,
            number=number,
            sheets=tuple(sheets),
        )


class FilledForm:
    """A workbook that was rendered, and filled in since.

    Args:
        file: Path, bytes, or a file opened for reading bytes.
        people: Account managers by id; where nobody is configured, any name will do.
        zone: Zone of instants that are written without one.

    Raises:
        InvalidValueError: it is no such workbook; `faults` holds what is wrong.
        CrmkitError: openpyxl is not installed.
    """

    def __init__(
        self, file: object, *, people: Mapping[str, Person] | None = None, zone: tzinfo = UTC
    ) -> None:
        self._papers, said = opened(file)
        self.mark = Mark.of(said)
        self._faults: list[Fault] = []
        self._reading = Reading(people=people or {}, zone=zone)
        self._check_sheets()
        self._forms = self._filled()

    def plan(self, before: CarePlan | None = None) -> CarePlan:
        """Give a plan as the forms now have it.

        Args:
            before: The plan that the forms were made from: what they do not show stays as it was
                there. None: it is not known, and begins empty.

        Raises:
            InvalidValueError: a cell cannot be read, the forms are of another customer, or the plan
                has moved since they were taken; `faults` holds sheet, cell and reason of each.
        """
        known = before is not None
        if before is None:
            before = CarePlan(
                id=self.mark.plan,
                on=date.min,
                customer_id=self.mark.customer,
                customer_number=self.mark.number,
            )
        if before.id != self.mark.plan:
            why = (
                f"the form is of plan {self.mark.plan or 'nobody'}, not of {before.id or 'nobody'}"
            )
            refuse([("", "", why)])
        self._reading = attrs.evolve(self._reading, before=before.owner)
        head = self._head()
        self._reading = attrs.evolve(self._reading, drawn_up=head["on"])
        if self.mark.plan:
            self._check_customer(before)
            if known:
                self._check_known(before, head["customer_name"])
        plan = attrs.evolve(before, **head)
        for name, filled in self._forms.items():
            form = FORMS[name[:3]]
            if form is not CHECKLIST:
                plan = self._form(form, filled, plan)
        plan = self._checklists(plan)
        if self._faults:
            refuse(list(dict.fromkeys(self._faults)))
        return plan

    # -- sheets ------------------------------------------------------------------------

    def _check_sheets(self) -> None:
        """Name the sheets that are missing, and those that are too many."""
        for name in self.mark.sheets:
            if name not in self._papers:
                self._faults.append((name, "", "the sheet is missing, or was renamed"))
        for name, paper in self._papers.items():
            if name not in self.mark.sheets:
                self._faults.append((name, "", "the sheet does not belong to the form"))
            elif paper is None:
                self._faults.append((name, "", "is no sheet of cells"))
        if self._faults:
            refuse(self._faults)

    def _filled(self) -> dict[str, Filled]:
        """Read the sheets, by the name of each form's first."""
        readers: dict[str, Sheets] = {}
        for name in self.mark.sheets:
            first = name.partition(" ")[0]
            if first not in readers:
                readers[first] = Sheets(FORMS[name[:3]], first, self._faults)
            paper = self._papers[name]
            if paper is not None:
                readers[first].read(paper)
        return {name: reader.filled for name, reader in readers.items()}

    # -- the head ----------------------------------------------------------------------

    def _head(self) -> dict[str, Any]:
        """Read the common head, which is the same on all forms."""
        found = {}
        first, *others = self._forms.values()
        for field in HEAD:
            entries = first.fields[field.path]
            found[field.path] = self._value(field, entries)
            for other in others:
                said = other.fields[field.path]
                if _whole(said) != _whole(entries):
                    on = entries[0]
                    self._fault(said[0], f"must say the same as {on.sheet}!{on.place}")
        if first.fields["on"][0].raw is None:
            self._fault(first.fields["on"][0], "the date is missing")
        return found

    def _check_customer(self, plan: CarePlan) -> None:
        number = plan.customer_number
        same = self.mark.customer == plan.customer_id
        for filled in self._forms.values():
            entries = filled.fields["customer_number"]
            if not same or _whole(entries) != (KINDS["name"].shown(number, "zh", {}) or ""):
                why = f"the form is of another customer: the plan's has the number {number or '-'}"
                self._fault(entries[0], why)

    def _check_known(self, plan: CarePlan, name: str) -> None:
        """See that the form is of the plan as it stands: nothing saved since is written over."""
        first = next(iter(self._forms.values()))
        if name != plan.customer_name:
            why = (
                f"the form is of another customer: the plan's is called {show(plan.customer_name)}"
            )
            self._fault(first.fields["customer_name"][0], why)
        if self.mark.revision != plan.revision:
            why = f"plan {plan.id} has moved since the form was taken: take a new form"
            self._faults.append((first.name, "", why))

    # -- one form ----------------------------------------------------------------------

    def _form(self, form: Form, filled: Filled, plan: CarePlan) -> CarePlan:
        changes: dict[str, Any] = {}
        for block in form.blocks:
            part, _, name = block.path.partition(".")
            if isinstance(block, Table):
                changes[name] = self._table(block, filled, find(plan, block.path))
            else:
                changes[name] = self._value(block, self._entries(form.number, filled, block))
        return attrs.evolve(plan, **{part: attrs.evolve(getattr(plan, part), **changes)})

    def _entries(self, sheet: str, filled: Filled, field: Field) -> list[Entry]:
        if field.path not in filled.fields:
            self._faults.append((sheet, "", f"{field.label.zh} ({field.label.en}) is missing"))
        return filled.fields.get(field.path) or [Entry(sheet, "", None)]

    def _table(self, table: Table, filled: Filled, before: tuple[Any, ...]) -> tuple[Any, ...]:
        if table.path not in filled.tables:
            self._faults.append(
                (filled.name, "", f"{table.label.zh} ({table.label.en}) is missing")
            )
        made, ids = [], set[str]()
        for number, *cells in filled.rows.get(table.path, []):
            values: dict[str, Any] = {}
            if table.number is not None:
                values[table.number] = id_ = self._value(ACTION, number)
                if id_ and id_ in ids:
                    self._fault(number[0], f"two rows have the number {id_}")
                ids.add(id_)
            old = [one for one in before if table.number and getattr(one, table.number) == id_]
            for column, entries in zip(table.columns, cells, strict=True):
                if column.key and all(entry.raw is None for entry in entries):
                    self._fault(entries[0], f"the row has no {column.label.zh} ({column.label.en})")
                kept = getattr(old[0], column.path) if old else None
                values[column.path] = self._value(column, entries, kept)
            paths = [column.path for column in table.columns]
            self._check_currency(values, dict(zip(paths, cells, strict=True)))
            made.append(table.record(**values))
        return tuple(made)

    def _checklists(self, plan: CarePlan) -> CarePlan:
        """Take over what was gone through; a sheet that nobody filled in says nothing."""
        found: dict[str, Checklist | None] = {}
        ids = {one.id for one in plan.action_plan.actions}
        for name, filled in self._forms.items():
            if FORMS[name[:3]] is CHECKLIST:
                self._checklist(name, filled, ids, found)
        kept = [one for one in plan.checklists if one.action not in found]
        read = [one for one in found.values() if one is not None]
        order = {one.action: place for place, one in enumerate(plan.checklists)}
        made = sorted([*kept, *read], key=lambda one: order.get(one.action, len(order)))
        return attrs.evolve(plan, checklists=tuple(made))

    def _checklist(
        self, name: str, filled: Filled, ids: set[str], found: dict[str, Checklist | None]
    ) -> None:
        """Read one sheet of form 090, and check which action it is about."""
        fields = [block for block in CHECKLIST.blocks if isinstance(block, Field)]
        entries = {field.path: self._entries(name, filled, field) for field in fields}
        values = {field.path: self._value(field, entries[field.path]) for field in fields}
        self._check_currency(values, entries)
        place, id_ = entries[ACTION.path][0], values[ACTION.path]
        empty = all(one.raw is None for f in fields if f is not ACTION for one in entries[f.path])
        if place.raw is None and empty:
            return
        if id_ in found:
            self._fault(place, f"two sheets are about action {id_}")
        elif id_ not in ids:
            known = ", ".join(sorted(ids)) or "none"
            self._fault(place, f"the plan has no action {id_!r}; its actions are {known}")
        found[id_] = None if empty else Checklist(**values)

    def _check_currency(self, values: Mapping[str, Any], at: Mapping[str, list[Entry]]) -> None:
        """Ask for a currency where there is money."""
        code = at.get("currency")
        if code and code[0].raw is None and any(values.get(name) is not None for name in _MONEY):
            self._fault(code[0], "an amount needs its currency, such as CNY")

    # -- one cell ----------------------------------------------------------------------

    def _value(self, field: Field, entries: list[Entry], before: Any = None) -> Any:
        """Read a field; after a fault it does not matter what is given, since nothing is used."""
        kind = KINDS[field.kind]
        told = [entry for entry in entries if kind.told(entry.raw)]
        if not told:
            return kind.empty
        raw = told[0].raw if len(told) == 1 else _whole(told)
        reading = attrs.evolve(self._reading, percent=told[0].percent)
        if before is not None:
            reading = attrs.evolve(reading, before=before)
        try:
            return kind.read(raw, reading)
        except Wrong as error:
            self._fault(told[0], f"{field.label.zh} ({field.label.en}) {error}")
            return kind.empty

    def _fault(self, entry: Entry, why: str) -> None:
        self._faults.append((entry.sheet, entry.place, why))


def _whole(entries: list[Entry]) -> str:
    """Put the parts of what a field says together, wherever the sheets broke it."""
    return "".join(as_text(one.raw) for one in entries if one.raw is not None)


def read_form(
    file: object,
    before: CarePlan | None = None,
    *,
    people: Mapping[str, Person] | None = None,
    zone: tzinfo = UTC,
) -> CarePlan:
    """Read a workbook that was rendered, and filled in since: `FilledForm` and its `plan`."""
    return FilledForm(file, people=people, zone=zone).plan(before)
