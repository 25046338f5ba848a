"""Everybody's state at one instant, streamed: from the kept rows, and from the log where needed.

A kept row serves every instant from the customer's newest touchpoint on; for an earlier one his
touchpoints are read again, a page of customers at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, STATE
from crmkit.value.history import build, current, read_groups, read_log, read_purchases
from crmkit.value.layout import Layout
from crmkit.value.state import State, unpack

_LAYOUT = STATE.position["layout"]
_NEWEST = STATE.position["newest"]
_PAGE = 1000


def each_state(
    reader: Reader, layout: Layout, at: int, ids: Iterable[str] | None = None
) -> Iterator[tuple[str, State]]:
    """Stream (root id, state at `at`), ordered by id; `ids` are roots, None means everybody."""
    rows = _everybody(reader) if ids is None else _named(reader, sorted(set(ids)))
    empty = State.empty(layout)
    page: list[tuple[str, Row | None]] = []
    for entry in rows:
        page.append(entry)
        if len(page) == _PAGE:
            yield from _states(reader, layout, at, page, empty)
            page = []
    yield from _states(reader, layout, at, page, empty)


def roots_of_all(reader: Reader) -> Iterator[str]:
    """Stream the ids of all customers that were not merged into others, ordered."""
    last = None
    for (root,) in reader.scan(CUSTOMER, by=("root",), columns=("root",)):
        if root != last:
            yield root
            last = root


def _everybody(reader: Reader) -> Iterator[tuple[str, Row | None]]:
    kept = reader.scan(STATE)
    row = next(kept, None)
    for root in roots_of_all(reader):
        while row is not None and row[0] < root:
            row = next(kept, None)
        yield root, row if row is not None and row[0] == root else None


def _named(reader: Reader, ids: list[str]) -> Iterator[tuple[str, Row | None]]:
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        rows = {row[0]: row for row in reader.fetch(STATE, [(root,) for root in page])}
        for root in page:
            yield root, rows.get(root)


def _states(
    reader: Reader, layout: Layout, at: int, page: list[tuple[str, Row | None]], empty: State
) -> Iterator[tuple[str, State]]:
    again = [
        root
        for root, row in page
        if row is not None and (row[_LAYOUT] != layout.id or row[_NEWEST] > at)
    ]
    reread = refold(reader, layout, at, again) if again else {}
    for root, row in page:
        if row is None:
            yield root, empty
        else:
            yield root, reread.get(root) or current(layout, unpack(row), at)


def refold(reader: Reader, layout: Layout, at: int, roots: list[str]) -> dict[str, State]:
    """Fold these customers' touchpoints up to `at` anew, with today's knowledge."""
    groups = read_groups(reader, roots)
    log = read_log(reader, [base for bases in groups.values() for base in bases])
    live = {
        root: [entry for base in bases for entry in log[base] if entry.live]
        for root, bases in groups.items()
    }
    purchases = read_purchases(reader, [e for entries in live.values() for e in entries])
    return {root: build(layout, entries, purchases, at) for root, entries in live.items()}
