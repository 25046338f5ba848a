"""The memory of a simulated CRM finds records by a value, whoever wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from http.client import HTTPConnection

from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book


def test_a_record_is_found_by_what_it_holds_now():
    """Edits, deletions and merges are seen; the value that a record had is forgotten."""
    book = Book()
    ada = book.create("Contact", {"Email": "Ada@example.com"})
    bo = book.create("Contact", {"Email": "bo@example.com"})
    assert book.find("Contact", "Email", "ada@EXAMPLE.com") == [ada]
    book.edit("Contact", bo.id, Email="ada@example.com")
    assert book.find("Contact", "Email", "ada@example.com") == [ada, bo]
    assert book.find("Contact", "Email", "bo@example.com") == []
    book.delete("Contact", ada.id)
    assert book.find("Contact", "Email", "ada@example.com") == [bo]
    book.forget("Contact", bo.id)
    assert book.find("Contact", "Email", "ada@example.com") == []
    book.create("Contact", {"Email": ["a list"]})
    assert book.find("Contact", "Email", None) == []


def test_a_simulator_may_have_a_clock_of_its_own():
    """A Date that it gives stands alone; without one the machine's is told."""

    class Clock(Simulator):
        def answer(self, call: Call) -> Answer:
            at = "Thu, 01 Jan 2026 00:00:00 GMT"
            return Answer(b"", headers={"Date": at} if call.path == "/own" else {})

    with Clock() as running:
        told = []
        for path in ("/own", "/machine"):
            wire = HTTPConnection(running.url.removeprefix("http://"))
            wire.request("GET", path)
            told.append(wire.getresponse().headers.get_all("Date"))
            wire.close()
    assert told[0] == ["Thu, 01 Jan 2026 00:00:00 GMT"]
    assert len(told[1]) == 1
    assert told[1] != told[0]
    assert str(datetime.now(UTC).year) in told[1][0]
