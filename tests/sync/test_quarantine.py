"""What a side refused waits in quarantine for as long as there is something to refuse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.contracts.connector import Field, Result, Upsert, WriteLost
from crmkit.contracts.tables import PAIR
from tests.sync.fake import CAN, CONTACTS, FIELDS, Fake
from tests.sync.kit import ASKED, customers, failing, held, quiet, shop

WORDS: dict[str, Any] = {
    "fields": {
        "name": "Name",
        "email": "Email",
        "industry": {"field": "Industry", "values": {"shop": "retail"}},
    }
}


def test_what_was_refused_and_is_taken_back_here_waits_no_more():
    """The name was too long, and is what it was again."""
    one = shop()
    ann = one.save("Ann", "ann@example.com")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, name="x" * 70))
    one.run()
    assert [(item.key, item.field) for item in held(one)] == [(ann.id, "name")]
    one.crm.customers.save(attrs.evolve(ann, name="Ann"))
    one.run()
    assert held(one) == ()
    quiet(one)


def test_what_was_refused_and_is_taken_back_there_waits_no_more():
    """Of a record that is known as of one that is new."""
    one = shop(**WORDS)
    there = one.book.create(CONTACTS, {"Name": "Ann", "Email": "a@x.com", "Industry": "hotel"})
    one.run()
    assert [item.key for item in held(one)] == [there.id]
    assert customers(one) == []
    one.book.edit(CONTACTS, there.id, Industry="retail")
    one.run()
    assert held(one) == ()
    one.book.edit(CONTACTS, there.id, Industry="hotel")
    one.run()
    assert [item.key for item in held(one)] == [customers(one)[0].id]
    one.book.edit(CONTACTS, there.id, Industry="retail")
    one.run()
    assert held(one) == ()
    quiet(one)


@pytest.mark.parametrize("way", ["deleted_feed", "sweep"])
def test_what_was_refused_and_is_deleted_there_waits_no_more(way: str):
    """By the CRM's own list, and where only its absence tells."""
    one = shop(Fake(can=CAN - {"deleted_feed"} if way == "sweep" else CAN), **WORDS)
    one.save("Bob", "bob@example.com")
    there = one.book.create(CONTACTS, {"Name": "Ann", "Email": "a@x.com", "Industry": "hotel"})
    one.run()
    assert len(held(one)) == 1
    one.book.delete(CONTACTS, there.id)
    one.run()
    assert held(one) == ()


def test_whoever_is_erased_waits_no_more():
    """He was refused, and there is nobody left to send."""
    one = shop()
    ann = one.save("x" * 70, "ann@example.com")
    one.run()
    assert len(held(one)) == 1
    one.crm.customers.erase(ann.id, reason="asked")
    one.run()
    assert held(one) == ()


def test_a_record_whose_change_we_refuse_is_written_to_all_the_same():
    """What is ours goes out to it, and no run asks for it again and again."""
    one = shop(Fake(overlap=0.0), **WORDS)
    one.save("Ann", "a@x.com", industry="shop")
    one.run()
    one.book.edit(CONTACTS, "1", Industry="hotel")
    one.run()
    assert len(held(one)) == 1
    (ann,) = customers(one)
    one.crm.customers.save(attrs.evolve(ann, name="Ann B."))
    assert one.run().updated == 1
    assert one.theirs()[0].values["Name"] == "Ann B."
    one.fake.calls.clear()
    one.run()
    assert one.fake.calls.count("changes") == 1


def test_what_arrived_is_known_though_its_answer_was_lost_and_another_field_is_refused():
    """The record is read, and shows what we sent: no run sends it again."""
    one = shop(Fake(overlap=0.0), **WORDS)
    ann = one.save("Ann", "a@x.com", industry="shop")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, name="Ann B."))
    one.book.edit(CONTACTS, "1", Industry="hotel")
    one.fake.lose = 2
    one.run()
    assert [item.key for item in held(one)] == [ann.id]
    one.fake.calls.clear()
    quiet(one)
    assert "upsert" not in one.fake.calls


@pytest.mark.parametrize("can", [CAN, CAN - {"upsert"}])
def test_whoever_is_met_in_a_record_with_a_value_that_we_refuse_has_that_record(
    can: frozenset[str],
):
    """None is made beside it, and what is newer there stays until all of it can come in."""
    one = shop(Fake(can=can), **WORDS)
    ann = one.save("Ann", "a@x.com")
    one.book.advance(timedelta(minutes=1))
    one.book.create(CONTACTS, {"Name": "Anna", "Email": "a@x.com", "Industry": "hotel"})
    one.run()
    assert [entry.values["Name"] for entry in one.theirs()] == ["Anna"]
    assert [item.key for item in held(one)] == [ann.id]
    quiet(one)
    one.book.edit(CONTACTS, "1", Industry="retail")
    one.run()
    assert [(one.name, one.industry) for one in customers(one)] == [("Anna", "shop")]
    assert held(one) == ()
    quiet(one)


def test_what_is_settled_stays_settled_though_another_field_is_refused():
    """Nobody is asked any more, and what moves afterwards is told again."""
    one = shop(Fake(overlap=0.0), fields=ASKED)
    ann = one.save("Ann", "a@x.com")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, industry="hotel"))
    one.book.edit(CONTACTS, "1", Industry="retail")
    one.run()
    assert len(one.crm.sync.conflicts("crm")) == 1
    one.crm.customers.save(attrs.evolve(ann, industry="retail", name="x" * 70))
    one.run()
    assert (len(one.crm.sync.conflicts("crm")), len(held(one))) == (0, 1)
    one.crm.customers.save(attrs.evolve(ann, industry="hotel"))
    one.run()
    assert one.theirs()[0].values["Industry"] == "hotel"
    quiet(one)


def test_what_somebody_is_asked_about_is_not_settled_by_a_value_that_is_gone_there():
    """Theirs is what it was before, and ours what theirs was when the question was asked."""
    one = shop(Fake(overlap=0.0), fields=ASKED)
    ann = one.save("Ann", "a@x.com", industry="tea")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, industry="hotel"))
    one.book.edit(CONTACTS, "1", Industry="retail")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, industry="retail"))
    one.book.edit(CONTACTS, "1", Industry="tea")
    one.run()
    (asked,) = one.crm.sync.conflicts("crm")
    assert (asked.ours, asked.theirs) == ("retail", "tea")
    one.crm.sync.resolve("crm", asked.id, take="ours")
    one.run()
    assert one.theirs()[0].values["Industry"] == "retail"
    quiet(one)


@pytest.mark.parametrize("batch", [1, 20])
def test_a_record_that_is_said_to_be_made_for_two_is_one_customers_alone(batch: int):
    """Whether a CRM says so in one answer or in two, and in its first run as in a later one."""

    class Confused(Fake):
        """Gives the id of its first record to whoever is made."""

        def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
            first = self.book.live(entity)[0].id if self.book.live(entity) else None
            found = super().upsert(entity, records)
            ids = [first or found[-1].remote_id] * len(found)
            return [attrs.evolve(a, remote_id=b) for a, b in zip(found, ids, strict=True)]

    one = shop(Confused(batch=batch))
    for name in ("Ann", "Bob"):
        one.save(name, f"{name.lower()}@example.com")
    one.run()
    with one.crm.session.store.read() as reader:
        ids = [row[3] for row in reader.scan(PAIR) if row[3] is not None]
    assert len(ids) == 1
    assert [item.reason.count("which is") for item in held(one)] == [1]


@pytest.mark.parametrize("rule", ["unlink", "recreate", "erase"])
def test_what_waits_of_a_record_that_is_deleted_there_waits_no_more(rule: str):
    """Neither what the CRM refused, nor what somebody was asked."""
    one = shop(fields=ASKED, on_remote_delete=rule)
    ann = one.save("Ann", "ann@example.com")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, name="x" * 70, industry="hotel"))
    one.book.edit(CONTACTS, "1", Industry="retail")
    one.run()
    assert (len(held(one)), len(one.crm.sync.conflicts("crm"))) == (1, 1)
    one.book.delete(CONTACTS, "1")
    one.run()
    assert len(held(one)) == (rule == "recreate")
    assert one.crm.sync.conflicts("crm") == ()
    if rule == "recreate":
        one.crm.customers.save(attrs.evolve(ann, name="Ann"))
        one.run()
        assert held(one) == ()
    quiet(one)


@pytest.mark.parametrize("can", [CAN, CAN - {"upsert"}, CAN | {"eventual"}])
def test_a_run_says_that_nobody_knows_what_became_of_what_it_sent(can: frozenset[str]):
    """As long as no answer can be read; afterwards each is there once."""
    one = shop(Fake(can=can))
    one.save("Ann", "ann@example.com")
    with failing(one, "upsert", WriteLost("it answers a page of HTML")):
        for _ in range(2):
            report = one.run()
            assert (report.written, report.stopped) == (0, "it answers a page of HTML")
    one.clock.advance(hours=1)
    report = one.run()
    assert (len(one.theirs()), report.stopped) == (1, "")
    one.fake.lose = 1  # it arrives, and is read
    one.save("Bob", "bob@example.com")
    report = one.run()
    assert (len(one.theirs()), report.stopped) == (2, "")
    quiet(one)


def test_a_plan_tells_what_would_be_refused_here():
    """New or known; whom the plan itself makes may be somebody's parent."""
    fields = {CONTACTS: (*FIELDS, Field(name="Parent", type="reference"))}
    rule = {"name": "Name", "email": "Email", "time_zone": "Key", "parent": "Parent"}
    one = shop(Fake(fields=fields), fields=rule)
    one.save("Bob", "bob@x.com")
    one.run()
    one.book.edit(CONTACTS, "1", Key="Mars/Phobos")
    one.book.create(CONTACTS, {"Name": "Ann", "Email": "ann@x.com", "Key": "Mars/Phobos"})
    one.book.create(CONTACTS, {"Name": "Firm", "Email": "firm@x.com"})
    one.book.create(CONTACTS, {"Name": "Cat", "Email": "cat@x.com", "Parent": "3"})
    plan = one.crm.sync.plan("crm")
    assert [entry.name for entry in plan.creates] == ["Firm", "Cat"]
    assert len(plan.updates) == 0
    assert sorted((item.side, item.field) for item in plan.quarantined) == [
        ("ours", "time_zone"),
        ("ours", "time_zone"),
    ]
    assert (held(one), len(customers(one))) == ((), 1)
    report = one.run()
    assert (report.created, report.quarantined) == (2, 2)
    assert [item.reason for item in held(one)] == [item.reason for item in plan.quarantined]
    quiet(one)


def test_somebody_who_is_asked_sees_ours_as_it_stands() -> None:
    """It may have been changed since the question was put."""
    one = shop(fields=ASKED)
    ann = one.save("Ann", "ann@example.com", industry="tea")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, industry="hotel"))
    one.book.edit(CONTACTS, "1", Industry="retail")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, industry="school"))
    one.run()
    (asked,) = one.crm.sync.conflicts("crm")
    assert (asked.ours, asked.theirs, asked.before) == ("school", "retail", "tea")
    quiet(one)
    one.crm.sync.resolve("crm", asked.id, take="ours")
    one.run()
    assert one.theirs()[0].values["Industry"] == "school"
