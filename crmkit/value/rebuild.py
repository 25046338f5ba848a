"""Building states anew from the log: after merges, corrections, undos, or under a new model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from crmkit.contracts.store import Row, Store, Writer
from crmkit.contracts.tables import CUSTOMER, STATE, Table
from crmkit.paging import pages
from crmkit.value.former import take_over
from crmkit.value.history import build, read_live, read_purchases
from crmkit.value.layout import Layout
from crmkit.value.state import pack

_PAGE = 2000
_ROOT = CUSTOMER.position["root"]


def rebuild_all(
    store: Store,
    layout: Layout,
    now: int,
    *,
    everything: bool = False,
    mine: Callable[[str], bool] | None = None,
) -> int:
    """Refold the states that another model left behind, or everybody's; tell how many.

    Each page is a transaction of its own: a killed rebuild is gone on with by calling again, and
    whatever is read meanwhile is refolded on the way.

    Args:
        store: The workspace.
        layout: The model in force.
        now: The clock, in microseconds.
        everything: Drop every state and fold all customers anew, lost states among them.
        mine: Tells whose states are folded here, by id; None: everybody's.
    """
    done = 0
    if everything:
        for page in _pages(store, CUSTOMER, "root", mine):
            with store.write() as writer:
                rebuild(writer, [row[0] for row in page], layout, now)
            done += sum(customer == root for customer, root in page)
    for page in _pages(store, STATE, "layout", mine):
        stale = {root for root, found in page if found != layout.id}
        with store.write() as writer:
            if everything:  # states of nobody
                known = {row[0] for row in writer.fetch(CUSTOMER, [row[:1] for row in page])}
                stale = {row[0] for row in page} - known
            else:
                done += len(stale)
                stale -= take_over(writer, stale, layout)
            rebuild(writer, sorted(stale), layout, now)
    return done


def _pages(
    store: Store, table: Table, column: str, mine: Callable[[str], bool] | None
) -> Iterator[list[Row]]:
    """Give (key, column) of rows that are `mine`, page by page, each read when it is asked for."""
    after: Row | None = None
    while True:
        with store.read() as reader:
            columns = (*table.key, column)
            page = list(reader.scan(table, after=after, limit=_PAGE, columns=columns))
        if not page:
            return
        yield page if mine is None else [row for row in page if mine(row[0])]
        after = page[-1][:1]


def rebuild_of(writer: Writer, bases: Iterable[str], layout: Layout, now: int) -> None:
    """Refold the states that these ids' touchpoints count for; ids of nobody are left out."""
    rows = writer.fetch(CUSTOMER, [(base,) for base in bases])
    rebuild(writer, sorted({row[_ROOT] for row in rows}), layout, now)


def rebuild(writer: Writer, roots: Iterable[str], layout: Layout, now: int) -> None:
    """Refold these customers' states from the log, inside the open transaction.

    Args:
        writer: The transaction.
        roots: Roots of merge groups; an id that has become a mere member, or lost its last
            touchpoint, loses its state.
        layout: The model in force.
        now: The clock, in microseconds; what lies ahead of it waits in the state.
    """
    for page in pages(dict.fromkeys(roots)):
        live = {
            root: sorted(entries, key=lambda entry: entry.row[0])
            for root, entries in read_live(writer, page).items()
        }
        purchases = read_purchases(writer, [e for entries in live.values() for e in entries])
        states: list[Row] = [
            pack(root, build(layout, entries, purchases, now, waiting=True), layout)
            for root, entries in live.items()
            if entries
        ]
        writer.put(STATE, states)
        gone = [(root,) for root, entries in live.items() if not entries]
        if gone:
            writer.delete(STATE, gone)
