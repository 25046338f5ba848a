"""The touchpoints that hold today, in the order they happened: one pass over the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import TOUCHPOINT, VOID


def voided(reader: Reader) -> set[int]:
    """Give the seqs of the touchpoints that were corrected, retracted or undone."""
    return {row[0] for row in reader.scan(VOID, columns=("touchpoint",))}


def live_rows(  # noqa: PLR0913 - as `scan`
    reader: Reader,
    columns: Sequence[str],
    *,
    since: int | None = None,
    until: int | None = None,
    kinds: Sequence[str] | None = None,
    gone: set[int] | None = None,
) -> Iterator[Row]:
    """Stream touchpoints that hold today.

    Args:
        reader: Where to read.
        columns: What of them to give; the first must be ``seq``.
        since: From this instant on, in microseconds; None: from the first.
        until: Before this one; None: to the last.
        kinds: Only of these kinds; None: of all.
        gone: What `voided` gave, where it was read already.
    """
    gone = voided(reader) if gone is None else gone
    rows = reader.scan(
        TOUCHPOINT,
        by=("at",),
        low=since,
        high=None if until is None else until - 1,
        where=None if kinds is None else {"kind": tuple(kinds)},
        columns=tuple(columns),
    )
    return (row for row in rows if row[0] not in gone) if gone else rows
