"""Touchpoints go out as a CRM's notes and activities, and come in from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.contracts.connector import SyncAborted
from crmkit.contracts.tables import PAIR
from tests.sync.fake import Fake, Shop
from tests.sync.kit import quiet
from tests.sync.objects import ACCOUNTS, NOTES, OBJECTS, ORGANISATIONS, TOUCHPOINTS


def shop_of(*mappings: Any, **fake: Any) -> Shop:
    return Shop(Fake(fields=OBJECTS, **fake), mappings=mappings or (ORGANISATIONS, TOUCHPOINTS))


@pytest.fixture
def shop() -> Any:
    made = shop_of()
    yield made
    made.crm.close()


def note(shop: Shop, id_: str, customer: Any, kind: str = "note", **fields: Any) -> None:
    said = {"id": id_, "kind": kind, "at": shop.clock.now, "customer": customer.id, **fields}
    report = shop.crm.capture([said], source="shop")
    assert (report.new, report.rejections) == (1, 0)


def texts(shop: Shop) -> dict[str, Any]:
    return {one.values["Text"]: one for one in shop.book.live(NOTES)}


def told(shop: Shop, customer: Any) -> list[Any]:
    return list(shop.crm.touchpoints.of(customer.id))


def there(shop: Shop) -> str:
    (account,) = shop.book.live(ACCOUNTS)
    return str(account.id)


def test_touchpoints_of_the_kinds_go_out(shop: Shop) -> None:
    """As activities of their customer, in the CRM's words; others stay here."""
    acme = shop.save("Acme", "a@x.example")
    note(shop, "1", acme, text="Call me 打电话", amount="880.05", currency="CNY")
    note(shop, "2", acme, "call", text="Rang")
    note(shop, "3", acme, "complaint", text="Broken")
    shop.run()
    assert set(texts(shop)) == {"Call me 打电话", "Rang"}
    sent = texts(shop)["Call me 打电话"].values
    assert (sent["Kind"], sent["Amount"], sent["Currency"]) == ("Note", 880.05, "CNY")
    assert sent["Account"] == there(shop)
    quiet(shop)


def test_a_correction_updates_and_a_retraction_deletes(shop: Shop) -> None:
    """Also one that came by undoing a whole capture."""
    acme = shop.save("Acme", "a@x.example")
    for id_ in "123":
        note(shop, id_, acme, text=f"n{id_}")
    shop.run()
    shop.crm.touchpoints.correct("shop", "1", {"text": "n1!"}, reason="typo")
    shop.crm.touchpoints.retract("shop", "2", reason="never was")
    (last,) = [one for one in told(shop, acme) if one.id == "3"]
    shop.crm.touchpoints.undo(last.run, reason="wrong file")
    shop.run()
    assert set(texts(shop)) == {"n1!"}
    quiet(shop)


def test_a_note_from_there_is_captured_and_never_goes_out_again(shop: Shop) -> None:
    """Its source is the connector, its id the CRM's, and its kind the mapping's first."""
    acme = shop.save("Acme", "a@x.example")
    shop.run()
    made = shop.book.create(NOTES, {"Text": "Hi\nthere 👋", "Account": there(shop)})
    shop.run()
    (one,) = told(shop, acme)
    assert (one.source, one.id, one.kind, one.text) == ("crm", made.id, "note", "Hi\nthere 👋")
    assert (one.origin, one.at) == ("captured", made.created)
    shop.run()
    quiet(shop)
    assert len(shop.book.live(NOTES)) == 1


def test_an_edit_there_is_a_correction_here(shop: Shop) -> None:
    """By the connector, and what was said before stays known."""
    acme = shop.save("Acme", "a@x.example")
    note(shop, "1", acme, text="old")
    shop.run()
    shop.book.edit(NOTES, texts(shop)["old"].id, Text="new", Kind="Visit")
    shop.run()
    (one,) = told(shop, acme)
    assert (one.text, one.kind, one.source) == ("new", "visit", "shop")
    assert shop.crm.touchpoints.corrections("shop", ["1"])["1"].by == "crm"
    quiet(shop)


@pytest.mark.parametrize("rule", ["unlink", "erase"])
def test_a_note_deleted_there(rule: str) -> None:
    """Stays here and is never made again, or is retracted."""
    shop = shop_of(ORGANISATIONS, {**TOUCHPOINTS, "on_remote_delete": rule})
    acme = shop.save("Acme", "a@x.example")
    note(shop, "1", acme, text="gone")
    shop.run()
    shop.book.delete(NOTES, texts(shop)["gone"].id)
    shop.run()
    assert len(told(shop, acme)) == (rule == "unlink")
    quiet(shop)
    assert not shop.book.live(NOTES)
    shop.crm.close()


def test_what_cannot_be_a_touchpoint_waits_with_the_reason(shop: Shop) -> None:
    """A planned call lies ahead; it comes in once it is edited to when it was."""
    acme = shop.save("Acme", "a@x.example")
    shop.run()
    ahead = (shop.clock.now + timedelta(days=9)).isoformat()
    made = shop.book.create(NOTES, {"Text": "Call", "Account": there(shop), "At": ahead})
    shop.book.create(NOTES, {"Text": "Fine", "Account": there(shop)})
    shop.run()
    (held,) = shop.crm.sync.quarantine("crm")
    assert held.key == made.id
    assert "at" in held.reason
    assert [one.text for one in told(shop, acme)] == ["Fine"]
    shop.book.edit(NOTES, made.id, At=shop.clock.now.isoformat())
    shop.run()
    assert not shop.crm.sync.quarantine("crm")
    assert len(told(shop, acme)) == 2
    quiet(shop)


def test_nothing_is_kept_of_each_touchpoint_of_those_who_are_not_in_step() -> None:
    """One row stands for them all, and they go out once the customer does."""
    shop = shop_of({**ORGANISATIONS, "select": {"owner": "lin"}}, TOUCHPOINTS)
    acme = shop.save("Acme", "a@x.example")
    for number in range(30):
        note(shop, str(number), acme, text=f"n{number}")
    shop.run()
    shop.run()
    with shop.crm.session.store.read() as reader:
        assert len(list(reader.scan(PAIR))) == 1
    shop.crm.customers.save(attrs.evolve(shop.crm.customers.get(acme.id), owner="lin"))
    shop.run()
    assert len(shop.book.live(NOTES)) == 30
    quiet(shop)
    shop.crm.close()


def test_a_run_that_ends_among_them_goes_on() -> None:
    """Of the touchpoints that waited none is forgotten, and none is made twice."""
    shop = shop_of({**ORGANISATIONS, "select": {"owner": "lin"}}, TOUCHPOINTS, batch=4)
    acme = shop.save("Acme", "a@x.example")
    for number in range(30):
        note(shop, str(number), acme, text=f"n{number}")
    shop.run()
    shop.crm.customers.save(attrs.evolve(shop.crm.customers.get(acme.id), owner="lin"))
    left = [12]

    def fault(_name: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise SyncAborted("cut")

    shop.fake.faults = fault
    with pytest.raises(SyncAborted):
        shop.run()
    shop.fake.faults = lambda _name: None
    assert 0 < len(shop.book.live(NOTES)) < 30
    shop.run()
    assert len(texts(shop)) == len(shop.book.live(NOTES)) == 30
    quiet(shop)
    shop.crm.close()


def test_touchpoints_follow_a_merge(shop: Shop) -> None:
    """They are the keeper's there too, those that had waited among them."""
    keep = shop.save("Acme", "a@x.example")
    drop = shop.save("Acme 2", "b@x.example")
    note(shop, "1", drop, text="his")
    shop.run()
    shop.crm.customers.merge(keep.id, drop.id, reason="one")
    shop.run()
    assert texts(shop)["his"].values["Account"] == there(shop)
    quiet(shop)


def test_a_correction_goes_out_although_the_customers_own_record_was_deleted_there(
    shop: Shop,
) -> None:
    """The note is still there, and still his: what it says is not to differ for ever."""
    shop.book.create(ACCOUNTS, {"Name": "Acme", "Email": "a@x.example"})
    shop.book.create(NOTES, {"Text": "old", "Account": there(shop)})
    shop.run()
    (acme,) = shop.crm.customers.search().items
    shop.book.delete(ACCOUNTS, there(shop))
    (one,) = told(shop, acme)
    shop.clock.advance(seconds=1)
    shop.crm.touchpoints.correct(one.source, one.id, {"text": "new"}, reason="typo")
    shop.run()
    assert set(texts(shop)) == {"new"}
    quiet(shop)


def test_a_note_given_to_somebody_who_is_not_in_step_is_his_there_once_he_is() -> None:
    """What it says goes out meanwhile."""
    shop = shop_of({**ORGANISATIONS, "select": {"owner": "lin"}}, TOUCHPOINTS)
    acme = shop.save("Acme", "a@x.example", owner="lin")
    bolt = shop.save("Bolt", "b@x.example")
    note(shop, "1", acme, text="his")
    shop.run()
    first = there(shop)
    changes = {"customer": bolt.id, "text": "Bolt's"}
    shop.crm.touchpoints.correct("shop", "1", changes, reason="his")
    shop.run()
    assert texts(shop)["Bolt's"].values["Account"] == first
    quiet(shop)
    shop.crm.customers.save(attrs.evolve(shop.crm.customers.get(bolt.id), owner="lin"))
    shop.run()
    (second,) = (one.id for one in shop.book.live(ACCOUNTS) if one.id != first)
    assert texts(shop)["Bolt's"].values["Account"] == second
    quiet(shop)
    shop.crm.close()


def test_an_erasure_passes_on_to_the_notes(shop: Shop) -> None:
    """Those that had come from there too."""
    acme = shop.save("Acme", "a@x.example")
    note(shop, "1", acme, text="ours")
    shop.run()
    shop.book.create(NOTES, {"Text": "theirs", "Account": there(shop)})
    shop.run()
    shop.crm.customers.erase(acme.id, reason="asked")
    shop.run()
    assert not shop.book.live(NOTES)
    quiet(shop)


def two_in_step(shop: Shop) -> tuple[Any, Any]:
    """Give two customers who are in step with a note each."""
    acme = shop.save("Acme", "a@x.example")
    bolt = shop.save("Bolt", "b@x.example")
    note(shop, "1", acme, text="Acme's")
    note(shop, "2", bolt, text="Bolt's")
    shop.run()
    return acme, bolt


def left(shop: Shop) -> dict[str, set[str]]:
    """Give the notes of each account that is left there, by its name."""
    names = {one.id: one.values["Name"] for one in shop.book.live(ACCOUNTS)}
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    for text, one in texts(shop).items():
        found[names[one.values["Account"]]].add(text)
    return found


def test_a_note_is_gone_with_him_to_whom_it_was_given(shop: Shop) -> None:
    """Though no run has come by between."""
    acme, bolt = two_in_step(shop)
    shop.crm.touchpoints.correct("shop", "1", {"customer": bolt.id}, reason="his")
    shop.run()
    shop.crm.touchpoints.correct("shop", "1", {"customer": acme.id}, reason="hers after all")
    (pair,) = (one for one in shop.crm.customers.export(acme.id)["in_step"] if "/" in one["ours"])
    assert pair["ours"] == "shop/1"
    shop.crm.customers.erase(acme.id, reason="asked")
    shop.run()
    assert left(shop) == {"Bolt": {"Bolt's"}}
    quiet(shop)


def test_a_note_stays_when_he_is_erased_whose_it_was(shop: Shop) -> None:
    """It is another's by now, though no run has come by between."""
    acme, bolt = two_in_step(shop)
    shop.crm.touchpoints.correct("shop", "1", {"customer": bolt.id}, reason="his")
    told = shop.crm.customers.export(acme.id)["in_step"]
    assert acme.id in {one["ours"] for one in told}
    shop.crm.customers.erase(acme.id, reason="asked")
    shop.run()
    assert left(shop) == {"Bolt": {"Acme's", "Bolt's"}}
    quiet(shop)


@pytest.mark.parametrize("between", [True, False], ids=["a run between", "no run between"])
@pytest.mark.parametrize("who", ["Acme", "Bolt"])
def test_after_a_merge_was_taken_back_each_is_erased_with_his_own_notes(
    shop: Shop, who: str, between: bool
) -> None:
    """The notes had moved to the keeper's account meanwhile."""
    acme, bolt = two_in_step(shop)
    merged = shop.crm.customers.merge(acme.id, bolt.id, reason="one")
    shop.run()
    assert left(shop) == {"Acme": {"Acme's", "Bolt's"}}
    shop.crm.customers.unmerge(merged.id, reason="two")
    if between:
        shop.run()
    erased, stays = (acme, "Bolt") if who == "Acme" else (bolt, "Acme")
    shop.crm.customers.erase(erased.id, reason="asked")
    shop.run()
    shop.run()
    assert left(shop) == {stays: {f"{stays}'s"}}
    quiet(shop)


def test_who_listens_hears_of_what_came_in_after_the_commit(shop: Shop) -> None:
    """Once, with the pair already kept."""
    heard: list[Any] = []

    class Listener:
        @crmkit.hookimpl
        def crmkit_touchpoints_recorded(self, touchpoints: Any, workspace: str) -> None:  # noqa: ARG002
            with shop.crm.session.store.read() as reader:
                pairs = [row[3] for row in reader.scan(PAIR) if row[1] == NOTES]
            heard.extend((one.id in pairs, one.text) for one in touchpoints)

    shop.crm.plugins.register(Listener())
    shop.save("Acme", "a@x.example")
    shop.run()
    shop.book.create(NOTES, {"Text": "heard", "Account": there(shop)})
    shop.run()
    shop.run()
    assert heard == [(True, "heard")]


def test_two_objects_may_have_records_of_one_id() -> None:
    """Both are captured."""
    fields = {**OBJECTS, "Calls": OBJECTS[NOTES]}
    calls = {**TOUCHPOINTS, "object": "Calls", "kind": ["call"]}
    notes = {**TOUCHPOINTS, "kind": ["note"]}
    shop = Shop(Fake(fields=fields), mappings=(ORGANISATIONS, notes, calls))
    acme = shop.save("Acme", "a@x.example")
    shop.run()
    for entity in (NOTES, "Calls"):
        shop.book.create(entity, {"Text": entity, "Account": there(shop)}, id="n7")
    shop.run()
    kinds = {one.text: one.kind for one in told(shop, acme)}
    assert kinds == {"Notes": "note", "Calls": "call"}
    shop.run()
    quiet(shop)
    shop.crm.close()


def test_a_run_with_nothing_new_reads_no_touchpoint(shop: Shop) -> None:
    """What changed is found by the log's own order."""
    acme = shop.save("Acme", "a@x.example")
    for number in range(40):
        note(shop, str(number), acme, text=f"n{number}")
    shop.run()
    before = len(shop.fake.calls)
    note(shop, "new", acme, text="new")
    report = shop.run()
    assert report.written == 1
    assert shop.fake.calls[before:].count("upsert") == 1


@pytest.mark.parametrize("wrong", [{"fields": {"text": "Text"}}, {"select": {"tier": "key"}}])
def test_a_mapping_that_says_nothing_of_the_customer_is_refused(wrong: Any) -> None:
    """Before anything is written, as is a choice among what goes over with its customer."""
    shop = shop_of(ORGANISATIONS, {**TOUCHPOINTS, **wrong})
    with pytest.raises(SyncAborted, match=r"whose|customers alone"):
        shop.run()
    assert any(one.fatal for one in shop.crm.sync.doctor("crm"))
    shop.crm.close()
