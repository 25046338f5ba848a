"""Calls of a CRM's webhook: acknowledged at once, and read for afterwards.

What a call says is never believed: it names records, and those are read again. A call that is lost
costs nothing, since the next run reads everything that changed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import Hint, SyncError
from crmkit.errors import CrmkitError
from crmkit.sync.deleting import finish_here
from crmkit.sync.leases import Lease, SyncBusy
from crmkit.sync.reading import read_again
from crmkit.sync.setup import Opened, Setup
from crmkit.sync.tally import Tally
from crmkit.sync.tracks import open_tracks
from crmkit.sync.waiting import read_waiting

_log = logging.getLogger(__name__)


class Receiver:
    """Reads what webhooks hint at, one call after the other, in a thread of its own."""

    def __init__(self, setup: Setup) -> None:
        """Start no thread before a call comes."""
        self._setup = setup
        self._lock = Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: list[Future[None]] = []
        self._opened: dict[str, Opened] = {}

    def receive(
        self, name: str, headers: Mapping[str, str], body: bytes, *, method: str, url: str
    ) -> Response:
        """Check a call, plan to read what it names, and give the answer.

        Raises:
            SignatureInvalid: the call is not the CRM's.
            SyncError: this connector has no webhooks.
        """
        link = self._setup.link(name)
        opened = self._setup.open(link)
        try:
            if "receive" not in opened.spec.capabilities:
                raise SyncError(f"{name}: connectors of type {link.type} have no webhooks")
            hints, response = opened.connector.receive(headers, body, method=method, url=url)
        finally:
            opened.close()
        mapped = {rule.object for rule in link.mappings}
        wanted = [hint for hint in hints if hint.entity in mapped and hint.ids]
        if wanted and "fetch" in opened.spec.capabilities:
            with self._lock:
                if self._thread is None:
                    self._thread = ThreadPoolExecutor(1, thread_name_prefix="crmkit-sync")
                self._waiting = [one for one in self._waiting if not one.done()]
                self._waiting.append(self._thread.submit(self._read, name, wanted))
        return response

    def wait(self, timeout: float | None = None) -> None:
        """Wait until everything that was hinted at so far was read, at most so many seconds."""
        with self._lock:
            waiting = list(self._waiting)
        for one in waiting:
            one.result(timeout)

    def close(self) -> None:
        """Wait for what is being read, and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=True)
        for opened in self._opened.values():
            opened.close()
        self._opened.clear()

    def _read(self, name: str, hints: Sequence[Hint]) -> None:
        """Read the records that were named; where that fails the next run reads them."""
        try:
            read_hints(self._setup, self._open(name), hints)
        except SyncBusy:
            _log.info("%s: a run is under way, and reads what was hinted at", name)
        except CrmkitError as error:
            _log.warning("%s: what a webhook named could not be read: %s", name, error)

    def _open(self, name: str) -> Opened:
        """Give the connector as it stays open, so that its schema is asked for once."""
        if name not in self._opened:
            self._opened[name] = self._setup.open(self._setup.link(name))
        return self._opened[name]


def read_hints(setup: Setup, opened: Opened, hints: Sequence[Hint]) -> None:
    """Read the named records and apply them here, as a page of changes is.

    Raises:
        SyncBusy: a run is under way.
    """
    lease = Lease(setup.session.store, opened.link.name)
    lease.take()
    try:
        tracks = open_tracks(setup, opened, Tally(), retry=False)
        for track in tracks:
            track.renew = lease.renew
            named = [id_ for hint in hints if hint.entity == track.entity for id_ in hint.ids]
            ids = list(dict.fromkeys(named))
            if not ids:
                continue
            read_again(track, ids)
            finish_here(track)
        read_waiting(tracks)
    finally:
        lease.give_back()
