"""The runner: jobs queue in PostgreSQL by Procrastinate, whose workers do them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Event, Lock
from typing import Any

import psycopg
from procrastinate import SyncPsycopgConnector, exceptions

from crmkit import PluginError
from crmkit.contracts.runner import Job, Runner
from crmkit.contracts.store import Writer
from crmkit_procrastinate import place
from crmkit_procrastinate.queue import defer
from crmkit_procrastinate.settings import ProcrastinateSettings
from crmkit_procrastinate.worker import Shift

_logger = logging.getLogger("crmkit.jobs")


class Procrastinate(Runner):
    """Queues the jobs of a workspace beside its data, or in another PostgreSQL database."""

    def __init__(self, config: ProcrastinateSettings) -> None:
        """Connect to nothing yet."""
        self._config = config
        self.transactional = config.url is None  # elsewhere, jobs are queued after the commit
        self._connector = SyncPsycopgConnector()  # never opened: it knows how JSON is written
        self._prepared = False
        self._lock = Lock()

    @property
    def _where(self) -> str:
        return place.conninfo(self._config.url, self.location)

    @property
    def _queue(self) -> str:
        return self._config.queue_of(self.store.workspace)

    def _connect(self) -> psycopg.Connection[Any]:
        """Open a connection to the queue; the first one makes its tables."""
        connection = place.connect(self._where, self._config.connect_timeout)
        try:
            with self._lock:
                if not self._prepared:
                    place.prepare(connection)
                    self._prepared = True
        except BaseException:
            connection.close()
            raise
        return connection

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        """Queue the jobs, in the transaction of the data where one is given.

        Raises:
            PluginError: the queue cannot be reached, or belongs to an older Procrastinate.
            ConfigError: there is no PostgreSQL database to queue them in.
        """
        if not jobs:
            return
        now = self.clock()
        with place.words("so that nothing was queued"):
            if writer is None:
                with self._connect() as connection:
                    self._defer(connection, jobs, now)
                return
            if not self._prepared:
                self._connect().close()
            self._defer(writer.connection.connection.driver_connection, jobs, now)

    def _defer(
        self, connection: psycopg.Connection[Any], jobs: Sequence[Job], now: datetime
    ) -> None:
        try:
            defer(connection, self._connector, jobs, self._queue, now)
        except exceptions.ConnectorException as error:
            if isinstance(error.__cause__, psycopg.Error):
                raise error.__cause__ from None
            raise

    def work(
        self,
        run: Callable[[Job], object],
        *,
        until_idle: bool = False,
        stop: Event | None = None,
    ) -> None:
        """Do the jobs of the workspace's queue, as one worker of Procrastinate.

        Raises:
            PluginError: the queue cannot be reached, and `until_idle` was asked for; or it belongs
                to an older Procrastinate.
            ConfigError: there is no PostgreSQL database that the queue could be in.
        """
        stop, away = stop or Event(), False
        shift = Shift(self._where, self._queue, self._config, run)
        while not stop.is_set():
            try:
                with place.words("and no job is done"):
                    self._connect().close()
                    away = False
                    self._shift(shift, stop, until_idle=until_idle)
            except PluginError as error:
                if until_idle or not isinstance(error.cause, psycopg.OperationalError):
                    raise
                if not away:  # it is said once, however long it takes
                    away = True
                    _logger.error("tried again: %s", error)  # noqa: TRY400 - one line
                stop.wait(self._config.interval)
            else:
                if until_idle:
                    return

    def _shift(self, shift: Shift, stop: Event, *, until_idle: bool) -> None:
        try:
            shift.work(stop, until_idle=until_idle)
        except exceptions.ConnectorException as error:  # Procrastinate's own word for all of them
            cause = error.__cause__
            raise (
                cause if isinstance(cause, psycopg.Error) else psycopg.OperationalError(str(error))
            ) from error
