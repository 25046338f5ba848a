"""Key, core and base: who stands where, and what each layer is worth."""

from __future__ import annotations

from datetime import timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

import crmkit
from crmkit.model.value import Indicator, ValueModel
from tests.value.shop import DAY, START, Shop, generated, shop

SPEND = Indicator(
    "spend",
    ("purchase", "return", "refund"),
    "sum",
    field="amount",
    half_life=100 * DAY,
    weight=1,
    scale=1000,
)
MODEL = ValueModel("1", (SPEND,), currency="CNY", rates={"USD": 7})


def people(count: int) -> list[str]:
    """Name so many people."""
    return [f"p{number:03}@x.org" for number in range(count)]


def ladder(opened: Shop, count: int) -> list[str]:
    """Let so many people buy, each more than the one before; the best buyer first."""
    named = people(count)
    opened.capture(
        *(
            {
                "id": person,
                "kind": "purchase",
                "at": opened.now,
                "customer": person,
                "amount": str(100 + number),
                "currency": "CNY",
            }
            for number, person in enumerate(named)
        )
    )
    return named[::-1]


def tiers(opened: Shop, at: Any = None) -> dict[str, Any]:
    """Give the pyramid by name of the tier."""
    return {tier.name: tier for tier in opened.crm.value.pyramid(at)}


@pytest.mark.parametrize(
    ("count", "key", "core"),
    [(1, 1, 0), (2, 1, 0), (10, 1, 1), (50, 1, 9), (51, 2, 9), (100, 2, 18), (150, 3, 27)],
)
def test_two_in_a_hundred_are_key_and_twenty_key_or_core(count: int, key: int, core: int) -> None:
    """The top 2 % are key, rounded up; down to 20 % they are core, the rest base."""
    with shop(MODEL) as opened:
        ranked = ladder(opened, count)
        found = tiers(opened)
        assert list(found) == ["key", "core", "base"]
        assert [tier.count for tier in found.values()] == [key, core, count - key - core]
        for place, person in enumerate(ranked):
            name = "key" if place < key else "core" if place < key + core else "base"
            assert opened.score(person).tier == name


def test_equal_totals_are_ranked_by_customer_id() -> None:
    """Of sixty equal customers the two with the first ids are key, the next ten core."""
    with shop(MODEL) as opened:
        for person in people(60):
            opened.note("purchase", START, person, amount="10", currency="CNY")
        ranked = sorted(opened.ids, key=lambda person: opened.ids[person])
        held = [opened.score(person).tier for person in ranked]
        assert held == ["key"] * 2 + ["core"] * 10 + ["base"] * 48


def test_shares_are_computed_and_not_assumed() -> None:
    """One of ten spends nine tenths: his share of revenue says so, and the shares make one."""
    with shop(MODEL) as opened:
        for number, person in enumerate(people(10)):
            amount = "8100" if number == 3 else "100"
            opened.note("purchase", START, person, amount=amount, currency="CNY")
        found = tiers(opened)
        assert found["key"].revenue_share == pytest.approx(0.9)
        assert found["key"].revenue == Decimal(8100)
        assert found["base"].revenue == Decimal(800)
        assert sum(tier.revenue_share for tier in found.values()) == pytest.approx(1)
        totals = {person: opened.score(person).total for person in opened.ids}
        top = max(totals.values())
        assert found["key"].value_share == pytest.approx(top / sum(totals.values()))
        assert sum(tier.value_share for tier in found.values()) == pytest.approx(1)


def test_the_floor_is_the_lowest_total_of_a_tier() -> None:
    """The floor is the score one must reach to stand in that tier."""
    with shop(MODEL) as opened:
        ranked = ladder(opened, 100)
        found = tiers(opened)
        assert found["key"].floor == pytest.approx(opened.score(ranked[1]).total)
        assert found["core"].floor == pytest.approx(opened.score(ranked[19]).total)
        assert found["base"].floor == pytest.approx(opened.score(ranked[-1]).total)


def test_revenue_is_purchases_less_returns_in_the_base_currency() -> None:
    """Two dollar orders at seven, less a return, with gold not counted; nothing fades."""
    with shop(MODEL) as opened:
        opened.note("purchase", START - 300 * DAY, amount="10.50", currency="USD")
        bought = opened.note("purchase", START, amount="20", currency="USD")
        opened.note("return", START, amount="-5", currency="CNY", of=bought)
        opened.note("purchase", START, amount="9", currency="XAU")
        opened.wait(50 * DAY)
        assert tiers(opened)["key"].revenue == Decimal("208.5")
        before = tiers(opened, START - DAY)
        assert before["key"].revenue == Decimal("73.5")


@pytest.mark.parametrize("context", [Context(), Context(prec=3)])
def test_revenue_of_many_digits_is_told_to_the_cent(context: Context) -> None:
    """A large sum needs more digits than the host's own context may hold."""
    with shop(MODEL) as opened, localcontext(context):
        for person in people(3):
            opened.note("purchase", START, person, amount="9" * 18, currency="USD")
        found = tiers(opened)
        assert found["key"].revenue == 7 * Decimal(10) ** 18
        assert found["key"].revenue.as_tuple().exponent == -2
        assert found["base"].revenue_share == pytest.approx(2 / 3)


def test_a_past_tier_is_the_rank_of_that_instant() -> None:
    """Who led a year ago was key a year ago, whoever leads today."""
    with shop(MODEL) as opened:
        opened.note("purchase", START - 365 * DAY, "old@x.org", amount="900", currency="CNY")
        opened.note("purchase", START - 364 * DAY, "new@x.org", amount="10", currency="CNY")
        opened.note("purchase", START, "new@x.org", amount="900", currency="CNY")
        assert opened.score("old@x.org", START - 300 * DAY).tier == "key"
        assert opened.score("new@x.org", START - 300 * DAY).tier == "base"
        assert opened.score("old@x.org", START).tier == "base"
        assert opened.score("new@x.org", START).tier == "key"


def test_who_was_not_known_yet_has_no_rank_then() -> None:
    """Ten old customers were ten, however many came since: two of ten are key or core."""
    with shop(MODEL) as opened:
        for number, person in enumerate(people(10)):
            past = START - 400 * DAY
            opened.note("purchase", past, person, amount=str(100 + number), currency="CNY")
        opened.wait(DAY)
        for person in people(100)[10:]:
            opened.note("purchase", opened.now, person, amount="5000", currency="CNY")
        then = START - 399 * DAY
        assert [tier.count for tier in tiers(opened, then).values()] == [1, 1, 8]
        assert [tier.count for tier in tiers(opened).values()] == [2, 18, 80]
        assert opened.score("p009@x.org", then).tier == "key"
        assert opened.score("p050@x.org", then).tier is None
        scores = opened.crm.value.scores([opened.ids["p008@x.org"], opened.ids["p099@x.org"]], then)
        assert {score.tier for score in scores} == {"core", None}
        for tier, count in (("key", 1), ("core", 1), ("base", 8)):
            assert len(opened.crm.value.movers(then, tier=tier)) == count
        moved = opened.explain(then, person="p050@x.org")
        assert (moved.before.tier, moved.before.total) == (None, 0.0)
        opened.crm.lifecycle.advance()
        opened.now = then  # as `--at` of the command line sets the clock
        assert [tier.count for tier in tiers(opened).values()] == [1, 1, 8]
        shown = {score.customer_id: score.tier for score in opened.crm.value.scores()}
        assert shown[opened.ids["p009@x.org"]] == "key"
        assert shown[opened.ids["p050@x.org"]] is None
        assert opened.crm.value.score(opened.ids["p009@x.org"]).tier == "key"
        assert opened.score("p008@x.org", then).tier == "core"
        assert opened.score("p050@x.org", then).tier is None


def test_a_prospect_counts_from_when_he_was_written_down() -> None:
    """Whoever was saved and has done nothing yet is in the base, yesterday as well as today."""
    with shop(MODEL) as opened:
        opened.note("purchase", START - 400 * DAY, amount="10", currency="CNY")
        opened.crm.customers.save(crmkit.Customer(name="Prospect"))
        later = opened.now
        opened.wait(DAY)
        for at, count in ((later - DAY, 1), (later, 2), (None, 2)):
            assert sum(tier.count for tier in tiers(opened, at).values()) == count


def test_a_prospect_who_was_merged_was_known_by_his_older_record() -> None:
    """Of two records of one person the older one says since when he is known."""
    with shop(MODEL) as opened:
        save = opened.crm.customers.save
        old = save(crmkit.Customer(name="A")).id
        then = opened.now
        opened.wait(DAY)
        opened.crm.customers.merge(save(crmkit.Customer(name="A.")).id, old, reason="the same")
        assert [tier.count for tier in tiers(opened, then).values()] == [1, 0, 0]
        assert [tier.count for tier in tiers(opened, then - DAY).values()] == [0, 0, 0]


def test_a_merged_customer_has_one_place() -> None:
    """Two records of one person are counted once, with the revenue of both."""
    with shop(MODEL) as opened:
        for person in people(5):
            opened.note("purchase", START, person, amount="10", currency="CNY")
        opened.merge("p003@x.org", "p004@x.org")
        found = tiers(opened)
        assert sum(tier.count for tier in found.values()) == 4
        assert opened.score("p003@x.org").tier == "key"
        assert found["key"].revenue == Decimal(20)


def test_an_empty_pyramid_has_three_empty_tiers() -> None:
    """Before the first customer there is nothing to share, and no division by it."""
    with shop(MODEL) as opened:
        for tier in tiers(opened).values():
            assert (tier.count, tier.value_share, tier.revenue_share) == (0, 0.0, 0.0)


def test_the_pyramid_of_a_generated_shop_equals_the_oracle() -> None:
    """300 customers: every tier's count, shares, floor and revenue from the raw facts."""
    with shop(MODEL) as opened:
        opened.capture(*generated(7, people(300), 3000, START))
        opened.wait(timedelta(hours=5))
        world = opened.world
        for at in (opened.now, opened.now - 40 * DAY):
            rank = world.tiers(at, opened.ids)
            totals = {person: world.score(person, at).total for person in rank}
            revenue = {person: world.revenue(person, at) for person in rank}
            for name, tier in tiers(opened, at).items():
                inside = [person for person in rank if rank[person] == name]
                assert tier.count == len(inside)
                assert tier.floor == pytest.approx(min(totals[person] for person in inside))
                assert tier.value_share == pytest.approx(
                    sum(totals[person] for person in inside) / sum(totals.values())
                )
                earned = sum(revenue[person] for person in inside)
                assert float(tier.revenue) == pytest.approx(earned)
                assert tier.revenue_share == pytest.approx(earned / sum(revenue.values()))
            for person in people(300)[::17]:
                assert opened.score(person, at).tier == rank[person]
