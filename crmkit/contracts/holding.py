"""Who holds something that is noted in the database, and whether he is still alive.

A process that is killed gives nothing back. Whoever counts the same processes sees that at once;
whoever does not, another machine or another container, when the lease is over.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

LEASE = 300.0
"""Seconds after which a holder who has renewed nothing is taken for dead."""
RENEWED = 30.0
"""Seconds after which a holder renews; who waits for anything longer looks at it in between."""
_here: set[str] = set()


class Hold:
    """The right to something, as long as what `note` gave stands in the database."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.token = uuid4().hex
        self._until = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to renew it."""
        return self._until - time.time() <= LEASE - RENEWED

    def note(self) -> dict[str, Any]:
        """Give what is to be written down now: who holds it, and until when."""
        now = time.time()
        self._until = now + LEASE
        _here.add(self.token)
        return {
            "token": self.token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "pids": _pids(),
            "until": self._until,
            "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        }

    def is_in(self, held: Mapping[str, Any] | None) -> bool:
        """Tell whether what is noted is still ours."""
        return held is not None and held["token"] == self.token

    def end(self) -> None:
        """Hold it no longer; the note is the caller's to take away."""
        _here.discard(self.token)


def alive(held: Mapping[str, Any]) -> bool:
    """Tell whether whoever noted this may still be at work.

    The number of his process tells it only where it is counted as ours is: what another container
    noted, or a release that did not say, is his until the lease is over.
    """
    if held["until"] <= time.time():
        return False
    pids = held.get("pids")
    if pids is None or (held["host"], pids) != (socket.gethostname(), _pids()):
        return True
    if held["pid"] == os.getpid():
        return held["token"] in _here
    try:
        os.kill(held["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


def _pids() -> str | None:
    """Name what numbers processes here: on Linux, a namespace of this boot of the machine.

    Containers may share a host name and each have a process 1. Elsewhere there is one count to a
    machine, and the text is empty; None: it cannot be told. See proc(5) and pid_namespaces(7).
    """
    if sys.platform != "linux":
        return ""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return None
