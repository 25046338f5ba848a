"""Whom to contact today: due by cadence, most pressing first, stable for the day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.care.anew import read_accounts
from crmkit.care.changes import Day
from crmkit.care.entries import entry_of, most_pressing, order
from crmkit.clock import DAY as DAY_MICROS
from crmkit.contracts.tables import CUSTOMER, STANDING
from crmkit.errors import InvalidValueError
from crmkit.lifecycle.cadence import MOST_OVERDUE, STEPS, most_overdue, overdue, queued
from crmkit.model.customer import Identity
from crmkit.stores import open_store
from crmkit.stores.memory import MemoryStore
from crmkit.stores.memory_transaction import MemoryReader
from crmkit.testing.rows import row
from tests.care.test_recent import Counting
from tests.lifecycle.firm import DAY, Firm, firm, plain

DAYS = {"key": {"ideal": 10, "worst": 20}, "core": {"ideal": 20, "worst": 40}} | {
    "base": {"ideal": 30, "worst": 60}
}


def ten(shop: Firm, *, contact: float = 35) -> None:
    """Save ten buyers, the first the best, all of them last called so many days ago."""
    for number in range(10):
        shop.buyer(f"c{number}", 100, 70, 50, amount=str(1000 - 90 * number))
        shop.note(f"c{number}", "call", contact)


@pytest.mark.row("R213", "R216")
def test_a_contact_falls_due_by_the_cadence_of_the_tier() -> None:
    """After 25 days the best and the next are due, the others not before 30."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop, contact=25)
        shop.lifecycle.advance()
        assert shop.listed() == ["c0", "c1"]
        assert len(shop.listed(day=shop.today + 4 * DAY)) == 2
        assert len(shop.listed(day=shop.today + 5 * DAY)) == 10


@pytest.mark.row("R220")
def test_value_lateness_and_fall_decide_the_order() -> None:
    """Priority is value x overdue x fall, and its factors are told."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.lifecycle.advance()
        items = shop.agenda()
        assert [item.priority for item in items] == sorted(
            (item.priority for item in items), reverse=True
        )
        for item in items:
            figures = item.facts
            worth = figures["value"] * (1 + figures["fall"] / 10) * figures["overdue"]
            assert item.priority == pytest.approx(worth, rel=1e-3)
        first = items[0]
        assert (first.customer_id, first.facts["overdue"]) == ("c0", 3.0)
        assert first.facts["ideal_days"] == 10
        assert first.facts["days_since_contact"] == 35


def test_any_real_touch_counts_and_a_machine_is_none() -> None:
    """A letter from the customer puts off the next contact; an automatic message does not."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.note("c5", "message_in", 3)
        shop.note("c6", "message_out", 3, attributes={"automatic": True})
        shop.note("c7", "purchase", 3, amount="10", currency="CNY")
        shop.note("c8", "message_out", 3, attributes={"automatic": "False"})
        shop.note("c9", "message_out", 3, attributes={"automatic": "yes"})
        for _ in range(2):  # as the log tells it, and as `advance` kept it
            listed = shop.listed()
            assert {"c5", "c8"}.isdisjoint(listed)
            assert {"c6", "c7", "c9"} <= set(listed)
            shop.lifecycle.advance()


def test_a_touch_recorded_after_the_last_advance_counts() -> None:
    """Who was called since is off the list at once, and who came since is on it when due."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.lifecycle.advance()
        shop.wait(1)
        shop.note("c3", "call")
        shop.note("c4", "meeting", 1)
        shop.buyer("new", 200, 100, amount="5000")
        listed = shop.listed()
        assert set(listed) == {f"c{n}" for n in (0, 1, 2, 5, 6, 7, 8, 9)} | {"new"}
        shop.wait(3)
        assert set(shop.listed()) == set(listed)


def test_a_touch_that_was_taken_back_does_not_count() -> None:
    """A call captured by mistake, taken back after the last advance, leaves the contact due."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.note("c3", "call", 2, id="wrong")
        shop.lifecycle.advance()
        assert "c3" not in shop.listed()
        shop.wait(1)
        shop.crm.touchpoints.retract("shop", "wrong", reason="another man")
        assert "c3" in shop.listed()


def test_the_list_needs_no_advance() -> None:
    """Where `advance` was never called the same customers are listed in the same order."""
    with firm(agenda={"cadence": DAYS}) as one, firm(agenda={"cadence": DAYS}) as other:
        ten(one)
        ten(other)
        one.lifecycle.advance()
        assert one.listed() == other.listed()
        assert len(one.listed()) == 10


def test_the_same_logs_give_the_same_list() -> None:
    """Two firms that were told the same in another order have equal agendas, word for word."""
    with firm(agenda={"cadence": DAYS}) as one, firm(agenda={"cadence": DAYS}) as other:
        names = [f"c{number}" for number in range(8)]
        for shop, order in ((one, names), (other, names[::-1])):
            for name in order:
                shop.save(name)
                for days in (90, 60, 40) if shop is one else (40, 90, 60):
                    amount = str(300 + 10 * int(name[1:]))
                    fields = {"id": f"{name}-{days}", "amount": amount, "currency": "CNY"}
                    shop.note(name, "purchase", days, **fields)
                shop.note(name, "complaint", 5, id=f"{name}-c")
            shop.lifecycle.advance()
        assert list(map(plain, one.agenda())) == list(map(plain, other.agenda()))


def test_changing_the_policy_changes_the_list_at_once(tmp_path: Path) -> None:
    """The figures kept under another policy are not used."""
    url = f"sqlite:///{tmp_path}/shop.db"
    with firm(url=url, agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.lifecycle.advance()
        assert len(shop.listed()) == 10
    longer = {"base": {"ideal": 50, "worst": 90}}
    with firm(url=url, agenda={"cadence": {**DAYS, **longer}}) as shop:
        assert shop.listed() == ["c0", "c1"]


def test_a_day_far_from_the_last_advance_is_worked_out_anew() -> None:
    """A past day is not answered with later ranks, nor a later one with ranks of long ago."""
    with firm(agenda={"cadence": DAYS}) as shop, firm(agenda={"cadence": DAYS}) as other:
        for one in (shop, other):
            ten(one)
        shop.lifecycle.advance()
        assert shop.care.as_of(shop.today) == shop.now
        past, before = shop.today, shop.listed()
        for one in (shop, other):
            one.wait(20)
            one.buy("c9", 15, 12, 10, amount="90000")
        shop.wait(-14)
        assert shop.care.as_of(shop.today) == shop.now - 6 * DAY  # still serves
        shop.wait(14)
        assert shop.care.as_of(shop.today) == shop.now.replace(hour=0)
        assert shop.listed()[0] == other.listed()[0] == "c9"
        shop.lifecycle.advance()
        assert shop.care.as_of(shop.today) == shop.now
        assert shop.care.as_of(shop.today + 30 * DAY) == shop.now
        assert shop.care.as_of(past).date() == past
        assert before[0] == "c0"
        assert shop.listed(day=past)[0] == "c0"
        assert shop.listed(day=past)[-1] == before[-1] == "c9"


# -- within a day ------------------------------------------------------------------------------


def figures(shop: Firm) -> list[object]:
    return [(item.id, item.due, item.priority, item.owner) for item in shop.agenda()]


def test_who_first_bought_today_is_listed_from_tomorrow_on() -> None:
    """Also where `advance` runs again in between, as every import ends with one."""
    with firm(agenda={"cadence": DAYS, "unowned": 3}) as shop:
        ten(shop)
        for name in ("early", "late"):
            shop.save(name)
            shop.note(name, "visit", 300)
        shop.lifecycle.advance()
        before = figures(shop)
        shop.wait(0.25)
        shop.buy("early", 0, amount="100000")
        shop.lifecycle.advance()
        assert figures(shop) == before
        shop.buy("late", 0, amount="100000")
        assert figures(shop) == before
        shop.wait(1)
        listed = set(shop.listed())
        assert "early" in listed
        assert "late" in listed
        shop.lifecycle.advance()
        assert {"early", "late"} <= set(shop.listed())


def test_a_past_day_knows_nothing_of_who_came_later() -> None:
    """Neither those who came since nor the tiers held since change whose contact was due."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop, contact=25)
        day, before = shop.today, figures(shop)
        assert len(before) == 2
        shop.wait(60)
        for number in range(40):
            shop.buyer(f"late{number}", 1, amount="9000")
        shop.buy("c9", 3, 2, 1, amount="90000")
        shop.lifecycle.advance()
        assert [
            (one.id, one.due, one.priority, one.owner) for one in shop.agenda(day=day)
        ] == before
        shop.wait(-60)
        assert figures(shop) == before


def test_the_list_is_stable_within_a_day() -> None:
    """Other people's orders, complaints and calls, and another advance, move nobody up or down."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.save("quiet")
        shop.note("quiet", "call", 300)
        shop.lifecycle.advance()
        first = figures(shop)
        shop.wait(0.1)
        shop.buy("c9", 0, amount="90000")
        shop.note("c8", "complaint")
        shop.buyer("rich", 0, amount="80000")
        shop.note("rich", "call")
        shop.note("quiet", "call")
        assert figures(shop) == first
        shop.wait(0.1)
        shop.lifecycle.advance()
        assert figures(shop) == first


def test_what_is_done_leaves_the_list_and_nobody_moves_up() -> None:
    """Lin can make three contacts a day: with one done, two are left."""
    with firm(agenda={"cadence": DAYS}) as shop:
        for number in range(6):
            shop.buyer(f"c{number}", 100, 70, 50, amount=str(900 - 90 * number), owner="lin")
            shop.note(f"c{number}", "call", 90)
        shop.lifecycle.advance()
        items = shop.agenda(owner="lin")
        assert [item.customer_id for item in items] == ["c0", "c1", "c2"]
        shop.care.done(items[1], outcome="spoke about tea")
        assert shop.listed(owner="lin") == ["c0", "c2"]
        shop.wait(0.2)
        shop.lifecycle.advance()
        assert shop.listed(owner="lin") == ["c0", "c2"]
        shop.wait(1)
        assert shop.listed(owner="lin") == ["c0", "c2", "c3"]


def test_each_is_given_what_he_can_do() -> None:
    """Lin can make three, Wang two; those without an owner come up to the limit."""
    with firm(agenda={"cadence": DAYS, "unowned": 4}) as shop:
        for owner in ("lin", "wang", None):
            for number in range(6):
                shop.buyer(f"{owner}{number}", 100, 70, 50, owner=owner)
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
            owners = [item.owner for item in shop.agenda()]
            assert sorted(owners, key=str) == [None] * 4 + ["lin"] * 3 + ["wang"] * 2
            assert len(shop.agenda(limit=5)) == 5
            assert len(shop.agenda(owner="lin", limit=2)) == 2
            assert len(shop.agenda(owner="wang", limit=9)) == 2
        with pytest.raises(InvalidValueError):
            shop.agenda(limit=-1)


# -- who is left out ---------------------------------------------------------------------------


def test_who_is_left_out() -> None:
    """Ended relationships, the firm's own departments and prospects are not on the agenda."""
    with firm(agenda={"cadence": DAYS}) as shop:
        for name in ("ann", "bob"):
            shop.buyer(name, 100, 90)
        shop.buyer("desk", 100, 90, internal=True)
        shop.buyer("gone", 100, 90, unreachable=True, identities=())
        shop.save("asker")
        shop.note("asker", "visit", 90)
        ending = shop.lifecycle.end("bob", reason="broke_rules", by="lin")
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
                shop.wait(1)
            assert set(shop.listed()) == {"ann", "bob"}
        shop.lifecycle.approve(ending.id, by="boss")
        assert shop.listed() == ["ann"]
        shop.lifecycle.advance()
        assert shop.listed() == ["ann"]


def test_prospects_are_contacted_where_the_policy_says_so() -> None:
    """With ``prospects = true`` who never bought is on the agenda too."""
    with firm(agenda={"cadence": DAYS, "prospects": True}) as shop:
        shop.save("asker")
        shop.note("asker", "visit", 90)
        assert shop.listed() == ["asker"]
        shop.lifecycle.advance()
        assert shop.listed() == ["asker"]


@pytest.mark.parametrize("member", [False, True])
def test_who_buys_for_the_first_time_is_listed_at_once(member: bool) -> None:
    """A prospect of the last `advance` comes on the list by what he buys, with what he asked."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.save("tea", kind="organisation")
        shop.save("asker", parent="tea" if member else None)
        shop.note("asker", "suggestion", 5)
        shop.lifecycle.advance()
        shop.note("asker", "login")
        assert shop.listed() == []
        shop.wait(1)
        shop.buy("asker", 0.9)
        assert shop.listed() == ["tea" if member else "asker"]


def test_older_history_imported_since_counts() -> None:
    """Whom nobody ever talked to is due from the first that is known of him, whenever it came."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.buyer("new", 2)
        shop.lifecycle.advance()
        shop.buy("new", 1)
        assert shop.listed() == []
        shop.buy("new", 300)
        assert shop.listed() == ["new"]


def test_a_merged_customer_is_one_contact() -> None:
    """Two records of one man are listed once, and a call to either counts."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.buyer("ann", 100, 90)
        shop.buyer("anna", 100, 90)
        shop.lifecycle.advance()
        assert set(shop.listed()) == {"ann", "anna"}
        shop.wait(1)
        shop.crm.customers.merge("ann", "anna", reason="one woman")
        assert shop.listed() == ["ann"]
        shop.note("anna", "call")
        assert shop.listed() == []


def test_an_organisations_people_are_one_contact() -> None:
    """A call to one employee counts for the whole; the item names who said what."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.save("acme", kind="organisation", owner="lin")
        shop.buyer("mei", 100, 80, parent="acme")
        shop.buyer("tom", 100, 60, parent="acme")
        shop.buyer("out", 100, 60)
        shop.note("tom", "complaint", 20, text="too late")
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
            assert set(shop.listed()) == {"acme", "out"}
            item = shop.item("acme")
            assert item.owner == "lin"
            assert item.about[0].en == "Tom: complaint: too late"
            assert item.about[0].zh == "Tom:投诉:too late"
        shop.wait(1)
        shop.note("mei", "call")
        assert shop.listed() == ["out"]
        shop.wait(25)
        shop.lifecycle.advance()
        assert "acme" in shop.listed(day=shop.today + 10 * DAY)


def test_who_leaves_an_organisation_takes_his_contacts_along() -> None:
    """What was said to him counts for it no longer, be it that he went, or is another's man."""
    for merged in (False, True):
        with firm(agenda={"cadence": DAYS}) as shop:
            shop.save("acme", kind="organisation")
            shop.buyer("mei", 100, parent="acme")
            shop.buyer("tom", 100, parent="acme")
            shop.buyer("tommy", 100, parent=shop.save("other", kind="organisation"))
            shop.note("tom", "call", 2)
            shop.note("tommy", "call", 2)
            shop.lifecycle.advance()
            assert shop.listed() == []
            shop.wait(1)
            if merged:
                shop.crm.customers.merge("tommy", "tom", reason="one man")
            else:
                tom = shop.crm.customers.get("tom")
                shop.crm.customers.save(attrs.evolve(tom, parent="other"))
            assert shop.listed() == ["acme"]


class Compared(str):
    """An id that counts how often it is compared with another."""

    __slots__ = ()
    count = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Compared.count += 1
        return str.__eq__(self, other)


def test_an_organisation_of_many_is_gathered_in_one_pass() -> None:
    """Of twice as many people nobody is looked at more often: ten thousand take a moment."""
    people = [Compared(f"c{number:04}") for number in range(2000)]
    store = open_store("memory://")
    with store.write() as writer:
        writer.append(CUSTOMER, [row(CUSTOMER, id="acme", root="acme")])
        writer.append(CUSTOMER, [row(CUSTOMER, id=one, root=one, parent="acme") for one in people])
    with store.read() as reader:
        Compared.count = 0
        members = read_accounts(reader, ["acme"]).members
    assert members == {"acme": ["acme", *people]}
    assert Compared.count < 200 * len(people)


def test_an_answer_to_one_of_an_organisation_settles_what_another_said() -> None:
    """What was done about the organisation's item is done: it does not come back day by day."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.save("acme", kind="organisation", owner="lin")
        shop.buyer("mei", 100, 80, parent="acme")
        shop.buyer("tom", 100, 60, parent="acme")
        shop.note("tom", "complaint", 20, text="too late")
        shop.lifecycle.advance()
        item = shop.item("acme")
        assert item.why[0].code == "open_complaint"
        shop.crm.care.done(item, outcome={"kind": "call", "text": "sorry"})
        for ready in (False, True):
            shop.wait(1)
            if ready:
                shop.lifecycle.advance()
            assert shop.listed() == []
        shop.note("mei", "complaint", text="again")
        shop.wait(3)
        assert [reason.code for reason in shop.item("acme").why] == ["open_complaint"]


def test_a_merged_customer_keeps_the_account_manager_and_the_organisation_that_are_known() -> None:
    """What the keeper's own record does not say is said by the other one, as `get` shows it."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.save("acme", kind="organisation")
        shop.buyer("ann", 100)
        shop.buyer("anna", 100, owner="lin", internal=True)
        shop.buyer("bob", 100, owner="wang")
        shop.buyer("bobby", 100, owner="lin", parent="acme")
        shop.lifecycle.advance()
        shop.wait(1)
        for keep, drop in (("ann", "anna"), ("bob", "bobby")):
            shop.crm.customers.merge(keep, drop, reason="one person")
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
            assert {item.customer_id: item.owner for item in shop.agenda()} == {
                "ann": "lin",
                "acme": None,
            }
            assert shop.listed(owner="lin") == ["ann"]


def test_a_new_organisation_goes_by_the_best_of_its_people_at_once() -> None:
    """Its item is due the same day whether or not `advance` has run since it was written down."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.lifecycle.advance()
        shop.save("acme", kind="organisation")
        for name in ("c9", "c0"):
            shop.save(name, parent="acme")
        shop.wait(1)
        before = shop.item("acme")
        shop.lifecycle.advance()
        after = shop.item("acme")
        assert before.due == after.due
        assert before.facts["ideal_days"] == after.facts["ideal_days"] == 10


def test_a_new_organisation_counts_the_deepest_fall_of_its_people_at_once() -> None:
    """Also where the best of them did not fall: its place is the one that `advance` gives it."""
    with firm(agenda={"cadence": DAYS}) as shop:
        ten(shop)
        shop.buyer("best", *range(2, 200, 7), amount="900000")
        shop.buyer("fallen", *range(100, 220, 4), amount="5000")
        shop.note("fallen", "call", 35)
        shop.lifecycle.advance()
        shop.save("acme", kind="organisation")
        for name in ("best", "fallen"):
            shop.save(name, parent="acme")
        shop.wait(1)
        before = shop.item("acme").facts
        shop.lifecycle.advance()
        after = shop.item("acme").facts
        assert before["fall"] > 5
        for fact in ("value", "fall"):
            assert before[fact] == pytest.approx(after[fact], abs=1.5)


def test_organisations_in_a_circle_are_one_contact() -> None:
    """Records may say so, and a merge may make it so: nobody is lost, and the list goes on."""
    with firm(agenda={"cadence": DAYS}) as shop:
        for name in ("ann", "bob", "cat"):
            shop.buyer(name, 100)
        shop.save("bob", parent="ann")
        shop.save("ann", parent="bob")
        shop.save("top", kind="organisation")
        shop.save("sub", kind="organisation", parent="top")
        shop.buyer("mei", 100, parent="sub")
        shop.buyer("zoe", 100, parent="mei")
        assert set(shop.listed()) == {"ann", "cat", "top"}
        shop.lifecycle.advance()
        assert set(shop.listed()) == {"ann", "cat", "top"}
        shop.wait(1)
        shop.crm.customers.merge("mei", "top", reason="typed into the wrong field")
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
            assert set(shop.listed()) == {"ann", "cat", "mei"}
        shop.care.done(shop.item("ann"), outcome={"kind": "call"})
        shop.wait(1)
        assert set(shop.listed()) == {"cat", "mei"}


def test_an_organisations_item_tells_the_figures_of_its_people() -> None:
    """Its place in the list rests on the best of them and on who fell: so do reasons and facts."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.save("acme", kind="organisation", owner="lin")
        drifting = [float(days) for days in range(150, 400, 20)]
        shop.buyer("tom", 60, parent="acme", amount="10")
        shop.buyer("mei", *drifting, parent="acme", amount="5000")
        shop.buyer("out", *drifting, amount="5000")
        for number in range(8):
            shop.buyer(f"c{number}", 50, amount="10")
        for name in ("mei", "out"):
            shop.note(name, "call", 35)
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
            whole, alone = shop.item("acme"), shop.item("out")
            assert whole.why[0].code == "falling"
            assert whole.why[0] == alone.why[0]
            for fact in ("value", "fall"):
                assert whole.facts[fact] == alone.facts[fact] > 0
            assert "core customers are contacted every 20 days" in alone.why[1].en
            weight = alone.priority / alone.facts["overdue"]
            assert whole.priority == pytest.approx(weight * whole.facts["overdue"], rel=1e-3)


# -- what is said ------------------------------------------------------------------------------


def words(shop: Firm, name: str) -> dict[str, tuple[str, str]]:
    return {reason.code: (reason.en, reason.zh) for reason in shop.item(name).why}


@pytest.mark.row("R213")
def test_reasons_in_both_languages() -> None:
    """Due, overdue and never contacted are told apart, in English and in Chinese."""
    with firm(agenda={"cadence": DAYS}) as shop:
        for number in range(10):
            shop.buyer(f"c{number}", 100, 50, amount=str(1000 - number))
        for name, days in (("c7", 35), ("c8", 70)):
            shop.note(name, "call", days)
        shop.lifecycle.advance()
        assert words(shop, "c7")["due"] == (
            "not contacted for 35 days; base customers are contacted every 30 days",
            "已有35天没有联系,普通客户每30天需要联系一次",
        )
        words_of_overdue = (
            "not contacted for 70 days, longer than the 60 days at most: "
            "such a gap lets competitors in"
        )
        assert words(shop, "c8")["overdue"] == (
            words_of_overdue,
            "已有70天没有联系,超过最长60天,要防止竞争对手见缝插针",
        )
        assert words(shop, "c9")["never_contacted"] == (
            "known for 100 days, and nobody has talked to him yet",
            "认识100天以来从未联系,需要联系",
        )


def test_falling_and_rising_name_their_causes() -> None:
    """A fall that the rhythm does not explain, and a rise, come with points and indicators."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.buyer("fan", *range(100, 300, 10), amount="900")
        shop.buyer("star", 80, 60, 40, 20, 10, amount="900")
        shop.lifecycle.advance()
        falling = words(shop, "fan")["falling"]
        assert falling[0].startswith("drifting away: his score fell unexpectedly by ")
        assert "purchase" in falling[0]
        assert falling[1].startswith("客户正在远离企业:综合值意外下降")
        rising = words(shop, "star")["rising"]
        assert rising[0].startswith("coming near: his score rose by ")
        assert rising[1].startswith("客户正在走近企业:综合值上升")
        assert shop.item("fan").facts["fall"] > 5


def test_an_open_complaint_is_due_before_the_cadence() -> None:
    """A complaint waits two days at most; our answer settles it, his own call does not."""
    with firm(agenda={"cadence": DAYS}) as shop:
        shop.buyer("ann", 20, 10)
        shop.note("ann", "call", 8)
        shop.note("ann", "complaint", 3, text="cold tea")
        shop.note("ann", "call", 2.5, direction="in")
        for ready in (False, True):
            if ready:
                shop.lifecycle.advance()
            item = shop.item("ann")
            assert item.why[0].code == "open_complaint"
            assert item.why[0].zh == "3天前的投诉尚未答复"
            assert (item.about[0].code, item.about[0].en) == ("open", "complaint: cold tea")
            assert item.about[0].touchpoint == ("shop", "r4")
        shop.wait(1)
        shop.note("ann", "call", text="we said sorry")
        assert shop.listed() == []
        shop.wait(1)
        assert shop.listed() == []


def test_the_lines_of_one_order_are_one_matter() -> None:
    """An order of five lines is told once, with its first items and what was paid in all."""
    with firm() as shop:
        shop.save("ann")
        for number in range(5):
            fields = {"amount": "10.50", "currency": "CNY", "item": f"tea {number}"}
            shop.note("ann", "purchase", 300, **fields)
        shop.note("ann", "call", 299, text="arrived well")
        assert [matter.en for matter in shop.item("ann").about] == [
            "call: arrived well",
            "bought: tea 4, tea 3, tea 2, +2, 52.50 CNY",
        ]


def test_dates_coming_up() -> None:
    """A birthday and a date of the host's own within a fortnight are worth a word."""
    with firm(agenda={"cadence": DAYS}) as shop:
        soon = shop.today + timedelta(days=14)
        later = shop.today + timedelta(days=15)
        shop.buyer("ann", 100, birthday=soon.replace(year=1980))
        shop.buyer("bob", 100, birthday=later.replace(year=1980))
        shop.buyer("cat", 100, custom={"contract_ends": soon.isoformat(), "colour": "red"})
        assert words(shop, "ann")["birthday"] == (
            "birthday on 15 January",
            "1月15日生日,祝您生日快乐",
        )
        assert "birthday" not in words(shop, "bob")
        assert words(shop, "cat")["date"] == (
            "contract ends on 15 January",
            "1月15日:contract_ends",
        )
        assert [m.code for m in shop.item("cat").about] == ["coming", "last"]


def test_the_channel_is_what_he_prefers_then_what_reached_him_then_what_is_known() -> None:
    """Preference, the last touch between two people, and the keys at hand, in this order."""
    with firm(agenda={"cadence": DAYS}) as shop:
        phone = (Identity("phone", "+8613800138000"), Identity("email", "d@x.org"))
        shop.buyer("ann", 100, preferred_channel="wechat")
        shop.buyer("bob", 100)
        shop.note("bob", "message_in", 90, channel="sms")
        shop.buyer("cat", 100)
        shop.note("cat", "meeting", 90)
        shop.buyer("dan", 100, identities=phone)
        shop.buyer("eve", 100)
        assert {item.customer_id: item.channel for item in shop.agenda()} == {
            "ann": "wechat",
            "bob": "sms",
            "cat": "meeting",
            "dan": "phone",
            "eve": "email",
        }


@pytest.mark.parametrize(
    "section",
    [
        {"cadence": {"gold": {"ideal": 1, "worst": 2}}},
        {"cadence": {"key": {"ideal": 5, "worst": 5}}},
        {"timezone": "Mars/Olympus"},
        {"cadense": {}},
        {"answer_days": -1},
    ],
)
def test_a_wrong_policy_is_told(section: dict[str, object]) -> None:
    """A setting that makes no sense is a ConfigError that names it."""
    from crmkit.errors import ConfigError  # noqa: PLC0415

    with pytest.raises(ConfigError, match="agenda"), firm(agenda=section):
        pass


def test_days_begin_in_the_zone_of_the_policy() -> None:
    """In Shanghai a call at 23:30 UTC was made on the next day."""
    with firm(agenda={"cadence": DAYS, "timezone": "Asia/Shanghai"}) as shop:
        shop.buyer("ann", 100)
        shop.now = shop.now.replace(hour=23, minute=30)
        tomorrow = shop.today + DAY
        shop.note("ann", "call")
        assert shop.listed(day=shop.today) == ["ann"]
        assert shop.listed(day=tomorrow) == []


@given(
    st.integers(-400 * DAY_MICROS, 400 * DAY_MICROS),
    st.integers(1, 90 * DAY_MICROS),
    st.integers(1, 400 * DAY_MICROS),
    st.integers(0, 8 * DAY_MICROS),
)
def test_lateness_is_at_most_what_the_place_in_the_queue_says(
    due: int, ideal: int, spread: int, later: int
) -> None:
    """Whoever is read last in a queue, days after it was put together, is not more pressing."""
    place = queued(due, ideal, ideal + spread, 0)
    assert place == 0 if due >= 0 else 1 <= place <= STEPS + 1
    most = most_overdue(max(place, 1), later / spread)
    assert overdue(due, ideal, ideal + spread, later) <= most <= MOST_OVERDUE


def test_of_those_about_as_late_the_heaviest_are_read() -> None:
    """Hundreds who are due a day need not be read to find the ten most pressing of them."""
    rows = [
        row(
            STANDING,
            customer=f"c{n:03}",
            weight=50.0 + n / 10,
            queue=queued(due, 30 * DAY_MICROS, 60 * DAY_MICROS, 0),
            due=due,
            ideal=30 * DAY_MICROS,
            worst=60 * DAY_MICROS,
        )
        for n in range(400)
        for due in [-(n * 7 % 100) * DAY_MICROS - 1]
    ]
    store = MemoryStore()
    with store.write() as writer:
        writer.put(STANDING, rows)
    wanted = order(map(entry_of, rows), 0)[:10]
    with store.read() as reader:
        assert isinstance(reader, MemoryReader)
        counting = Counting(reader.version, reader.seq)
        assert most_pressing(counting, None, 10, Day(0, 0, 0), 0.0, set()) == wanted
        assert counting.given < 40
    store.close()
