"""Coupons, discounts and gifts: one ledger, whoever gave them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crmkit.errors import CustomerNotFound, DecisionNotFound, InvalidValueError
from tests.lifecycle.firm import DAY, firm


@pytest.mark.row("R152")
def test_what_was_given_is_listed_with_its_worth_and_its_plan() -> None:
    """By a person or by the shop that captures it; newest first, and erasable like all else."""
    with firm() as shop:
        shop.buyer("ann", 30)
        shop.buyer("bob", 30)
        plan = shop.care.draft("ann", owner="lin")
        shop.note("ann", "note", 5, item="10 % off", attributes={"reward": "discount"})
        shop.note("ann", "note", 4, text="only a note")
        gift: dict[str, Any] = {"item": "tea set", "amount": "80.50", "currency": "CNY"}
        made = shop.care.reward("ann", "gift", plan_id=plan.id, **gift)
        assert shop.care.reward("ann", "gift", plan_id=plan.id, **gift) == made
        shop.care.reward("ann", "coupon", item="spring", at=shop.at(2))
        given = shop.care.rewards("ann")
        assert [(one.form, one.item) for one in given] == [
            ("gift", "tea set"),
            ("coupon", "spring"),
            ("discount", "10 % off"),
        ]
        assert given[0] == made
        assert (made.amount, made.currency, made.plan) == (Decimal("80.50"), "CNY", plan.id)
        assert shop.care.rewards("bob") == ()
        shop.crm.customers.merge("bob", "ann", reason="one man")
        assert len(shop.care.rewards("bob")) == 3
        with pytest.raises(CustomerNotFound):
            shop.care.rewards("ann")


def test_a_reward_does_not_raise_the_score() -> None:
    """What we gave is no value that the customer brought."""
    with firm() as shop:
        shop.buyer("ann", 30)
        before = shop.crm.value.score("ann").total
        shop.care.reward("ann", "gift", item="tea set", amount=Decimal(80), currency="CNY")
        assert shop.crm.value.score("ann").total == before


def test_what_was_given_stands_in_the_next_plan() -> None:
    """The summary of the stage before names it."""
    with firm() as shop:
        shop.buyer("ann", 30)
        shop.care.reward("ann", "gift", item="tea set")
        drafted = shop.care.draft("ann", owner="lin")
        assert "Given: gift tea set." in drafted.situation.last_stage


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("form", {"form": "bribe"}),
        ("item", {"item": " "}),
        ("currency", {"amount": 5}),
        ("amount", {"amount": -5, "currency": "CNY"}),
        ("at", {"at": None}),
    ],
)
def test_what_is_wrong_is_named(field: str, fields: dict[str, Any]) -> None:
    """And nothing is recorded."""
    with firm() as shop:
        shop.buyer("ann", 30)
        given = {"form": "gift", "item": "tea"} | fields
        if field == "at":
            given["at"] = shop.now + 9 * DAY
        with pytest.raises(InvalidValueError) as caught:
            shop.care.reward("ann", **given)
        assert vars(caught.value)["field"] == field
        shop.buyer("bob", 30)
        plan = shop.care.draft("bob", owner="lin")
        with pytest.raises(DecisionNotFound):
            shop.care.reward("ann", "gift", item="tea", plan_id=plan.id)
        assert shop.care.rewards("ann") == ()
