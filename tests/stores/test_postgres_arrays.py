"""Keys that are sent as one array, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmkit.contracts.store import Store
from crmkit.contracts.tables import META, VOID
from crmkit.errors import StoreError
from tests.postgres import database
from tests.stores.postgres_kit import opened

_ODD = [
    "",
    " ",
    "NULL",
    "null",
    '"',
    '","',
    "\\",
    '\\"',
    "\\N",
    "{a,b}",
    "{}",
    "a,b",
    "'",
    "tab\tand\nnewline\r",
    "%s",
    "王小明",
    "🙂",
    "\x01",
]


@pytest.fixture
def store() -> Iterator[Store]:
    store = opened(database())
    yield store
    store.close()


@pytest.mark.parametrize("asked", [_ODD, *([one] for one in _ODD), ["plain", "plainer"]])
def test_every_text_finds_its_own_row(store: Store, asked: list[str]):
    """Also those that mean something in the text of an array."""
    rows = [(text, "1") for text in [*_ODD, "plain", "plainer"]]
    with store.write() as writer:
        writer.put(META, rows)
        found = writer.fetch(META, [(text,) for text in asked])
        assert sorted(found) == sorted((text, "1") for text in asked)


def test_numbers_find_theirs(store: Store):
    """Beside a text, to the least and the greatest."""
    rows = [("a,b", number, 0, 0) for number in (-(1 << 63), -1, 0, (1 << 63) - 1)]
    with store.write() as writer:
        writer.put(VOID, rows)
        assert sorted(writer.fetch(VOID, [row[:2] for row in rows])) == rows


@pytest.mark.parametrize("key", [("a", 1 << 63), ("a", "x"), ("a", b"\x00"), ("a\x00", 1)])
def test_what_no_column_holds_is_refused(store: Store, key: tuple[object, object]):
    with pytest.raises(StoreError), store.read() as reader:
        list(reader.fetch(VOID, [("b", 7), key]))  # type: ignore[list-item]
