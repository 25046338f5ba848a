"""One run of a connector at a time, on any number of processes and machines.

A run holds a lease in the database and renews it with everything it writes. Where its process was
killed on this machine, the next run takes over at once; on another machine once the lease is over.
"""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any
from uuid import uuid4

from crmkit.contracts.connector import SyncError
from crmkit.contracts.store import Reader, Store, Writer
from crmkit.contracts.tables import META

LEASE = 300.0
"""Seconds after which a run that has written nothing is taken for dead."""
_RENEWED = 30.0
_running: set[str] = set()


class SyncBusy(SyncError):  # noqa: N818 - says what is the matter
    """Another run of this connector is under way; `since` says since when, in words."""


class Lease:
    """The right to be the one run of a connector."""

    def __init__(self, store: Store, connector: str) -> None:
        """Hold nothing yet."""
        self._store, self._name = store, f"sync.{connector}.run"
        self._connector = connector
        self._token = uuid4().hex
        self._until = 0.0

    def take(self) -> None:
        """Take it.

        Raises:
            SyncBusy: another run holds it.
        """
        with self._store.write() as writer:
            held = self._held(writer)
            if held is not None and _alive(held):
                message = (
                    f"another run of {self._connector} is under way, in process {held['pid']} on "
                    f"{held['host']}: wait for its end"
                )
                raise SyncBusy(message, since=held["since"])
            self._write(writer)
        _running.add(self._token)

    def renew(self, writer: Writer) -> None:
        """Go on holding it, in a transaction of the run's own.

        Raises:
            SyncBusy: this run was taken for dead, and another holds it now: nothing is written.
        """
        if self._until - time.time() > LEASE - _RENEWED:
            return
        held = self._held(writer)
        if held is None or held["token"] != self._token:
            raise SyncBusy(f"another run of {self._connector} took over", since=None)
        self._write(writer)

    def give_back(self) -> None:
        """Let the next run begin."""
        with self._store.write() as writer:
            held = self._held(writer)
            if held is not None and held["token"] == self._token:
                writer.delete(META, [(self._name,)])
        _running.discard(self._token)

    def _held(self, reader: Reader) -> dict[str, Any] | None:
        for _, written in reader.fetch(META, [(self._name,)]):
            found: dict[str, Any] = json.loads(written)
            return found
        return None

    def _write(self, writer: Writer) -> None:
        now = time.time()
        self._until = now + LEASE
        body = {
            "token": self._token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "until": self._until,
            "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        }
        writer.put(META, [(self._name, json.dumps(body))])


def _alive(held: dict[str, Any]) -> bool:
    """Tell whether a run that holds the lease may still be at work."""
    if held["until"] <= time.time():
        return False
    if held["host"] != socket.gethostname():
        return True
    if held["pid"] == os.getpid():
        return held["token"] in _running
    try:
        os.kill(held["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
