"""Writing: in few calls, each record with a result of its own, and nobody made twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crmkit.contracts.connector import Result, RetryLater, SyncAborted, Upsert, WriteLost
from crmkit.testing.simulators.base import Answer, Call, Fault
from crmkit.testing.simulators.salesforce import Column, limit_exceeded
from crmkit.testing.simulators.salesforce import Salesforce as Organisation

REFUSED = [{"message": "bad", "errorCode": "JSON_PARSER_ERROR"}]


def person(number: int, **more: Any) -> Upsert:
    given = {"values": {"LastName": f"N{number}"}, **more}
    return Upsert(key=f"k{number}", **given)


def by_key(results: Any) -> dict[str, Result]:
    found = {one.key: one for one in results}
    assert len(found) == len(list(results))
    return found


def written(org: Organisation) -> list[Call]:
    return [call for call in org.calls if call.method != "GET" and "/data/" in call.path]


def test_a_batch_by_external_id_is_one_call(connector: Any, org: Organisation):
    """Those that are there are changed, the others made; and again, nothing is made twice."""
    there = org.book.create("Contact", {"LastName": "old", "Ext__c": "c-3"})
    batch = [person(n, match=("Ext__c", f"c-{n}")) for n in range(200)]
    results = by_key(connector.upsert("Contact", batch))
    assert len(written(org)) == 1
    assert (results["k3"].done, results["k3"].remote_id) == ("updated", there.id)
    assert {one.done for key, one in results.items() if key != "k3"} == {"created"}
    again = by_key(connector.upsert("Contact", batch))
    assert {one.done for one in again.values()} == {"updated"}
    assert len(org.book.of("Contact")) == 200


def test_mixed_batches_take_few_calls(connector: Any, org: Organisation):
    """Known ids, external ids, looked-up addresses and new ones: a call for each way."""
    known = org.book.create("Contact", {"LastName": "known"})
    met = org.book.create("Contact", {"LastName": "met", "Email": "Met@Example.com"})
    connector.schema("Contact")
    org.calls.clear()
    results = by_key(
        connector.upsert(
            "Contact",
            [
                person(1, remote_id=known.id, match=("Email", "new@example.com")),
                person(2, match=("Ext__c", "c-2")),
                person(3, match=("Email", "met@example.com")),
                person(4, match=("Email", "o'neil@example.com")),
                person(5),
            ],
        )
    )
    assert [results[f"k{n}"].done for n in range(1, 6)] == [
        "updated",
        "created",
        "updated",
        "created",
        "created",
    ]
    assert results["k3"].remote_id == met.id
    assert [call.method for call in org.calls if "/data/" in call.path] == [
        "GET",
        "PATCH",
        "PATCH",
        "POST",
    ]
    assert org.book.find("Contact", "Email", "o'neil@example.com")[0].values["LastName"] == "N4"
    assert "Email" not in known.values


def test_values_go_over_the_wire_without_loss(connector: Any):
    """What is written is read back as it was given."""
    values = {
        "LastName": "王芳 🙂\n'\"\\",
        "Score__c": Decimal("87.25"),
        "DoNotCall": True,
        "Birthdate": "1990-02-03",
        "Next_Contact__c": "2026-05-01T08:30:00+08:00",
        "Interests__c": ["tea", "茶具"],
        "Tier__c": "key",
        "Title": None,
    }
    (result,) = connector.upsert("Contact", [Upsert(key="a", values=values)])
    (read,) = connector.fetch("Contact", [result.remote_id], fields=tuple(values))
    assert read.values == {
        **values,
        "Score__c": 87.25,
        "Next_Contact__c": "2026-05-01T00:30:00+00:00",
    }
    cleared = dict.fromkeys(values, None) | {"LastName": "王"}
    connector.upsert("Contact", [Upsert(key="a", remote_id=result.remote_id, values=cleared)])
    (read,) = connector.fetch("Contact", [result.remote_id], fields=tuple(values))
    assert read.values == {**cleared, "DoNotCall": False}


def test_each_record_is_refused_by_itself(connector: Any, org: Organisation):
    """Salesforce's own words, code and field; the others of the batch are written."""
    gone = org.book.create("Contact", {"LastName": "gone"})
    org.book.delete("Contact", gone.id)
    busy = org.book.create("Contact", {"LastName": "busy"})
    org.locked.add(busy.id)
    given: list[dict[str, Any]] = [
        {"match": ("Ext__c", "a"), "values": {"LastName": "x" * 81}},
        {"match": ("Ext__c", "b"), "values": {"Title": "no name"}},
        {"match": ("Ext__c", "c"), "values": {"LastName": "x", "Tier__c": "gold"}},
        {"match": ("Ext__c", "d"), "values": {"LastName": "x", "Email": "nobody"}},
        {"remote_id": gone.id, "values": {"LastName": "back"}},
        {"remote_id": busy.id, "values": {"LastName": "x"}},
        {"match": ("Ext__c", "g"), "values": {"LastName": "x", "Interests__c": ["a;b"]}},
        {"match": ("Ext__c", "h"), "values": {"LastName": "x", "Next_Contact__c": "soon"}},
        {"match": ("Score__c", "many"), "values": {"LastName": "x"}},
        {"match": ("Ext__c", "fine"), "values": {"LastName": "fine"}},
    ]
    results = connector.upsert(
        "Contact", [Upsert(key=str(n), **one) for n, one in enumerate(given)]
    )
    told = by_key(results)
    assert [told[str(n)].code for n in range(10)] == [
        "STRING_TOO_LONG",
        "REQUIRED_FIELD_MISSING",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INVALID_EMAIL_ADDRESS",
        "ENTITY_IS_DELETED",
        "UNABLE_TO_LOCK_ROW",
        "INVALID_VALUE",
        "INVALID_VALUE",
        "INVALID_VALUE",
        None,
    ]
    assert [told[str(n)].field for n in range(4)] == ["LastName", "LastName", "Tier__c", "Email"]
    assert "data value too large" in told["0"].reason
    assert [one.key for one in results if one.retry] == ["5"]
    assert told["9"].done == "created"
    assert gone.deleted is not None
    assert gone.values["LastName"] == "gone"


@pytest.mark.parametrize("way", ["ids", "external", "new"])
def test_one_bad_record_does_not_refuse_the_batch(connector: Any, org: Organisation, way: str):
    """A call that is refused whole for one record is divided until that stands alone."""
    batch = []
    for number in range(100):
        more: dict[str, Any] = {}
        if way == "ids":
            more["remote_id"] = org.book.create("Contact", {"LastName": "x"}).id
        if way == "external":
            more["match"] = ("Ext__c", str(number))
        batch.append(person(number, **more))
    bad = batch[41]
    batch[41] = Upsert(
        key=bad.key,
        remote_id=bad.remote_id,
        match=bad.match,
        values={"LastName": "x", "Birthdate": "yesterday"},
    )
    results = by_key(connector.upsert("Contact", batch))
    assert len(results) == 100
    assert [key for key, one in results.items() if one.done is None] == ["k41"]
    assert results["k41"].code == "JSON_PARSER_ERROR"
    assert "yesterday" in results["k41"].reason
    assert len(written(org)) < 20
    assert len(org.book.of("Contact")) == (100 if way == "ids" else 99)


def test_an_unknown_field_refuses_those_that_have_it(connector: Any, org: Organisation):
    """A field that was removed meanwhile costs one call more, not one a record."""
    org.define("Contact", Column(name="Level__c"))
    connector.schema("Contact")
    del org.objects["Contact"]["Level__c"]
    batch = [
        person(n, values={"LastName": "x", **({"Level__c": "a"} if n % 2 else {})})
        for n in range(100)
    ]
    results = connector.upsert("Contact", batch)
    assert sum(one.done == "created" for one in results) == 50
    assert {one.code for one in results if one.done is None} == {"INVALID_FIELD"}
    assert len(written(org)) == 2


def test_a_value_that_two_records_have_is_nobodys(connector: Any, org: Organisation):
    """Of two records with one address none is guessed; of two in one batch one waits."""
    for _ in range(2):
        org.book.create("Contact", {"LastName": "x", "Email": "two@example.com"})
    results = by_key(
        connector.upsert(
            "Contact",
            [
                person(1, match=("Email", "two@example.com")),
                person(2, match=("Email", "one@example.com")),
                person(3, match=("Email", "ONE@example.com")),
                person(4, match=("Ext__c", "same")),
                person(5, match=("Ext__c", "same")),
            ],
        )
    )
    assert (results["k1"].done, results["k1"].code) == (None, "MULTIPLE_CHOICES")
    assert results["k2"].done == "created"
    assert (results["k3"].done, results["k3"].retry) == (None, True)
    assert {results["k4"].code, results["k5"].code} == {"DUPLICATE_VALUE"}
    assert len(org.book.of("Contact")) == 3


@pytest.mark.parametrize("match", [("Ext__c", "c-1"), ("Email", "lin@example.com")])
def test_a_lost_answer_makes_nobody_twice(
    connector: Any, org: Organisation, match: tuple[str, str]
):
    """The connection is cut after the write was taken: it is found again, not made again."""
    connector._calls.service._sleep = lambda _seconds: None
    connector.schema("Contact")
    org.fail(Fault(cut=True, on="composite/sobjects"))
    (result,) = connector.upsert("Contact", [person(1, match=match)])
    assert result.done in ("created", "updated")
    assert list(org.book.of("Contact")) == [result.remote_id]


def test_what_may_have_been_made_is_not_made_again(connector: Any, org: Organisation):
    """Without a match nobody can tell whether it was made: the engine is told so."""
    connector.schema("Contact")
    org.fail(Fault(cut=True, on="composite/sobjects"))
    with pytest.raises(WriteLost):
        connector.upsert("Contact", [person(1)])
    assert len(org.book.of("Contact")) == 1
    org.fail(Fault(refuse=True, on="composite/sobjects"))
    with pytest.raises(WriteLost):
        connector.upsert("Contact", [person(2, match=("Email", "a@example.com"))])
    assert len(org.book.of("Contact")) == 1
    org.fail(Fault(answer=Answer([{"success": True}]), on="composite/sobjects"))
    with pytest.raises(WriteLost, match="1 results for 2"):
        connector.upsert("Contact", [person(3), person(4)])


def test_what_was_made_does_not_wait_with_the_rest(connector: Any, org: Organisation):
    """Where the day ends between two calls that make records, only the second's records wait."""
    connector.schema("Contact")
    whole = Fault(answer=Answer(REFUSED, 400), on="composite")
    org.fail(whole, Fault(on="composite"), limit_exceeded())
    results = connector.upsert("Contact", [person(n) for n in range(10)])
    assert [one.done for one in results] == ["created"] * 5 + [None] * 5
    assert all(one.retry for one in results[5:])
    assert len(org.book.of("Contact")) == 5


def test_a_batch_larger_than_a_call_is_divided(connector: Any, org: Organisation):
    """More than 200 records are several calls."""
    results = connector.upsert("Contact", [person(n) for n in range(401)])
    assert len(results) == 401
    assert len(written(org)) == 3
    ids = [one.remote_id for one in results]
    assert {one.done for one in connector.delete("Contact", ids)} == {"deleted"}
    assert org.book.live("Contact") == []


def test_a_change_may_depend_on_nobody_having_changed(connector: Any, org: Organisation):
    """A single row is written only if it was not changed since; that is a conflict."""
    entry = org.book.create("Contact", {"LastName": "x"})
    since = entry.changed
    line = person(1, remote_id=entry.id, unchanged_since=since)
    assert connector.upsert("Contact", [line])[0].done == "updated"
    org.book.advance(timedelta(seconds=5))
    org.book.edit("Contact", entry.id, LastName="theirs")
    (result,) = connector.upsert("Contact", [line])
    assert (result.done, result.conflict) == (None, True)
    assert entry.values["LastName"] == "theirs"
    org.book.delete("Contact", entry.id)
    (result,) = connector.upsert("Contact", [line])
    assert (result.done, result.conflict, result.code) == (None, False, "ENTITY_IS_DELETED")
    with pytest.raises(SyncAborted, match="no id"):
        connector.upsert("Contact", [person(2, remote_id="../Account/1", unchanged_since=since)])


def test_deleting_twice_is_deleting_once(connector: Any, org: Organisation):
    """What is in the recycle bin, purged or merged away is unchanged; what is locked waits."""
    made = [org.book.create("Contact", {"LastName": str(n)}).id for n in range(5)]
    org.book.delete("Contact", made[0])
    org.book.forget("Contact", made[1])
    org.book.merge("Contact", made[2], made[3])
    org.locked.add(made[4])
    results = by_key(connector.delete("Contact", made))
    assert [results[one].done for one in made] == [
        "unchanged",
        "unchanged",
        "deleted",
        "unchanged",
        None,
    ]
    assert (results[made[4]].retry, results[made[4]].code) == (True, "UNABLE_TO_LOCK_ROW")
    assert connector.delete("Contact", []) == []


def test_malformed_ids_are_nobody(connector: Any, org: Organisation):
    """A call that is refused whole for one id is divided too."""
    made = [org.book.create("Contact", {"LastName": str(n)}).id for n in range(2)]
    malformed = [{"message": "malformed id", "errorCode": "MALFORMED_ID"}]
    connector.schema("Contact")
    refusal = Fault(answer=Answer(malformed, 400), on="composite")
    org.fail(refusal, refusal, Fault(answer=Answer(malformed, 400), on=f"Contact/{made[0]}"))
    results = by_key(connector.delete("Contact", made))
    assert [results[one].done for one in made] == ["unchanged", "deleted"]


@pytest.mark.row("R271")
@pytest.mark.parametrize(
    ("entity", "values"),
    [
        ("Account", {"Name": "好店", "NumberOfEmployees": 5}),
        ("Lead", {"LastName": "Lin", "Company": "好店"}),
        ("Opportunity", {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-02-01"}),
        ("Task", {"Subject": "Call", "WhoId": "0035g0000000001AAA"}),
        ("Event", {"Subject": "Visit", "StartDateTime": "2026-02-01T09:00:00+00:00"}),
    ],
)
def test_every_object_is_written_and_read(connector: Any, entity: str, values: dict[str, Any]):
    """Accounts, leads, opportunities and activities, with references as ids."""
    (result,) = connector.upsert(entity, [Upsert(key="a", values=values)])
    (read,) = connector.fetch(entity, [result.remote_id], fields=tuple(values))
    assert read.values == values


def test_spent_limits_are_told_before_anything_is_taken(connector: Any, org: Organisation):
    """The day's calls are spent: come again later, with the same token."""
    connector.schema("Contact")
    org.fail(limit_exceeded())
    with pytest.raises(RetryLater, match="TotalRequests") as caught:
        connector.upsert("Contact", [person(1)])
    assert (caught.value.kind, caught.value.after) == ("daily", 3600.0)  # type: ignore[attr-defined]
    assert (org.logins, len(org.book.of("Contact"))) == (1, 0)


def test_without_collections_each_record_is_a_call(connector: Any, org: Organisation):
    """Where they are not offered, rows are written one by one, with the same results."""
    real = org.answer

    def without(call: Call) -> Answer:
        return Answer(b"<html>", 404) if call.path.endswith("/sobjects") else real(call)

    org.answer = without  # type: ignore[method-assign]
    there = org.book.create("Contact", {"LastName": "x", "Email": "a@example.com"})
    gone = org.book.create("Contact", {"LastName": "x"})
    org.book.delete("Contact", gone.id)
    results = by_key(
        connector.upsert(
            "Contact",
            [
                person(1, match=("Email", "a@example.com")),
                person(2),
                person(3, values={"Title": "no name"}),
                person(4, remote_id=gone.id),
                person(5, match=("Ext__c", "c-5")),
            ],
        )
    )
    assert [results[f"k{n}"].done for n in range(1, 6)] == [
        "updated",
        "created",
        None,
        None,
        "created",
    ]
    assert (results["k3"].code, results["k4"].code) == (
        "REQUIRED_FIELD_MISSING",
        "ENTITY_IS_DELETED",
    )
    assert len([call for call in org.calls if call.path.endswith("composite/sobjects")]) == 1
    deleted = connector.delete("Contact", [there.id, gone.id, "003unknown"])
    assert [one.done for one in deleted] == ["deleted", "unchanged", "unchanged"]


def test_a_match_may_be_a_number(connector: Any, org: Organisation):
    """Two spellings of a number are one."""
    entry = org.book.create("Contact", {"LastName": "x", "Score__c": 7})
    (result,) = connector.upsert("Contact", [person(1, match=("Score__c", "7.0"))])
    assert (result.done, result.remote_id) == ("updated", entry.id)
