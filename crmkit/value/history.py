"""Reading customers' touchpoints back from the log, as known now or as known then.

Default view: every touchpoint that holds now. As shown at k: recorded by k and
not yet taken back at k. A row of a correction carries a negative run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import attrs

from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, TOUCHPOINT, VOID
from crmkit.model.touchpoint import Touchpoint
from crmkit.value.fold import catch_up, fold
from crmkit.value.layout import Layout
from crmkit.value.program import compile_program
from crmkit.value.state import State

_COLUMN = TOUCHPOINT.position
_SEQ, _CUSTOMER, _AT, _RECORDED = (_COLUMN[name] for name in ("seq", "customer", "at", "recorded"))
_SOURCE, _ID, _REV, _KIND, _OF, _RUN = (
    _COLUMN[name] for name in ("source", "id", "rev", "kind", "of", "run")
)
FOREVER = 1 << 62
"""Later than every instant."""
WAITING, WAITING_END = "return-of:", "return-of;"
"""META rows between them note the customers whose returns name a purchase that is not there, or is
somebody else's."""


class Known(NamedTuple):
    """The view of one instant: what had been recorded by then, and not yet taken back.

    Attributes:
        at: The instant of the knowledge, in microseconds.
    """

    at: int

    def holds(self, recorded: int, void: int, run: int) -> bool:  # noqa: ARG002 - as `Arrived`
        """Tell whether what was recorded then, and taken back then, held in this view."""
        return recorded <= self.at < void


class Arrived(NamedTuple):
    """What was known at `since`, and what was captured until `until`: nothing corrected yet.

    Attributes:
        since: Corrections from here on are left out, in microseconds.
        until: Captures up to here are let in, in microseconds.
    """

    since: int
    until: int

    def holds(self, recorded: int, void: int, run: int) -> bool:
        """Tell whether something is known in this view; a negative run is a correction's."""
        return void > self.since and recorded <= (self.until if run >= 0 else self.since)


View = Known | Arrived
TODAY = Known(FOREVER - 1)
"""The view of everything that holds in the log today."""


class Entry(NamedTuple):
    """One row of the log, and from when on it no longer holds (`FOREVER`: it does)."""

    row: Row
    void: int

    def known(self, view: View) -> bool:
        """Tell whether the row holds in a view."""
        return view.holds(self.row[_RECORDED], self.void, self.row[_RUN])

    @property
    def live(self) -> bool:
        """Whether the row holds today."""
        return self.void == FOREVER

    @property
    def at(self) -> int:
        """When it happened."""
        at: int = self.row[_AT]
        return at

    @property
    def kind(self) -> str:
        """What kind of touchpoint it is."""
        kind: str = self.row[_KIND]
        return kind


@attrs.frozen
class Purchases:
    """The purchases that returns name: (source, id) -> entries, whoever bought."""

    entries: Mapping[tuple[str, str], list[Entry]] = attrs.field(factory=dict)

    def aged(self, row: Row, view: View = TODAY) -> int:
        """Give the instant a row is aged from: its own, or its purchase's where it is known."""
        at: int = row[_AT]
        if row[_OF] is None:
            return at
        known = [e.at for e in self.entries.get((row[_SOURCE], row[_OF]), ()) if e.known(view)]
        return known[-1] if known else at


def read_log(reader: Reader, bases: Iterable[str]) -> dict[str, list[Entry]]:
    """Read everything these ids were written with: base id -> entries in the order of the log."""
    keys = [(base,) for base in bases]
    log: dict[str, list[Entry]] = {base: [] for (base,) in keys}
    voided = {row[1]: row[2] for row in reader.fetch(VOID, keys, by=("customer",))}
    for row in reader.fetch(TOUCHPOINT, keys, by=("customer",)):
        log[row[_CUSTOMER]].append(Entry(row, voided.get(row[_SEQ], FOREVER)))
    for entries in log.values():
        entries.sort(key=lambda entry: entry.row[_SEQ])
    return log


def read_purchases(reader: Reader, entries: Iterable[Entry]) -> Purchases:
    """Read the purchases that the returns among these entries name."""
    wanted = {(e.row[_SOURCE], e.row[_OF]) for e in entries if e.row[_OF] is not None}
    if not wanted:
        return Purchases()
    rows = [
        row
        for row in reader.fetch(TOUCHPOINT, sorted(wanted), by=("source", "id"))
        if row[_KIND] == "purchase"
    ]
    voided = {
        (row[0], row[1]): row[2]
        for row in reader.fetch(VOID, {(row[_CUSTOMER], row[_SEQ]) for row in rows})
    }
    found: dict[tuple[str, str], list[Entry]] = {}
    for row in sorted(rows, key=lambda row: row[_SEQ]):
        void = voided.get((row[_CUSTOMER], row[_SEQ]), FOREVER)
        found.setdefault((row[_SOURCE], row[_ID]), []).append(Entry(row, void))
    return Purchases(found)


def read_groups(reader: Reader, roots: Iterable[str]) -> dict[str, list[str]]:
    """Read the merge groups: root -> every id that leads to it, its own among them."""
    groups: dict[str, list[str]] = {root: [] for root in roots}
    for row in reader.fetch(CUSTOMER, [(root,) for root in groups], by=("root",)):
        groups[row[CUSTOMER.position["root"]]].append(row[0])
    return groups


def read_live(reader: Reader, roots: Iterable[str]) -> dict[str, list[Entry]]:
    """Read what merge groups have in the log today, by root; of each id in the log's order."""
    groups = read_groups(reader, roots)
    log = read_log(reader, [base for bases in groups.values() for base in bases])
    return {
        root: [entry for base in bases for entry in log[base] if entry.live]
        for root, bases in groups.items()
    }


def build(  # noqa: PLR0913 - the view's settings, by name
    layout: Layout,
    entries: Iterable[Entry],
    purchases: Purchases,
    until: int,
    *,
    waiting: bool = False,
    view: View = TODAY,
) -> State:
    """Fold entries that happened up to `until` into a state.

    Args:
        layout: The model to fold under.
        entries: Those that hold in the view that is asked for.
        purchases: What the returns among them name.
        until: Last instant, inclusive.
        waiting: Whether later ones wait in the state (as capture does), or are left out.
        view: The view that the purchases are looked up in.
    """
    state = State.empty(layout)
    program = compile_program(layout)
    for entry in entries:
        row = entry.row
        if row[_RECORDED] > state.recorded:
            state.recorded = row[_RECORDED]
        if row[_AT] <= until:
            fold(program, state, row, purchases.aged(row, view))
        elif waiting:
            state.ahead.append((row, purchases.aged(row, view)))
    return state


def build_course(
    layout: Layout, entries: Iterable[Entry], purchases: Purchases, instants: Sequence[int]
) -> Iterator[State]:
    """Fold entries that hold today into a state for each instant, oldest first."""
    program = compile_program(layout)
    waiting = sorted(entries, key=_at)
    state = State.empty(layout)
    done = 0
    for place, at in enumerate(instants):
        while done < len(waiting) and waiting[done].row[_AT] <= at:
            row = waiting[done].row
            if row[_RECORDED] > state.recorded:
                state.recorded = row[_RECORDED]
            fold(program, state, row, purchases.aged(row))
            done += 1
        yield state if place == len(instants) - 1 else state.copy()


def _at(entry: Entry) -> int:
    at: int = entry.row[_AT]
    return at


def current(layout: Layout, state: State, now: int) -> State:
    """Give a kept state as of `now`: what waited in it and has happened is added to a copy."""
    if not state.ahead or min(entry[0][_AT] for entry in state.ahead) > now:
        return state
    state = state.copy()
    catch_up(compile_program(layout), state, now)
    return state


def touchpoint(row: Row) -> Touchpoint:
    """Turn a TOUCHPOINT row into the public record."""
    import json  # noqa: PLC0415 - only where somebody looks at one
    from decimal import Decimal  # noqa: PLC0415

    values = dict(zip(TOUCHPOINT.names, row, strict=True))
    zone = values.pop("zone")
    for name in ("seq", "rev", "via"):
        del values[name]
    for name in ("amount", "margin", "quantity"):
        if values[name] is not None:
            values[name] = Decimal(values[name])
    values["friend"] = json.loads(values["friend"]) if values["friend"] else None
    values["attributes"] = json.loads(values["attributes"]) if values["attributes"] else {}
    values["recorded_at"] = instant(values.pop("recorded"))
    values["at"] = instant(values["at"], zone)
    values["run"] = str(values["run"])
    return Touchpoint(**values)
