"""Beside the host's own tables: its engine, its connection, its transaction."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit.contracts.tables import META
from crmkit.errors import SchemaError, StoreBusy, StoreClosed, StoreError
from crmkit.stores import open_store
from crmkit.stores.sql.store import SqlStore


def begin_by_hand(engine: sa.Engine) -> None:
    """Make SQLAlchemy emit BEGIN itself, as its documentation advises for SQLite."""

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")


@pytest.fixture(params=["driver begins", "host begins"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/host.db")
    if request.param == "host begins":
        begin_by_hand(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE customer (id INTEGER)")  # a name of ours too
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Iterator[SqlStore]:
    store = open_store("sqlite://", engine=engine)
    assert isinstance(store, SqlStore)
    yield store
    store.close()


def test_the_hosts_engine_is_used_and_left_open(engine: sa.Engine, store: SqlStore):
    """The tables stand beside the host's, and closing the store leaves its engine alone."""
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]
    store.close()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM crmkit_meta")) == 1
        assert connection.scalar(sa.text("SELECT count(*) FROM customer")) == 0


def test_a_write_joins_the_hosts_transaction(engine: sa.Engine, store: SqlStore):
    """What is written by the host's connection is there when the host commits, and not before."""
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO customer VALUES (1)")
        joined = store.using(connection)
        with joined.write() as writer:
            assert writer.sequence(2) == 1
            writer.put(META, [("a", "1")])
        with joined.read() as reader:
            assert list(reader.scan(META)) == [("a", "1")]
        connection.commit()
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]
        assert reader.watermark() == 2
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM customer")) == 1


@pytest.mark.parametrize("first", ["host writes first", "store writes first"])
def test_a_rollback_of_the_host_undoes_both(engine: sa.Engine, store: SqlStore, first: str):
    """Where the host rolls back, nothing of the store's stays either, its workspace included."""
    with engine.connect() as connection:
        if first == "host writes first":
            connection.exec_driver_sql("INSERT INTO customer VALUES (1)")
        with store.using(connection).write() as writer:
            writer.put(META, [("a", "1")])
        connection.rollback()
    assert store.workspaces() == []
    with store.write() as writer:
        writer.put(META, [("b", "1")])
    with store.read() as reader:
        assert list(reader.scan(META)) == [("b", "1")]


def test_a_block_that_raises_leaves_the_hosts_work(engine: sa.Engine, store: SqlStore):
    """A failing block inside the host's transaction undoes itself and nothing else."""
    with engine.connect() as connection:
        joined = store.using(connection)
        with joined.write() as writer:
            writer.put(META, [("a", "1")])
        connection.exec_driver_sql("INSERT INTO customer VALUES (1)")
        with pytest.raises(KeyError), joined.write() as writer:
            writer.put(META, [("a", "2"), ("b", "2")])
            raise KeyError
        with pytest.raises(StoreError), joined.write() as writer:
            writer.put(META, [("c", "2"), ("d", None)])
        connection.commit()
        assert connection.scalar(sa.text("SELECT count(*) FROM customer")) == 1
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]


def test_a_connection_given_back_is_closed(engine: sa.Engine, store: SqlStore):
    """After the host's connection is gone, or the joined store closed, a use says so."""
    with engine.connect() as connection:
        joined = store.using(connection)
        other = store.using(connection)
        other.close()
        with pytest.raises(StoreClosed), other.read():
            pass
    with pytest.raises(StoreClosed), joined.write():
        pass


def test_another_database_is_named_where_tables_are_missing(store: SqlStore, tmp_path: Path):
    """A connection that leads elsewhere does not make the store's own file the culprit."""
    elsewhere = sa.create_engine(f"sqlite:///{tmp_path}/other.db")
    with elsewhere.connect() as connection:
        joined = store.using(connection)
        for use in (joined.read, joined.write):
            with pytest.raises(SchemaError, match="may lead to another"), use():
                pass
    elsewhere.dispose()


def test_a_hosts_engine_waits_as_it_says(engine: sa.Engine, tmp_path: Path):
    """How long others were waited for is the host's affair, and no number is made up."""
    patient = sa.create_engine(engine.url, connect_args={"timeout": 0.1})
    store = open_store("sqlite://", engine=patient)
    other = sqlite3.connect(tmp_path / "host.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="by another writer: try again"), store.write():
        pass
    other.close()
    store.close()
    patient.dispose()
