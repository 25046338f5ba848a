"""Imports of customers taken back: whom they made, what they changed, the keys they taught."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crmkit.capture import bulk
from crmkit.contracts.tables import COLLISION, CUSTOMER, DECISION, IDENTITY, MESSAGE, PAIR
from crmkit.errors import CustomerNotFound, DecisionNotFound
from crmkit.model.customer import Contact, Customer, Identity
from tests.capture.kit import purchase, stories
from tests.capture.test_amending import WHY, Desk, assert_states_are_right, two


def somebody(name: str = "", *keys: str, **fields: Any) -> Customer:
    """Give a customer with keys such as ``shop:17``."""
    split = [key.partition(":") for key in keys]
    identities = tuple(Identity(system, value) for system, _, value in split)
    return Customer(name=name, identities=identities, **fields)


def said(desk: Desk) -> list[Any]:
    """Give what is known of customers, without instants and places in the order."""
    found: list[Any] = []
    for row in desk.rows(CUSTOMER):
        plain = dict(zip(CUSTOMER.names, row, strict=True))
        body = json.loads(plain.pop("body"))
        body.pop("saved", None)
        words = sorted(plain.pop("search").split("\n"))
        found.append((row[0], plain | {"seq": 0, "recorded": 0}, words, body))
    identities = sorted(row[:3] for row in desk.rows(IDENTITY))
    return [sorted(found), identities, sorted(row[:5] for row in desk.rows(COLLISION))]


def test_an_import_is_taken_back() -> None:
    """Who was made goes, who was changed says again what he said, and keys and collisions go."""
    desk, ann, bob = two()
    desk.customers.save(
        somebody("Ann", "email:ann@example.com", owner="lin", custom={"size": 1, "old": [1]})
    )
    before = said(desk)
    report = desk.customers.save_all(
        [
            somebody("Anne", "email:ann@example.com", "phone:+8613800138001", custom={"size": 2}),
            somebody("Bob", "shop:17"),
            somebody("Carl", "shop:18", "phone:+8613800138001"),
            somebody("Anna", "email:ann@example.com", "shop:19", owner="wu"),
            somebody("Carlo", "shop:18", "email:carl@example.com"),
        ]
    )
    assert (report.new, report.changed, report.collisions) == (1, 4, 1)
    decision = desk.customers.undo(report.run, reason="columns were swapped")
    (gone,) = decision.body["customers"]
    assert decision.body["restored"] == sorted([ann, bob])
    assert decision.body["kept"] == []
    assert said(desk) == before
    assert_states_are_right(desk)
    with pytest.raises(CustomerNotFound):
        desk.customers.get(gone)
    again = desk.customers.save_all([somebody("Carl", "shop:18")])
    assert again.new == 1


def test_an_import_that_changed_nothing_has_no_id() -> None:
    """The same again is unchanged, leaves no trace, and the first can still be taken back."""
    desk = Desk()
    people = [somebody("Ann", "shop:1"), somebody("Bob", "shop:2", parent=None)]
    first = desk.customers.save_all(people)
    again = desk.customers.save_all(people)
    assert (again.run, again.unchanged) == ("", 2)
    desk.customers.undo(first.run)
    assert said(desk) == [[], [], []]


def test_only_imports_are_taken_back() -> None:
    """Captures, what was taken back already, and what was never there are no import's ids."""
    desk = Desk()
    captured = desk.capture(purchase(1)).run
    saved = desk.customers.save_all([somebody("Bob", "shop:2")]).run
    before = said(desk)
    for wrong in (captured, "0", "-5", "x", "9" * 30):
        with pytest.raises(DecisionNotFound, match="import of customers"):
            desk.customers.undo(wrong)
    with pytest.raises(DecisionNotFound):
        desk.touchpoints.undo(saved)
    assert said(desk) == before
    desk.customers.undo(saved)
    with pytest.raises(DecisionNotFound, match="taken back"):
        desk.customers.undo(saved)


def test_two_imports_are_taken_back_one_after_the_other() -> None:
    """The newer first: then the older made everybody, as it did; a capture likewise."""
    desk = Desk()
    captured = desk.capture(purchase(1, customer={"shop": "1"})).run
    before = said(desk)
    one = desk.customers.save_all([somebody("Ann", "shop:1"), somebody("Bob", "shop:2")]).run
    between = said(desk)
    two = desk.customers.save_all([somebody("Anna", "shop:1"), somebody("Bobby", "shop:2")]).run
    desk.customers.undo(two)
    assert said(desk) == between
    desk.customers.undo(one)
    assert said(desk) == before
    desk.touchpoints.undo(captured)
    assert said(desk) == [[], [], []]


def test_what_was_saved_since_stays() -> None:
    """Somebody else's word stands: the older of two imports, taken back alone, changes nothing."""
    desk = Desk()
    desk.customers.save(somebody("Ann", "shop:1"))
    one = desk.customers.save_all(
        [somebody("Anna", "shop:1"), somebody("Bob", "shop:2"), somebody("Carl", "shop:3")]
    ).run
    desk.customers.save(somebody("Bobby", "shop:2"))
    desk.customers.save_all([somebody("Anne", "shop:1")])
    decision = desk.customers.undo(one)
    assert {one.name for one in desk.customers.search().items} == {"Anne", "Bobby"}
    assert len(decision.body["customers"]) == 1


def test_whoever_something_else_speaks_of_stays() -> None:
    """Touchpoints, decisions, messages and records in a CRM keep a customer, whole."""
    desk = Desk()
    names = ("bought", "merged", "decided", "told", "paired", "pending", "alone")
    run = desk.customers.save_all(
        [somebody(name, f"shop:{at}", f"email:{name}@example.com") for at, name in enumerate(names)]
    ).run
    bought = desk.capture(purchase(1, customer={"shop": "0"})).run
    ids = {one.name: one.id for one in desk.customers.search().items}
    other = desk.customers.save(somebody("other", "shop:99"))
    desk.customers.merge(ids["merged"], other.id, reason=WHY)
    with desk.store.write() as writer:
        writer.append(
            DECISION, [(writer.sequence(1), "owner", ids["decided"], 1, "lin", WHY, "{}")]
        )
        plain = dict.fromkeys(MESSAGE.names)
        plain |= {"purpose": "p", "occasion": "o", "channel": "sms", "number": 1, "mailing": 1}
        plain |= {"state": "sent", "detail": "", "at": 1, "planned": 1, "attempts": 1}
        writer.put(MESSAGE, [tuple((plain | {"customer": ids["told"]}).values())])
        for at, (name, theirs) in enumerate({"paired": "9", "pending": None}.items()):
            pair = dict.fromkeys(PAIR.names)
            pair |= {"connector": "zoho", "object": "Leads", "ours": ids[name], "theirs": theirs}
            pair |= {"customer": ids[name], "state": "linked", "changed": at, "at": 1}
            writer.put(PAIR, [tuple((pair | {"fields": "{}"}).values())])
    decision = desk.customers.undo(run)
    assert set(decision.body["customers"]) == {ids["pending"], ids["alone"]}
    assert set(decision.body["kept"]) == {ids[name] for name in names[:5]}
    for at, name in enumerate(names[:5]):
        assert desk.who("shop", str(at)) == ids[name]
        assert desk.who("email", f"{name}@example.com") == ids[name]
    desk.touchpoints.undo(bought, reason=WHY)
    assert desk.customers.undo(run).body["customers"] == [ids["bought"]]


def test_a_key_that_led_a_touchpoint_to_somebody_stays() -> None:
    """Of the keys that were taught, the one that is in use stays, and the other goes."""
    desk, ann, _ = two()
    run = desk.customers.save_all([somebody("", "email:ann@example.com", "till:1", "web:1")]).run
    desk.capture(purchase(3, customer={"till": "1"}))
    desk.customers.undo(run)
    assert desk.who("till", "1") == ann
    assert desk.who("web", "1") is None
    assert [found.id for found in desk.customers.search("1").items if found.id == ann]
    assert not any(
        "web" in key.system for found in desk.customers.search().items for key in found.identities
    )


def test_keys_that_were_taught_to_somebody_merged_are_forgotten() -> None:
    """An import that found somebody by a merged man's key taught its keys to that one."""
    desk, ann, bob = two()
    desk.customers.merge(ann, bob, reason=WHY)
    before = desk.customers.get(ann)
    report = desk.customers.save_all(
        [somebody("Bob", "shop:17", "phone:+8613800138001", owner="lin")]
    )
    assert desk.who("phone", "+8613800138001") == ann
    decision = desk.customers.undo(report.run, reason=WHY)
    assert (decision.body["restored"], decision.body["kept"]) == ([ann], [])
    assert desk.customers.get(ann) == before
    assert desk.customers.search("138001").items == ()
    (merge,) = [row for row in desk.rows(DECISION) if row[1] == "merge"]
    desk.customers.unmerge(str(merge[0]))
    assert desk.customers.search("138001").items == ()


def test_those_who_belong_together_go_together() -> None:
    """An organisation goes with its people, and stays with one of them who bought."""
    desk = Desk()
    firm = Customer(id="firm", kind="organisation", name="Firm")
    people = [Customer(id=f"p{at}", name=f"P{at}", parent="firm") for at in range(2)]
    run = desk.customers.save_all([firm, *people]).run
    desk.capture(purchase(1, customer="p1"))
    assert desk.customers.undo(run).body["customers"] == ["p0"]
    desk.touchpoints.retract("shop", "o-1", reason=WHY)
    assert desk.customers.undo(run).body["customers"] == ["firm", "p1"]


def test_a_number_is_free_again_before_it_is_given_back() -> None:
    """The import gave Ann's number to somebody whom it made, and Ann another."""
    desk = Desk()
    desk.customers.save(Customer(id="ann", name="Ann", number="K-1"))
    desk.customers.save(Customer(id="bob", name="Bob", number="K-2"))
    before = said(desk)
    run = desk.customers.save_all(
        [
            Customer(id="ann", name="Ann", number="K-9"),
            Customer(id="new", name="New", number="K-1"),
            Customer(id="bob", name="Bob", number="K-8"),
        ]
    ).run
    desk.customers.save(Customer(id="carl", name="Carl", number="K-2"))
    decision = desk.customers.undo(run)
    assert (decision.body["restored"], decision.body["kept"]) == (["ann"], ["bob"])
    desk.customers.erase("carl", reason=WHY)
    assert desk.customers.undo(run).body["restored"] == ["bob"]
    assert said(desk) == before


def test_nobody_comes_back_who_was_erased() -> None:
    """A contact whom an import took away, and who is erased since, is not brought back."""
    desk = Desk()
    he = Contact(name="Li", email="li@example.com")
    desk.customers.save(Customer(id="firm", kind="organisation", name="Firm", contacts=(he,)))
    li = desk.customers.save(somebody("Li", "email:li@example.com"))
    run = desk.customers.save_all([Customer(id="firm", kind="organisation", name="F")]).run
    exported = desk.customers.export("firm")["before_imports"]
    assert [one["contacts"][0]["email"] for one in exported] == ["li@example.com"]
    desk.customers.erase(li.id, reason=WHY)
    assert "li@example.com" not in repr(desk.dump())
    desk.customers.undo(run)
    assert desk.customers.get("firm").name == "Firm"
    assert desk.customers.get("firm").contacts == ()


KEYS = st.sampled_from([f"{system}:{n}" for system in ("shop", "till") for n in range(4)])
PEOPLE = st.lists(
    st.builds(
        lambda name, keys, owner, size: somebody(
            name, *sorted(keys), owner=owner, custom={} if size is None else {"size": size}
        ),
        st.sampled_from(["", "Ann", "Bob", "王芳"]),
        st.sets(KEYS, min_size=1, max_size=3),
        st.sampled_from([None, "lin", "wu"]),
        st.sampled_from([None, 1, 2]),
    ),
    max_size=6,
)


@settings(max_examples=stories(100))
@given(known=PEOPLE, imports=st.lists(PEOPLE, min_size=1, max_size=3), batch=st.integers(1, 7))
def test_any_imports_taken_back_leave_what_was(
    known: list[Customer], imports: list[list[Customer]], batch: int
) -> None:
    """Newest first, each leaves the workspace as it found it, however its batches were cut."""
    desk = Desk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "_BATCH", batch)
        desk.customers.save_all(known)
        stood: list[tuple[str, list[Any]]] = []
        for people in imports:
            before = said(desk)
            report = desk.customers.save_all(people)
            assume(report.run or not report.collisions)  # nothing but those: nothing to take back
            stood.append((report.run, before))
        for run, before in reversed(stood):
            if run:
                desk.customers.undo(run)
                assert said(desk) == before


def test_a_trace_goes_with_a_customer_who_is_erased() -> None:
    """What an import changed of somebody is forgotten with him."""
    desk = Desk()
    ann = desk.customers.save(somebody("Ann Secret", "shop:1"))
    run = desk.customers.save_all([somebody("Anna", "shop:1")]).run
    assert "Ann Secret" in repr(desk.rows(CUSTOMER))
    desk.customers.erase(ann.id, reason=WHY)
    assert "Secret" not in repr(desk.dump())
    with pytest.raises(DecisionNotFound):
        desk.customers.undo(run)


def test_a_host_gets_what_became_of_each() -> None:
    """The report has the id of the import, and goes to JSON and back."""
    report = Desk().customers.save_all([somebody("Ann", "shop:1")])
    assert int(report.run) > 0
    assert type(report).from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert attrs.evolve(report, run="").new == 1
