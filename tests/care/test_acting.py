"""Done, put off, handed over: what people do with their items."""

from __future__ import annotations

from datetime import date

import pytest

from crmkit.errors import CustomerNotFound, DecisionNotFound, InvalidValueError
from tests.lifecycle.firm import DAY, Firm, firm


def two(shop: Firm) -> None:
    """Save two buyers whom nobody called for long."""
    for name in ("ann", "bob"):
        shop.buyer(name, 400, 300, owner="lin")
        shop.note(name, "call", 380)
    shop.lifecycle.advance()


def test_an_outcome_is_a_touchpoint() -> None:
    """It was typed, its id is the item's, and the next contact counts from it."""
    with firm() as shop:
        two(shop)
        item = shop.item("ann")
        assert item.id == f"ann:{item.due.isoformat()}"
        outcome = {"kind": "meeting", "text": "likes green tea", "rating": 9}
        shop.care.done(item, outcome=outcome, by="lin")
        (made,) = list(shop.crm.touchpoints.of("ann", kinds=["meeting"]))
        assert (made.source, made.id, made.origin) == ("agenda", item.id, "typed")
        assert (made.text, made.rating, made.at) == ("likes green tea", 9, shop.now)
        shop.wait(10)
        assert shop.listed() == ["bob"]
        shop.wait(80)
        shop.lifecycle.advance()
        assert "overdue" in [
            reason.code for reason in shop.item("ann", day=shop.today + 90 * DAY).why
        ]


def test_doing_it_twice_is_doing_it_once() -> None:
    """A second click records nothing, and another outcome for the same item is refused."""
    with firm() as shop:
        two(shop)
        item = shop.item("ann")
        shop.care.done(item.id, outcome={"kind": "call", "text": "hello", "at": shop.now})
        shop.care.done(item.id, outcome={"kind": "call", "text": "hello", "at": shop.now})
        assert len(list(shop.crm.touchpoints.of("ann", kinds=["call"]))) == 2
        shop.now += DAY / 24 / 3600
        shop.care.done(item.id, outcome={"kind": "call", "text": "hello"})
        assert len(list(shop.crm.touchpoints.of("ann", kinds=["call"]))) == 2
        with pytest.raises(InvalidValueError, match=r"is done already.*text is 'goodbye'"):
            shop.care.done(item.id, outcome={"kind": "call", "text": "goodbye"})


def test_a_note_is_no_contact() -> None:
    """An outcome must be contact, else the item would come back tomorrow."""
    with firm() as shop:
        two(shop)
        with pytest.raises(InvalidValueError) as caught:
            shop.care.done(shop.item("ann"), outcome={"kind": "note", "text": "nobody home"})
        assert caught.value.field == "kind"
        assert set(shop.listed()) == {"ann", "bob"}


def test_a_promise_is_kept() -> None:
    """The day we promised to be in touch again comes before the cadence, and says why."""
    with firm() as shop:
        two(shop)
        day = shop.today + 7 * DAY
        shop.care.done(shop.item("ann"), outcome={"text": "call again", "follow_up": day})
        shop.wait(6)
        assert shop.listed() == ["bob"]
        shop.wait(1)
        for _ in range(2):
            item = shop.item("ann")
            assert (item.why[0].code, item.due) == ("promised", day)
            assert item.why[0].zh == "约定1月8日联系"
            shop.lifecycle.advance()
        shop.care.done(item, outcome="as promised")
        shop.wait(1)
        assert shop.listed() == ["bob"]


def test_putting_off() -> None:
    """It leaves the list until its day; a call in between settles it."""
    with firm() as shop:
        two(shop)
        shop.care.snooze(shop.item("ann"), shop.today + 3 * DAY)
        shop.care.snooze(shop.item("bob"), shop.today + 3 * DAY)
        assert shop.listed() == []
        shop.wait(2)
        shop.note("bob", "call")
        assert shop.listed() == []
        shop.wait(1)
        assert shop.listed() == ["ann"]
        assert "snoozed" in [reason.code for reason in shop.item("ann").why]


def test_handing_over() -> None:
    """The contact is the other's until he has made it; then the account manager's again."""
    with firm() as shop:
        two(shop)
        shop.care.reassign(shop.item("ann"), "wang")
        assert shop.listed(owner="lin") == ["bob"]
        assert shop.listed(owner="wang") == ["ann"]
        assert {item.customer_id: item.owner for item in shop.agenda()} == {
            "ann": "wang",
            "bob": "lin",
        }
        shop.wait(1)
        for _ in range(2):
            assert shop.listed(owner="wang") == ["ann"]
            shop.lifecycle.advance()
        shop.care.done(shop.item("ann", owner="wang"), outcome="hello")
        shop.wait(365)
        shop.lifecycle.advance()
        assert set(shop.listed(owner="lin")) == {"ann", "bob"}


def test_what_is_wrong_is_told() -> None:
    """An item that is none, a day that has passed, and somebody who is not there."""
    with firm() as shop:
        two(shop)
        item = shop.item("ann")
        with pytest.raises(DecisionNotFound):
            shop.care.snooze("nonsense", shop.today + DAY)
        with pytest.raises(CustomerNotFound):
            shop.care.snooze("nobody:2026-01-01", shop.today + DAY)
        for day in (shop.today, date(2020, 1, 1)):
            with pytest.raises(InvalidValueError):
                shop.care.snooze(item, day)
        with pytest.raises(InvalidValueError):
            shop.care.reassign(item, "stranger")
