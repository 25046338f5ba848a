"""A connection to PostgreSQL that is lost: what is said of it, and that nothing is half done."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import count, islice
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from crmkit.capture.engine import Settings
from crmkit.contracts.tables import META, STATE, TABLES, TOUCHPOINT
from crmkit.errors import StoreError
from crmkit.stores.sql.store import SqlStore
from crmkit.testing.rows import row, touchpoints
from tests.capture.importer import stream
from tests.capture.kit import NOW, Shop, dump
from tests.postgres import database
from tests.stores.postgres_kit import filled, kill, opened, pid_of, whole_and_working

SETTINGS = Settings(clock=lambda: NOW, region="CN", batch=20)
RECORDS = list(islice(stream(), 40))  # two batches
COMMIT = "COMMIT"
ADVICE = {False: "nothing of this write was kept: try again", True: "look before you repeat it"}
"""What a StoreError says, by whether it came at the commit."""


# -- in the middle of something ------------------------------------------------------------


def begun(writer: Any) -> None:
    writer.put(META, [("half", "1")])
    writer.append(TOUCHPOINT, touchpoints(writer, ["half"]))


USES = {
    "put": lambda writer: writer.put(META, [("more", "1")]),
    "put many": lambda writer: writer.put(META, [(f"more {n}", "1") for n in range(100)]),
    "append many": lambda writer: writer.append(
        TOUCHPOINT, touchpoints(writer, [str(n) for n in range(100)])
    ),
    "sequence": lambda writer: writer.sequence(1),
    "scan": lambda writer: list(writer.scan(META)),
    "fetch": lambda writer: list(writer.fetch(META, [("a",)])),
    "count": lambda writer: writer.count(META),
    "delete": lambda writer: writer.delete(META, [("a",)]),
    "watermark": lambda writer: writer.watermark(),
}


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("use", USES)
def test_a_connection_that_is_lost_in_a_write(
    use: str, heard: bool, caplog: pytest.LogCaptureFixture
):
    """The error says that nothing was kept, though swallowed; the next write works."""
    url = filled(database())
    store = opened(url)
    words = "nothing of this write was kept: try again"
    with pytest.raises(StoreError, match=words) as caught, store.write() as writer:
        begun(writer)
        kill(url)
        with nullcontext() if heard else suppress(StoreError):
            USES[use](writer)
    assert type(caught.value) is StoreError
    whole_and_working(store)
    assert caplog.text == ""


@pytest.mark.parametrize("place", [300, 1100])
def test_a_connection_that_is_lost_between_many_rows(
    place: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Of rows that are sent in one stream none is kept; one error says so, and no log beside it."""
    url = filled(database())
    store = opened(url)
    send, sent = psycopg.Copy.write_row, count(1)

    def lose(copy: Any, values: Any) -> None:
        if next(sent) == place:
            kill(url)
        send(copy, values)

    monkeypatch.setattr(psycopg.Copy, "write_row", lose)
    words = "nothing of this write was kept: try again"
    with pytest.raises(StoreError, match=words), store.write() as writer:
        numbers, text = range(400), "a" * 10_000
        writer.put(STATE, [row(STATE, customer=f"{n}", rest=text) for n in numbers])
        writer.append(TOUCHPOINT, touchpoints(writer, map(str, numbers), text=text))
    monkeypatch.undo()
    assert caplog.text == ""
    whole_and_working(store)


def test_a_connection_that_is_lost_at_the_commit():
    """Nobody can know then whether it was kept: that is said, and not that it was not."""
    url = filled(database())
    store = opened(url)
    with pytest.raises(StoreError, match="look before you repeat it"), store.write() as writer:
        begun(writer)
        kill(url)
    whole_and_working(store)


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_connection_that_is_lost_in_a_scan(how: str):
    """What was begun ends with an error, never as if it were complete; nor is a write kept."""
    url = filled(database())
    store = opened(url)
    with store.write() as writer:
        writer.put(STATE, [row(STATE, customer=f"{n:05}") for n in range(5000)])
    with pytest.raises(StoreError, match="kept: try again"), getattr(store, how)() as look:
        rows = look.scan(STATE)
        next(rows)
        kill(url)
        with suppress(StoreError) if how == "write" else nullcontext():
            list(rows)
    with store.read() as reader:
        assert reader.count(STATE) == 5000
    store.close()


def test_idle_connections_that_are_lost_are_not_felt():
    """A server that was restarted between two uses is simply connected to again."""
    url = filled(database())
    store = opened(url)
    with store.read(), store.read():
        pass
    kill(url)
    whole_and_working(store)


# -- anywhere ------------------------------------------------------------------------------


@contextmanager
def lost_before(engine: sa.Engine, wanted: int) -> Iterator[list[str]]:
    """End the connection before the n-th statement or commit; give the texts as they come."""
    asked: list[str] = []

    def note(connection: sa.Connection, what: str) -> None:
        asked.append(what)
        if len(asked) - 1 == wanted:
            kill(str(engine.url), pid_of(connection))

    def statement(connection: sa.Connection, _: Any, sql: str, *__: Any) -> None:
        note(connection, sql)

    def commit(connection: sa.Connection) -> None:
        note(connection, COMMIT)

    sa.event.listen(engine, "before_cursor_execute", statement)
    sa.event.listen(engine, "commit", commit)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", statement)
        sa.event.remove(engine, "commit", commit)


@pytest.fixture(scope="module")
def whole() -> dict[str, list[Any]]:
    """Give what one capture leaves that nothing befalls."""
    shop = Shop(settings=SETTINGS)
    shop.capture_all(RECORDS)
    return shop.dump()


def capture(store: SqlStore, *, hosted: bool) -> None:
    """Capture in transactions of the store's own, or all of it in one of a host's."""
    if hosted:
        with store.engine.begin() as connection:
            Shop(store=store.using(connection), settings=SETTINGS).capture_all(RECORDS)
    else:
        Shop(store=store, settings=SETTINGS).capture_all(RECORDS)


def lose(whole: dict[str, list[Any]], step: int, *, hosted: bool) -> None:
    """Lose the connection before every `step`-th statement, capture again, and compare."""
    url = database()
    for number in count(step=step):
        store = opened(url, workspace=f"lost before {number}")
        with lost_before(store.engine, number) as asked:
            try:
                capture(store, hosted=hosted)
            except StoreError as error:
                assert ADVICE[asked[-1] == COMMIT] in str(error)  # noqa: PT017 - it may succeed
            except sa.exc.DBAPIError:
                assert (asked[-1], hosted) == (COMMIT, True)  # the host's own
        is_over = number >= len(asked)
        if not is_over:
            capture(store, hosted=hosted)
        found = dump(store)
        store.close()
        for table in TABLES:
            assert found[table.name] == whole[table.name], (asked[-1], table.name)
        if is_over:
            break
    assert number > 40


@pytest.mark.parametrize("hosted", [False, True])
def test_a_lost_capture_is_made_again(hosted: bool, whole: dict[str, list[Any]]):
    """The error says what to do, and what was captured in both goes ends as one whole."""
    lose(whole, 9, hosted=hosted)


@pytest.mark.slow("loses a hundred connections")
@pytest.mark.parametrize("hosted", [False, True])
def test_a_capture_lost_anywhere_is_made_again(hosted: bool, whole: dict[str, list[Any]]):
    """The same before each and every statement."""
    lose(whole, 1, hosted=hosted)
