"""Reading: nothing is missed, whatever happens between two pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from crmkit.contracts.connector import Changes, Cursor, SyncAborted
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.salesforce import Column
from crmkit.testing.simulators.salesforce import Salesforce as Organisation

START = datetime(2026, 1, 1, tzinfo=UTC)


def read(
    connector: Any,
    cursor: Cursor | None = None,
    entity: str = "Contact",
    what: str = "changes",
    fields: tuple[str, ...] = ("LastName",),
) -> tuple[list[Changes], Cursor]:
    """Read all pages, handing back each page's cursor as it was given."""
    pages = []
    while True:
        if what == "changes":
            page = connector.changes(entity, cursor, fields=fields)
        else:
            page = connector.deleted(entity, cursor)
        pages.append(page)
        cursor = page.cursor
        if not page.more:
            return pages, cursor


def ids(pages: list[Changes]) -> list[str]:
    return [one.id for page in pages for one in page.records]


def calls(org: Organisation, what: str) -> int:
    return sum(what in call.path for call in org.calls)


def test_thousands_of_records_of_one_instant_are_read(opened: Any):
    """More records than a page bear one timestamp: each comes once, in as few calls as can be."""
    book = Book(start=START, step=timedelta(0))
    with Organisation(book=book) as org:
        made = [book.create("Contact", {"LastName": str(n)}).id for n in range(4500)]
        connector = opened(base_url=org.url)
        pages, cursor = read(connector)
        assert sorted(ids(pages)) == sorted(made)
        assert [len(page.records) for page in pages] == [2000, 2000, 500]
        assert (cursor.at, cursor.token) == (START, None)
        org.calls.clear()
        again, same = read(connector, cursor)
        assert sorted(ids(again)) == sorted(made)
        assert same.at == cursor.at


def test_a_quiet_day_costs_two_calls(connector: Any, org: Organisation):
    """Where nothing changed, changes and deletions are one call each, and the cursor stands."""
    org.book.create("Contact", {"LastName": "Lin"})
    _, cursor = read(connector)
    _, gone = read(connector, what="deleted")
    org.book.advance(timedelta(days=1))
    org.calls.clear()
    later = attrs.evolve(cursor, at=cursor.at + timedelta(seconds=1)) if cursor.at else cursor
    pages, after = read(connector, later)
    assert (ids(pages), after) == ([], attrs.evolve(later, token=None))
    assert read(connector, gone, what="deleted")[1] == gone
    assert len(org.calls) == 2


def test_values_come_as_crmkit_has_them(connector: Any, org: Organisation):
    """Texts, numbers, flags, dates, instants and lists; an empty text is None."""
    org.book.create(
        "Contact",
        {
            "LastName": "王\n🙂'\\",
            "Email": "",
            "Score__c": 87.5,
            "DoNotCall": True,
            "Birthdate": "1990-02-03",
            "Next_Contact__c": "2026-05-01T08:30:00.000+0800",
            "Interests__c": "tea;茶具",
        },
    )
    fields = (
        "LastName",
        "Email",
        "Score__c",
        "DoNotCall",
        "Birthdate",
        "Next_Contact__c",
        "Interests__c",
        "AccountId",
    )
    (record,) = connector.changes("Contact", None, fields=fields).records
    assert record.values == {
        "LastName": "王\n🙂'\\",
        "Email": None,
        "Score__c": 87.5,
        "DoNotCall": True,
        "Birthdate": "1990-02-03",
        "Next_Contact__c": "2026-05-01T00:30:00+00:00",
        "Interests__c": ["tea", "茶具"],
        "AccountId": None,
    }
    entry = org.book.of("Contact")[record.id]
    assert (record.changed_at, record.created_at) == (entry.changed, entry.created)


def test_a_dead_cursor_is_no_loss(opened: Any, org: Organisation):
    """Salesforce forgets its cursors after two days: the query is asked anew from the place."""
    made = []
    for number in range(900):
        if number % 100 == 0:
            org.book.advance(timedelta(minutes=5))
        made.append(org.book.create("Contact", {"LastName": str(number)}).id)
    org.book.advance(timedelta(seconds=2))
    connector = opened(page_size=200)
    first = connector.changes("Contact", None, fields=("LastName",))
    assert (len(first.records), first.more) == (200, True)
    org.book.advance(timedelta(days=3))
    rest, _ = read(connector, first.cursor)
    assert {*ids([first]), *ids(rest)} == {*made}
    assert len(ids(rest)) <= 800


def test_late_commits_are_not_lost_with_a_cursor(opened: Any, org: Organisation):
    """What was committed behind a page that was read, before its cursor died, is read after it."""
    for number in range(500):
        if number % 100 == 0:
            org.book.advance(timedelta(minutes=5))
        if number == 190:
            late = org.book.create("Contact", {"LastName": "late"}, late=timedelta(minutes=30))
            org.book.advance(timedelta(seconds=10))
        org.book.create("Contact", {"LastName": str(number)})
    connector = opened(page_size=200)
    first = connector.changes("Contact", None, fields=("LastName",))
    org.book.advance(timedelta(days=3))
    rest, _ = read(connector, first.cursor)
    assert late.id not in ids([first])
    assert late.id in ids(rest)


def test_a_cursor_of_another_mapping_is_not_gone_on_with(opened: Any, org: Organisation):
    """After a kill the mapping may ask for more fields: no page may come without them."""
    for number in range(500):
        org.book.create("Contact", {"LastName": str(number), "Title": "Dr"})
    connector = opened(page_size=200)
    first = connector.changes("Contact", None, fields=("LastName",))
    pages, _ = read(connector, first.cursor, fields=("LastName", "Title"))
    assert all(one.values["Title"] == "Dr" for page in pages for one in page.records)
    assert {*ids([first]), *ids(pages)} == {*org.book.of("Contact")}


def test_the_place_is_never_later_than_what_was_seen(opened: Any, org: Organisation):
    """A record edited between two pages shows its new instant: others are not skipped for it."""
    for number in range(1000):
        if number % 100 == 0:
            org.book.advance(timedelta(seconds=5))
        org.book.create("Contact", {"LastName": str(number)})
    org.book.advance(timedelta(seconds=5))
    connector = opened(page_size=200)
    first = connector.changes("Contact", None, fields=("LastName",))
    org.book.advance(timedelta(minutes=1))
    for entry in [*org.book.of("Contact").values()][200:400]:
        org.book.edit("Contact", entry.id, LastName="edited")
    second = connector.changes("Contact", first.cursor, fields=("LastName",))
    assert second.cursor.at == first.cursor.at
    org.reading.cursors.clear()
    rest, cursor = read(connector, second.cursor)
    assert {*ids([first, second]), *ids(rest)} == {*org.book.of("Contact")}
    last = [*org.book.of("Contact").values()][-1]
    org.book.edit("Contact", last.id, LastName="edited last")
    assert last.id in ids(read(connector, cursor)[0])


def test_a_clock_on_the_way_does_not_stop_the_cursor(opened: Any):
    """Where the Date of the answers is not the clock of the records, the records' counts."""
    book = Book(start=datetime(2031, 1, 1, tzinfo=UTC))
    with Organisation(book=book) as org:
        entry = book.create("Contact", {"LastName": "Lin"})
        connector = opened(base_url=org.url)
        connector.schema("Contact")
        real = org.answer

        def dated(call: Any) -> Answer:
            answer = real(call)
            headers = {**answer.headers, "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
            return attrs.evolve(answer, headers=headers)

        org.answer = dated  # type: ignore[method-assign]
        assert connector.changes("Contact", None, fields=("Name",)).cursor.at == entry.changed


def test_a_late_commit_is_read_by_who_reads_again(connector: Any, org: Organisation):
    """A record committed behind the cursor shows when its window is read once more."""
    late = org.book.create("Contact", {"LastName": "late"}, late=timedelta(seconds=30))
    org.book.create("Contact", {"LastName": "early"})
    pages, cursor = read(connector)
    assert late.id not in ids(pages)
    org.book.advance(timedelta(seconds=31))
    assert cursor.at is not None
    before = Cursor(cursor.at - timedelta(seconds=connector.overlap))
    assert late.id in ids(read(connector, before)[0])


def test_nothing_older_than_the_cursor_comes(opened: Any):
    """Conditions know whole seconds; what is older in the same second is left out."""
    book = Book(start=START, step=timedelta(milliseconds=100))
    entries = [book.create("Contact", {"LastName": str(n)}) for n in range(8)]
    with Organisation(book=book) as org:
        connector = opened(base_url=org.url)
        pages, _ = read(connector, Cursor(entries[5].changed))
        assert ids(pages) == [one.id for one in entries[5:]]


@pytest.mark.parametrize("entity", ["Contact", "Opportunity"])
def test_deletions_and_merges_come_by_their_own_feed(
    connector: Any, org: Organisation, entity: str
):
    """A loser tells where it went; objects that are never merged have no such field."""
    made = [org.book.create(entity, {"LastName": str(n), "Name": "x"}).id for n in range(4)]
    org.book.delete(entity, made[0])
    if entity == "Contact":
        org.book.merge(entity, made[1], made[2])
    pages, cursor = read(connector, entity=entity, what="deleted")
    told = {one.id: one.merged_into for page in pages for one in page.records}
    wanted = {made[0]: None, made[2]: made[1]} if entity == "Contact" else {made[0]: None}
    assert told == wanted
    assert all(one.deleted and not one.values for page in pages for one in page.records)
    assert cursor.at is not None
    assert made[0] not in ids(read(connector, entity=entity, fields=("Id",))[0])


def test_every_id_is_enumerated(opened: Any, org: Organisation):
    """Page by page, deleted ones left out, and on from the last id where the cursor died."""
    made = [org.book.create("Contact", {"LastName": str(n)}, id=f"003{n:012d}") for n in range(700)]
    org.book.delete("Contact", made[3].id)
    connector = opened(page_size=200)
    found: list[str] = []
    after = None
    while True:
        page = connector.ids("Contact", after)
        found += page.ids
        after = page.after
        if after is None:
            break
        if len(found) == 400 - 1:
            org.reading.cursors.clear()
    assert found == sorted(one.id for one in made if one.deleted is None)


def test_archived_activities_exist(connector: Any, org: Organisation):
    """Salesforce hides old activities from plain queries; a sweep must not take them for gone."""
    task = org.book.create("Task", {"Subject": "Call"})
    org.book.delete("Task", org.book.create("Task", {"Subject": "Old"}).id)
    assert list(connector.ids("Task", None).ids) == [task.id]
    (record,) = connector.fetch("Task", [task.id], fields=("Subject",))
    assert (record.deleted, record.values) == (False, {"Subject": "Call"})
    sweeps = [call for call in org.calls if "IsDeleted = false" in call.query.get("q", "")]
    assert [call.path.rpartition("/")[2] for call in sweeps] == ["queryAll"]


def test_records_are_fetched_by_id(connector: Any, org: Organisation):
    """Any number; deleted, merged and unknown ones are said to be gone."""
    made = [org.book.create("Contact", {"LastName": str(n)}).id for n in range(450)]
    org.book.delete("Contact", made[0])
    org.book.merge("Contact", made[1], made[2])
    odd = "x') OR (Id != '"
    found = {one.id: one for one in connector.fetch("Contact", [*made, odd], fields=("LastName",))}
    assert len(found) == 451
    assert {one.id for one in found.values() if one.deleted} == {made[0], made[2], odd}
    assert found[made[2]].merged_into == made[1]
    assert found[made[7]].values == {"LastName": "7"}


def test_more_fields_than_a_query_takes_are_joined(opened: Any, org: Organisation):
    """Hundreds of fields are asked for in several queries, and none is lost."""
    names = [f"A_custom_field_with_quite_a_long_name_{n:03d}__c" for n in range(400)]
    org.define("Contact", *(Column(name=name) for name in names))
    for number in range(250):
        values = {name: f"{number} {name}" for name in names}
        org.book.create("Contact", {"LastName": "x", **values})
    connector = opened()
    pages, _ = read(connector, fields=tuple(names))
    records = [one for page in pages for one in page.records]
    assert len(records) == 250
    assert all(one.values[name].endswith(name) for one in records for name in names)
    assert max(len(call.target) for call in org.calls) < 16_000


def test_a_field_that_is_gone_stops_the_run_by_name(connector: Any, org: Organisation):
    """A changed schema is named before anything is written."""
    connector.schema("Contact")
    del org.objects["Contact"]["Title"]
    with pytest.raises(SyncAborted, match="Title"):
        connector.changes("Contact", None, fields=("Title",))
    with pytest.raises(SyncAborted, match="no name"):
        connector.changes("Contact", None, fields=("Title FROM Contact WHERE",))
    with pytest.raises(SyncAborted, match="Nothing"):
        connector.changes("Nothing", None, fields=("Title",))


def test_a_next_page_elsewhere_is_not_followed(connector: Any, org: Organisation):
    """An address that another host would read our token at is refused."""
    connector.schema("Contact")
    told = {
        "totalSize": 3000,
        "done": False,
        "nextRecordsUrl": "https://evil.example/services/data/v59.0/query/01g-2000",
        "records": [],
    }
    org.fail(Fault(answer=Answer(told), on="/query"))
    with pytest.raises(SyncAborted, match="no further page"):
        connector.changes("Contact", None, fields=("LastName",))


@pytest.mark.parametrize("answer", [Answer(b"<html><title>Down</title>"), Answer(b'{"records": [')])
def test_html_and_half_a_json_are_read_again(connector: Any, org: Organisation, answer: Answer):
    """What came garbled once is asked again; the second time it is whole."""
    entry = org.book.create("Contact", {"LastName": "Lin"})
    connector.schema("Contact")
    connector._calls.service._sleep = lambda _seconds: None
    org.fail(Fault(answer=answer, on="/query"))
    assert ids(read(connector)[0]) == [entry.id]
