"""What databases on a server have in common: many processes, each with a pool of connections."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from crmkit.errors import StoreBusy
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.schema import PREFIX

_WAITED = re.compile(r"timed out, timeout ([0-9.]+)")


class ServerDialect(Dialect):
    """A database on a server.

    One transaction writes to a workspace at a time: it holds the workspace's row, whatever the
    process. So numbers of the log are given in the order of the commits, what a writer read stays
    so until it commits, and writers never wait for each other in a circle. Readers hold nothing.
    """

    one_writer = False
    sort_puts = True
    streams = True

    def server_engine(self, **connect: Any) -> sa.Engine:
        """Make the engine of a store that was given none.

        Args:
            connect: What the driver connects by; `place.shown`, which messages show, has no
                password.
        """
        return sa.create_engine(
            self.place.shown,
            connect_args=connect,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=15,
            pool_timeout=self.timeout,
            pool_pre_ping=True,
            hide_parameters=True,
        )

    def watermark(self, connection: sa.Connection, workspace: int) -> int:
        """Give the counter as last committed: whoever moved it held the workspace till then."""
        select = f"SELECT value FROM {PREFIX}fact WHERE name = %s"  # noqa: S608
        return int(connection.exec_driver_sql(select, (counter(workspace),)).scalar() or 0)


def counter(workspace: int) -> str:
    """Name the fact that counts a workspace's ``seq``."""
    return f"seq:{workspace}"


def all_in_use(error: sa.exc.TimeoutError, place: Any) -> StoreBusy:
    """Say that a pool had no connection left, and how long was waited: a host's has its own."""
    told = _WAITED.search(str(error))
    seconds = float(told[1]) if told else place.timeout
    return StoreBusy(f"{place}: every connection was in use for {seconds:g} s: try again")
