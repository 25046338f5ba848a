"""Measuring everybody at one instant or at many, in one pass over the customers.

The present is read from the kept states. For the past every touchpoint is read and folded once,
however many instants are asked for, and measured in passing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

import attrs

from crmkit.contracts.store import Reader
from crmkit.lifecycle.columns import Columns, Start
from crmkit.paging import pages
from crmkit.value.basis import NO_SAYINGS, Basis, all_sayings
from crmkit.value.everybody import each_course, roots_of_all
from crmkit.value.fold import fold
from crmkit.value.history import TODAY, Entry, Purchases, read_live, read_purchases
from crmkit.value.known import written_down
from crmkit.value.layout import Layout
from crmkit.value.measure import NOTHING_SAID, Said
from crmkit.value.program import compile_program
from crmkit.value.state import NEVER, State

_PAGE = 500


def measure_all(
    reader: Reader,
    basis: Basis,
    at: int,
    period: int,
    ids: Sequence[str] | None = None,
) -> Columns:
    """Measure everybody at one instant, and what moved in the `period` before it.

    Who came later is among them, for an organisation may be younger than its people's purchases;
    but he has no rank: see `Columns.unknown`.

    Args:
        reader: Where to read.
        basis: What scores rest on.
        at: The instant, in microseconds.
        period: Length of the quarter, in microseconds.
        ids: Roots to measure; None: everybody.
    """
    layout = basis.layout
    columns = _columns(basis, at, period)
    starting = _Starting(layout, columns)
    sayings = all_sayings(reader)
    for customer, (old, new) in each_course(reader, layout, (at - period, at), ids):
        said = sayings.get(customer, NO_SAYINGS)
        start = starting.of(old, said.at(at - period))
        columns.add(customer, layout, new, said.at(at), start)
    _look_up(reader, columns)
    return columns


def replay_all(reader: Reader, basis: Basis, steps: Sequence[int], period: int) -> list[Columns]:
    """Measure everybody at many instants, oldest first, with today's knowledge.

    In the past those are left out who had no touchpoint yet: nobody knew of them. The last
    instant is the present, where everybody is measured.
    """
    layout = basis.layout
    present = len(steps) - 1
    program = compile_program(layout)
    measured = [_columns(basis, at, period) for at in steps]
    starting = [_Starting(layout, columns) for columns in measured]
    marks = sorted(
        [(at - period, 0, place) for place, at in enumerate(steps)]
        + [(at, 1, place) for place, at in enumerate(steps)]
    )
    sayings = all_sayings(reader)
    starts: list[Start] = [Start(0.0, [], [])] * len(steps)
    for page in pages(roots_of_all(reader), _PAGE):
        for customer, entries, purchases in _entries(reader, page):
            said = sayings.get(customer, NO_SAYINGS)
            state = State.empty(layout)
            done = 0
            for at, is_end, place in marks:
                while done < len(entries) and entries[done].at <= at:
                    row = entries[done].row
                    fold(program, state, row, purchases.aged(row))
                    done += 1
                if not is_end:
                    starts[place] = starting[place].of(state, said.at(at))
                elif state.newest != NEVER or place == present:
                    measured[place].add(customer, layout, state, said.at(at), starts[place])
    for columns in measured:
        _look_up(reader, columns)
    return measured


def _entries(reader: Reader, roots: list[str]) -> Iterable[tuple[str, list[Entry], Purchases]]:
    """Give the live touchpoints of some customers, oldest first."""
    live = {
        root: sorted(entries, key=lambda entry: (entry.at, entry.row[0]))
        for root, entries in read_live(reader, roots).items()
    }
    purchases = read_purchases(reader, [e for entries in live.values() for e in entries])
    return ((root, live[root], purchases) for root in roots)


def _look_up(reader: Reader, columns: Columns) -> None:
    """Find who was not known yet, and who had a record by the quarter's beginning.

    The latter only where somebody's tier then is asked for.
    """
    met = zip(columns.ids, columns.first, strict=True)
    silent = {(customer,) for customer, first in met if isnan(first)}
    recorded = written_down(reader, sorted(silent), columns.at)
    columns.unknown = {one for (one,) in silent.difference(recorded)}
    if columns.irregular:
        unmet = [(customer,) for customer in columns.unmet]
        columns.written = {one for (one,) in written_down(reader, unmet, columns.settings[0].at)}


def _columns(basis: Basis, at: int, period: int) -> Columns:
    layout, since = basis.layout, at - period
    return Columns(
        at,
        (
            basis.setting(layout, since, TODAY),
            basis.setting(layout, at, TODAY, since),
            basis.setting(layout, at, TODAY),
        ),
    )


@attrs.define
class _Starting:
    """Measures at the quarter's beginning; those of whom nothing was known yet only once."""

    layout: Layout
    columns: Columns
    unknown: Start | None = None

    def of(self, state: State, said: Said) -> Start:
        if state.newest != NEVER or said is not NOTHING_SAID:
            return self.columns.start(self.layout, state, said)
        if self.unknown is None:
            self.unknown = self.columns.start(self.layout, state, said)
        return self.unknown
