"""A batch is written in as few calls as can be, and each record has its own result."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from crmkit_zoho.connector import Zoho as Connector
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.contracts.connector import (
    BatchRefused,
    Cursor,
    Result,
    RetryLater,
    SyncAborted,
    Upsert,
    WriteLost,
)
from crmkit.testing.simulators.base import Answer, Fault, busy
from crmkit.testing.simulators.zoho import Column, Zoho


def new(number: int, **values: Any) -> Upsert:
    mail = f"c{number}@example.com"
    named = {"Last_Name": f"n{number}", "Email": mail, **values}
    return Upsert(key=f"k{number}", match=("Email", mail), values=named)


def known(number: int, id_: str, **values: Any) -> Upsert:
    return Upsert(key=f"k{number}", remote_id=id_, values=values)


def by_key(results: Any) -> dict[str, Result]:
    return {one.key: one for one in results}


def paths(zoho: Zoho) -> list[tuple[str, str]]:
    return [(call.method, call.path.rpartition("/v8/")[2]) for call in zoho.calls]


@pytest.mark.row("R281")
def test_a_batch_of_new_customers_is_one_call(connector: Connector, zoho: Zoho):
    """Written again it makes no second record, and no workflow is set off."""
    batch = [new(n) for n in range(100)]
    first = connector.upsert("Contacts", batch)
    assert {one.done for one in first} == {"created"}
    assert paths(zoho) == [("POST", "Contacts/upsert")]
    assert zoho.calls[0].json()["duplicate_check_fields"] == ["Email"]
    again = connector.upsert("Contacts", batch)
    assert {one.done for one in again} == {"updated"}
    assert [one.remote_id for one in again] == [one.remote_id for one in first]
    assert len(zoho.book.live("Contacts")) == 100
    assert zoho.writes.triggered == 0
    entry = zoho.book.get("Contacts", str(again[0].remote_id))
    assert entry is not None
    assert again[0].changed_at == entry.changed


def test_a_batch_of_all_kinds_is_three_calls(connector: Connector, zoho: Zoho):
    """By id, by match, and anew; what has nothing to write needs no call."""
    ids = [zoho.book.create("Contacts", {"Last_Name": "old"}).id for _ in range(2)]
    batch = [
        Upsert(key="anew", values={"Last_Name": "nobody's"}),
        known(1, ids[0], Last_Name="王"),
        new(2),
        known(3, ids[1]),
        Upsert(key="empty", match=("Email", ""), values={"Last_Name": "no mail"}),
    ]
    done = {one.key: one.done for one in connector.upsert("Contacts", batch)}
    assert done == {
        "anew": "created",
        "empty": "created",
        "k1": "updated",
        "k2": "created",
        "k3": "unchanged",
    }
    assert paths(zoho) == [("PUT", "Contacts"), ("POST", "Contacts/upsert"), ("POST", "Contacts")]
    assert all(call.json()["trigger"] == [] for call in zoho.calls)


def test_a_hundred_records_are_the_most_of_a_call(connector: Connector, zoho: Zoho):
    """However many are given."""
    results = connector.upsert("Contacts", [new(n) for n in range(1001)])
    assert len(results) == 1001
    assert len(zoho.calls) == 11


def test_each_bad_record_fails_alone(connector: Connector, zoho: Zoho):
    """With Zoho's own words, its code and the field; the others are written."""
    zoho.modules["Contacts"].append(Column(name="Number", unique=True))
    taken = zoho.book.create("Contacts", {"Last_Name": "first", "Number": "7"}).id
    batch = [
        new(1),
        new(2, Last_Name=None),
        new(3, Last_Name="x" * 81),
        new(4, Lead_Source="Moon"),
        new(5, Number="7"),
        known(6, "999", Phone="7"),
        new(7),
    ]
    results = by_key(connector.upsert("Contacts", batch))
    assert [key for key, one in sorted(results.items()) if one.done] == ["k1", "k7"]
    told = {key: (one.code, one.field) for key, one in results.items() if one.done is None}
    assert told == {
        "k2": ("MANDATORY_NOT_FOUND", "Last_Name"),
        "k3": ("INVALID_DATA", "Last_Name"),
        "k4": ("INVALID_DATA", "Lead_Source"),
        "k5": ("DUPLICATE_DATA", "Number"),
        "k6": ("INVALID_DATA", "id"),
    }
    assert results["k3"].reason == "invalid data: Last_Name (at most 80 characters)"
    assert taken in results["k5"].reason


def test_several_errors_of_one_record_are_all_told(connector: Connector, zoho: Zoho):
    """And a record that is locked may be written later as it is."""
    errors = [
        {"code": "DUPLICATE_DATA", "details": {"api_name": "Email"}, "message": "duplicate data"},
        {"code": "INVALID_DATA", "details": {"api_name": "Phone"}, "message": "invalid data"},
    ]
    several = {"code": "MULTIPLE_OR_MULTI_ERRORS", "details": {"errors": errors}, "status": "error"}
    locked = {"code": "RECORD_LOCKED", "details": {"id": "1"}, "message": "record is locked"}
    zoho.fail(Fault(answer=Answer({"data": [several, {**locked, "status": "error"}]}, 400)))
    first, second = connector.upsert("Contacts", [new(1), new(2)])
    assert (first.code, first.field) == ("DUPLICATE_DATA", "Email")
    assert first.reason == "duplicate data: Email; invalid data: Phone"
    assert (second.done, second.retry, second.code) == (None, True, "RECORD_LOCKED")


def test_a_lost_answer_makes_no_second_record(connector: Connector, zoho: Zoho):
    """By match it is written again at once; anew it is not, since nobody knows."""
    zoho.fail(Fault(cut=True), Fault(answer=Answer({}, 502)))
    done = {one.done for one in connector.upsert("Contacts", [new(1), new(2)])}
    assert done == {"updated"}
    assert len(zoho.book.live("Contacts")) == 2
    for fault in (Fault(cut=True), Fault(answer=Answer({}, 500)), Fault(answer=Answer(b"ok"))):
        zoho.calls.clear()
        zoho.fail(fault)
        with pytest.raises(WriteLost):
            connector.upsert("Contacts", [Upsert(key="a", values={"Last_Name": "x"})])
        assert len(zoho.calls) == 1


def test_a_token_that_ends_in_the_middle_is_renewed_once(connector: Connector, zoho: Zoho):
    """The batch goes; a token that is never taken stops the run."""
    connector.upsert("Contacts", [new(1)])
    zoho.expire_tokens()
    assert [one.done for one in connector.upsert("Contacts", [new(1)])] == ["updated"]
    assert zoho.tokens == 2
    stale = Answer({"code": "INVALID_TOKEN", "message": "invalid oauth token"}, 401)
    zoho.fail(*[Fault(answer=stale, on="upsert")] * 2)
    with pytest.raises(SyncAborted, match="INVALID_TOKEN"):
        connector.upsert("Contacts", [new(1)])
    assert zoho.tokens == 3


def test_too_many_calls_are_waited_for(connector: Connector, zoho: Zoho):
    """An insert as well, since it was not taken; spent credits put the rest of the day off."""
    before = zoho.book.now()
    zoho.fail(busy(), busy())
    anew = Upsert(key="a", values={"Last_Name": "x"})
    assert [one.done for one in connector.upsert("Contacts", [anew])] == ["created"]
    assert zoho.book.now() - before == timedelta(seconds=1 + 2 + 1)
    said = {"code": "TOO_MANY_REQUESTS", "message": "too many", "status": "error"}
    zoho.fail(Fault(answer=Answer(said, 429, {"X-API-CREDITS-REMAINING": "0"})))
    with pytest.raises(RetryLater) as caught:
        connector.upsert("Contacts", [anew])
    assert getattr(caught.value, "kind", None) == "daily"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"code": "INVALID_MODULE", "message": "no such module"}, 400), SyncAborted),
        (Answer({"data": [{"code": "INVALID_MODULE", "status": "error"}]}, 400), SyncAborted),
        (Answer({"code": "NO_PERMISSION", "message": "denied"}, 403), SyncAborted),
        (Answer({"code": "INVALID_DATA", "message": "invalid data"}, 400), BatchRefused),
        (Answer(b"<html>too large</html>", 413), BatchRefused),
        (Answer({"data": []}, 200), WriteLost),
    ],
)
def test_a_batch_refused_whole_says_what_to_do(
    connector: Connector, zoho: Zoho, answer: Answer, error: type[Exception]
):
    """Stop, split it, or read before it is written again."""
    zoho.fail(Fault(answer=answer))
    with pytest.raises(error):
        connector.upsert("Contacts", [new(1)])


def test_a_match_that_zoho_does_not_keep_unique_makes_records_anew(
    connector: Connector, zoho: Zoho
):
    """Zoho refuses to find a record by it, so its answer must not be lost."""
    batch = [Upsert(key="a", match=("Phone", "7"), values={"Last_Name": "x", "Phone": "7"})]
    assert [one.done for one in connector.upsert("Contacts", batch)] == ["created"]
    assert paths(zoho) == [("POST", "Contacts")]
    zoho.fail(Fault(cut=True))
    with pytest.raises(WriteLost):
        connector.upsert("Contacts", batch)


def test_a_match_that_zoho_refuses_after_all_is_named(connector: Connector, zoho: Zoho):
    """Where its fields do not say what is unique; the run stops, and no record is blamed."""
    bare = [{"api_name": name} for name in ("Last_Name", "Phone")]
    zoho.fail(Fault(answer=Answer({"fields": bare})))
    connector.schema("Contacts")
    batch = [Upsert(key="a", match=("Phone", "7"), values={"Last_Name": "x", "Phone": "7"})]
    with pytest.raises(SyncAborted, match="found by Phone, which Zoho must keep unique"):
        connector.upsert("Contacts", batch)


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=80
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    values=st.fixed_dictionaries(
        {"Last_Name": TEXT},
        optional={
            "Description": TEXT | st.none(),
            "Orders": st.integers(0, 10**9) | st.none(),
            "Value_Score": st.floats(0, 1e12).map(lambda x: round(x, 3)) | st.none(),
            "Email_Opt_Out": st.booleans(),
            "Date_of_Birth": st.dates().map(lambda day: day.isoformat()) | st.none(),
            "Next_Contact": st.datetimes().map(
                lambda at: f"{at.isoformat(timespec='seconds')[:17]}00+00:00"
            ),
            "Interests": st.lists(st.sampled_from(["Tea", "Go"]), min_size=1, unique=True),
            "Lead_Source": st.sampled_from(["Web", "朋友介绍"]) | st.none(),
        },
    )
)
def test_what_is_written_is_read_again(connector: Connector, values: dict[str, Any]):
    """Every type, and every script."""
    if str(values.get("Next_Contact", "2")) < "1000":
        values.pop("Next_Contact")  # in Zoho's own zone it may be before the year 1
    (done,) = connector.upsert("Contacts", [Upsert(key="a", values=values)])
    (found,) = connector.fetch("Contacts", [str(done.remote_id)], fields=tuple(values))
    assert found.values == values


def test_values_that_json_cannot_say_are_said_another_way(connector: Connector, zoho: Zoho):
    """Decimals, instants with fractions and in other zones, references, flags that are emptied."""
    shop = zoho.book.create("Accounts", {"Account_Name": "茶行"}).id
    values = {
        "Last_Name": "x",
        "Value_Score": Decimal("87.50"),
        "Orders": Decimal(7),
        "Next_Contact": "2027-03-09T18:00:00.500+08:00",
        "Account_Name": shop,
        "Owner": "554023000000235012",
        "Email_Opt_Out": None,
    }
    (done,) = connector.upsert("Contacts", [Upsert(key="a", values=values)])
    (sent,) = zoho.calls[-1].json()["data"]
    assert sent == {
        "Last_Name": "x",
        "Value_Score": 87.5,
        "Orders": 7,
        "Next_Contact": "2027-03-09T10:00:00+00:00",
        "Account_Name": {"id": shop},
        "Owner": {"id": "554023000000235012"},
        "Email_Opt_Out": False,
    }
    assert done.done == "created"


def test_a_note_names_the_module_of_its_customer(connector: Connector, zoho: Zoho):
    """Its parent may be of any module: the settings say which."""
    owner = zoho.book.create("Contacts", {"Last_Name": "x"}).id
    values = {"Note_Content": "打过电话\n下周再打", "Parent_Id": owner}
    (done,) = connector.upsert("Notes", [Upsert(key="a", values=values)])
    assert zoho.calls[-1].json()["data"][0]["Parent_Id"] == {
        "id": owner,
        "module": {"api_name": "Contacts"},
    }
    (found,) = connector.fetch("Notes", [str(done.remote_id)], fields=tuple(values))
    assert found.values == values


def test_deleting_tells_what_became_of_each(connector: Connector, zoho: Zoho):
    """What is gone already is unchanged; a hundred a call."""
    ids = [zoho.book.create("Contacts", {"Last_Name": "x"}).id for _ in range(150)]
    zoho.book.delete("Contacts", ids[7])
    zoho.fail(Fault(cut=True))
    results = connector.delete("Contacts", ids)
    assert [one.key for one in results] == ids
    done = {one.key: one.done for one in results}
    assert {done[id_] for id_ in ids[100:]} == {"deleted"}
    assert done[ids[7]] == "unchanged"
    assert zoho.book.live("Contacts") == []
    assert all(call.query["wf_trigger"] == "false" for call in zoho.calls if call.method != "GET")


def test_what_may_not_be_deleted_says_why(connector: Connector, zoho: Zoho):
    """It is there still, so it is not taken for gone."""
    id_ = zoho.book.create("Contacts", {"Last_Name": "x"}).id
    bad = {"code": "INVALID_DATA", "details": {"id": id_}, "message": "record not deleted"}
    zoho.fail(Fault(answer=Answer({"data": [{**bad, "status": "error"}]}, 400)))
    (result,) = connector.delete("Contacts", [id_])
    assert (result.done, result.code) == (None, "INVALID_DATA")
    assert result.reason == "record not deleted"


def test_deletions_are_told_whole(connector: Connector, zoho: Zoho):
    """Zoho tells the newest first: the cursor moves only behind the last page."""
    ids = [zoho.book.create("Contacts", {"Last_Name": "x"}).id for _ in range(450)]
    for id_ in ids:
        zoho.book.delete("Contacts", id_)
    told, cursor = [], None
    while True:
        page = connector.deleted("Contacts", cursor)
        told += page.records
        cursor = page.cursor
        if not page.more:
            break
        assert cursor.at is None
    assert sorted(one.id for one in told) == sorted(ids)
    assert all(one.deleted for one in told)
    assert cursor == Cursor(zoho.book.of("Contacts")[ids[-1]].changed)
    zoho.calls.clear()
    late = zoho.book.create("Contacts", {"Last_Name": "x"}).id
    zoho.book.delete("Contacts", late)
    after = connector.deleted("Contacts", cursor)
    assert late in {one.id for one in after.records}
    assert len(after.records) <= 2
    assert connector.deleted("Accounts", None).records == ()
    zoho.book.advance(timedelta(days=1))
    assert connector.deleted("Accounts", cursor).cursor == cursor
