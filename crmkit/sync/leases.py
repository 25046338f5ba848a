"""One run of a connector at a time, on any number of processes and machines.

A run holds a lease in the database and renews it with everything it writes. Where its process was
killed on this machine, the next run takes over at once; on another machine, or in another
container, once the lease is over.
"""

from __future__ import annotations

import json
import time
from threading import Thread
from typing import Any

from crmkit.contracts.connector import SyncError
from crmkit.contracts.holding import LEASE, Hold, alive
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Store, Writer
from crmkit.contracts.tables import META
from crmkit.errors import StoreClosed, StoreError

_AGAIN = 0.25
"""Seconds between two tries to give back what the database was away for."""


class SyncBusy(SyncError):  # noqa: N818 - says what is the matter
    """Another run of this connector is under way; `since` says since when, in words."""


class Lease:
    """The right to be the one run of a connector."""

    def __init__(self, store: Store, connector: str) -> None:
        """Hold nothing yet."""
        self._store, self._name = store, f"sync.{connector}.run"
        self._connector = connector
        self._hold = Hold()

    def take(self) -> None:
        """Take it.

        Raises:
            SyncBusy: another run holds it.
        """
        try:
            with self._store.write() as writer:
                self._see_it_free(writer)
                self._write(writer)
        except BaseException:
            self._hold.end()  # a commit that failed may have been kept
            raise

    def _see_it_free(self, reader: Reader) -> None:
        held = self._held(reader)
        if held is not None and alive(held):
            message = (
                f"another run of {self._connector} is under way, in process {held['pid']} on "
                f"{held['host']}: wait for its end"
            )
            raise SyncBusy(message, since=held["since"])

    def renew(self, writer: Writer) -> None:
        """Go on holding it, in a transaction of the run's own.

        Raises:
            SyncBusy: this run was taken for dead, and another holds it now: nothing is written.
        """
        if not self._hold.is_due:
            return
        if not self._hold.is_in(self._held(writer)):
            raise SyncBusy(f"another run of {self._connector} took over", since=None)
        self._write(writer)

    def give_back(self) -> None:
        """Let the next run begin.

        Where the database is away, that is done once it is back: others see this process alive,
        and would wait for it until the lease is over.

        Raises:
            StoreError: the database is away.
        """
        self._hold.end()
        try:
            self._release()
        except StoreError:
            Thread(target=self._release_later, name="crmkit-lease", daemon=True).start()
            raise

    def _release(self) -> None:
        with self._store.write() as writer:
            if self._hold.is_in(self._held(writer)):
                writer.delete(META, [(self._name,)])

    def _release_later(self) -> None:
        end = time.monotonic() + LEASE
        while time.monotonic() < end:
            time.sleep(_AGAIN)
            try:
                self._release()
            except StoreClosed:
                return  # nobody can give it back
            except StoreError:
                continue
            return

    def _held(self, reader: Reader) -> dict[str, Any] | None:
        found: dict[str, Any] | None = json.loads(read_fact(reader, self._name) or "null")
        return found

    def _write(self, writer: Writer) -> None:
        write_fact(writer, self._name, json.dumps(self._hold.note()))
