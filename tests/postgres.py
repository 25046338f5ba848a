"""The server that all tests share, and databases on it whose settings are odd."""

from __future__ import annotations

import os

import sqlalchemy as sa

from crmkit.testing.postgres import database, server, shared, start
from crmkit.testing.postgres_server import execute

__all__ = ["ODD", "database", "driven", "environment", "execute", "name_of", "server", "start"]

ODD = {
    "TimeZone": "Asia/Kathmandu",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "client_encoding": "LATIN1",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "lock_timeout": "1",
    "synchronous_commit": "off",
    "client_min_messages": "debug1",
    "enable_seqscan": "off",
}
"""Settings that a database may bring along, and that must not be felt."""


def environment() -> dict[str, str]:
    """Give what leads programs without an address to the shared server, and its own programs."""
    found = sa.make_url(server())
    path = os.pathsep.join([str(shared().bin_path), os.environ["PATH"]])
    return {"PGHOST": str(found.query["host"]), "PGUSER": str(found.username), "PATH": path}


def name_of(url: str) -> str:
    """Give the name of the database that a URL leads to."""
    return str(sa.make_url(url).database)


def driven(url: str) -> str:
    """Name the driver in a URL, as SQLAlchemy wants it."""
    return url.replace("postgresql:", "postgresql+psycopg:")
