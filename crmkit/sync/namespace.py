"""``crm.sync``: external CRMs kept in step."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from crmkit.contracts.connector import Finding
from crmkit.model.sync import Quarantined, SyncConflict, SyncPlan, SyncReport
from crmkit.sync import cases, running
from crmkit.sync.setup import Setup

Step = Callable[[str, int], object]


class Sync:
    """The CRMs that the configuration names under ``[connectors.NAME]``."""

    def __init__(self, opening: Callable[[], Setup]) -> None:
        """Read no setting before one is asked for."""
        self._opening = opening

    @cached_property
    def _setup(self) -> Setup:
        return self._opening()

    def names(self) -> tuple[str, ...]:
        """Name the connectors, in the order of the configuration."""
        return self._setup.names()

    def plan(self, name: str, *, step: Step | None = None) -> SyncPlan:
        """Find what a run would do, without touching either side.

        Args:
            name: The connector.
            step: Called now and then with what was found and how many, for a progress bar.

        Raises:
            SyncAborted: the CRM cannot be reached, refuses the credentials, or does not have what
                the mapping names.
            ConfigError: a setting is wrong; `key` names it.
            InvalidValueError: there is no connector of that name.
        """
        return running.plan(self._setup, name, step=step)

    def run(self, name: str, *, retry: bool = False, step: Step | None = None) -> SyncReport:
        """Bring both sides into step; doing it again at once writes nothing.

        A run that was killed is gone on with by the next. What the CRM refuses stands in
        quarantine, and costs only itself.

        Args:
            name: The connector.
            retry: Try what stands in quarantine again, though it has not changed.
            step: Called now and then with what was written and how many.

        Raises:
            SyncBusy: another run of this connector is under way. Others are those of `plan`.
        """
        return running.run(self._setup, name, retry=retry, step=step)

    def doctor(self, name: str) -> tuple[Finding, ...]:
        """Check credentials, objects, fields and types before a run; nothing is changed.

        Raises:
            SyncAborted: the CRM cannot be asked. Others are those of `plan`.
        """
        opened = self._setup.open(self._setup.link(name))
        try:
            return tuple(running.findings(self._setup, opened))
        finally:
            opened.close()

    def conflicts(self, name: str) -> tuple[SyncConflict, ...]:
        """Give the fields that were found changed on both sides, the newest first.

        Raises:
            InvalidValueError: there is no connector of that name.
        """
        link = self._setup.link(name)
        with self._setup.session.store.read() as reader:
            return cases.read_conflicts(reader, link.name)

    def quarantine(self, name: str) -> tuple[Quarantined, ...]:
        """Give the records that a side refused, with its reason; raises as `conflicts`."""
        link = self._setup.link(name)
        with self._setup.session.store.read() as reader:
            return cases.read_quarantine(reader, link.name)
