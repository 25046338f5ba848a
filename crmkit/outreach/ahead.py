"""The next batch, prepared while a channel sends this one; prepared anew where it grew old."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from crmkit.outreach.preparing import Batch, holds
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import Steps, finished


class Ahead:
    """Prepares the batches of one dispatch."""

    def __init__(self, setup: Setup, prepare: Callable[[], Steps[Batch | None]]) -> None:
        """Know how the next batch is prepared."""
        self._setup = setup
        self._prepare = prepare
        self._batch: Batch | None = None

    def prepare(self) -> Steps[None]:
        """Prepare the next batch; what fails here fails in `take` again, where it is told."""
        with suppress(Exception):
            self._batch = yield from self._prepare()

    def take(self) -> Batch | None:
        """Give the next batch, judged as of now; None: nothing is due."""
        batch, self._batch = self._batch, None
        if batch is not None and holds(self._setup, batch):
            return batch
        return finished(self._prepare())
