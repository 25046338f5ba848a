"""What was erased lies in no page of the file, nor between the rows of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import crmkit
from crmkit.capture.tombstones import VARIABLE
from crmkit.contracts.store import Store
from crmkit.contracts.tables import CUSTOMER
from crmkit.stores import open_store, sqlite
from crmkit.stores.sqlite_remains import MOST_WORDS, remains
from crmkit.testing.rows import row

PEOPLE = 120


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def name(number: int) -> str:
    return f"Zygmunt-{number:04d}"


def filled(path: Path, seed: int) -> Iterator[tuple[Store, int]]:
    """Write people down in no order, and delete them one by one; give each who has just gone."""
    draw = Random(seed)
    numbers = list(range(PEOPLE))
    draw.shuffle(numbers)
    store = open_store(f"sqlite:///{path}")
    for number in numbers:
        body = '{"x":"' + "y" * draw.randrange(900) + '"}'
        with store.write() as writer:
            writer.put(CUSTOMER, [row(CUSTOMER, id=f"c{number:04d}", name=name(number), body=body)])
    draw.shuffle(numbers)
    for number in numbers[:80]:
        with store.write() as writer:
            writer.delete(CUSTOMER, [(f"c{number:04d}",)])
        yield store, number
    store.close()


@pytest.mark.parametrize("seed", [0, 5])
def test_nothing_is_left_between_the_rows(path: Path, seed: int):
    """SQLite leaves copies there where it spreads rows over pages, whatever is overwritten."""
    left = 0
    for store, number in filled(path, seed):
        store.scrub(())
        left += name(number).encode() in path.read_bytes()
        store.scrub([name(number)])
        assert name(number).encode() not in path.read_bytes()
    if not left:
        pytest.skip("this SQLite leaves no copies")


@pytest.mark.parametrize("words", [None, [f"word {number}" for number in range(MOST_WORDS + 1)]])
def test_who_is_told_by_nothing_or_by_too_much_is_not_looked_for(path: Path, words: Any):
    """The file is written anew."""
    seen = 0
    for store, number in filled(path, 1):
        store.scrub(())
        if name(number).encode() in path.read_bytes():
            store.scrub(words)
            assert name(number).encode() not in path.read_bytes()
            seen += 1
    if not seen:
        pytest.skip("this SQLite leaves no copies")


def test_words_are_found_in_any_case_and_encoding_and_short_ones_are_not_looked_for(path: Path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA encoding = 'UTF-16le'")
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.execute("INSERT INTO t VALUES ('kept'), ('Zoë ÄRGER'), ('kept')")
        connection.execute("DELETE FROM t WHERE rowid = 2")
        connection.execute("DELETE FROM t WHERE rowid = 3")
    connection.close()
    assert remains(path, ["zoë ärger"]) is False  # only ASCII is folded in the file
    assert remains(path, ["zoë ÄRGER"])
    assert remains(path, ["kept too", "Z"]) is False


def test_an_erasure_says_what_tells_of_him_and_a_restore_that_it_does_not_know(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv(VARIABLE, "k" * 32)
    record = {
        "id": "order-77",
        "kind": "complaint",
        "at": "2026-05-01T10:00:00+08:00",
        "customer": {"email": "zoe@example.com", "name": "Zoë Quell"},
        "text": "cold again",
    }
    with crmkit.connect(f"sqlite:///{path}", plugins=[]) as crm:
        asked: list[Any] = []
        monkeypatch.setattr(
            type(crm.session.store), "scrub", lambda _, words=None: asked.append(words)
        )
        crm.capture([record], "shop")
        found = crm.customers.find(email="zoe@example.com")
        assert found is not None
        crmkit.backup(crm, tmp_path / "shop.backup")
        crmkit.restore(crm, tmp_path / "shop.backup", replace=True)
        crm.customers.erase(found.id, reason="she asked")
        crmkit.restore(crm, tmp_path / "shop.backup", replace=True)
    none, words, whoever = asked
    assert none == ()
    assert words >= {found.id, "zoe@example.com", "Zoë Quell", "cold again", "order-77"}
    assert whoever is None


def test_what_was_found_once_is_not_looked_for_again(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the file cannot be written anew at once, each write tries that, and reads no file."""
    looked: list[Any] = []
    monkeypatch.setattr(sqlite, "remains", lambda *about: looked.append(about) or True)
    can = [False, False, True]
    monkeypatch.setattr(sqlite, "rewrite", lambda *_: can.pop(0))
    store = open_store(f"sqlite:///{path}")
    store.scrub(["Zygmunt"])
    for _ in range(3):
        with store.write() as writer:
            writer.put(CUSTOMER, [row(CUSTOMER, id="c1")])
    store.close()
    assert len(looked) == 1
    assert can == []
