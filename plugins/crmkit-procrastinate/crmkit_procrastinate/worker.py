"""A worker: Procrastinate's own, stopped by an event, and taking over what dead ones left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import Any

from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.worker import Worker

from crmkit.contracts.runner import Job
from crmkit_procrastinate.place import options
from crmkit_procrastinate.queue import Manager, application
from crmkit_procrastinate.settings import ProcrastinateSettings

for _name in ("procrastinate", "psycopg.pool"):
    # Theirs is for whoever collects logs: without a handler each line would be printed, and a
    # database that is away is one line of ours.
    logging.getLogger(_name).addHandler(logging.NullHandler())
_LOOK = 0.1
"""Seconds between two looks at whether to stop."""
_DUE = """
    SELECT count(*) AS due FROM procrastinate_jobs job
    WHERE queue_name = %(queue)s AND status = 'todo'
      AND (scheduled_at IS NULL OR scheduled_at <= now())
      AND NOT EXISTS (
          SELECT FROM procrastinate_jobs other
          WHERE other.lock = job.lock AND other.status = 'doing'
      )
"""


class Shift:
    """One run of a worker, from connecting to stopping.

    Args:
        where: What libpq connects by.
        queue: Which queue.
        settings: How.
        run: Does one job.
    """

    def __init__(
        self, where: str, queue: str, settings: ProcrastinateSettings, run: Callable[[Job], object]
    ) -> None:
        """Connect to nothing yet."""
        self._where = where
        self._queue = queue
        self._settings = settings
        self._run = run

    def work(self, stop: Event, *, until_idle: bool) -> None:
        """Work until stopped, until nothing is due, or until the database is away.

        Raises:
            psycopg.Error, procrastinate.exceptions.ConnectorException: it is away.
        """
        asyncio.run(self._work(stop, until_idle=until_idle))

    async def _work(self, stop: Event, *, until_idle: bool) -> None:
        settings = self._settings
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(settings.threads, "crmkit-job"))
        loop.set_exception_handler(_unheard)
        connector = PsycopgConnector(
            conninfo=self._where,
            kwargs=options(settings.connect_timeout),
            min_size=1,
            max_size=settings.threads + 4,
            timeout=settings.connect_timeout,
        )
        app = application(connector, self._run, settings)
        async with app.open_async():
            while True:
                await self._take_over(app)
                await self._one(app, stop, until_idle=until_idle)
                if not until_idle or stop.is_set() or not await self._due(app):
                    return

    async def _one(self, app: App, stop: Event, *, until_idle: bool) -> None:
        """Let a worker of Procrastinate work, with two that watch beside it."""
        settings = self._settings
        worker = Worker(
            app,
            queues=[self._queue],
            name=self._queue,
            concurrency=settings.threads,
            wait=not until_idle,
            fetch_job_polling_interval=settings.interval,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=settings.heartbeat,
            stalled_worker_timeout=settings.lost_after,
        )
        beside = [
            asyncio.create_task(self._stopping(worker, stop)),
            asyncio.create_task(self._taking_over(app)),
        ]
        try:
            await worker.run()
        finally:
            for task in beside:
                task.cancel()
            for task in beside:
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _stopping(self, worker: Worker, stop: Event) -> None:
        while not stop.is_set():  # noqa: ASYNC110 - set from another thread
            await asyncio.sleep(_LOOK)
        worker.stop()

    async def _taking_over(self, app: App) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat)
            with suppress(exceptions.ConnectorException):  # the worker itself sees it too
                await self._take_over(app)

    async def _take_over(self, app: App) -> None:
        await Manager(app.connector).take_over(self._queue, self._settings.lost_after)

    async def _due(self, app: App) -> bool:
        row = await app.connector.execute_query_one_async(_DUE, queue=self._queue)
        return bool(row["due"])


def _unheard(loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
    """Pass over what became of a job that could not be written down: it is taken over, and done."""
    if not isinstance(told.get("exception"), exceptions.ConnectorException):
        loop.default_exception_handler(told)
