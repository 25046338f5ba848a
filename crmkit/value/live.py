"""The touchpoints that hold today, in the order they happened: one pass over the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import TOUCHPOINT, VOID

_SEQ, _KIND, _AT = (TOUCHPOINT.position[name] for name in ("seq", "kind", "at"))


def voided(reader: Reader, ids: Sequence[str] | None = None) -> set[int]:
    """Give the seqs of the touchpoints that were corrected, retracted or undone.

    Args:
        reader: Where to read.
        ids: Only of what was written with these ids; None: of all.
    """
    if ids is None:
        return {row[0] for row in reader.scan(VOID, columns=("touchpoint",))}
    return {row[1] for row in reader.fetch(VOID, [(one,) for one in ids], by=("customer",))}


def live_rows(  # noqa: PLR0913 - as `scan`
    reader: Reader,
    columns: Sequence[str],
    *,
    since: int | None = None,
    until: int | None = None,
    kinds: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    gone: set[int] | None = None,
) -> Iterator[Row]:
    """Stream touchpoints that hold today.

    Args:
        reader: Where to read.
        columns: What of them to give; the first must be ``seq``.
        since: From this instant on, in microseconds; None: from the first.
        until: Before this one; None: to the last.
        kinds: Only of these kinds; None: of all.
        ids: Only what was written with these ids, a few; None: everybody's.
        gone: What `voided` gave, where it was read already.
    """
    gone = voided(reader, ids) if gone is None else gone
    if ids is not None:
        places = [TOUCHPOINT.position[name] for name in columns]
        own = reader.fetch(TOUCHPOINT, [(one,) for one in ids], by=("customer",))
        return iter(
            [
                tuple(row[place] for place in places)
                for row in sorted(own, key=lambda row: (row[_AT], row[_SEQ]))
                if row[_SEQ] not in gone
                and (since is None or row[_AT] >= since)
                and (until is None or row[_AT] < until)
                and (kinds is None or row[_KIND] in kinds)
            ]
        )
    rows = reader.scan(
        TOUCHPOINT,
        by=("at",),
        low=since,
        high=None if until is None else until - 1,
        where=None if kinds is None else {"kind": tuple(kinds)},
        columns=tuple(columns),
    )
    return (row for row in rows if row[0] not in gone) if gone else rows
