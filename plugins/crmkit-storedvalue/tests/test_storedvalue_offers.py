"""What the plugin offers, and what it does to a score."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from crmkit_storedvalue import hooks

import crmkit
from crmkit.testing.plugins import check_installed, manager_for

Record = Callable[..., dict[str, Any]]


def points(crm: crmkit.CRM) -> dict[str, float | None]:
    """Give the only customer's points, None where an indicator does not apply to him."""
    (score,) = crm.value.scores()
    return {
        part.indicator: None if part.state == "not_applicable" else part.points
        for part in score.parts
    }


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and every hook answers as it should."""
    assert check_installed("crmkit-storedvalue").hooks == (
        "crmkit_commands",
        "crmkit_indicators",
        "crmkit_stage_rules",
        "crmkit_touchpoint_kinds",
    )


def test_both_kinds_are_named_in_both_languages():
    """Whoever reads a report meets the essay's own words."""
    kinds = manager_for(hooks).touchpoint_kinds()
    assert {name: (kind.en, kind.zh) for name, kind in kinds.items()} == {
        "card_topup": ("Card top-up", "储值卡充值"),
        "card_payment": ("Card payment", "储值卡消费"),
    }


def test_who_has_no_card_is_not_judged_by_one(crm: crmkit.CRM, record: Record):
    """Others' cards cost somebody without one no points."""
    crm.capture([record("purchase", "80")], source="till")
    (alone,) = crm.value.scores()
    crm.capture([record("card_topup", "500", customer={"member": "m2"})], source="till")
    assert crm.value.score(alone.customer_id).total == pytest.approx(alone.total)


def test_money_on_the_card_earns_points(crm: crmkit.CRM, record: Record):
    """500 on the card is half of the points, by the indicator's scale."""
    crm.capture([record("card_topup", "500")], source="till")
    assert points(crm)["card_balance"] == pytest.approx(50)


def test_what_is_spent_earns_none(crm: crmkit.CRM, record: Record):
    """An empty card is a card, and no balance."""
    spent = [record("card_topup", "500", ago=9), record("card_payment", "-500")]
    crm.capture(spent, source="till")
    assert points(crm)["card_balance"] == 0
    assert points(crm)["card_topups"] > 0


@pytest.mark.parametrize(("ago", "stage"), [(59, "development"), (61, "retention")])
def test_an_idle_card_is_a_reason_to_call(crm: crmkit.CRM, record: Record, ago: int, stage: str):
    """Who paid in advance and fell silent is held on to after two months."""
    bought = record("purchase", "80", ago=ago + 1), record("card_topup", "500", ago=ago)
    crm.capture(bought, source="till")
    (score,) = crm.value.scores()
    for _ in range(2):  # the first advance finds a customer, the second a silent one
        crm.lifecycle.advance()
    found = crm.lifecycle.stage(score.customer_id)
    assert found.name == stage
    assert ("topped up 1 times" in found.reason) == (stage == "retention")


def test_time_alone_lets_the_balance_fade(crm: crmkit.CRM, record: Record, noon: datetime):
    """Money that has lain for two years counts half."""
    crm.capture([record("card_topup", "500")], source="till")
    (score,) = crm.value.scores(at=noon + timedelta(days=730))
    raw = {part.indicator: part.raw for part in score.parts}
    assert raw["card_balance"] == pytest.approx(250)
