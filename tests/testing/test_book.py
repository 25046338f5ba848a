"""A simulated CRM's memory finds records by what they hold, and its server tells the CRM's time."""

from typing import Any
from urllib.request import urlopen

from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book


def ids(book: Book, value: Any, field: str = "Email") -> list[str]:
    return [entry.id for entry in book.find("Contacts", field, value)]


def test_a_record_is_found_by_what_it_holds_now():
    """After a change, a deletion and a merge; a text in any case, and several of one value."""
    book = Book()
    book.create("Contacts", {"Email": "li@example.com"})
    assert ids(book, "LI@example.com") == ["1"]
    book.create("Contacts", {"Email": "Li@example.com", "Phone": "7"})
    assert ids(book, "li@example.com") == ["1", "2"]
    book.edit("Contacts", "1", Email="wang@example.com")
    assert (ids(book, "li@example.com"), ids(book, "wang@example.com")) == (["2"], ["1"])
    book.merge("Contacts", "1", "2")
    assert (ids(book, "li@example.com"), ids(book, "7", "Phone")) == ([], ["1"])
    book.forget("Contacts", "1")
    assert ids(book, "wang@example.com") == []


def test_each_write_is_counted():
    """Whoever keeps what was worked out sees that it is old."""
    book = Book()
    made = book.create("Contacts", {"Tags": ["a"]})
    written = book.writes
    assert [entry.id for entry in book.find("Contacts", "Tags", ["a"])] == [made.id]
    assert book.writes == written
    book.delete("Contacts", made.id)
    assert book.writes == written + 1


class _Clock(Simulator):
    def answer(self, call: Call) -> Answer:
        return Answer({}, headers={"Date": call.query["date"]} if call.query else {})


def test_a_simulator_may_tell_the_crms_own_time():
    """A Date of its own stands alone; without one the machine's is told."""
    told = "Mon, 04 Jan 2027 08:00:00 GMT"
    with _Clock() as server:
        with urlopen(f"{server.url}/?date={told.replace(' ', '%20')}") as answer:
            assert answer.headers.get_all("Date") == [told]
        with urlopen(server.url) as answer:
            assert len(answer.headers.get_all("Date")) == 1
