"""A stage that nobody recorded: one customer measured, and judged as among everybody."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest

from crmkit.lifecycle import history
from crmkit.lifecycle.namespace import Lifecycle
from crmkit.lifecycle.rules import Ruleset, default_rules
from crmkit.model.lifecycle import StageRule
from tests.lifecycle.firm import Firm, firm

NAMES = [f"c{number:02d}" for number in range(30)]
DAYS_AGO = (0, 75, 160, 320, 700)


def fill(shop: Firm) -> None:
    """Let some buy in a rhythm and some once or twice, complain, be called, and be merged."""
    rnd = random.Random(14)
    records: list[dict[str, Any]] = []
    for name in NAMES:
        shop.save(name)
        times = rnd.choice((0, 1, 1, 2, 2, 3, 6, 9))
        money = {"amount": rnd.randrange(20, 3_000), "currency": "CNY"}
        records += ({"kind": "purchase", "customer": name, **money} for _ in range(times))
        others = [kind for kind in ("complaint", "visit", "call") if rnd.random() < 0.5]
        records += ({"kind": kind, "customer": name} for kind in others)
    for number, record in enumerate(records):
        record |= {"id": f"f{number}", "at": shop.at(rnd.uniform(1, 600))}
    assert shop.crm.capture(records, "shop").new == len(records)
    shop.crm.customers.merge(NAMES[1], NAMES[2], reason="the same person")
    shop.crm.touchpoints.retract("shop", "f5", reason="a test order")


def by_rules(lifecycle: Lifecycle, *more: StageRule) -> Lifecycle:
    rules = Ruleset.of([*more, *default_rules()])
    return attrs.evolve(lifecycle, guide=attrs.evolve(lifecycle.guide, rules=rules))


def test_one_is_judged_as_among_everybody() -> None:
    """A rule that asks for ranks has everybody measured; it never holds, so all stays the same."""
    never = StageRule(name="never", to="churned", when={"tier": {"is": "no such tier"}})
    with firm() as shop:
        fill(shop)
        among_all = by_rules(shop.lifecycle, never)
        seen = set()
        for name in set(NAMES) - {NAMES[2]}:
            for days in DAYS_AGO:
                found = shop.lifecycle.stage(name, shop.at(days))
                assert found == among_all.stage(name, shop.at(days)), (name, days)
                seen.add(found.rule)
    assert {"fell_unexpectedly", "first_purchase", "regular", "silent_for_long", None} <= seen


def test_everybody_is_measured_only_where_that_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a rhythm of his own nearly nobody's stage hangs on that of his tier."""
    real, everybody = history.measure_all, []

    def measure_all(*args: Any) -> Any:
        if len(args) < 5:
            everybody.append(args)
        return real(*args)

    monkeypatch.setattr(history, "measure_all", measure_all)
    with firm() as shop:
        fill(shop)
        for name in NAMES[3:]:
            for days in DAYS_AGO:
                shop.lifecycle.stage(name, shop.at(days))
    assert 0 < len(everybody) < len(NAMES) * len(DAYS_AGO) / 8


def test_a_reason_may_name_the_tier() -> None:
    """What rests on ranks is that of everybody, also where no rule tests it."""
    tells = StageRule(
        name="tells", to="maintenance", when={"purchases": {"min": 1}}, reason="of tier {tier}"
    )
    with firm() as shop:
        fill(shop)
        shop.buyer("small", 50, amount="1")
        assert by_rules(shop.lifecycle, tells).stage("small").reason == "of tier base"


def test_complaints_to_whoever_was_merged_count_until_they_are_taken_back() -> None:
    """Only his own log is read: all of it, and what holds of it."""
    with firm() as shop:
        shop.buyer("kim", 30, 20, 10)
        shop.note("kim", "complaint", 5)
        shop.save("kit")
        shop.note("kit", "complaint", 4)
        assert shop.lifecycle.stage("kim").rule == "regular"
        shop.crm.customers.merge("kim", "kit", reason="the same person")
        assert shop.lifecycle.stage("kim").rule == "complaints_unanswered"
        assert shop.lifecycle.stage("kim", shop.at(4.5)).rule == "regular"
        shop.crm.touchpoints.retract("shop", f"r{shop.count}", reason="it was praise")
        assert shop.lifecycle.stage("kim").rule == "regular"
