"""The whole suite on another store: what it opens as memory:// is a workspace of a database."""

from __future__ import annotations

import atexit
import os
from itertools import count

import sqlalchemy as sa

import crmkit.stores.memory
from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Store
from crmkit.stores import open_store

_number = count(1)


def take_memorys_place(url: str, driven: str) -> None:
    """Make each ``memory://`` a workspace of one database, and ``memory://name`` a kept one.

    Args:
        url: Which database.
        driven: Its URL for SQLAlchemy.
    """
    os.environ["CRMKIT_ERASURE_KEY"] = "outside of every database"
    # One engine for all: tests leave stores in memory open, which holds nothing there.
    engine = sa.create_engine(driven, pool_size=20)
    atexit.register(engine.dispose)

    def open_instead(config: StoreConfig) -> Store:
        name = config.url.partition("://")[2] or f"nameless {next(_number)}"
        workspace = f"{name} of {config.workspace}"[:200]
        return open_store(url, workspace=workspace, engine=engine)

    crmkit.stores.memory.open_memory = open_instead
