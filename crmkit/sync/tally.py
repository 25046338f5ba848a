"""What a run has done so far, or what a plan would do."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmkit.model.sync import SyncChange

CREATE, UPDATE, DELETE = "creates", "updates", "deletes"


@attrs.define
class Tally:
    """What a run has done, or would do, so far.

    Attributes:
        read: Records the CRM told of.
        unchanged: Records that needed nothing.
        changes: Records written, by ``creates``, ``updates`` and ``deletes``; the records
            themselves in a dry run alone.
        again: What was written asks for another look: it may have been taken or not, or changed
            more than was said.
        lost: Why nobody knows whether something that was written arrived; empty: everybody does.
        step: Told now and then how many records were read and written, for a progress bar.
    """

    dry: bool = False
    read: int = 0
    unchanged: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)
    changes: dict[str, list[SyncChange]] = attrs.field(factory=dict)
    again: bool = False
    lost: str = ""
    step: Callable[[int], object] | None = None

    def lose(self, why: object) -> None:
        """Note that something may have arrived or not: it is read, and written again if need be."""
        self.again, self.lost = True, str(why)

    def look(self, count: int) -> None:
        """Count records the CRM told of."""
        self.read += count
        self._tell()

    def add(self, what: str, count: int = 1) -> None:
        """Count records that were written."""
        self.counts[what] = self.counts.get(what, 0) + count
        self._tell()

    def _tell(self) -> None:
        if self.step is not None:
            self.step(self.read + sum(self.counts.values()))

    def plan(self, what: str, change: SyncChange) -> None:
        """Note a record that would be written."""
        self.add(what)
        if self.dry:
            self.changes.setdefault(what, []).append(change)
