"""The runner that is there without a plugin: jobs are done in threads of this process.

Its queue lies beside the data, so that any number of processes may work on it, whoever submitted,
and a job goes with the transaction it was submitted in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cached_property
from threading import Event

from crmkit.clock import SECOND, micros
from crmkit.contracts.holding import RENEWED
from crmkit.contracts.runner import Job, Runner
from crmkit.contracts.store import Writer
from crmkit.errors import JobUnknown, StoreError
from crmkit.runners.queue import Queue, Ticket
from crmkit.runners.settings import EmbeddedSettings

_logger = logging.getLogger("crmkit.jobs")
_LONGEST = 3600.0
"""Seconds; the longest wait before a job is tried again."""
_FOR_A_NEWER = 60.0
"""Seconds that a job waits which nobody here knows."""
_Run = Callable[[Job], object]


class Embedded(Runner):
    """Does the jobs in a pool of threads; see `EmbeddedSettings`."""

    def __init__(self, config: EmbeddedSettings) -> None:
        """Start nothing yet."""
        self._config = config
        self._away = False

    @cached_property
    def _queue(self) -> Queue:
        return Queue(self.store)

    def _now(self) -> int:
        return micros(self.clock(), "clock")

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        """Queue the jobs beside the data.

        Raises:
            StoreError: the database could not take them; nothing was queued.
        """
        if writer is not None:
            self._queue.enter(writer, jobs, self._now())
            return
        with self.store.write() as own:
            self._queue.enter(own, jobs, self._now())

    def work(self, run: _Run, *, until_idle: bool = False, stop: Event | None = None) -> None:
        """Do the jobs that are due, so many at a time as there are threads.

        Raises:
            StoreError: the database cannot be read, and `until_idle` was asked for.
        """
        stop = stop or Event()
        running: dict[Future[None], Ticket] = {}
        with ThreadPoolExecutor(self._config.threads, "crmkit-job") as pool:
            while True:
                free = 0 if stop.is_set() else self._config.threads - len(running)
                taken = self._take(free, patient=not until_idle)
                running |= {pool.submit(self._do, run, one): one for one in taken}
                if not running and (until_idle or stop.is_set()):
                    return
                if running:
                    # an interval may be longer than the lease of what runs
                    pause = min(self._config.interval, RENEWED)
                    ended, _ = wait(running, pause, FIRST_COMPLETED)
                    for one in ended:
                        self._settled(one, running.pop(one))
                    self._renew(running.values())
                else:
                    stop.wait(self._config.interval)

    def _take(self, most: int, *, patient: bool) -> list[Ticket]:
        """Take jobs; whoever may wait is patient with a database that is away, and says so once."""
        if not most:
            return []
        try:
            taken = self._queue.take(most, self._now())
        except StoreError as error:
            if not patient:
                raise
            if not self._away:
                self._away = True
                _logger.error("the queue cannot be read, and is tried again: %s", error)  # noqa: TRY400 - one line
            return []
        self._away = False
        return taken

    def _renew(self, tickets: Iterable[Ticket]) -> None:
        try:
            self._queue.renew(tickets)
        except StoreError as error:
            _logger.warning("the queue cannot be written to: %s", error)

    def _do(self, run: _Run, ticket: Ticket) -> None:
        """Do one job, and write down what became of it."""
        try:
            run(Job.from_dict(ticket.job))
        except JobUnknown as error:
            _logger.warning("%s", error)
            self._queue.back(ticket, self._now() + int(_FOR_A_NEWER * SECOND), ticket.tries)
        except Exception as error:  # noqa: BLE001 - a job must not end the worker
            self._failed(ticket, error)
        else:
            self._queue.done(ticket, self._now())

    def _failed(self, ticket: Ticket, error: Exception) -> None:
        tries = ticket.tries + 1
        if tries >= self._config.attempts:
            _logger.error("%s failed %d times and is given up: %s", ticket.job["id"], tries, error)
            self._queue.done(ticket, self._now())
            return
        seconds = min(_LONGEST, self._config.backoff * 2**ticket.tries)
        _logger.warning("%s failed, again in %g s: %s", ticket.job["id"], seconds, error)
        self._queue.back(ticket, self._now() + int(seconds * SECOND), tries)

    def _settled(self, future: Future[None], ticket: Ticket) -> None:
        """Look at how a thread ended; what could not be written down is done again."""
        ticket.end()
        error = future.exception()
        if error is not None:
            _logger.error("%s is done again: %s", ticket.job["id"], error)
