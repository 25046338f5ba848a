"""The contract of a runner: hand jobs to a task queue, and work them off in other processes.

The engine makes jobs of many customers each, never of one, and each may run twice: a runner
promises at least once, and the job sees to it that the second time changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class Job(Record):
    """A piece of work that may be done anywhere, any number of times, with one result.

    Attributes:
        id: The same work has the same id; a queue may drop a second one that still waits.
        name: What to do: ``dispatch``, ``poll``, ``sync``, ``rescore``, ``advance``.
        workspace: Whose data.
        shard: Which part of the customers, 0 to ``shards - 1``; see `shard_of`.
        shards: Into how many parts they are split.
        args: Everything else, as JSON values; never a secret.
        not_before: Earliest instant to start; None: at once.
    """

    id: str
    name: str
    workspace: str = "default"
    shard: int = 0
    shards: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    args: Mapping[str, Any] = attrs.field(factory=dict)
    not_before: datetime | None = None


def shard_of(customer_id: str, shards: int) -> int:
    """Give the shard a customer belongs to: the same in every process and release.

    Example:
        >>> shard_of("c-1", 8) == shard_of("c-1", 8) < 8
        True
    """
    return crc32(customer_id.encode()) % shards


class Runner(ABC):
    """A task queue, opened with its settings."""

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> None:
        """Queue the jobs, all or none, and return without waiting for them.

        Raises:
            PluginError: the queue cannot be reached; nothing was queued.
        """

    @abstractmethod
    def work(self, run: Callable[[Job], None], *, until_idle: bool = False) -> None:
        """Take jobs from the queue and call `run` with each, until stopped.

        Args:
            run: Does one job; where it raises, the job goes back to the queue.
            until_idle: Return once the queue is empty, as tests and cron jobs want it.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give everything back; closing twice does nothing."""
