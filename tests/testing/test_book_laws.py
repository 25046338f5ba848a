"""The memory of a simulated CRM: what a reader sees of it, whatever its people do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.testing.simulators.book import Book

START = datetime(2026, 5, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PEOPLE = "Contacts"


def ids(book: Book, since: datetime | None = None, **how: Any) -> list[str]:
    return [entry.id for entry in book.changed(PEOPLE, since, **how)]


def test_changes_come_in_order_once_each():
    """The oldest change first; a record that changed again stands at its last change alone."""
    book = Book(start=START, step=SECOND)
    for _ in range(3):
        book.create(PEOPLE, {})
    assert ids(book) == ["1", "2", "3"]
    changed = book.edit(PEOPLE, "1", Name="Ann")
    assert ids(book) == ["2", "3", "1"]
    assert ids(book, changed.changed) == ["1"]
    assert ids(book, changed.changed + timedelta(microseconds=1)) == []


def test_what_was_deleted_is_told_apart():
    """It stays in the book; what was forgotten does not."""
    book = Book(start=START, step=SECOND)
    for _ in range(3):
        book.create(PEOPLE, {})
    gone = book.delete(PEOPLE, "1")
    book.delete(PEOPLE, "1")  # no second time
    book.forget(PEOPLE, "2")
    assert gone.deleted == gone.changed == START + 4 * SECOND
    assert (ids(book), ids(book, deleted=True), ids(book, deleted=None)) == (
        ["3"],
        ["1"],
        ["3", "1"],
    )
    assert book.get(PEOPLE, "1") is None
    assert [entry.id for entry in book.live(PEOPLE)] == ["3"]
    assert set(book.of(PEOPLE)) == {"1", "3"}


def test_a_merge_fills_what_the_kept_record_lacks():
    """The dropped one is deleted, and names where it went."""
    book = Book(start=START)
    kept = book.create(PEOPLE, {"Name": "Ann", "Phone": "", "Mail": None})
    dropped = book.create(PEOPLE, {"Name": "A.", "Phone": "7", "Mail": "a@example.com"})
    book.merge(PEOPLE, kept.id, dropped.id)
    assert kept.values == {"Name": "Ann", "Phone": "7", "Mail": "a@example.com"}
    assert (dropped.merged_into, dropped.deleted is not None) == (kept.id, True)
    assert kept.changed > dropped.changed


def test_a_late_commit_shows_later_with_its_first_instant():
    """By no way of reading before that, and behind those who read on from the newest."""
    book = Book(start=START, step=SECOND)
    late = book.create(PEOPLE, {"Mail": "a@example.com"}, late=timedelta(minutes=1))
    soon = book.create(PEOPLE, {"Mail": "b@example.com"})

    def seen() -> tuple[Any, ...]:
        found = book.find(PEOPLE, "Mail", "a@example.com")
        return ids(book), book.get(PEOPLE, late.id), book.live(PEOPLE), found

    assert seen() == (["2"], None, [soon], [])
    book.advance(timedelta(minutes=2))
    assert seen() == (["1", "2"], late, [late, soon], [late])
    assert late.changed < soon.changed


def test_the_clock_is_the_books_own():
    """It moves by writes and by waiting; zero puts all writes on one instant; a grain cuts them."""
    book = Book(start=START, step=timedelta(0))
    assert {book.create(PEOPLE, {}).changed for _ in range(3)} == {START}
    book.advance(SECOND)
    assert (book.now(), ids(book)) == (START + SECOND, ["1", "2", "3"])
    coarse = Book(start=START, step=timedelta(milliseconds=300), grain=SECOND)
    assert [coarse.create(PEOPLE, {}).changed.second for _ in range(4)] == [0, 0, 0, 1]
    assert Book().now().tzinfo is UTC


def test_several_writes_may_bear_one_instant():
    """As in a transaction; then the clock goes on."""
    book = Book(start=START, step=SECOND)
    with book.together():
        many = {book.create(PEOPLE, {}).changed for _ in range(5)}
    assert len(many) == 1
    assert book.create(PEOPLE, {}).changed > max(many)


def test_ids_never_meet():
    """A number that somebody gave is passed over; one that is taken is refused."""
    book = Book(first=7)
    book.create(PEOPLE, {"Name": "given"}, id="8")
    assert [book.create(PEOPLE, {}).id for _ in range(2)] == ["7", "9"]
    with pytest.raises(ValueError, match="has a record '8' already"):
        book.create(PEOPLE, {}, id="8")
    assert book.create("Deals", {}, id="8").id == "8"


def test_a_reader_who_writes_meanwhile_comes_to_an_end():
    """What a loop over the changes changes does not come again in it."""
    book = Book(start=START)
    for _ in range(5):
        book.create(PEOPLE, {})
    for entry in book.changed(PEOPLE):
        book.edit(PEOPLE, entry.id, seen=True)
    assert len(ids(book)) == 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("cudfmrt"), st.integers(0, 9)), max_size=60),
    st.sampled_from([0, 1]),
)
def test_what_is_kept_in_order_is_what_sorting_gives(steps: list[tuple[str, int]], step: int):
    """After any writes, with reads between them, changes are those of a sort of all records."""
    book = Book(start=START, step=step * SECOND)
    for what, number in steps:
        there = sorted(book.of(PEOPLE))
        one = there[number % len(there)] if there else None
        if what == "c" or one is None:
            book.create(PEOPLE, {"n": number})
        elif what == "u":
            book.update(PEOPLE, one, {"n": number})
        elif what == "d":
            book.delete(PEOPLE, one)
        elif what == "f":
            book.forget(PEOPLE, one)
        elif what == "m" and there[0] != one:
            book.merge(PEOPLE, there[0], one)
        elif what == "t":
            book.advance(SECOND)
        else:
            ids(book)
        every = sorted((entry.changed, entry.id) for entry in book.of(PEOPLE).values())
        assert [(e.changed, e.id) for e in book.changed(PEOPLE, deleted=None)] == every
        for value in range(10):
            found = {entry.id for entry in book.find(PEOPLE, "n", value)}
            assert found == {e.id for e in book.live(PEOPLE) if e.values.get("n") == value}


def test_reading_between_writes_sorts_nothing_anew():
    """The order is kept while records are added and changed: not a square of time."""
    book = Book(start=START)
    for _ in range(1_000):
        book.create(PEOPLE, {})
    assert len(ids(book)) == 1_000
    kept = book._order[PEOPLE]
    for number in range(1, 900):
        changed = book.edit(PEOPLE, str(number), seen=True)
        assert ids(book, changed.changed) == [str(number)]
    assert book._order[PEOPLE] is kept


def test_many_threads_lose_nothing():
    """Each write is one."""
    book = Book(start=START)

    def work() -> None:
        for _ in range(200):
            book.edit(PEOPLE, book.create(PEOPLE, {}).id, seen=True)
            book.live(PEOPLE)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids(book)) == len(book.live(PEOPLE)) == 800
