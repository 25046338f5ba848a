"""The contract of a runner: hand jobs to a task queue, and work them off in other processes.

The engine makes jobs of many customers each, never of one, and each may run twice, or at the same
time as itself: a runner promises at least once, and the job sees to it that the second time changes
nothing. `crmkit.testing.RunnerSuite` states every law as a test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any, Self
from zlib import crc32

import attrs

from crmkit.clock import Clock, system_clock
from crmkit.contracts.settings import Secret
from crmkit.contracts.store import Store, Writer
from crmkit.errors import JobUnknown
from crmkit.model.serial import Record

CAPABILITIES = frozenset({"transactional"})
"""Words of a runner's ``capabilities``: ``transactional``, its `submit` takes `writer`."""
VERSION = 1
"""Version of `Job`: what a worker may find in a queue that another release has filled."""


@attrs.frozen(kw_only=True)
class Job(Record):
    """A piece of work that may be done anywhere, any number of times, with one result.

    Attributes:
        id: The same work has the same id; a queue may drop a second one that still waits. At most
            200 characters.
        name: What to do: ``dispatch``, ``poll``, ``sync``, ``advance``...
        workspace: Whose data.
        shard: Which part of the customers, 0 to ``shards - 1``; see `shard_of`.
        shards: Into how many parts they are split.
        args: Everything else, as JSON values; never a secret.
        not_before: Earliest instant to start; None: at once.
        version: Of this record; a worker that reads only older ones leaves it to a newer.
    """

    id: str
    name: str
    workspace: str = "default"
    shard: int = 0
    shards: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    args: Mapping[str, Any] = attrs.field(factory=dict)
    not_before: datetime | None = None
    version: int = VERSION

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """Build the job back from what `to_dict` gave.

        Raises:
            JobUnknown: another release made it, and this one cannot read it: give it back to the
                queue.
        """
        try:
            found = plain["version"]
            if found <= VERSION:
                return super().from_dict(plain)
            why = f"it is of version {found}, this crmkit reads up to {VERSION}"
        except Exception as error:  # noqa: BLE001 - whatever cattrs says of it
            why = f"it cannot be read ({type(error).__name__})"
        name = str(plain.get("name", "?")) if isinstance(plain, dict) else "?"
        message = (
            f"a job {name!r} is left to a newer worker, since {why}: upgrade crmkit here, or let "
            "the upgraded workers take it"
        )
        raise JobUnknown(message, job=plain)


def shard_of(customer_id: str, shards: int) -> int:
    """Give the shard a customer belongs to: the same in every process and release.

    Example:
        >>> shard_of("c-1", 8) == shard_of("c-1", 8) < 8
        True
    """
    return crc32(customer_id.encode()) % shards


class Runner(ABC):
    """A task queue, opened with its settings.

    What stands below is set by the engine before anything is called; a runner need use none of it.

    Attributes:
        store: The workspace's store: a queue may lie beside the data. Jobs of other workspaces
            are none of this runner's.
        location: The store's URL, where it has one: a queue in the same database finds it there.
        clock: Gives the present instant; `Job.not_before` is compared with it.
        transactional: The runner's own word: False where, as it is configured, it cannot queue in
            the store's transaction although its spec says ``transactional``. Jobs are then handed
            over after the commit.
    """

    store: Store
    location: Secret | None = None
    clock: Clock = staticmethod(system_clock)
    transactional: bool = True

    @abstractmethod
    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        """Queue the jobs, all or none, and return without waiting for them.

        Args:
            jobs: What is to be done.
            writer: The open transaction of `store` to queue them in, so that they are queued where
                it is committed, and never where it is undone; None: at once. Handed over only
                where the spec says ``transactional``, and `transactional` holds. What a store in
                SQL works by, whichever library the host opened its transaction with, is
                `Writer.connection`.

        Raises:
            PluginError: the queue cannot be reached; nothing was queued.
        """

    @abstractmethod
    def work(
        self,
        run: Callable[[Job], object],
        *,
        until_idle: bool = False,
        stop: Event | None = None,
    ) -> None:
        """Take jobs from the queue and call `run` with each, until stopped.

        A job that raises is tried again later, a few times; then it is reported (logged) and
        dropped. One that raises `JobUnknown` goes back until a worker knows it, however often.
        Neither ends the worker. So does a job whose worker died.

        Args:
            run: Does one job; it may be called from several threads at once.
            until_idle: Return once no job is due, as tests and cron jobs want it; what waits for
                its instant goes on waiting.
            stop: Set from another thread, or by a signal's handler: take no further job, end those
                that run, and return.

        Raises:
            PluginError: the queue cannot be reached, and `until_idle` was asked for. Otherwise it
                is tried again until it can.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give everything back; closing twice does nothing."""
