"""Building states anew from the log: after merges, corrections, undos, or under a new model."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import STATE
from crmkit.value.history import (
    build,
    pages,
    read_groups,
    read_log,
    read_purchases,
)
from crmkit.value.layout import Layout
from crmkit.value.state import pack


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
        groups = read_groups(writer, page)
        log = read_log(writer, [base for bases in groups.values() for base in bases])
        live = {
            root: sorted(
                (e for base in bases for e in log[base] if e.live), key=lambda e: e.row[0]
            )
            for root, bases in groups.items()
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
