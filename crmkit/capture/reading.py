"""A customer's touchpoints, newest first."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import TOUCHPOINT, VOID
from crmkit.model.touchpoint import Touchpoint
from crmkit.value.history import read_groups, touchpoint

_SEQ = TOUCHPOINT.position["seq"]
_AT = TOUCHPOINT.position["at"]


def touchpoints_of(
    reader: Reader,
    root: str,
    *,
    since: int | None = None,
    until: int | None = None,
    kinds: Collection[str] | None = None,
) -> Iterator[Touchpoint]:
    """Stream the touchpoints of a merge group that hold today, newest first.

    Args:
        reader: One consistent look.
        root: Root of the merge group.
        since: Earliest instant, inclusive, in microseconds.
        until: Latest instant, inclusive, in microseconds.
        kinds: Only these; None: all.
    """
    bases = read_groups(reader, [root])[root]
    voided = {row[1] for row in reader.fetch(VOID, [(base,) for base in bases], by=("customer",))}
    where = None if kinds is None else {"kind": tuple(kinds)}

    def rows(base: str) -> Iterator[Row]:
        return reader.scan(
            TOUCHPOINT,
            by=("customer", "at"),
            equal=(base,),
            low=since,
            high=until,
            where=where,
            reverse=True,
        )

    merged = heapq.merge(*map(rows, bases), key=lambda row: (row[_AT], row[_SEQ]), reverse=True)
    return (touchpoint(row) for row in merged if row[_SEQ] not in voided)
