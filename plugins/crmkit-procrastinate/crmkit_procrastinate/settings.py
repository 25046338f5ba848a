"""Section ``[runner]`` with ``type = "procrastinate"``."""

from __future__ import annotations

import hashlib
import re

import attrs

from crmkit import ConfigError
from crmkit.contracts.settings import Secret

_NAME = re.compile(r"[A-Za-z0-9_-]{1,20}")
# A queue's name ends that of a channel of LISTEN, of which PostgreSQL takes 63 bytes.


def _within(least: float, most: float) -> list[object]:
    return [attrs.validators.ge(least), attrs.validators.le(most)]


@attrs.frozen(kw_only=True)
class ProcrastinateSettings:
    """How the jobs are queued and done.

    Attributes:
        url: The PostgreSQL database of the queue; None: the one that the data is in.
        queue: What its queues are called, before the workspace: 1 to 20 of ``A-Z a-z 0-9 _ -``.
        threads: Jobs that a worker does at the same time, 1 to 64.
        attempts: How often a job that fails is tried before it is given up, 1 to 1000.
        backoff: Seconds to wait after the first failure, doubled with each up to an hour.
        interval: Seconds between two looks at the queue where no notification comes, 0.01 to 3600.
        heartbeat: Seconds between two signs of life of a worker, 0.1 to 3600.
        lost_after: Seconds without a sign of life after which a worker counts as dead, and others
            do its jobs; at least twice `heartbeat`.
        connect_timeout: Seconds to wait for the database, 1 to 600.

    Raises:
        ConfigError: `lost_after` is too short.
    """

    url: Secret | None = None
    queue: str = attrs.field(default="crmkit", validator=attrs.validators.matches_re(_NAME))
    threads: int = attrs.field(default=4, validator=_within(1, 64))
    attempts: int = attrs.field(default=5, validator=_within(1, 1000))
    backoff: float = attrs.field(default=10.0, validator=_within(0.0, 3600.0))
    interval: float = attrs.field(default=5.0, validator=_within(0.01, 3600.0))
    heartbeat: float = attrs.field(default=10.0, validator=_within(0.1, 3600.0))
    lost_after: float = attrs.field(default=30.0, validator=_within(0.2, 86400.0))
    connect_timeout: float = attrs.field(default=10.0, validator=_within(1.0, 600.0))

    def __attrs_post_init__(self) -> None:
        if self.lost_after < 2 * self.heartbeat:
            message = (
                f"lost_after is {self.lost_after:g} s, and heartbeat {self.heartbeat:g} s: a "
                "worker that is alive would count as dead; make lost_after at least twice heartbeat"
            )
            raise ConfigError(message, key="lost_after")

    def queue_of(self, workspace: str) -> str:
        """Give the name of a workspace's queue; a long or odd one is told by its hash."""
        if not _NAME.fullmatch(workspace):
            workspace = hashlib.sha256(workspace.encode()).hexdigest()[:20]
        return f"{self.queue}:{workspace}"
