"""New touchpoints folded into their customers' states, in the transaction that adds them."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.capture.identity import Directory
from crmkit.capture.returns import aged, arrived
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import STATE
from crmkit.value.fold import by_customer, fold_batch
from crmkit.value.former import taken_over
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild

_LAYOUT = STATE.position["layout"]
_AT_ONCE = 5_000  # states in memory: those of good customers are kilobytes each


def fold_in(  # noqa: PLR0913 - what a batch has
    writer: Writer,
    directory: Directory,
    layout: Layout,
    rows: Sequence[Row],
    roots: Sequence[str],
    now: int,
) -> set[str]:
    """Add touchpoints to the states of the customers they belong to.

    Args:
        writer: The transaction.
        directory: Tells the roots of customers whose returns waited for one of these purchases.
        layout: The value model in force.
        rows: TOUCHPOINT rows, just added.
        roots: Whose each is.
        now: The clock, in microseconds since 1970.

    Returns:
        The customers of `roots`, each once.
    """
    arrivals = by_customer(zip(roots, rows, aged(writer, rows), strict=True))
    directory.load((), waiting := arrived(writer, rows))
    anew = {root for base in waiting if (root := directory.root(base))}
    touched = sorted(arrivals.keys() - anew)
    for start in range(0, len(touched), _AT_ONCE):
        part = touched[start : start + _AT_ONCE]
        kept = taken_over(writer.fetch(STATE, [(root,) for root in part]), layout)
        old = {row[0]: row for row in kept}
        stale = {root for root, row in old.items() if row[_LAYOUT] != layout.id}
        anew |= stale
        came = {root: arrivals[root] for root in part if root not in stale}
        writer.put(STATE, fold_batch(layout, old, came, now))
    if anew:
        rebuild(writer, anew, layout, now)
    return set(arrivals)
