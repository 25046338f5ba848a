"""Everybody's state at one instant, streamed: from the kept rows, and from the log where needed.

A kept row serves every instant from the customer's newest touchpoint on; for an earlier one his
touchpoints are read again, a page of customers at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, STATE
from crmkit.paging import pages
from crmkit.value.former import taken_over
from crmkit.value.history import build_course, current, read_live, read_purchases
from crmkit.value.layout import Layout
from crmkit.value.state import State, unpack

_LAYOUT = STATE.position["layout"]
_NEWEST = STATE.position["newest"]
_PAGE = 1000


def each_state(
    reader: Reader, layout: Layout, at: int, ids: Iterable[str] | None = None
) -> Iterator[tuple[str, State]]:
    """Stream (root id, state at `at`), ordered by id; `ids` are roots, None means everybody."""
    return ((root, states[0]) for root, states in each_course(reader, layout, (at,), ids))


def each_course(
    reader: Reader, layout: Layout, instants: tuple[int, ...], ids: Iterable[str] | None = None
) -> Iterator[tuple[str, tuple[State, ...]]]:
    """Stream (root id, his states at several instants, oldest first), ordered by id.

    A customer's touchpoints are read at most once, however many instants are asked for.
    """
    rows = _everybody(reader, layout) if ids is None else _named(reader, layout, sorted(set(ids)))
    nobody = (State.empty(layout),) * len(instants)
    for page in pages(rows, _PAGE):
        yield from _courses(reader, layout, instants, page, nobody)


def roots_of_all(reader: Reader) -> Iterator[str]:
    """Stream the ids of all customers that were not merged into others, ordered."""
    last = None
    for (root,) in reader.scan(CUSTOMER, by=("root",), columns=("root",)):
        if root != last:
            yield root
            last = root


def _everybody(reader: Reader, layout: Layout) -> Iterator[tuple[str, Row | None]]:
    kept = taken_over(reader.scan(STATE), layout)
    row = next(kept, None)
    for root in roots_of_all(reader):
        while row is not None and row[0] < root:
            row = next(kept, None)
        yield root, row if row is not None and row[0] == root else None


def _named(reader: Reader, layout: Layout, ids: list[str]) -> Iterator[tuple[str, Row | None]]:
    for page in pages(ids, _PAGE):
        kept = taken_over(reader.fetch(STATE, [(root,) for root in page]), layout)
        rows = {row[0]: row for row in kept}
        for root in page:
            yield root, rows.get(root)


def _courses(
    reader: Reader,
    layout: Layout,
    instants: tuple[int, ...],
    page: list[tuple[str, Row | None]],
    nobody: tuple[State, ...],
) -> Iterator[tuple[str, tuple[State, ...]]]:
    again = [
        root
        for root, row in page
        if row is not None and (row[_LAYOUT] != layout.id or row[_NEWEST] > instants[0])
    ]
    reread = _refold(reader, layout, instants, again) if again else {}
    for root, row in page:
        if row is None:
            yield root, nobody
        elif root in reread:
            yield root, reread[root]
        else:
            kept = unpack(row)
            yield root, tuple([current(layout, kept, at) for at in instants])


def _refold(
    reader: Reader, layout: Layout, instants: tuple[int, ...], roots: list[str]
) -> dict[str, tuple[State, ...]]:
    """Fold these customers' touchpoints anew, with today's knowledge."""
    live = read_live(reader, roots)
    purchases = read_purchases(reader, [e for entries in live.values() for e in entries])
    return {
        root: tuple(build_course(layout, entries, purchases, instants))
        for root, entries in live.items()
    }
