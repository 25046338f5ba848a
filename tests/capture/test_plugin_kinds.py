"""Kinds that a plugin declares go by the same rules as the core's."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import crmkit
from crmkit.contracts.specs import KindSpec
from crmkit.plugins import hookimpl
from crmkit.testing.plugins import manager_for
from tests.capture.kit import NOW, purchase
from tests.value.shop import DAY

SPEND = crmkit.Indicator(
    "spend", ("purchase", "clawback"), "sum", field="amount", half_life=10 * DAY, weight=1
)
MODEL = crmkit.ValueModel("1", (SPEND,), currency="CNY")


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    """A workspace with a plugin that takes money back in a way of its own."""
    specs = [KindSpec(name="clawback", negative=True), KindSpec(name="top_up")]
    plugin = SimpleNamespace(crmkit_touchpoint_kinds=hookimpl(lambda: specs))
    with crmkit.connect("memory://", plugins=manager_for(plugin), clock=lambda: NOW) as opened:
        opened.value.use(MODEL)
        yield opened


def raw(crm: crmkit.CRM) -> float:
    [score] = crm.value.scores()
    return score.parts[0].raw


def test_what_takes_money_back_is_negative(crm: crmkit.CRM) -> None:
    """A positive clawback is rejected, as a positive return is; other kinds may be positive."""
    records = [
        purchase(number, kind=kind, amount=amount)
        for number, (kind, amount) in enumerate(
            [("clawback", "0.01"), ("clawback", "-5"), ("clawback", "0"), ("top_up", "5")]
        )
    ]
    report = crm.capture(records, "shop")
    assert report.new == 3
    [rejected] = report.rejected
    assert (rejected.field, rejected.record["id"]) == ("amount", "o-0")
    assert rejected.reason.startswith("of a clawback must be negative or zero")


def test_a_correction_keeps_the_sign(crm: crmkit.CRM) -> None:
    """What capture would reject no correction brings in."""
    crm.capture([purchase(1, kind="clawback", amount="-5")], "shop")
    with pytest.raises(crmkit.InvalidValueError, match="amount of a clawback must be negative"):
        crm.touchpoints.correct("shop", "o-1", {"amount": "5"}, reason="wrong sign")


@pytest.mark.parametrize("first", ["purchase", "clawback"])
def test_it_is_aged_from_the_purchase_it_names(crm: crmkit.CRM, first: str) -> None:
    """The two cancel, whichever comes first, and folding anew changes nothing."""
    bought = purchase(1, at=NOW - 30 * DAY, amount="80")
    taken: dict[str, Any] = {"kind": "clawback", "at": NOW - DAY, "amount": "-80", "of": "o-1"}
    records = [bought, purchase(2, **taken)]
    for record in records if first == "purchase" else records[::-1]:
        assert crm.capture([record], "shop").new == 1
    assert raw(crm) == pytest.approx(0, abs=1e-9)
    crm.value.rebuild()
    assert raw(crm) == pytest.approx(0, abs=1e-9)
    crm.touchpoints.retract("shop", "o-1", reason="never happened")
    assert raw(crm) == pytest.approx(-80 * 2**-0.1)
