"""Every record of a batch has its result, and no record is made twice."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hubspot_kit import write

from crmkit.contracts.connector import BatchRefused, RetryLater, SyncAborted, Upsert, WriteLost
from crmkit.contracts.service import Service
from crmkit.testing.simulators.base import Answer, Call, Fault
from crmkit.testing.simulators.hubspot import HubSpot, Property, too_many

Change = Callable[[Callable[[dict[str, Any]], object]], None]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Waits between tries are noted, and not waited."""
    waited: list[float] = []
    usual = Service.__init__

    def hasty(self: Service, *args: Any, **more: Any) -> None:
        usual(self, *args, **{**more, "sleep": waited.append})

    monkeypatch.setattr(Service, "__init__", hasty)
    return waited


@pytest.fixture
def changed(account: HubSpot, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Give a function that lets answers to batches be changed on their way."""

    def use(change: Callable[[dict[str, Any]], object]) -> None:
        usual = account.answer

        def answer(call: Call) -> Answer:
            said = usual(call)
            if "/batch/" in call.path and isinstance(said.body, dict):
                change(said.body)
            return said

        monkeypatch.setattr(account, "answer", answer)

    return use


def by_email(*emails: str, **more: Any) -> list[Upsert]:
    return [Upsert(key=one, match=("email", one), values={"email": one, **more}) for one in emails]


def verbs(account: HubSpot) -> list[str]:
    return [call.path.rpartition("/")[2] for call in account.calls if "/batch/" in call.path]


@pytest.mark.row("R35", "R282")
def test_a_mixed_batch_takes_one_call_a_kind(account: HubSpot, opened: Any):
    """By id, by match and anew: each once, those last that may not be repeated."""
    known = account.book.create("contacts", {"email": "a@x.cn"}).id
    records = [
        Upsert(key="new", values={"firstname": "Li"}),
        *by_email("b@x.cn", "c@x.cn"),
        Upsert(key="old", remote_id=known, values={"phone": "1"}),
    ]
    found = write(opened(), "contacts", *records)
    assert verbs(account) == ["update", "upsert", "create"]
    assert {key: one.done for key, one in found.items()} == {
        "new": "created",
        "old": "updated",
        "b@x.cn": "created",
        "c@x.cn": "created",
    }
    for one in found.values():
        entry = account.book.of("contacts")[one.remote_id]
        assert one.changed_at == entry.changed
    again = write(opened(), "contacts", *by_email("B@X.cn"))
    assert again["B@X.cn"].done == "updated"
    assert again["B@X.cn"].remote_id == found["b@x.cn"].remote_id


def test_a_hundred_go_over_in_one_call(account: HubSpot, opened: Any):
    """As many as HubSpot takes, whatever order it answers in."""
    records = by_email(*(f"c{n}@x.cn" for n in range(100)))
    found = write(opened(), "contacts", *records)
    emails = {one.remote_id: key for key, one in found.items()}
    assert {one.id: one.values["email"] for one in account.book.live("contacts")} == emails
    assert verbs(account) == ["upsert"]


@pytest.mark.parametrize("verb", ["upsert", "update", "create"])
def test_one_bad_record_fails_alone(account: HubSpot, opened: Any, verb: str):
    """A 207 has a reason in HubSpot's own words for whom it concerns, and results for the rest."""
    known = [account.book.create("contacts", {"email": f"{n}@x.cn"}).id for n in range(3)]
    records = [
        Upsert(
            key=str(place),
            remote_id=known[place] if verb == "update" else None,
            match=("email", f"{place}@y.cn") if verb == "upsert" else None,
            values={"lifecyclestage": stage},
        )
        for place, stage in enumerate(["lead", "no such stage", "customer"])
    ]
    found = write(opened(), "contacts", *records)
    assert [bool(found[key].done) for key in "012"] == [True, False, True]
    bad = found["1"]
    assert (bad.code, bad.field) == ("VALIDATION_ERROR", "lifecyclestage")
    assert "'no such stage' is not valid" in bad.reason


def test_what_is_mandatory_is_named(opened: Any):
    """HubSpot's schema does not tell it, its refusal does."""
    found = write(opened(), "notes", Upsert(key="n", values={"hs_note_body": "called"}))
    assert (found["n"].done, found["n"].field) == (None, "hs_timestamp")


def test_a_conflict_refuses_the_whole_batch(account: HubSpot, opened: Any):
    """The engine is told to split it; alone, the record has its reason."""
    first, second = (account.book.create("contacts", {"email": e}).id for e in ("a@x", "b@x"))
    good = Upsert(key="1", remote_id=first, values={"phone": "1"})
    bad = Upsert(key="2", remote_id=second, values={"email": "a@x"})
    connector = opened()
    with pytest.raises(BatchRefused, match=f"Existing ID: {first}"):
        connector.upsert("contacts", [good, bad])
    assert "phone" not in account.book.of("contacts")[first].values
    found = write(connector, "contacts", bad)
    assert (found["2"].done, found["2"].code) == (None, "CONFLICT")


def test_a_conflict_in_a_part_is_split_here(account: HubSpot, opened: Any):
    """What was taken of a mixed batch already cannot be called refused."""
    first, second = (account.book.create("contacts", {"email": e}).id for e in ("a@x", "b@x"))
    records = [
        Upsert(key="good", remote_id=first, values={"phone": "1"}),
        Upsert(key="bad", remote_id=second, values={"email": "a@x"}),
        *by_email("c@x.cn", "d@x.cn"),
    ]
    found = write(opened(), "contacts", *records)
    assert [found[one.key].done for one in records] == ["updated", None, "created", "created"]


def test_an_unknown_property_refuses_the_batch(account: HubSpot, opened: Any):
    """One that an administrator removed meanwhile."""
    connector = opened()
    connector.schema("contacts")
    del account.objects["contacts"]["phone"]
    with pytest.raises(BatchRefused, match="phone"):
        connector.upsert("contacts", by_email("a@x.cn", "b@x.cn", phone="1"))
    (alone,) = connector.upsert("contacts", by_email("a@x.cn", phone="1"))
    assert "phone" in alone.reason
    assert account.book.live("contacts") == []


def without_traces(body: dict[str, Any]) -> None:
    for one in body["results"]:
        one.pop("objectWriteTraceId", None)


@pytest.mark.parametrize("verb", ["upsert", "update", "create"])
def test_results_without_a_trace_id_find_their_records(
    account: HubSpot, opened: Any, changed: Change, verb: str
):
    """By id, by match, or by what was written; the order says nothing."""
    changed(without_traces)
    known = [account.book.create("contacts", {"email": f"{n}@x.cn"}).id for n in range(3)]
    records = [
        Upsert(
            key=str(n),
            remote_id=known[n] if verb == "update" else None,
            match=("email", f"{n}@y.cn") if verb == "upsert" else None,
            values={"firstname": f"Li {n}"},
        )
        for n in range(3)
    ]
    for key, one in write(opened(), "contacts", *records).items():
        assert account.book.of("contacts")[one.remote_id].values["firstname"] == f"Li {key}"


def test_a_missing_result_is_an_error(opened: Any, changed: Change):
    """What HubSpot says nothing of is not taken for written."""
    changed(lambda body: body["results"].pop())
    found = write(opened(), "contacts", *by_email("a@x.cn", "b@x.cn"))
    assert sorted(one.done or "" for one in found.values()) == ["", "created"]
    (silent,) = [one for one in found.values() if not one.done]
    assert "neither" in silent.reason


def test_an_error_that_names_nobody_is_not_dropped(opened: Any, changed: Change):
    """Who has no result has this reason."""

    def blind(body: dict[str, Any]) -> None:
        for one in body.get("errors", ()):
            one["context"] = {}

    changed(blind)
    found = write(opened(), "contacts", *by_email("a@x.cn"), *by_email("no address"))
    assert (found["a@x.cn"].done, found["no address"].done) == ("created", None)
    assert found["no address"].reason.endswith("email: 'no address' is not valid")


def test_new_records_are_not_made_again_blindly(account: HubSpot, opened: Any):
    """A connection that is cut after the write was taken leaves the engine to look."""
    account.fail(Fault(cut=True, on="batch/create"))
    with pytest.raises(WriteLost):
        opened().upsert("contacts", [Upsert(key="a", values={"firstname": "Li"})])
    account.fail(Fault(answer=Answer(b"<html>", 200), on="batch/create"))
    with pytest.raises(WriteLost):
        opened().upsert("contacts", [Upsert(key="b", values={"firstname": "Wu"})])
    account.fail(Fault(answer=Answer({"status": "COMPLETE"}), on="batch/create"))
    with pytest.raises(WriteLost):
        opened().upsert("contacts", [Upsert(key="c", values={"firstname": "Xu"})])
    account.fail(Fault(answer=Answer({"results": [{}]}), on="batch/create"))
    assert opened().upsert("contacts", [Upsert(key="d", values={"firstname": "He"})]) == []
    assert [one.values["firstname"] for one in account.book.live("contacts")] == ["Li"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=True, on="/batch/"),
        Fault(refuse=True, on="/batch/"),
        Fault(answer=Answer(b'{"results": [', 200), on="/batch/"),
        Fault(answer=Answer(b"<html>", 502), on="/batch/"),
        Fault(answer=Answer({"message": "locked"}, 423), on="/batch/"),
        too_many(),
        too_many("SECONDLY"),
        too_many("CONCURRENT", after=3),
    ],
)
def test_what_has_a_match_is_written_again(account: HubSpot, opened: Any, fault: Fault):
    """It makes no second record, however often it goes over."""
    connector = opened()
    connector.schema("contacts")
    account.fail(fault, fault)
    found = write(connector, "contacts", *by_email("a@x.cn", "b@x.cn"))
    assert all(one.done for one in found.values())
    assert len(account.book.live("contacts")) == 2


def test_waits_are_hubspots_own(account: HubSpot, opened: Any, hurried: list[float]):
    """Where it says how long, so long; else as the limits say, longer each time."""
    account.fail(too_many(after=7), too_many(), too_many())
    opened(limits={"wait": 2}).schema("contacts")
    assert hurried == [7, 4, 8]


def test_a_spent_day_ends_the_run(account: HubSpot, opened: Any):
    """Nothing is repeated before the account's midnight."""
    connector = opened()
    connector.account()
    connector.schema("contacts")
    account.fail(too_many("DAILY"))
    with pytest.raises(RetryLater) as error:
        connector.upsert("contacts", by_email("a@x.cn"))
    assert error.value.kind == "daily"
    assert 0 < error.value.after <= 86_400
    assert len(verbs(account)) == 1


def test_too_much_for_too_long_is_put_off(account: HubSpot, opened: Any):
    """In the middle of a mixed batch, only for those that were not taken."""
    known = account.book.create("contacts", {}).id
    connector = opened()
    connector.schema("contacts")
    account.fail(*[_on(too_many(), "upsert") for _ in range(5)])
    old = Upsert(key="old", remote_id=known, values={"phone": "1"})
    found = write(connector, "contacts", old, *by_email("a@x.cn"))
    assert (found["old"].done, found["a@x.cn"].done, found["a@x.cn"].retry) == (
        "updated",
        None,
        True,
    )
    account.fail(*[_on(too_many(), "upsert") for _ in range(5)])
    with pytest.raises(RetryLater) as error:
        write(connector, "contacts", *by_email("a@x.cn"))
    assert error.value.kind == "burst"


def _on(fault: Fault, path: str) -> Fault:
    return Fault(answer=fault.answer, on=path)


def test_an_archived_record_is_never_restored(account: HubSpot, opened: Any):
    """An update by id fails, and a match makes another record, as HubSpot does."""
    gone = account.book.create("contacts", {"email": "a@x.cn"}).id
    account.book.delete("contacts", gone)
    found = write(opened(), "contacts", Upsert(key="1", remote_id=gone, values={"phone": "1"}))
    assert (found["1"].done, found["1"].code) == (None, "OBJECT_NOT_FOUND")
    found = write(opened(), "contacts", *by_email("a@x.cn"))
    assert found["a@x.cn"].remote_id != gone
    assert account.book.of("contacts")[gone].deleted


def test_a_match_that_is_not_unique_makes_a_record(account: HubSpot, opened: Any):
    """HubSpot upserts by unique properties alone; a custom one may be."""
    account.add_property("contacts", Property("crmkit_id", unique=True))
    records = [
        Upsert(key="1", match=("crmkit_id", "c-1"), values={"firstname": "Li"}),
        Upsert(key="2", match=("phone", "139"), values={"phone": "139"}),
    ]
    connector = opened()
    write(connector, "contacts", *records)
    assert verbs(account) == ["upsert", "create"]
    assert write(connector, "contacts", records[0])["1"].done == "updated"
    assert account.book.live("contacts")[0].values["crmkit_id"] == "c-1"


def test_records_are_archived(account: HubSpot, opened: Any):
    """Those that are gone are unchanged, and one that went into another takes nobody along."""
    ids = [account.book.create("contacts", {}).id for _ in range(104)]
    account.book.delete("contacts", ids[0])
    account.book.merge("contacts", ids[-1], ids[1])
    results = opened().delete("contacts", [*ids[:-1], "999"])
    gone = [one.key for one in results if one.done == "unchanged"]
    assert gone == [ids[0], ids[1], "999"]
    assert {one.key for one in results if one.done == "deleted"} == {*ids[2:-1]}
    assert [one.id for one in account.book.live("contacts")] == [ids[-1]]


def test_one_that_cannot_be_archived_stays_alone(account: HubSpot, opened: Any):
    """A batch that is refused is split; what was archived meanwhile is unchanged."""
    ids = [account.book.create("contacts", {}).id for _ in range(3)]
    no = Answer({"category": "VALIDATION_ERROR", "message": "is in use"}, 400)
    gone = Answer({"category": "OBJECT_NOT_FOUND", "message": "no such record"}, 404)
    account.fail(*(Fault(answer=one, on="batch/archive") for one in (no, gone, no, no)))
    found = {one.key: one for one in opened().delete("contacts", ids)}
    assert [found[one].done for one in ids] == ["unchanged", None, "deleted"]
    assert found[ids[1]].reason == "is in use"


def test_records_are_merged(account: HubSpot, opened: Any):
    """Once; who asks again learns that it was done, and who cannot learns why."""
    keep, drop = (account.book.create("contacts", {"phone": str(n)}).id for n in range(2))
    connector = opened()
    done = connector.merge("contacts", keep, drop)
    assert (done.done, done.remote_id) == ("updated", keep)
    assert done.changed_at == account.book.of("contacts")[keep].changed
    assert connector.merge("contacts", keep, drop).done == "unchanged"
    refused = connector.merge("contacts", keep, "999")
    assert (refused.done, refused.code) == (None, "VALIDATION_ERROR")


def test_a_token_that_ends_in_the_middle_is_renewed_once(account: HubSpot, opened: Any):
    """One login for all, and what was being written is written."""
    oauth = {"client_id": "hub-client", "client_secret": "hub-secret"}
    connector = opened(refresh_token="hub-refresh", **oauth)
    connector.schema("contacts")
    write(connector, "contacts", *by_email("a@x.cn"))
    assert account.logins == 1
    account.end_token()
    assert write(connector, "contacts", *by_email("b@x.cn"))["b@x.cn"].done == "created"
    connector.changes("contacts", None, fields=())
    assert account.logins == 2
    account.book.advance(timedelta(minutes=31))
    write(connector, "contacts", *by_email("c@x.cn"))
    assert account.logins == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": "pat-na1-wrong"},
        {"client_id": "x", "client_secret": "hunter2", "refresh_token": "y"},
    ],
)
def test_wrong_credentials_stop_the_run(opened: Any, wrong: Mapping[str, str]):
    """And are not shown."""
    with pytest.raises(SyncAborted) as error:
        opened(**wrong).schema("contacts")
    assert "hunter2" not in str(error.value)
    assert "pat-na1-wrong" not in str(error.value)


def test_a_batch_that_is_too_long_for_a_proxy_is_divided(account: HubSpot, opened: Any):
    """A proxy says so in words of its own; what fits goes over, and the rest is refused alone."""
    page = Answer(b"<html><title>413 Request Entity Too Large</title></html>", 413)
    records = by_email("a@x.cn", "b@x.cn")
    account.fail(Fault(answer=page, on="batch/upsert"))
    with pytest.raises(BatchRefused):
        write(opened(), "contacts", *records)
    account.fail(Fault(answer=page, on="batch/upsert"))
    (result,) = write(opened(), "contacts", records[0]).values()
    assert (result.done, result.reason) == (None, "HTTP 413")


def test_twins_that_are_new_are_told_apart_as_far_as_they_differ(
    account: HubSpot, opened: Any, changed: Change
):
    """Without trace ids: of two that are equal either is either, of the others nobody knows."""
    whom = [account.book.create("contacts", {"email": f"{n}@x.cn"}).id for n in range(2)]
    changed(lambda body: [one.pop("objectWriteTraceId", None) for one in body["results"]])
    found = write(
        opened(), "contacts", *(Upsert(key=key, values={"firstname": "Li"}) for key in "ab")
    )
    assert {one.done for one in found.values()} == {"created"}
    assert len({one.remote_id for one in found.values()}) == 2
    note = {"hs_note_body": "tea", "hs_timestamp": "2026-03-01T09:00:00+00:00"}
    notes = [Upsert(key=id_, values={**note, "contact": id_}) for id_ in whom]
    assert write(opened(), "notes", *notes) == {}
    assert len(account.book.live("notes")) == 2
