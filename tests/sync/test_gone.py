"""Records that go: deleted, merged and erased, on either side, with calls that are lost."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest

from crmkit.contracts.connector import (
    BatchRefused,
    Changes,
    Cursor,
    Remote,
    Result,
    RetryLater,
    SyncAborted,
    WriteLost,
)
from crmkit.contracts.tables import PAIR
from tests.sync.fake import CAN, CONTACTS, Fake
from tests.sync.kit import ASKED, PLAIN, SPENT, customers, failing, held, quiet, rows, shop


class Losing(Fake):
    """Carries the first deletion or merge out, and its answer is lost."""

    lost = False

    def _lose(self) -> None:
        if not self.lost:
            self.lost = True
            raise WriteLost("the connection was cut")

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        done = super().delete(entity, ids)
        self._lose()
        return done

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        done = super().merge(entity, keep, drop)
        self._lose()
        return done


def test_a_deletion_whose_answer_is_lost_is_made_again():
    """The run goes on, and the customer's record is gone for good."""
    one = shop(Losing())
    ann = one.save("Ann", "ann@example.com")
    one.run()
    one.crm.customers.erase(ann.id, reason="asked")
    assert one.run().deleted == 1
    assert one.theirs() == []
    quiet(one)
    assert held(one) == ()


def test_a_merge_whose_answer_is_lost_is_made_again():
    """Two customers become one, and so do their records."""
    one = shop(Losing())
    ann, anne = one.save("Ann", "ann@example.com"), one.save("Anne", "anne@example.com")
    one.run()
    one.crm.customers.merge(ann.id, anne.id, reason="one person")
    one.run()
    assert len(one.theirs()) == 1
    quiet(one)


def test_a_batch_of_deletions_that_is_refused_is_split():
    """One record that cannot be deleted keeps nobody else's."""

    class Whole(Fake):
        def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
            if "1" in ids:
                raise BatchRefused("record 1 is locked")
            return super().delete(entity, ids)

    one = shop(Whole())
    saved = [one.save(f"Ann {n}", f"ann{n}@example.com") for n in range(3)]
    one.run()
    for customer in saved:
        one.crm.customers.erase(customer.id, reason="asked")
    one.run()
    assert [entry.id for entry in one.theirs()] == ["1"]
    assert [item.reason for item in held(one)] == ["record 1 is locked"]
    assert one.run().written == 0


@pytest.mark.parametrize("call", ["merge", "delete"])
def test_a_merge_is_not_forgotten_where_the_run_ends_before_it(call: str):
    """The calls of the day are spent just then: the next run makes one record of the two."""
    one = shop(Fake(can=CAN if call == "merge" else CAN - {"merge"}))
    ann, anne = one.save("Ann", "ann@example.com"), one.save("Anne", "anne@example.com")
    one.run()
    one.crm.customers.merge(ann.id, anne.id, reason="one person")
    with failing(one, call, SPENT):
        assert one.run().stopped
    one.run()
    assert len(one.theirs()) == 1
    quiet(one)


def test_a_merge_that_is_taken_back_before_it_went_over_touches_nothing_there():
    """Neither record is deleted, though one could not be merged and waited to be."""

    class Refusing(Fake):
        def merge(self, entity: str, keep: str, drop: str) -> Result:  # noqa: ARG002
            return Result(key=drop, reason="you may not merge")

        def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:  # noqa: ARG002
            return [Result(key=one, reason="you may not delete") for one in ids]

    one = shop(Refusing())
    ann, anne = one.save("Ann", "ann@example.com"), one.save("Anne", "anne@example.com")
    one.run()
    merge = one.crm.customers.merge(ann.id, anne.id, reason="one person")
    one.run()
    assert len(held(one)) == 1
    one.crm.customers.unmerge(merge.id)
    one.run()
    assert held(one) == ()
    quiet(one)
    names = {(entry.values["Name"], entry.values["Email"]) for entry in one.theirs()}
    assert names == {("Ann", "ann@example.com"), ("Anne", "anne@example.com")}


def test_an_unmerge_makes_two_records_again():
    """What was merged there is made anew for the one who is himself again."""
    one = shop()
    ann, anne = one.save("Ann", "ann@example.com"), one.save("Anne", "anne@example.com")
    one.run()
    merge = one.crm.customers.merge(ann.id, anne.id, reason="one person")
    one.run()
    one.crm.customers.unmerge(merge.id)
    one.run()
    names = {(entry.values["Name"], entry.values["Email"]) for entry in one.theirs()}
    assert names == {("Ann", "ann@example.com"), ("Anne", "anne@example.com")}
    quiet(one)


def test_a_merge_among_the_changes_leads_to_the_record_that_stayed():
    """Theirs was merged into one that we did not know: that is the customer's from now on."""

    class Telling(Fake):
        def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
            page = super().changes(entity, cursor, fields=fields)
            since = None if cursor is None else cursor.at
            gone = tuple(
                Remote(id=e.id, deleted=True, changed_at=e.deleted, merged_into=e.merged_into)
                for e in self.book.changed(entity, since, deleted=True)
            )
            return attrs.evolve(page, records=gone + page.records)

    one = shop(Telling(can=CAN - {"deleted_feed", "sweep"}))
    one.save("Ann", "ann@example.com")
    one.run()
    other = one.book.create(CONTACTS, {"Name": "Ann B."})
    one.book.merge(CONTACTS, other.id, "1")
    one.run()
    quiet(one)
    assert held(one) == ()
    (ann,) = customers(one)
    assert ann.name == one.theirs()[0].values["Name"]


@pytest.mark.parametrize("can", [CAN, CAN - {"fetch"}])
@pytest.mark.parametrize("merges", ["13", "13 34", "13 23", "12 23"])
def test_a_merge_into_a_record_that_was_held_back_is_followed_to_what_it_says(
    can: frozenset[str], merges: str
):
    """It was told of before, and would not be again; nothing is held back any more."""
    one = shop(Fake(can=can, overlap=0))
    for name in ("ann", "bob"):
        one.save(name, f"{name}@example.com")
    one.run()
    for name in ("Anna", "Anne"):
        one.book.create(CONTACTS, {"Name": name, "Email": "ann@example.com"})
    one.run()
    assert {item.key for item in held(one)} == {"3", "4"}
    for drop, keep in merges.split():
        one.book.merge(CONTACTS, keep, drop)
    one.run()
    assert {item.key for item in held(one)} == (set() if "4" in merges else {"4"})
    quiet(one)
    out = {item.key for item in held(one)}
    linked = sorted(entry.values["Name"] for entry in one.theirs() if entry.id not in out)
    assert linked == sorted(customer.name for customer in customers(one))


def test_a_run_that_ends_before_it_reads_where_a_merge_led_is_followed_by_one_that_does():
    """Its pair is at the new record already, which nothing would tell of again."""
    one = shop(Fake(overlap=0))
    one.save("Ann", "ann@example.com")
    one.run()
    one.book.create(CONTACTS, {"Name": "Anna", "Email": "ann@example.com"})
    one.run()
    one.book.merge(CONTACTS, "2", "1")
    with failing(one, "fetch", SyncAborted("gone")), pytest.raises(SyncAborted):
        one.run()
    one.run()
    assert [customer.name for customer in customers(one)] == ["Anna"]
    quiet(one)


@pytest.mark.parametrize("direction", ["both", "in"])
def test_whoever_was_erased_does_not_come_in_again(direction: str):
    """His record is changed or restored there, and has no address that would tell who he was."""
    one = shop(direction=direction)
    there = one.book.create(CONTACTS, {"Name": "Nameless"})
    one.run()
    (customer,) = customers(one)
    one.crm.customers.erase(customer.id, reason="asked")
    one.run()
    one.book.of(CONTACTS)[there.id].deleted = None  # somebody took it out of the bin
    one.book.edit(CONTACTS, there.id, Phone="+8613800001111")
    one.run()
    assert customers(one) == []
    assert "Nameless" not in repr(rows(one))


def test_nothing_that_the_engine_keeps_tells_of_whoever_was_erased():
    """Neither pairs nor cases, though his record comes again under another id."""
    one = shop()
    ann = one.save("Ann Nobody", "ann@example.com", industry="retail")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, name="Ann Nobody " * 9))  # too long: a case
    one.run()
    assert held(one)
    one.crm.customers.erase(ann.id, reason="asked")
    assert "Nobody" not in repr(rows(one))
    one.run()
    one.book.create(CONTACTS, {"Name": "Ann Nobody", "Email": "ann@example.com"})
    one.run()
    assert customers(one) == []
    assert "Nobody" not in repr(rows(one))
    assert "ann@example.com" not in repr(rows(one))


@pytest.mark.parametrize("rule", ["unlink", "erase", "recreate"])
def test_a_record_deleted_there_is_treated_as_the_mapping_says(rule: str):
    """And the customer who stays does not make a second one when he is edited."""
    one = shop(on_remote_delete=rule)
    one.save("Ann", "ann@example.com")
    one.run()
    one.book.delete(CONTACTS, "1")
    one.run()
    quiet(one)
    assert len(one.theirs()) == (rule == "recreate")
    assert len(customers(one)) == (rule != "erase")
    for ann in customers(one):
        one.crm.customers.save(attrs.evolve(ann, name="Ann B."))
    one.run()
    assert [e.values["Name"] for e in one.theirs()] == ["Ann B."] * (rule == "recreate")


def test_what_a_merge_brought_along_is_not_undone_for_ever():
    """The field is theirs and empty there; the one who was merged has a value of his own."""
    fields = PLAIN["fields"] | {"industry": {"field": "Industry", "owner": "theirs"}}
    one = shop(fields=fields)
    ann = one.save("Ann", "ann@x.com")
    one.run()
    anne = one.save("Anne", industry="hotel")
    one.crm.customers.merge(ann.id, anne.id, reason="one person")
    one.run()
    quiet(one)


def test_what_is_sent_is_kept_beside_what_a_merge_brought_along():
    """One field of his goes out, another is theirs and shows again: a second run does nothing."""
    own = {"industry": {"field": "Industry", "owner": "theirs"}, "attributes.level": "Level"}
    one = shop(fields=PLAIN["fields"] | own)
    ann = one.save("Ann", "ann@x.com")
    one.run()
    anne = one.save("Anne", industry="hotel", custom={"level": 1})
    one.crm.customers.merge(ann.id, anne.id, reason="one person")
    one.run()
    assert one.theirs()[0].values["Level"] == 1
    quiet(one)


@pytest.mark.parametrize("owner", ["ask", "newest"])
def test_what_a_merge_brought_along_is_emptied_with_the_field_there(owner: str):
    """A field of the host's own does not show again here what is empty there by now."""
    fields = PLAIN["fields"] | {"attributes.level": {"field": "Level", "owner": owner}}
    one = shop(fields=fields)
    ann = one.save("Ann", "ann@x.com")
    anne = one.save("Anne", custom={"level": 1})
    one.crm.customers.merge(ann.id, anne.id, reason="one person")
    one.run()
    assert one.theirs()[0].values["Level"] == 1
    one.book.edit(CONTACTS, "1", Level=None)
    one.run()
    (customer,) = customers(one)
    assert customer.custom.get("level") is None
    assert one.theirs()[0].values["Level"] is None
    quiet(one)


def test_what_is_said_there_of_whoever_was_merged_here_is_not_lost():
    """His record was changed, and he is somebody now who has none: it is his at once."""
    one = shop(Fake(overlap=0.0))
    ann = one.save("Ann", "ann@x.com")
    one.run()
    anne = one.save("Anne")
    one.book.edit(CONTACTS, "1", Industry="hotel")
    one.crm.customers.merge(anne.id, ann.id, reason="one person")
    one.run()
    (customer,) = customers(one)
    (there,) = one.theirs()
    assert (customer.id, customer.industry) == (anne.id, "hotel")
    assert there.values["Industry"] == "hotel"
    quiet(one)


def test_a_stranger_is_not_taken_for_whoever_has_just_come_by_a_record():
    """One page tells of the record of somebody merged into her, and of another with her address."""
    one = shop(Fake(overlap=0.0))
    ann = one.save("Ann", "ann@x.com")
    one.run()
    anne = one.save("Anne", "anne@x.com")
    one.crm.customers.merge(anne.id, ann.id, reason="one person")
    one.book.edit(CONTACTS, "1", Industry="hotel")
    stranger = one.book.create(CONTACTS, {"Name": "Anne", "Email": "anne@x.com"})
    one.run()
    with one.crm.session.store.read() as reader:
        pairs = [(row[2], row[3]) for row in reader.scan(PAIR)]
    assert pairs == [(anne.id, "1")]
    assert [item.key for item in held(one)] == [stranger.id]


@pytest.mark.parametrize("edited", [False, True])
def test_what_somebody_is_asked_about_goes_along_with_a_merge(edited: bool):
    """The question is of the record there, and is answered for whoever has it now."""
    one = shop(fields=ASKED)
    ann = one.save("Ann", "ann@x.com", industry="retail")
    one.run()
    one.crm.customers.save(attrs.evolve(ann, industry="hotel"))
    one.book.edit(CONTACTS, "1", Industry="")
    one.run()
    anne = one.save("Anne", industry="hotel")
    one.crm.customers.merge(anne.id, ann.id, reason="one person")
    if edited:
        one.book.edit(CONTACTS, "1", Phone="+8613800001111")
    one.run()
    (asked,) = one.crm.sync.conflicts("crm")
    assert asked.key == anne.id
    one.crm.sync.resolve("crm", asked.id, take="ours")
    one.run()
    assert one.theirs()[0].values["Industry"] == "hotel"
    quiet(one)


def test_whoever_was_merged_away_waits_no_more():
    """He was refused, and is somebody else now."""
    one = shop()
    ann, long = one.save("Ann", "ann@x.com"), one.save("x" * 70, "long@x.com")
    one.run()
    assert len(held(one)) == 1
    one.crm.customers.merge(ann.id, long.id, reason="one person")
    one.run()
    assert held(one) == ()


@pytest.mark.parametrize("can", [CAN, CAN - {"merge"}])
def test_whose_record_was_deleted_there_takes_over_that_of_whom_is_merged_into_him(
    can: frozenset[str],
):
    """Nothing there is merged into what is gone, and nothing more is lost there."""
    one = shop(Fake(can=can))
    ann, bob = one.save("Ann", "ann@example.com"), one.save("Bob", "bob@example.com")
    one.run()
    one.book.delete(CONTACTS, "1")
    one.run()
    one.crm.customers.merge(ann.id, bob.id, reason="one person")
    one.run()
    assert [(entry.id, entry.values["Name"]) for entry in one.theirs()] == [("2", "Ann")]
    quiet(one)
    one.book.edit(CONTACTS, "2", Name="Anne")
    one.run()
    assert [customer.name for customer in customers(one)] == ["Anne"]
    assert held(one) == ()
    quiet(one)


@pytest.mark.parametrize("can", [CAN, CAN - {"fetch"}, CAN - {"if_unchanged"}])
@pytest.mark.parametrize("rule", ["unlink", "recreate"])
def test_what_a_record_told_before_it_was_taken_over_is_not_lost(can: frozenset[str], rule: str):
    """It came while the customer had a record of his own, which was told to be gone after it."""
    one = shop(Fake(can=can, overlap=0.0), on_remote_delete=rule)
    ann, bob = one.save("Ann", "ann@example.com"), one.save("Bob", "bob@example.com")
    one.run()
    one.crm.customers.merge(ann.id, bob.id, reason="one person")
    one.book.edit(CONTACTS, "2", Industry="hotel", Phone="+8613800001111")
    one.book.delete(CONTACTS, "1")
    one.run()
    (customer,), (there,) = customers(one), one.theirs()
    assert (customer.name, customer.industry) == ("Ann", "hotel")
    found = [there.values[name] for name in ("Name", "Industry", "Phone")]
    assert (there.id, found) == ("2", ["Ann", "hotel", "+8613800001111"])
    assert held(one) == ()
    quiet(one)


def test_a_merge_that_a_run_ended_before_is_gone_on_with_though_the_other_record_is_gone():
    """Nobody is changed here any more: what the record told is read in the same run."""
    one = shop(Fake(overlap=0.0))
    ann, bob = one.save("Ann", "ann@example.com"), one.save("Bob", "bob@example.com")
    one.run()
    one.crm.customers.merge(ann.id, bob.id, reason="one person")
    one.book.edit(CONTACTS, "2", Industry="hotel")
    with failing(one, "merge", SPENT):
        assert one.run().stopped
    one.book.delete(CONTACTS, "1")
    one.run()
    found = [(entry.id, entry.values["Name"]) for entry in one.theirs(Industry="hotel")]
    assert found == [("2", "Ann")]
    assert [customer.industry for customer in customers(one)] == ["hotel"]
    quiet(one)


def test_what_was_refused_of_a_record_is_refused_of_whoever_takes_it_over():
    """It is read again for him: else nobody would be told that it is not in step."""
    words = {"industry": {"field": "Industry", "values": {"shop": "retail"}}}
    one = shop(Fake(overlap=0.0), fields=PLAIN["fields"] | words)
    ann = one.save("Ann", "ann@example.com")
    one.run()
    one.book.edit(CONTACTS, "1", Industry="hotel")
    one.run()
    assert [item.key for item in held(one)] == [ann.id]
    anne = one.save("Anne")
    one.crm.customers.merge(anne.id, ann.id, reason="one person")
    one.run()
    assert [item.key for item in held(one)] == [anne.id]
    quiet(one)
    one.book.edit(CONTACTS, "1", Industry="retail")
    one.run()
    assert [customer.industry for customer in customers(one)] == ["shop"]
    assert held(one) == ()
    quiet(one)


def test_whose_making_was_put_off_takes_over_the_record_of_whom_is_merged_into_him():
    """None is made for him, though he is looked at before the merge is."""
    one = shop(Fake(can=CAN - {"upsert"}))
    ann = one.save("Ann", "ann@example.com")
    one.run()
    anne = one.save("Anne", "anne@example.com")
    with failing(one, "upsert", RetryLater("busy", after=1.0, kind="burst")):
        one.run()
    one.crm.customers.merge(anne.id, ann.id, reason="one")
    one.run()
    assert [(one.id, one.values["Name"]) for one in one.theirs()] == [("1", "Anne")]
    quiet(one)


def test_an_address_that_a_merge_took_along_there_is_disputed_until_somebody_says_whose_it_is():
    """The CRM does not tell of merges: one record is gone, another has come by its address."""
    one = shop(Fake(can=CAN - {"deleted_feed"}))
    ann, bob, cat = one.save("Ann", "ann@example.com"), one.save("Bob"), one.save("Cat")
    one.run()
    records = {entry.values["Name"]: entry.id for entry in one.theirs()}
    one.book.merge(CONTACTS, records["Bob"], records["Ann"])
    one.run()
    one.crm.customers.merge(cat.id, ann.id, reason="one")
    one.run()
    assert {entry.values["Name"] for entry in one.theirs(Email="ann@example.com")} == {"Bob", "Cat"}
    quiet(one)
    (disputed,) = one.crm.customers.collisions()
    assert disputed.identity.value == "ann@example.com"
    assert {one.crm.customers.get(bob.id).id} < {*disputed.customers}
    one.crm.customers.merge(bob.id, cat.id, reason="one")
    one.run()
    assert [entry.values["Name"] for entry in one.theirs(Email="ann@example.com")] == ["Bob"]
    assert one.crm.customers.collisions() == ()
    quiet(one)


@pytest.mark.parametrize("merged_here", [False, True])
def test_who_is_made_again_is_not_written_over_whose_record_there_has_come_by_his_address(
    merged_here: bool,
):
    """By his match the CRM would find the other's record: he waits until it is said whose it is."""
    one = shop(Fake(can=CAN - {"deleted_feed"}), on_remote_delete="recreate")
    ann, bob = one.save("Ann", "ann@example.com"), one.save("Bob")
    one.run()
    records = {entry.values["Name"]: entry.id for entry in one.theirs()}
    one.book.merge(CONTACTS, records["Bob"], records["Ann"])
    if merged_here:  # the address is whom he stood for's
        anne = one.save("Anne")
        one.crm.customers.merge(anne.id, ann.id, reason="one")
        ann = anne
    one.run()
    assert [(entry.values["Name"], entry.id) for entry in one.theirs()] == [("Bob", records["Bob"])]
    (waits,) = held(one)
    assert (waits.key, waits.side) == (ann.id, "theirs")
    assert waits.reason == f"email: ann@example.com is {bob.id}'s too: make it unique"
    quiet(one)
    (disputed,) = one.crm.customers.collisions()
    one.crm.customers.resolve(disputed.id, action="apart", reason="two")
    one.run()
    assert sorted(entry.values["Name"] for entry in one.theirs()) == [ann.name, "Bob"]
    assert held(one) == ()
    quiet(one)


def test_an_address_in_dispute_that_the_other_record_does_not_show_keeps_nobody_out():
    """Two bought with one address: whose it is goes over with it, the other without."""
    one = shop(Fake())
    bob = one.save("Bob")
    one.run()
    ann = one.save("Ann", "ann@example.com")
    one.crm.customers.save(attrs.evolve(bob, identities=[*bob.identities, *ann.identities]))
    assert len(one.crm.customers.collisions()) == 1
    one.run()
    assert {entry.values["Name"] for entry in one.theirs()} == {"Ann", "Bob"}
    assert held(one) == ()
    quiet(one)


@pytest.mark.parametrize("can", [CAN, CAN - {"fetch"}])
def test_where_a_merge_led_is_asked_for_once(can: frozenset[str], monkeypatch: pytest.MonkeyPatch):
    """It may lie where the credentials do not reach: what is not shown is not waited for."""
    one = shop(Fake(can=can, overlap=0))
    one.save("Ann", "ann@example.com")
    one.run()
    one.book.create(CONTACTS, {"Name": "Anna", "Email": "ann@example.com"})
    one.run()
    one.book.merge(CONTACTS, "2", "1")
    asked: list[str] = []
    one.fake.faults = asked.append
    if "fetch" in can:
        monkeypatch.setattr(one.fake, "fetch", lambda *_, **__: asked.append("fetch") or [])
    one.run()
    first = list(asked)
    asked.clear()
    one.save("Ann", "ann@example.com", industry="tea")
    one.run()
    assert first.count("fetch") == ("fetch" in can)
    assert asked.count("fetch") == 0
    assert asked.count("changes") <= first.count("changes")
