"""What changed is read whole, whatever happens while it is read."""

from datetime import timedelta
from typing import Any

import pytest
from crmkit_hubspot.connector import HubSpot as Connector
from hubspot_kit import all_of, pages, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.contracts.connector import Cursor, SyncAborted, Upsert
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot, Property

VALUES: dict[str, Any] = {
    "firstname": "王芳 🎉\nsecond line;\ttab",
    "email": "fang@x.cn",
    "score": 12,
    "exact": 0.1,
    "vip": True,
    "birthday": "1990-02-28",
    "visit": "2026-05-01T08:30:00.123000+00:00",
    "wants": ["tea", "coffee"],
    "tier": "key",
    "lastname": None,
}


@pytest.fixture
def custom(account: HubSpot) -> HubSpot:
    """Give contacts a property of each type."""
    for known in (
        Property("score", "number", "number"),
        Property("exact", "number", "number"),
        Property("vip", "bool", "booleancheckbox"),
        Property("birthday", "date", "date"),
        Property("visit", "datetime", "date"),
        Property("wants", "enumeration", "checkbox", options=("tea", "coffee", "milk")),
        Property("tier", "enumeration", "select", options=("key", "core")),
    ):
        account.add_property("contacts", known)
    return account


@pytest.mark.row("R55", "R271")
def test_values_come_back_as_they_were_written(custom: HubSpot, opened: Any):
    """Every type goes there and back without a loss, and None empties a field."""
    connector = opened()
    written = write(connector, "contacts", Upsert(key="a", values={**VALUES, "lastname": "Wang"}))
    write(
        connector,
        "contacts",
        Upsert(key="a", remote_id=written["a"].remote_id, values={"lastname": None}),
    )
    (page,) = pages(connector, "contacts", fields=[*VALUES])
    assert page.records[0].values == VALUES
    assert custom.book.of("contacts")[page.records[0].id].values["lastname"] == ""
    assert (page.now - custom.book.now()) < timedelta(seconds=1)


def test_an_offset_is_the_same_instant(custom: HubSpot, opened: Any):
    """HubSpot keeps UTC; a date is midnight there, in milliseconds or written out."""
    connector = opened()
    write(connector, "contacts", Upsert(key="a", values={"visit": "2026-05-01T08:00:00+08:00"}))
    custom.book.create("contacts", {"visit": "1777593600000", "birthday": "1777593600000"})
    first, second = all_of(pages(connector, "contacts", fields=["visit", "birthday"]))
    assert first.values["visit"] == second.values["visit"] == "2026-05-01T00:00:00+00:00"
    assert second.values["birthday"] == "2026-05-01"


@pytest.mark.parametrize("entity", ["contacts", "companies", "deals", "notes"])
def test_a_window_has_the_oldest_first(account: HubSpot, opened: Any, entity: str):
    """Contacts spell the instant of a change otherwise than all other objects."""
    ids = [account.book.create(entity, {}).id for _ in range(7)]
    account.book.edit(entity, ids[1])
    found = pages(opened(page_size=3), entity)
    assert [one.id for one in all_of(found)] == [ids[0], *ids[2:], ids[1]]
    since = account.book.of(entity)[ids[4]].changed
    again = pages(opened(page_size=3), entity, Cursor(at=since))
    assert [one.id for one in all_of(again)] == [*ids[4:], ids[1]]


def test_nothing_new_costs_one_call(account: HubSpot, opened: Any):
    """The cursor stays where it is, at the newest change, and never becomes now."""
    newest = account.book.create("contacts", {}).changed
    account.book.advance(timedelta(days=1))
    connector = opened()
    end = pages(connector, "contacts")[-1].cursor
    assert end == Cursor(at=newest)
    account.calls.clear()
    later = Cursor(at=newest + timedelta(milliseconds=1))
    (page,) = pages(connector, "contacts", later)
    assert (page.records, page.cursor, len(account.calls)) == ((), later, 1)
    (empty,) = pages(connector, "deals")
    assert (empty.records, empty.cursor) == ((), Cursor())


@pytest.mark.parametrize(("count", "size"), [(10_050, 200), (7, 3), (6, 3), (5, 3)])
def test_more_on_one_instant_than_a_query_gives(
    opened: Any, account: HubSpot, count: int, size: int
):
    """Ten thousand records of one millisecond come once each, and the reading ends."""
    before = account.book.create("contacts", {}).id
    account.book.step = timedelta(0)
    ids = [account.book.create("contacts", {}).id for _ in range(count)]
    account.book.step = timedelta(milliseconds=1)
    after = account.book.create("contacts", {}).id
    found = pages(opened(page_size=size), "contacts")
    assert sorted(one.id for one in all_of(found)) == sorted([before, *ids, after])
    assert len(account.calls) <= count / size + 6


def test_more_than_a_query_gives(opened: Any, account: HubSpot):
    """Beyond 10,000 results the window goes on, with hardly more calls than pages."""
    ids = [account.book.create("contacts", {}).id for _ in range(10_500)]
    found = pages(opened(page_size=200), "contacts")
    assert [one.id for one in all_of(found)] == ids
    assert len(account.calls) <= 10_500 / 199 + 3


def test_a_change_between_two_pages_hides_no_other(opened: Any, account: HubSpot):
    """A record that moves to the end of the window moves no other one out of sight."""
    ids = [account.book.create("contacts", {}).id for _ in range(12)]
    connector, cursor, seen = opened(page_size=4), None, list[str]()
    for moved in (*ids[:3], None, None, None, None, None):
        page = connector.changes("contacts", cursor, fields=())
        seen, cursor = [*seen, *(one.id for one in page.records)], page.cursor
        if moved is not None:
            account.book.edit("contacts", moved)
        if not page.more:
            break
    assert not page.more
    assert {*seen} == {*ids}


def test_a_cursor_from_before_a_kill_goes_on(opened: Any, account: HubSpot):
    """Hours later another process reads on, inside one instant as well."""
    account.book.step = timedelta(0)
    ids = {account.book.create("contacts", {}).id for _ in range(10)}
    first = opened(page_size=4).changes("contacts", None, fields=())
    account.book.advance(timedelta(hours=9))
    rest = pages(opened(page_size=4), "contacts", Cursor.from_dict(first.cursor.to_dict()))
    assert {one.id for one in (*first.records, *all_of(rest))} == ids


def test_what_the_search_shows_late_is_in_the_overlap(opened: Any, account: HubSpot):
    """A record that is indexed behind the cursor has its own instant, not a later one."""
    account.search.lag = timedelta(seconds=90)
    late = account.book.create("contacts", {})
    connector = opened()
    assert all_of(pages(connector, "contacts")) == []
    account.book.advance(timedelta(seconds=90))
    (found,) = all_of(pages(connector, "contacts", Cursor(at=late.changed)))
    assert (found.id, found.changed_at) == (late.id, late.changed)
    assert connector.overlap >= 300


def test_a_merged_record_says_where_it_went(opened: Any, account: HubSpot):
    """The survivor comes first; by id, by list and by change the other one leads to it."""
    keep, drop, gone = (account.book.create("contacts", {"phone": str(n)}).id for n in range(3))
    account.book.merge("contacts", keep, drop)
    account.book.delete("contacts", gone)
    connector = opened()
    survivor, merged = all_of(pages(connector, "contacts", fields=["phone"]))
    assert (survivor.id, merged.id, merged.deleted, merged.merged_into) == (keep, drop, True, keep)
    fetched = connector.fetch("contacts", [drop, gone, keep, "999"], fields=["phone"])
    assert [(one.id, one.deleted, one.merged_into) for one in fetched] == [
        (drop, True, keep),
        (gone, True, None),
        (keep, False, None),
        ("999", True, None),
    ]
    assert fetched[2].values == {"phone": "0"}


def test_archived_records_are_told_once(opened: Any, account: HubSpot):
    """The archive is read page by page; only what is newer than the cursor comes again."""
    ids = [account.book.create("deals", {}).id for _ in range(5)]
    for id_ in ids[:4][::-1]:
        account.book.delete("deals", id_)
    connector, cursor, seen = opened(page_size=2), None, list[str]()
    while True:
        page = connector.deleted("deals", cursor)
        assert all(one.deleted for one in page.records)
        seen, cursor = [*seen, *(one.id for one in page.records)], page.cursor
        if not page.more:
            break
    newest = account.book.of("deals")[ids[0]].deleted
    assert (sorted(seen), cursor) == (ids[:4], Cursor(at=newest))
    account.book.delete("deals", ids[4])
    again = [connector.deleted("deals", Cursor(at=newest + timedelta(milliseconds=1)))]
    while again[-1].more:
        again.append(connector.deleted("deals", again[-1].cursor))
    assert [one.id for one in all_of(again)] == [ids[4]]


def test_what_went_into_an_archived_record_is_gone_as_well(opened: Any, account: HubSpot):
    """No change tells of it any more, so the archive does, and first."""
    keep, drop, lone = (account.book.create("deals", {}).id for _ in range(3))
    account.book.merge("deals", keep, drop)
    account.book.delete("deals", keep)
    account.book.delete("deals", lone)
    connector = opened()
    assert all_of(pages(connector, "deals")) == []
    found = connector.deleted("deals", None).records
    told = [(one.id, one.merged_into) for one in found]
    assert told == [(drop, keep), (keep, None), (lone, None)]
    account.fail(Fault(answer=Answer(b"<html>", 404), on="batch/read"))
    assert len(connector.deleted("deals", None).records) == 3


def test_an_old_place_in_the_archive_is_forgotten(opened: Any, account: HubSpot):
    """What HubSpot no longer knows as a place is read from the beginning."""
    ids = [account.book.create("deals", {}).id for _ in range(3)]
    for id_ in ids:
        account.book.delete("deals", id_)
    for token in ('["no number", null]', "rubbish"):
        page = opened().deleted("deals", Cursor(token=token))
        assert ([one.id for one in page.records], page.more) == (ids, False)


def test_what_goes_round_in_circles_is_stopped(
    opened: Any, account: HubSpot, monkeypatch: pytest.MonkeyPatch
):
    """A search that ignores what it is asked ends in an error that says so, not in a loop."""
    account.book.step = timedelta(0)
    for _ in range(9):
        account.book.create("contacts", {})
    monkeypatch.setattr(account.search, "_grouped", lambda *_: account.book.live("contacts"))
    with pytest.raises(SyncAborted, match="again"):
        pages(opened(page_size=3), "contacts")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b"<html><title>Sorry</title>", 404), "404"),
        (Answer({"category": "MISSING_SCOPES", "message": "no scope"}, 403), "no scope"),
        (Answer([]), "no object"),
        (Answer({"total": 0}), "no object"),
        (Answer({"results": [{"properties": {}}]}), "no id"),
        (
            Answer({"total": 1, "results": [{"id": "1"}], "paging": {"next": {"after": "1"}}}),
            "no inst",
        ),
    ],
)
def test_what_cannot_be_read_stops_the_run(
    opened: Any, account: HubSpot, answer: Answer, said: str
):
    """Nothing is taken for "nothing has changed"."""
    account.fail(Fault(answer=answer, on="/search"))
    with pytest.raises(SyncAborted, match=said):
        opened().changes("contacts", None, fields=())


def test_a_page_that_is_missing_deletes_nobody(opened: Any, account: HubSpot):
    """Records are gone where HubSpot says so, not where a proxy knows no such address."""
    account.fail(Fault(answer=Answer(b"<html>", 404), on="batch/read"))
    with pytest.raises(SyncAborted, match="404"):
        opened().fetch("contacts", ["1"], fields=())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.integers(0, 2), max_size=40),
    size=st.integers(2, 5),
    edits=st.lists(st.integers(0, 39), max_size=10),
)
def test_every_record_comes_whatever_the_instants(
    account: HubSpot, opened: Any, steps: list[int], size: int, edits: list[int]
):
    """However changes cluster, and whatever is edited meanwhile, none is missed."""
    account.book = book = Book(start=account.book.now(), first=1)
    account.search._book = account.records._book = book
    account.search._indices.clear()
    ids = []
    for step in steps:
        book.step = timedelta(milliseconds=step)
        ids.append(book.create("contacts", {}).id)
    book.step = timedelta(milliseconds=1)
    connector: Connector = opened(page_size=size)
    cursor, seen, edits = None, {}, list(edits)
    for _ in range(500):
        page = connector.changes("contacts", cursor, fields=())
        seen |= {one.id: one.changed_at for one in page.records}
        cursor = page.cursor
        if edits and ids:
            book.edit("contacts", ids[edits.pop() % len(ids)])
        elif not page.more:
            break
    assert seen == {one.id: one.changed for one in book.live("contacts")}
