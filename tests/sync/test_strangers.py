"""Records that meet: new ones of either side, and those whose making nobody knows of."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest

from crmkit.contracts.connector import (
    Changes,
    Cursor,
    Field,
    Ids,
    Result,
    SyncAborted,
    Upsert,
)
from tests.sync.fake import CAN, CONTACTS, FIELDS, Fake
from tests.sync.kit import SPENT, customers, failing, held, quiet, shop


def test_a_record_made_blindly_is_known_though_the_crm_tidied_it():
    """Nothing finds it but what it says, and the CRM cuts names and writes them large."""

    class Tidy(Fake):
        def _write(self, entity: str, one: Upsert) -> Result:
            name = str(one.values.get("Name") or "")[:20].upper()
            return super()._write(entity, attrs.evolve(one, values={**one.values, "Name": name}))

    one = shop(Tidy(can=CAN - {"upsert"}))
    one.fake.lose = 1
    one.save("A long name of many words")
    one.run()
    one.run()
    assert len(one.theirs()) == 1
    quiet(one)


class Counting(Fake):
    """Gives its ids as numbers in some answers and as texts in others."""

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        page = super().changes(entity, cursor, fields=fields)
        bare = tuple(attrs.evolve(one, id=int(one.id)) for one in page.records)  # type: ignore[arg-type]
        return attrs.evolve(page, records=bare)

    def ids(self, entity: str, after: str | None) -> Ids:
        page = super().ids(entity, after)
        return Ids([int(one) for one in page.ids], page.after)  # type: ignore[misc]


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_ids_that_change_their_type_are_the_same_ids(url: str):
    """A record is 7 when it is read and "7" when it was written, and stays one record."""
    one = shop(Counting(can=CAN - {"deleted_feed"}), url)
    one.save("Ann", "ann@example.com")
    one.book.create(CONTACTS, {"Name": "Bob", "Email": "bob@example.com"})
    one.run()
    quiet(one)
    assert held(one) == ()
    assert len(one.theirs()) == 2


def test_another_account_is_told_though_the_first_run_never_came_to_its_end():
    """The day's calls were spent in the middle of it, and somebody changed the token."""

    class Account(Fake):
        name = "ours"

        def account(self) -> str:
            return self.name

    one = shop(Account())
    one.save("Ann", "ann@example.com")
    with failing(one, "upsert", SPENT):
        assert one.run().stopped
    one.fake.name = "another"  # type: ignore[attr-defined]
    with pytest.raises(SyncAborted, match="another"):
        one.run()
    assert one.theirs() == []


def test_of_two_records_there_with_one_address_one_is_held_back():
    """In one page or in two: nobody is merged by guessing, and the plan says the same."""
    one = shop()
    for name, mail in (("Ann", "ann@x.com"), ("Anne", "Ann@X.com"), ("Bo", "n/a"), ("Cy", "n/a")):
        one.book.create(CONTACTS, {"Name": name, "Email": mail})
    plan = one.crm.sync.plan("crm")
    assert (len(plan.creates), len(plan.quarantined)) == (3, 1)
    report = one.run()
    assert (report.created, report.quarantined) == (3, 1)
    (item,) = held(one)
    assert item.key == "2"
    assert "record 1" in item.reason
    quiet(one)
    one.book.delete(CONTACTS, "1")
    one.run()
    assert held(one) == ()
    assert len(customers(one)) == len(one.theirs()) == 3
    quiet(one)


@pytest.mark.parametrize("can", [CAN, CAN - {"deleted_feed"}, CAN - {"fetch"}])
@pytest.mark.parametrize("rule", ["unlink", "recreate"])
def test_whoever_stood_behind_a_record_that_is_gone_is_read_again(can: frozenset[str], rule: str):
    """He is compared with ours, and not written over; nobody need ask for it."""
    one = shop(Fake(can=can), on_remote_delete=rule)
    ann = one.save("Ann", "ann@example.com")
    one.run()
    one.clock.advance(seconds=60)
    one.book.delete(CONTACTS, "1")
    one.book.create(CONTACTS, {"Name": "Anne", "Email": "ann@example.com", "Industry": "tea"})
    assert not one.crm.sync.plan("crm").quarantined
    report = one.run()
    assert [(entry.id, entry.values["Name"]) for entry in one.theirs()] == [("2", "Anne")]
    assert [(known.id, known.name, known.industry) for known in customers(one)] == [
        (ann.id, "Anne", "tea")
    ]
    assert (held(one), report.created) == ((), 0)
    quiet(one)


@pytest.mark.parametrize("can", [CAN, CAN - {"fetch"}])
def test_what_stands_behind_a_record_that_is_gone_is_read_once(can: frozenset[str]):
    """It may lie where the credentials do not reach any more."""
    one = shop(Fake(can=can, overlap=0.0))
    one.save("Ann", "ann@example.com")
    one.run()
    one.book.create(CONTACTS, {"Name": "Anne", "Email": "ann@example.com"})
    one.run()
    assert [item.key for item in held(one)] == ["2"]
    one.book.delete(CONTACTS, "1")
    hidden = one.book.of(CONTACTS).pop("2")
    one.run()
    asked: list[str] = []
    one.fake.faults = asked.append
    one.run()
    assert asked.count("fetch") + asked.count("changes") == 1
    one.book.of(CONTACTS)["2"] = hidden
    one.run(retry=True)
    assert held(one) == ()
    quiet(one)


@pytest.mark.parametrize("can", [CAN, CAN - {"upsert"}])
def test_of_two_customers_with_one_match_the_second_is_held_back(can: frozenset[str]):
    """In one run as in two: he does not write over the first one's record, nor make another."""
    fields = {"name": "Name", "attributes": {"key": "Key"}}
    one = shop(Fake(can=can), match="attributes.key", fields=fields)
    one.save("Ann", custom={"key": "k-1"})
    one.run()
    anne = one.save("Anne", custom={"key": "k-1"})
    one.run()
    assert [entry.values["Name"] for entry in one.theirs()] == ["Ann"]
    assert [item.key for item in held(one)] == [anne.id]
    quiet(one)
    one.crm.customers.save(attrs.evolve(anne, custom={"key": "k-2"}))
    one.run()
    assert len(one.theirs()) == 2
    assert held(one) == ()
    quiet(one)


def test_a_parent_may_follow_his_child():
    """Whoever names a customer that is not there yet goes over, and the name follows."""
    fields = {CONTACTS: (*FIELDS, Field(name="Parent", type="reference"))}
    rule = {"name": "Name", "email": "Email", "parent": "Parent"}
    one = shop(Fake(fields=fields), fields=rule, select={"owner": ["lin"]})
    child, parent, grand, alien = (
        one.save(name, f"{name}@x.com", owner="lin" if name != "alien" else None)
        for name in ("child", "parent", "grand", "alien")
    )
    for who, of in ((child, parent), (parent, grand), (grand, alien)):
        one.crm.customers.save(attrs.evolve(who, parent=of.id))
    one.run()
    there = {entry.values["Name"]: entry for entry in one.theirs()}
    assert there.keys() == {"child", "parent", "grand"}
    assert there["child"].values["Parent"] == there["parent"].id
    assert there["parent"].values["Parent"] == there["grand"].id
    assert not there["grand"].values.get("Parent")
    quiet(one)


def test_two_strangers_are_not_both_whom_a_record_was_deleted_of():
    """He has both addresses: one of them is his record again, and the other is held back."""
    one = shop()
    ann = one.save("Ann", "ann@example.com")
    one.run()
    one.book.delete(CONTACTS, "1")
    one.run()
    anne = one.save("Anne", "anne@example.com")
    one.crm.customers.merge(ann.id, anne.id, reason="one")
    for mail in ("ann@example.com", "anne@example.com"):
        one.book.create(CONTACTS, {"Name": "Ann", "Email": mail})
    one.run()
    (item,) = held(one)
    assert (item.key, "record 2" in item.reason) == ("3", True)
    one.book.merge(CONTACTS, "2", "3")
    one.run()
    assert (held(one), len(customers(one))) == ((), 1)
    quiet(one)


class Nameless(Fake):
    """A CRM whose account can be told, as long as the credentials may ask."""

    name: str | None = None

    def account(self) -> str | None:
        return self.name


def test_an_account_that_cannot_be_told_is_told() -> None:
    """Once one was known, nothing goes on without."""
    fake = Nameless()
    one = shop(fake)
    one.save("Ann", "ann@example.com")
    (found,) = one.crm.sync.doctor("crm")
    assert not found.fatal
    one.run()
    assert len(one.theirs()) == 1
    fake.name = "shop 1"
    assert one.crm.sync.doctor("crm") == ()
    quiet(one)
    fake.name = None
    one.save("Bob", "bob@example.com")
    with pytest.raises(SyncAborted, match="which account they open, where shop 1 was"):
        one.run()
    assert len(one.theirs()) == 1
