"""Work of the caller's own while PostgreSQL is waited for."""

# ruff: noqa: PT012 - what raises in a block is what undoes it

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from crmkit.contracts.store import Store
from crmkit.contracts.tables import META
from crmkit.errors import StoreError
from tests.postgres import database
from tests.stores.postgres_kit import kill, opened

_SLOW = "SELECT pg_sleep(0.3)"


@pytest.fixture
def url() -> str:
    return database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = opened(url)
    yield store
    store.close()


def _counting(done: list[int], pieces: int) -> Iterator[None]:
    for piece in range(pieces):
        done.append(piece)
        yield


def test_it_is_done_while_the_server_is_busy(store: Store):
    """Before the block's end, and the statement gives what it would have given."""
    done: list[int] = []
    with store.write() as writer, writer.meanwhile(_counting(done, 100)):
        assert writer.connection.exec_driver_sql("SELECT 7 FROM pg_sleep(0.3)").scalar() == 7
        assert len(done) == 100


def test_what_was_begun_is_done_to_its_end(store: Store):
    """A server that answers in the midst of the work leaves nothing of it out."""
    done: list[int] = []

    def work() -> Iterator[None]:
        for piece in range(100):
            time.sleep(0.002)
            done.append(piece)
            yield

    with store.write() as writer, writer.meanwhile(work()):
        writer.connection.exec_driver_sql("SELECT pg_sleep(0.03)")
        assert 0 < len(done) < 100
    assert done == list(range(100))


def test_it_does_not_hold_up_what_has_come(store: Store):
    """Endless work ends with the statement, and a block without one does none of it."""
    done: list[int] = []
    work = _counting(done, 10**9)
    with pytest.raises(KeyError), store.write() as writer, writer.meanwhile(work):
        assert done == []
        writer.connection.exec_driver_sql(_SLOW)
        raise KeyError
    assert done


def test_a_block_in_a_block(store: Store):
    """The inner one's work comes first; afterwards the connection waits as ever."""
    outer: list[int] = []
    inner: list[int] = []
    with store.write() as writer:
        driver = writer.connection.connection.driver_connection
        with writer.meanwhile(_counting(outer, 10)):
            with writer.meanwhile(_counting(inner, 10)):
                writer.connection.exec_driver_sql(_SLOW)
            assert len(inner) == 10
            writer.connection.exec_driver_sql(_SLOW)
            assert len(outer) == 10
        assert "wait" not in vars(driver)


def test_a_statement_that_fails_fails_as_ever(store: Store):
    """The server's error comes out, and the connection is of use again."""
    with pytest.raises(StoreError), store.write() as writer, writer.meanwhile(_counting([], 5)):
        writer.run("SELECT 1 / 0 FROM pg_sleep(0.1)")
    with store.write() as writer:
        writer.put(META, [("a", "1")])


@pytest.mark.parametrize("failing", [False, True])
def test_it_is_done_while_a_commit_is_waited_for(store: Store, *, failing: bool):
    """Before the transaction's end, and what fails in it comes out once all stands."""
    slow = """
        CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER dawdling AFTER INSERT ON crmkit_meta
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()
    """
    done: list[int] = []

    def work() -> Iterator[None]:
        yield from _counting(done, 100)
        if failing:
            raise KeyError

    with store.write() as writer:
        writer.connection.exec_driver_sql(slow)
    with pytest.raises(KeyError) if failing else nullcontext(), store.write() as writer:
        writer.put(META, [("a", "1")])
        writer.while_committing(work())
    assert len(done) == 100
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]


def test_an_interruption_leaves_the_connection_of_use(store: Store):
    """Ctrl-C in the midst of the work comes out once the server has answered."""

    def interrupted() -> Iterator[None]:
        yield
        raise KeyboardInterrupt

    with store.write() as writer:
        with pytest.raises(KeyboardInterrupt), writer.meanwhile(interrupted()):
            writer.connection.exec_driver_sql(_SLOW)
        writer.put(META, [("a", "1")])
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]


def test_an_interruption_is_not_lost_where_the_block_fails_too(store: Store):
    """Whoever meets the block's own error goes on, and Ctrl-C would have done nothing."""

    def interrupted() -> Iterator[None]:
        yield
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt) as caught,
        store.write() as writer,
        writer.meanwhile(interrupted()),
    ):
        writer.connection.exec_driver_sql(_SLOW)
        raise KeyError
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_server_that_hangs_up(url: str, store: Store):
    """A connection that is lost under the work is told as lost."""
    with pytest.raises(StoreError), store.write() as writer, writer.meanwhile(_counting([], 50)):
        kill(url)
        writer.put(META, [(f"k{n}", "1") for n in range(5_000)])
    with store.write() as writer:
        writer.put(META, [("a", "1")])
