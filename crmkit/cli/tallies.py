"""Messages counted, by what became of them and why."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.cli.output import columns, note, table
from crmkit.model.outreach import Counts, LedgerRow

_COUNTS = columns("state! messages#")
_WHY = columns("state! reason! messages# such_as~")


def show_counts(counts: Counts, nothing: str) -> None:
    """Print how many messages came to which state; `nothing` where none did."""
    if counts:
        table(_COUNTS, counts.items())
    else:
        note(nothing)


def show_entered(rows: Iterable[LedgerRow]) -> None:
    """Print how many rows are in which state for which reason, with one reason in words."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for row in rows:
        found.setdefault((row.state, row.reason), []).append(row.detail)
    table(
        _WHY,
        ((state, reason, len(said), said[0]) for (state, reason), said in found.items()),
    )
