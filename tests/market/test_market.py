"""The market: competitors by version, promotions that feed the score, buying, word of mouth."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmkit.errors import InvalidValueError
from crmkit.model.customer import Identity
from tests.lifecycle.firm import DAY, Firm, firm


@pytest.mark.row("R276")
def test_what_is_known_of_a_competitor_is_kept_by_version() -> None:
    """Product, price, strategy, strengths and weaknesses; what is left out stays as it was."""
    with firm() as shop:
        market = shop.crm.market
        first = market.competitor(
            " Rival ",
            products=["green tea", "delivery in a day"],
            prices={"green tea": "80.00"},
            currency="CNY",
            strategy="cheaper than we are",
            strengths="near the station",
            weaknesses=["no advice"],
            source="a customer",
            by="lin",
        )
        other = market.competitor("Other")
        assert (first.name, first.version, first.recorded_by) == ("Rival", 1, "lin")
        assert (first.prices[0].amount, first.prices[0].currency) == (Decimal("80.00"), "CNY")
        shop.wait(9)
        second = market.competitor("Rival", strategy="loyalty cards", source="their window")
        assert (second.strategy, second.strengths) == ("loyalty cards", ("near the station",))
        assert (second.version, second.recorded_at) == (2, shop.now)
        assert market.competitors() == (second, other)
        assert market.versions("Rival") == (first, second)
        assert market.versions("Nobody") == ()


@pytest.mark.parametrize(
    "said",
    [
        {"prices": {"tea": "80"}},
        {"prices": {"tea": "much"}, "currency": "CNY"},
        {"prices": {"tea": -1}, "currency": "CNY"},
        {"prices": {"": 1}, "currency": "CNY"},
        {"prices": {"tea": 1}, "currency": "yuan"},
        {"name": " "},
    ],
)
def test_what_makes_no_sense_is_refused(said: dict[str, Any]) -> None:
    """A price without a currency, no amount, a competitor without a name."""
    with firm() as shop:
        with pytest.raises(InvalidValueError):
            shop.crm.market.competitor(**{"name": "Rival"} | said)
        assert shop.crm.market.competitors() == ()


@pytest.mark.row("R278")
def test_a_competitors_promotion_feeds_the_score() -> None:
    """Who bought from us while they sold cheaper scores higher than who did not."""
    with firm() as shop:
        shop.buyer("loyal", 300, 15)
        shop.buyer("other", 300, 25)
        market = shop.crm.market
        window = market.promotion("Rival", shop.at(20), shop.at(10))
        assert market.promotion("Rival", shop.at(20), shop.at(10)) == window
        assert market.promotions() == (window,)
        parts = {
            name: next(
                part
                for part in shop.crm.value.score(name).parts
                if part.indicator == "promotion_loyalty"
            )
            for name in ("loyal", "other")
        }
        assert (parts["loyal"].points, parts["other"].points) == (100.0, 0.0)
        assert parts["loyal"].contribution > parts["other"].contribution


@pytest.mark.row("R277")
def test_reports_and_news_are_kept() -> None:
    """With their source and date, and found by kind or by competitor."""
    with firm() as shop:
        market = shop.crm.market
        report = market.note(
            "Tea 2026",
            text="white tea grows",
            source="tea-2026.pdf",
            at=shop.at(30),
            category="white tea",
            by="lin",
        )
        news = market.note("Rival opens a branch", kind="news", competitor="Rival")
        assert (report.state, report.at, report.recorded_by) == ("report", shop.at(30), "lin")
        assert market.notes() == (report, news)
        assert market.notes(kind="report") == (report,)
        assert market.notes(competitor="Rival") == (news,)
        for wrong in ({"title": " "}, {"title": "x", "kind": "gossip"}):
            with pytest.raises(InvalidValueError):
                market.note(**wrong)


@pytest.mark.row("R277")
def test_buying_behaviour_comes_from_the_log() -> None:
    """By month and class: who bought, how often, for how much, and how that moved."""
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with firm(now=now, agenda={"timezone": "Asia/Shanghai"}) as shop:
        for name in ("ann", "bob", "bo"):
            shop.save(name)
        sold = {"currency": "CNY", "quantity": "2"}
        for name, days, amount, category in (
            ("ann", 40, "100", "green"),
            ("ann", 20, "90", "green"),
            ("bob", 20, "60", "green"),
            ("bo", 19, "50", "white"),
            ("ann", 28.5, "7", None),
        ):
            fields = {} if category is None else {"category": category}
            shop.note(name, "purchase", days, amount=amount, **sold, **fields)
        shop.note("ann", "return", 18, amount="-30", currency="CNY", category="green")
        shop.note("ann", "purchase", 18, amount="5", currency="XOF", category="green")
        shop.note("ann", "purchase", 17, amount="999", currency="CNY", category="taken back")
        shop.crm.touchpoints.retract("shop", f"r{shop.count}", reason="a mistake", by="lin")
        shop.crm.customers.merge("bob", "bo", reason="one person", by="lin")
        found = shop.crm.market.behaviour(shop.at(60))
        assert [(one.month, one.name) for one in found.trends] == [
            ("2026-01", "green"),
            ("2026-02", "green"),
            ("2026-02", "white"),
            ("2026-02", ""),
        ]
        green = found.trends[1]
        assert (green.buyers, green.purchases, green.quantity) == (2, 3, Decimal(4))
        assert (green.revenue, found.currency, found.unpriced) == (Decimal(120), "CNY", ("XOF",))
        assert green.share == pytest.approx(120 / 177)
        assert green.change == pytest.approx(0.2)
        assert found.trends[2].change is None
        items = shop.crm.market.behaviour(shop.at(60), shop.at(19.5), by="item")
        assert {one.name for one in items.trends} == {""}
        for wrong in ({"by": "weather"}, {"until": shop.at(90)}):
            with pytest.raises(InvalidValueError):
                shop.crm.market.behaviour(shop.at(60), **wrong)


def refer(shop: Firm, friend: str, days: float) -> None:
    shop.note("fan", "referral", days, friend={"email": f"{friend.upper()}@X.ORG"})


@pytest.mark.row("R279")
def test_the_share_that_came_by_word_of_mouth() -> None:
    """New are those who first bought in the period; named after that is too late to count."""
    with firm() as shop:
        shop.buyer("fan", 400)
        shop.buyer("named", 20)
        shop.buyer("late", 20)
        shop.buyer("said", 20, acquired_by="Referral")
        shop.buyer("both", 20, acquired_by="referral")
        shop.buyer("event", 20, acquired_by="event")
        shop.buyer("old", 300, 20)
        shop.save("looks")
        for friend, days in (("named", 30), ("late", 10), ("both", 25), ("old", 30), ("gone", 30)):
            refer(shop, friend, days)
        shop.save("other", identities=(Identity("email", "gone@x.org"),))
        shop.buyer("kept", 15)
        shop.crm.customers.merge("kept", "other", reason="one person", by="lin")
        refer(shop, "event", 30)
        shop.crm.touchpoints.retract("shop", f"r{shop.count}", reason="a mistake", by="lin")
        found = shop.crm.market.referral_share(shop.at(50))
        assert (found.customers, found.referred, found.named) == (6, 4, 3)
        assert (found.share, found.low, found.high) == (pytest.approx(4 / 6), 0.2, 0.4)
        early = shop.crm.market.referral_share(shop.at(350), shop.at(50))
        assert (early.customers, early.share) == (1, 0.0)
        assert shop.crm.market.referral_share(shop.now - DAY, shop.now).share is None
