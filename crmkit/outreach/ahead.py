"""The next batch, prepared while a channel sends this one; prepared anew where it grew old."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from crmkit.clock import SECOND
from crmkit.contracts.tables import CUSTOMER, DECISION, SUPPRESSION
from crmkit.outreach.preparing import Batch
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import Steps, finished

_FRESH = SECOND
"""How old a judgement may be that goes by the clock: quiet hours, working days, expiry."""


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
        return batch if batch is not None and self._holds(batch) else finished(self._prepare())

    def _holds(self, batch: Batch) -> bool:
        """Tell whether nothing happened since that the judgement may depend on."""
        if self._setup.session.now() - batch.gate.now > _FRESH:
            return False
        with self._setup.session.store.read() as reader:
            for table in (DECISION, CUSTOMER):
                if any(reader.scan(table, by=("seq",), low=batch.mark + 1, limit=1)):
                    return False
            return reader.count(SUPPRESSION) == batch.suppressed
