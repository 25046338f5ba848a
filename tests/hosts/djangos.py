"""Django without a project: its connections, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from django import setup
from django.conf import settings
from django.db import connections
from django.db.utils import ConnectionHandler

if not settings.configured:
    settings.configure(USE_TZ=True, DATABASES={})
    setup()

KINDS = ["sqlite", "postgresql"]
SHOP = "shop"


def setting(url: str, **changes: Any) -> dict[str, Any]:
    """Write a URL as Django's settings do."""
    parts = sa.make_url(url)
    backend = "sqlite3" if parts.get_backend_name() == "sqlite" else "postgresql"
    given = {
        "ENGINE": f"django.db.backends.{backend}",
        "NAME": parts.database,
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.query.get("host", ""),
        "OPTIONS": {"timeout": 30} if backend == "sqlite3" else {},
        **changes,
    }
    return dict(ConnectionHandler({"default": given}).settings["default"])


@contextmanager
def django(url: str, **changes: Any) -> Iterator[Any]:
    """Give Django's connection to a database, as ``connections[...]`` does to any thread."""
    connections.settings[SHOP] = setting(url, **changes)
    yield Proxy()
    connections[SHOP].close()
    del connections[SHOP]
    del connections.settings[SHOP]


class Proxy:
    """The connection of whichever thread asks, as ``django.db.connection`` is for the default."""

    def __getattr__(self, name: str) -> Any:
        return getattr(connections[SHOP], name)
