"""Reading: nothing is missed and nothing goes round in circles, whatever changes meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fxiaoke_kit import deeds, read_on, swept
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.contracts.connector import Cursor, SyncAborted
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")


def add(company: Fxiaoke, count: int, entity: str = "AccountObj", **more: Any) -> list[str]:
    return [company.book.create(entity, {"name": f"客户{n}", **more}).id for n in range(count)]


def test_what_changed_is_read_page_by_page(company: Fxiaoke, opened: Open):
    """Oldest change first, each record with its instants, in as few calls as pages need."""
    ids = add(company, 250)
    records, cursor = read_on(opened())
    assert [one.id for one in records if one.id in ids] == sorted(
        [one.id for one in records], key=lambda id_: company.book.of("AccountObj")[id_].changed
    )
    assert {one.id for one in records} == set(ids)
    assert len(deeds(company)) == 3
    entry = company.book.of("AccountObj")[records[-1].id]
    assert (records[-1].changed_at, records[-1].created_at) == (entry.changed, entry.created)
    assert cursor.at == entry.changed
    assert records[0].values == {"name": "客户0"}


def test_a_day_without_changes_is_one_call(company: Fxiaoke, opened: Open):
    """Only the last record of the run before comes again."""
    add(company, 30)
    connector = opened()
    _, cursor = read_on(connector)
    company.calls.clear()
    again, kept = read_on(connector, cursor=Cursor(at=cursor.at))
    assert len(again) == 1
    assert (kept.at, deeds(company)) == (cursor.at, ["query"])


def test_nothing_at_all_leaves_the_cursor_where_it_was(company: Fxiaoke, opened: Open):
    """It never becomes the present instant."""
    given_ = Cursor(at=company.book.now(), id="x", token="nothing of ours")
    page = opened().changes("AccountObj", given_, fields=["name"])
    assert (page.records, page.cursor, page.more) == ((), given_, False)
    assert page.now == company.book.now().replace(microsecond=0)


@pytest.mark.parametrize("entity", ["AccountObj", "Shop__c"])
def test_thousands_of_records_may_bear_one_instant(company: Fxiaoke, opened: Open, entity: str):
    """Before and behind them too, all are read, and a page is never asked for in vain."""
    ids = add(company, 150, entity)
    company.book.step = timedelta(0)
    ids += add(company, 2500, entity)
    company.book.step = timedelta(milliseconds=1)
    ids += add(company, 150, entity)
    records, _ = read_on(opened(page_size=100), entity)
    assert {one.id for one in records} == set(ids)
    assert len(deeds(company)) < 36


@pytest.mark.parametrize("refuses", ["refuses", "ignores"])
def test_where_nothing_can_be_read_by_id_it_goes_by_offset(
    company: Fxiaoke, opened: Open, monkeypatch: pytest.MonkeyPatch, refuses: str
):
    """A platform that refuses the filter, or passes it over; records that leave are made up for."""
    company.book.step = timedelta(0)
    ids = add(company, 350)
    company.book.step = timedelta(milliseconds=1)
    page = company._queries.page

    def without(entity: str, info: dict[str, Any], *, shows_voided: bool) -> Any:
        by_id = [one for one in info["filters"] if one["field_name"] == "_id"]
        if by_id and refuses == "refuses":
            raise ValueError("_id cannot be compared")
        kept = [one for one in info["filters"] if one not in by_id]
        return page(entity, {**info, "filters": kept}, shows_voided=shows_voided)

    monkeypatch.setattr(company._queries, "page", without)
    leaving = iter(ids[:10])

    def one_leaves() -> None:
        id_ = next(leaving, None)
        if id_ is not None:
            company.book.edit("AccountObj", id_, name="老客户")

    records, _ = read_on(opened(), between=one_leaves)
    assert {one.id for one in records} == set(ids)
    assert {one.id for one in records if one.values["name"] == "老客户"} == set(ids[:10])
    assert set(swept(opened())) == set(ids)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.integers(0, 2), min_size=1, max_size=60),
    edits=st.lists(st.integers(0, 59), max_size=30),
)
def test_whatever_changes_between_pages_is_read(
    company: Fxiaoke, opened: Open, steps: list[int], edits: list[int]
):
    """Any clusters of instants, any edits while it is read: the last state of each is seen."""
    company.book._objects.clear()
    company.book._order.clear()
    for step in steps:
        company.book.step = timedelta(milliseconds=step)
        add(company, 1)
    company.book.step = timedelta(milliseconds=1)
    ids = list(company.book.of("AccountObj"))
    waiting = iter(edits)

    def edit() -> None:
        at = next(waiting, None)
        if at is not None:
            company.book.edit("AccountObj", ids[at % len(ids)], name=f"改{at}")

    records, _ = read_on(opened(page_size=4), between=edit)
    for _ in waiting:
        pass
    last = {one.id: one.values["name"] for one in records}
    seen = {one.id: one.changed_at for one in records}
    for id_, entry in company.book.of("AccountObj").items():
        assert id_ in last
        if entry.changed == seen[id_]:
            assert last[id_] == entry.values["name"]
        else:  # it was changed after the last page: the next run's
            assert entry.changed == max(one.changed for one in company.book.live("AccountObj"))


def test_a_cursor_of_somebody_elses_falls_back_on_its_instant(company: Fxiaoke, opened: Open):
    """A token that is nothing of ours is no reason to miss anything."""
    ids = add(company, 5)
    for token in ("abc", "id x", "offset 1", "id"):
        records, _ = read_on(opened(), cursor=Cursor(at=None, token=token))
        assert [one.id for one in records] == ids


def test_a_run_that_was_killed_goes_on_from_its_last_page(company: Fxiaoke, opened: Open):
    """Hours later, by another connector, in the middle of one instant too."""
    company.book.step = timedelta(0)
    ids = add(company, 500)
    first, cursor, seen = opened(), None, set()
    for _ in range(3):
        page = first.changes("AccountObj", cursor, fields=["name"])
        cursor = Cursor.from_dict(page.cursor.to_dict())
        seen |= {one.id for one in page.records}
    company.book.advance(timedelta(hours=9))
    records, _ = read_on(opened(), cursor=cursor)
    assert seen | {one.id for one in records} == set(ids)
    assert len(records) < 500


def test_a_smaller_page_than_asked_for_is_not_the_end(
    company: Fxiaoke, opened: Open, monkeypatch: pytest.MonkeyPatch
):
    """The platform may take a smaller limit, and says which."""
    ids = add(company, 150)
    page = company._queries.page
    monkeypatch.setattr(
        company._queries,
        "page",
        lambda entity, info, **more: page(entity, info | {"limit": 20}, **more),
    )
    query = company._do_query

    def smaller(entity: str, data: Any) -> Any:
        told = query(entity, data)
        told["data"]["limit"] = 20
        return told

    monkeypatch.setattr(company, "_do_query", smaller)
    records, _ = read_on(opened())
    assert {one.id for one in records} == set(ids)


def test_voided_records_are_told_as_deleted(company: Fxiaoke, opened: Open):
    """As soon as they are read; those deleted for good are missing from the sweep."""
    kept, voided, lost = add(company, 3)
    connector = opened()
    _, cursor = read_on(connector)
    company.book.delete("AccountObj", voided)
    company.book.forget("AccountObj", lost)
    records, _ = read_on(connector, cursor=cursor)
    assert {one.id: one.deleted for one in records}[voided] is True
    assert lost not in {one.id for one in records}
    assert swept(connector) == [kept]
    found = connector.fetch("AccountObj", [kept, voided, lost], fields=["name"])
    assert [(one.id, one.deleted) for one in found] == [
        (kept, False),
        (voided, True),
        (lost, True),
    ]


def test_the_sweep_is_complete(company: Fxiaoke, opened: Open):
    """Over many pages, while records are changed and added; it tells when it is at the end."""
    ids = add(company, 450)
    connector, found, after = opened(), [], None
    while True:
        page = connector.ids("AccountObj", after)
        found += page.ids
        company.book.edit("AccountObj", ids[len(found) % 400], name="改")
        after = page.after
        if after is None:
            break
    assert sorted(found) == sorted(ids)
    assert len(deeds(company)) == 5


def test_records_are_fetched_by_id_in_one_call_a_page(company: Fxiaoke, opened: Open):
    """Any number of them, each once; who seems to be missing is asked for by himself."""
    ids = add(company, 250)
    connector = opened()
    found = connector.fetch("AccountObj", [*ids, ids[0], "nobody"], fields=["name"])
    assert [one.id for one in found] == [*ids, "nobody"]
    assert [one.deleted for one in found] == [False] * 250 + [True]
    assert deeds(company) == ["query"] * 3 + ["get"]


def test_a_page_is_given_oldest_change_first(company: Fxiaoke, opened: Open):
    """Even where the platform sorts a short one otherwise."""
    rows = [{"_id": str(n), "last_modified_time": 100 - n} for n in range(3)]
    company.fail(Fault(answer=Answer({"errorCode": 0, "data": {"dataList": rows}}), on="query"))
    page = opened().changes("AccountObj", None, fields=["name"])
    assert [one.id for one in page.records] == ["2", "1", "0"]
    assert page.cursor.id == "0"


def test_pages_of_custom_objects_are_never_larger_than_100(company: Fxiaoke, opened: Open):
    """Whatever the setting says: the platform would refuse them."""
    ids = add(company, 120, "Shop__c")
    records, _ = read_on(opened(page_size=1000), "Shop__c")
    assert {one.id for one in records} == set(ids)


@pytest.mark.parametrize("odd", ["refused", "passed over", "empty"])
def test_where_ids_cannot_be_asked_for_together_they_are_one_by_one(
    company: Fxiaoke, opened: Open, odd: str
):
    """A filter that the platform passes over must not make records look deleted."""
    first, second = add(company, 2)
    other = {"_id": "other", "last_modified_time": 1, "name": "别人"}
    answers = {
        "refused": {"errorCode": 32000, "errorMessage": "operator IN is not supported"},
        "passed over": {"errorCode": 0, "data": {"dataList": [other]}},
        "empty": {"errorCode": 0, "data": {"dataList": []}},
    }
    company.fail(Fault(answer=Answer(answers[odd]), on="query"))
    found = opened().fetch("AccountObj", [first, second, "gone"], fields=["name"])
    assert [(one.id, one.deleted) for one in found] == [
        (first, False),
        (second, False),
        ("gone", True),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"dataList": [{"_id": "a", "last_modified_time": "1700000000000"}]}},
        {"dataList": [{"_id": "a", "last_modified_time": 1700000000000}]},
        {"data": [{"_id": "a", "last_modified_time": 1700000000000}]},
        {"data": {"_id": "a", "last_modified_time": 1700000000000}},
    ],
)
def test_rows_are_read_wherever_they_stand(company: Fxiaoke, opened: Open, answer: Any):
    """The vendor's own samples disagree."""
    company.fail(Fault(answer=Answer({"errorCode": "0", **answer}), on="query"))
    records, cursor = read_on(opened())
    assert [one.id for one in records] == ["a"]
    assert cursor.at is not None
    assert cursor.at.timestamp() == 1700000000


def test_nothing_is_said_of_a_record_that_may_not_be_seen(company: Fxiaoke, opened: Open):
    """It is not called deleted: that might erase somebody."""
    (id_,) = add(company, 1)
    company.fail(
        Fault(answer=Answer({"errorCode": 0, "data": {"dataList": []}}), on="query"),
        Fault(answer=Answer({"errorCode": 1, "errorMessage": "无此操作的数据权限"}), on="data/get"),
    )
    assert opened().fetch("AccountObj", [id_], fields=["name"]) == []


def test_an_order_that_is_not_kept_stops_the_run(company: Fxiaoke, opened: Open):
    """Going on would miss records, so nothing is read on."""
    rows = [{"_id": str(n), "last_modified_time": 100 - n} for n in range(100)]
    company.fail(Fault(answer=Answer({"errorCode": 0, "data": {"dataList": rows}}), on="query"))
    with pytest.raises(SyncAborted, match="order"):
        opened().changes("AccountObj", None, fields=["name"])
