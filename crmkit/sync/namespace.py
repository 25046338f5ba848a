"""``crm.sync``: external CRMs kept in step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from crmkit.arguments import callback, count, flag, number, text
from crmkit.contracts.channel import Response
from crmkit.contracts.connector import Finding
from crmkit.model.sync import Quarantined, SyncConflict, SyncPlan, SyncReport
from crmkit.outreach.taking import body_of, headers_of, url_of
from crmkit.sync import cases, running, runs, tracks
from crmkit.sync.receiving import Receiver
from crmkit.sync.resolving import resolve
from crmkit.sync.setup import Setup

Step = Callable[[int], object]


class Sync:
    """The CRMs that the configuration names under ``[connectors.NAME]``."""

    def __init__(self, opening: Callable[[], Setup]) -> None:
        """Read no setting before one is asked for."""
        self._opening = opening

    @cached_property
    def _setup(self) -> Setup:
        return self._opening()

    @cached_property
    def _receiver(self) -> Receiver:
        return Receiver(self._setup)

    def names(self) -> tuple[str, ...]:
        """Name the connectors, in the order of the configuration."""
        return self._setup.names()

    def plan(self, name: str, *, step: Step | None = None) -> SyncPlan:
        """Find what a run would do, without touching either side.

        Args:
            name: The connector.
            step: Told now and then how many records were looked at, for a progress bar.

        Raises:
            SyncAborted: the CRM cannot be reached, refuses the credentials, or does not have what
                the mapping names.
            ConfigError: a setting is wrong; `key` names it.
            InvalidValueError: there is no connector of that name.
        """
        callback("step", step)
        return running.plan(self._setup, name, step=step)

    def run(self, name: str, *, retry: bool = False, step: Step | None = None) -> SyncReport:
        """Bring both sides into step; doing it again at once writes nothing.

        A run that was killed is gone on with by the next. What the CRM refuses stands in
        quarantine, and costs only itself.

        Args:
            name: The connector.
            retry: Try what stands in quarantine again, though it has not changed.
            step: Told now and then how many records were read and written.

        Raises:
            SyncBusy: another run of this connector is under way. Others are those of `plan`.
        """
        callback("step", step)
        return running.run(self._setup, name, retry=flag("retry", retry), step=step)

    def doctor(self, name: str) -> tuple[Finding, ...]:
        """Check credentials, objects, fields and types before a run; nothing is changed.

        Raises:
            SyncAborted: the CRM cannot be asked. Others are those of `plan`.
        """
        opened = self._setup.open(self._setup.link(name))
        try:
            return tuple(tracks.findings(self._setup, opened))
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

    def resolve(self, name: str, conflict_id: str, *, take: str) -> SyncConflict:
        """Decide a conflict of a field whose owner is ``ask``.

        Args:
            name: The connector.
            conflict_id: `SyncConflict.id` of one whose `took` is None.
            take: ``ours``, which goes out with the next run, or ``theirs``.

        Raises:
            DecisionNotFound: no conflict that waits for somebody has that id.
            InvalidValueError: `take` is neither, or theirs cannot be ours. Others are those of
                `plan`.
        """
        return resolve(self._setup, name, conflict_id, take)

    def history(self, name: str, limit: int = 20) -> tuple[SyncReport, ...]:
        """Give what the last runs did, the newest first; raises as `conflicts`."""
        link = self._setup.link(name)
        with self._setup.session.store.read() as reader:
            return runs.history(reader, link.name, count("limit", limit))

    def receive(
        self,
        name: str,
        headers: Mapping[str, str],
        body: bytes | str,
        *,
        method: str = "POST",
        url: str = "",
    ) -> Response:
        """Take a call of the CRM's webhook: the answer is given at once, the reading follows.

        The records that it names are read in a thread; what a call says is never believed. One
        that is lost is caught by the next run.

        Args:
            name: The connector.
            headers: The call's, in any case, as this or that framework gives them.
            body: As it came, byte for byte.
            method: Of the call.
            url: Whole, as the CRM called it: some signatures cover it.

        Raises:
            SignatureInvalid: the call is not the CRM's: answer it with 401.
            SyncError: this connector has no webhooks. Others are those of `conflicts`.
        """
        verb, called = text("method", method).upper(), url_of(url)
        given, raw = headers_of(headers), body_of(body)
        return self._receiver.receive(name, given, raw, method=verb, url=called)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until what webhooks named was read, at most so many seconds.

        Raises:
            TimeoutError: it was not by then.
        """
        self._receiver.wait(None if timeout is None else number("timeout", timeout, 0.0))

    def close(self) -> None:
        """Wait for what is being read, and give everything back; closing twice does nothing."""
        if "_receiver" in self.__dict__:
            self._receiver.close()
