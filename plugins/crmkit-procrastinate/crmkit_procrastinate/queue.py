"""The queue as Procrastinate keeps it: jobs of crmkit in, and what becomes of those that fail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg
from procrastinate import App, exceptions, jobs, manager, retry, utils
from procrastinate.connector import BaseConnector

from crmkit import JobUnknown
from crmkit.contracts.runner import Job
from crmkit_procrastinate.settings import ProcrastinateSettings

TASK = "crmkit.job"
_LONGEST = 3600.0
"""Seconds; the longest wait before a job is tried again."""
_FOR_A_NEWER = 60.0
"""Seconds that a job waits which nobody here knows."""
_HELD = "id = %(id)s AND status = 'doing' AND worker_id IS NOT DISTINCT FROM %(worker)s"
_BACK = "status = 'todo', attempts = attempts + 1, scheduled_at = now()"
_PUT_BACK = f"UPDATE procrastinate_jobs SET {_BACK} WHERE {_HELD}"  # noqa: S608 - text of our own
_DROP = f"DELETE FROM procrastinate_jobs WHERE {_HELD}"  # noqa: S608 - text of our own
_logger = logging.getLogger("crmkit.jobs")


class Manager(manager.JobManager):
    """Procrastinate's own, but for jobs that were submitted again while they were tried."""

    async def retry_job(self, job: jobs.Job, *args: Any, **kwargs: Any) -> None:
        """Put a job back, unless the same work waits already: then that is the next try."""
        try:
            await super().retry_job(job, *args, **kwargs)
        except exceptions.UniqueViolation:
            await self.finish_job(job, jobs.Status.SUCCEEDED, delete_job=True)

    async def take_over(self, queue: str, seconds: float) -> None:
        """Put back what workers hold that gave no sign of life for so long.

        Others may do so at the same time: a job is put back only as long as it is still held by
        whoever was found dead.
        """
        held = await self.get_stalled_jobs(
            queue=queue, task_name=TASK, seconds_since_heartbeat=seconds
        )
        for job in held:
            of = {"id": job.id, "worker": job.worker_id}
            try:
                await self.connector.execute_query_async(_PUT_BACK, **of)
            except exceptions.UniqueViolation:  # the same work waits already
                await self.connector.execute_query_async(_DROP, **of)


class Patience(retry.BaseRetryStrategy):
    """When a job that failed is tried again."""

    def __init__(self, settings: ProcrastinateSettings) -> None:
        """Go by these settings."""
        self._settings = settings

    def get_retry_decision(
        self, *, exception: BaseException, job: jobs.Job
    ) -> retry.RetryDecision | None:
        """Give when; None: it is given up, and stays in the table as ``failed``."""
        name = (job.task_kwargs.get("job") or {}).get("id", job.id)
        if isinstance(exception, JobUnknown):
            _logger.warning("%s", exception)
            return _in(_FOR_A_NEWER)
        tries = job.attempts + 1
        if tries >= self._settings.attempts:
            _logger.error("%s failed %d times and is given up: %s", name, tries, exception)
            return None
        seconds = min(_LONGEST, self._settings.backoff * 2 ** min(job.attempts, 32))
        _logger.warning("%s failed, again in %g s: %s", name, seconds, exception)
        return _in(seconds)


def _in(seconds: float) -> retry.RetryDecision:
    return retry.RetryDecision(retry_at=utils.utcnow() + timedelta(seconds=seconds))


def application(
    connector: BaseConnector, run: Callable[[Job], object], settings: ProcrastinateSettings
) -> App:
    """Make the application of Procrastinate that a worker works for."""
    app = App(connector=connector)
    app.job_manager = Manager(connector)

    def work(job: dict[str, Any]) -> None:
        run(Job.from_dict(job))

    app.task(name=TASK, retry=Patience(settings))(work)
    return app


def defer(
    connection: psycopg.Connection[Any],
    connector: BaseConnector,
    wanted: Sequence[Job],
    queue: str,
    now: datetime,
) -> None:
    """Queue jobs in the transaction of a connection; the same that waits already is left so.

    Args:
        connection: Where; a transaction that is open on it is left so.
        connector: Says how arguments are written.
        wanted: The jobs.
        queue: Its name.
        now: The engine's clock, which need not be the server's.
    """
    keeper = manager.JobManager(connector)
    rows = [_row(job, queue, now) for job in {job.id: job for job in wanted}.values()]
    with connection.transaction():  # all or none; a savepoint, in the host's
        try:
            with connection.transaction():
                keeper.batch_defer_jobs(rows, connection=connection)
        except exceptions.AlreadyEnqueued:  # some wait already: the others one by one
            for row in rows:
                with suppress(exceptions.AlreadyEnqueued), connection.transaction():
                    keeper.batch_defer_jobs([row], connection=connection)


def _row(job: Job, queue: str, now: datetime) -> jobs.Job:
    """Give the job as Procrastinate keeps it; its lock lets it not run beside itself."""
    at = None
    if job.not_before is not None and job.not_before > now:
        at = utils.utcnow() + (job.not_before - now)
    lock = f"{queue}/{job.id}"
    return jobs.Job(
        id=None,
        queue=queue,
        lock=lock,
        queueing_lock=lock,
        task_name=TASK,
        task_kwargs={"job": job.to_dict()},
        scheduled_at=at,
        priority=0,
    )
