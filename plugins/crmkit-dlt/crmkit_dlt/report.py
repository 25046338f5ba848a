"""What became of the rows: counted by table, and told in the log."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from threading import RLock
from typing import Any

import attrs

from crmkit import Rejection

LOG = logging.getLogger("crmkit_dlt")
SHOWN = 10
"""Rejections of a table that are logged one by one; more are counted."""
OnReject = Callable[[str, Rejection], object]
"""Called with the table's name and each rejection."""


@attrs.frozen(kw_only=True)
class TableReport:
    """What became of the rows of one table, since the destination was made.

    A batch that a crash made dlt deliver again is counted again.

    Attributes:
        rows: Rows that were delivered.
        new: Touchpoints or customers that were added.
        changed: Those that were known otherwise: touchpoints corrected, customers changed.
        known: Rows that brought nothing new.
        deleted: Touchpoints retracted, customers erased.
        kept: Deleted rows of customers who stay.
        skipped: Rows that the mapping leaves out, and versions of a row that a later one replaces.
        rejected: Rows that could not be taken; each was logged or handed to `on_reject`.
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    deleted: int = 0
    kept: int = 0
    skipped: int = 0
    rejected: int = 0


LoadReport = dict[str, TableReport]
"""What became of the rows, by table."""


@attrs.frozen
class Outcome:
    """What became of the rows of one batch.

    Attributes:
        counts: By the names of `TableReport`.
        rejected: The rejections.
    """

    counts: Counter[str] = attrs.field(factory=Counter)
    rejected: list[Rejection] = attrs.field(factory=list)


class Tally:
    """Adds up batches, from several threads.

    Args:
        on_reject: Told of each rejection, one after the other; None: the first are logged.
    """

    def __init__(self, on_reject: OnReject | None) -> None:
        self._on_reject = on_reject
        self._lock = RLock()  # who is told of a rejection may ask for the report
        self._tables: LoadReport = {}

    def add(self, table: str, outcome: Outcome) -> None:
        """Count a batch that is done, and tell of what was rejected."""
        with self._lock:
            old = self._tables.get(table, TableReport())
            more = {**outcome.counts, "rejected": len(outcome.rejected)}
            added: dict[str, Any] = {name: getattr(old, name) + n for name, n in more.items()}
            self._tables[table] = attrs.evolve(old, **added)
            if self._on_reject is not None:
                for one in outcome.rejected:
                    self._on_reject(table, one)
            else:
                _log(table, old.rejected, outcome.rejected)

    def report(self) -> LoadReport:
        """Give the counts so far."""
        with self._lock:
            return dict(self._tables)

    def tell(self) -> None:
        """Log the counts, rejections as a warning."""
        for table, counts in self.report().items():
            level = logging.WARNING if counts.rejected else logging.INFO
            said = ", ".join(f"{n} {name}" for name, n in attrs.asdict(counts).items() if n)
            LOG.log(level, "table %s so far: %s", table, said)


def _log(table: str, before: int, rejected: list[Rejection]) -> None:
    for place, one in enumerate(rejected[: max(0, SHOWN - before)], before + 1):
        more = "; further ones are only counted" if place == SHOWN else ""
        LOG.warning("table %s: a row was rejected: %s %s%s", table, one.field, one.reason, more)
