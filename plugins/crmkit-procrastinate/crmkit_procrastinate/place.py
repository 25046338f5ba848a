"""Where the queue is: a database that can be reached, with the tables of Procrastinate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from procrastinate import schema
from psycopg.conninfo import make_conninfo

from crmkit import ConfigError, PluginError
from crmkit.contracts.postgres_url import read_url
from crmkit.contracts.settings import Secret

_SCHEMES = ("postgresql", "postgres")
_LOCK = 0x63726D6A6F6273  # "crmjobs", as the number of an advisory lock
_FOUND = """
    SELECT to_regclass('procrastinate_jobs') IS NOT NULL,
           to_regprocedure('procrastinate_defer_jobs_v1(procrastinate_job_to_defer_v1[])')
               IS NOT NULL
"""


def conninfo(url: Secret | None, location: Secret | None) -> str:
    """Give what libpq connects by: the settings' own URL, or that of the data.

    It is read as the store reads its own, whatever driver it names.

    Raises:
        ConfigError: neither is one of PostgreSQL, or it cannot be read; `key` is ``url``. No error
            shows it: it may hold a password.
    """
    secret = url or location
    if secret is None:
        raise _wrong("no URL tells where that is, only an engine")
    text = secret.reveal()
    if text.partition("://")[0].partition("+")[0].lower() not in _SCHEMES:
        raise _wrong("url is of another database" if url else "the data is in another store")
    return make_conninfo(**read_url(text).options)


def _wrong(what: str) -> ConfigError:
    message = (
        f"Procrastinate queues jobs in PostgreSQL, and {what}: set url = "
        '"postgresql://user:password@host/database" under [runner], or type = "embedded"'
    )
    return ConfigError(message, key="url")


@contextmanager
def words(doing: str) -> Iterator[None]:
    """Turn what the driver raises in a block into a PluginError that says what to do."""
    try:
        yield
    except psycopg.Error as error:
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        message = (
            f"the queue of jobs cannot be used, {doing}: {why}; see that PostgreSQL runs and that "
            "[runner] url leads to it"
        )
        raise PluginError(
            message, plugin="procrastinate", hook="crmkit_runners", cause=error
        ) from error


def connect(where: str, timeout: float) -> psycopg.Connection[Any]:
    """Open a connection; raises what psycopg raises."""
    return psycopg.connect(where, **options(timeout))


def options(timeout: float) -> dict[str, Any]:
    """Give what every connection goes by: libpq takes whole seconds, and takes 1 for 2.

    Nothing is prepared in a session: a pooler may give each transaction another.
    """
    return {"connect_timeout": max(2, round(timeout)), "prepare_threshold": None}


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Make the tables of Procrastinate where there are none; commits.

    Raises:
        PluginError: those that are there belong to an older Procrastinate.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # one makes them
        found = connection.execute(_FOUND).fetchone() or (False, False)
        if not found[0]:
            connection.execute(schema.SchemaManager.get_schema())
        elif not found[1]:
            message = (
                "the tables of Procrastinate in this database belong to an older one: bring them "
                "up with the migrations that its documentation lists (they lie where "
                "`procrastinate schema --migrations-path` says)"
            )
            raise PluginError(message, plugin="procrastinate", hook="crmkit_runners", cause=None)
