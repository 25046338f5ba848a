"""What the funnel tells: forecast, leaks, cycle, and the views from three sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from crmkit.errors import InvalidValueError
from crmkit.lifecycle.funnel.forecast import learn
from crmkit.lifecycle.funnel.policy import FunnelPolicy
from crmkit.model.sales import FUNNEL_STAGES
from tests.lifecycle.firm import Firm, firm
from tests.lifecycle.test_funnel import end, sell


@pytest.fixture
def shop() -> Iterator[Firm]:
    with firm() as opened:
        opened.save("ann")
        yield opened


def closed(shop: Firm, stage: str, competition: str = "none", times: int = 1) -> None:
    """Open, and win or lose in a stage."""
    for _ in range(times):
        one = sell(shop, competition=competition)
        if stage != "meet":
            shop.crm.funnel.move(one.id, stage)
        if stage != "pay":
            shop.crm.funnel.lose(one.id, reason="too dear")


@pytest.mark.row("R90")
def test_without_a_past_the_forecast_is_what_was_stated(shop: Firm):
    """Nothing measured: stated rate times stated factor, and n says 0."""
    sell(shop, amount=1000, stage="propose", competition="high", closes=date(2026, 2, 10))
    sell(shop, amount=500, currency="USD", stage="commit")
    told = shop.crm.funnel.forecast()
    assert told.n == 0
    assert [(one.month, one.currency, one.expected) for one in told.months] == [
        (date(2026, 2, 1), "CNY", Decimal("200.00")),  # 1000 x 0.4 x 0.5
        (None, "USD", Decimal("375.00")),
    ]
    assert told.months[0].amount == Decimal(1000)
    assert shop.crm.funnel.forecast(owner="wang").months == ()


@pytest.mark.row("R90")
def test_the_forecast_learns_from_what_was_won_and_lost(shop: Firm):
    """Rates leave the stated ones as the own past grows; competition lowers them as measured."""
    closed(shop, "pay", times=30)
    closed(shop, "propose", times=10)
    closed(shop, "pay", "high", times=2)
    closed(shop, "commit", "high", times=38)
    told = shop.crm.funnel.forecast()
    rates = {one.stage: one for one in told.rates}
    rivalry = {one.competition: one for one in told.rivalry}
    assert told.n == 80
    assert (rates["propose"].n, rates["propose"].won) == (80, 32)
    assert (rates["pay"].n, rates["commit"].n) == (32, 70)
    assert (rivalry["none"].factor, rivalry["low"].factor) == (1.0, pytest.approx(0.9))
    # n won = 40 2, calm rate 0.75: (2 + 10 x 0.5 x 0.75) / (50 x 0.75)
    assert rivalry["high"].factor == pytest.approx(5.75 / 37.5)
    # 40 calm and 40 fiercely fought for had reached it: (32 + 10 x 0.4) / (40 + 40 x f + 10)
    assert rates["propose"].rate == pytest.approx(36 / (50 + 40 * 5.75 / 37.5))
    calm = sell(shop, stage="propose")
    fierce = sell(shop, stage="propose", competition="high")
    chances = [shop.crm.funnel.point(one.id).chance for one in (calm, fierce)]
    assert chances[1] == pytest.approx(chances[0] * 5.75 / 37.5)


def test_more_evidence_weighs_more_than_what_was_stated(shop: Firm):
    """The same record four times over draws the rate nearer to itself."""
    seen = []
    for _ in range(3):
        closed(shop, "pay", times=9)
        closed(shop, "propose", times=1)
        told = {one.stage: one.rate for one in shop.crm.funnel.forecast().rates}
        seen.append(told["propose"])
    assert 0.4 < seen[0] < seen[1] < seen[2] < 0.9
    strict = FunnelPolicy.of({"weight": 1000})
    stubborn = learn(strict, shop.crm.funnel.list(state=None)).rates["propose"].rate
    assert 0.4 < stubborn < seen[0]


def test_a_day_that_has_passed_counts_in_the_present_month(shop: Firm):
    """What should have been paid is still expected, and said to be overdue."""
    sell(shop, closes=date(2026, 1, 20))
    shop.wait(60)
    (month,) = shop.crm.funnel.forecast().months
    assert (month.month, month.count, month.overdue) == (date(2026, 3, 1), 1, 1)


@pytest.mark.row("R86")
def test_leaks_tell_what_became_of_those_that_came_into_a_stage(shop: Firm):
    """Entered is what moved on, went back, was lost or is still there; the worst is named."""
    funnel, since = shop.crm.funnel, shop.now
    one, two, three, four = (sell(shop, amount=100) for _ in range(4))
    shop.wait(4)
    for opportunity in (one, two, three):
        funnel.move(opportunity.id, "propose")
    shop.wait(6)
    funnel.move(one.id, "clarify", reason="he wants something else")
    funnel.lose(two.id, reason="too dear", competitor="rival")
    funnel.lose(three.id, reason="too dear")
    told = funnel.leaks(since, shop.wait(1))
    assert funnel.leaks().stages == told.stages  # from the first that was opened, until now
    rows = {stage.stage: stage for stage in told.stages}
    assert [stage.stage for stage in told.stages] == list(FUNNEL_STAGES[:-1])
    meet, propose, clarify = rows["meet"], rows["propose"], rows["clarify"]
    assert (meet.entered, meet.moved_on, meet.still, meet.conversion) == (4, 3, 1, 1.0)
    assert meet.median_days == 4.0
    assert (propose.entered, propose.back, propose.lost, propose.conversion) == (3, 1, 2, 0.0)
    assert (clarify.entered, clarify.still, clarify.conversion) == (1, 1, None)
    assert (propose.lost_amounts, propose.reasons) == ({"CNY": Decimal(200)}, {"too dear": 2})
    assert propose.lost_to == {"rival": 1}
    assert told.worst == "propose"
    for stage in told.stages:
        assert stage.entered == stage.moved_on + stage.back + stage.lost + stage.still
    early = funnel.leaks(since, shop.at(6))
    assert (early.worst, {s.stage: s.still for s in early.stages}["propose"]) == (None, 3)
    assert four.stage == "meet"


@pytest.mark.row("R91")
def test_the_cycle_and_the_cost_of_selling_are_measured(shop: Firm):
    """Days from opening to payment, by stage too; the costs of the lost ones are borne as well."""
    funnel, since = shop.crm.funnel, shop.now
    quick, slow, lost, still = (sell(shop, amount=100) for _ in range(4))
    for one, cost in ((quick, 10), (slow, 30), (lost, 20), (still, 99)):
        funnel.spend(one.id, cost, "CNY", what="travel")
    shop.wait(10)
    funnel.move(quick.id, "pay")
    funnel.move(slow.id, "commit")
    funnel.lose(lost.id, reason="no budget")
    shop.wait(20)
    funnel.move(slow.id, "pay")
    told = funnel.cycle(since, shop.wait(1))
    assert (told.won, told.lost, told.median_days) == (2, 1, 20.0)
    assert told.days_in_stage == {"meet": 10.0, "commit": 20.0}
    assert (told.amounts, told.costs) == ({"CNY": Decimal(200)}, {"CNY": Decimal(60)})
    assert told.cost_per_win == {"CNY": Decimal("30.00")}
    nothing = funnel.cycle(shop.now)
    assert (nothing.won, nothing.median_days, nothing.cost_per_win) == (0, None, {})


@pytest.mark.row("R87", "R88")
def test_the_point_view_shows_where_it_stands_and_what_is_in_the_way(shop: Firm):
    """Standard steps, where it stands, problems and countermeasures, in one look."""
    funnel, found = shop.crm.funnel, sell(shop, amount=1000)
    shop.wait(3)
    funnel.move(found.id, "confirm")
    funnel.note(found.id, "he has no budget", countermeasure="a smaller trial", by="wang")
    funnel.note(found.id, "the table is far away", stage="meet")
    shop.wait(2)
    told = funnel.point(found.id)
    steps = {step.stage: step for step in told.steps}
    assert [step.status for step in told.steps] == ["done", "skipped", "current", *["ahead"] * 5]
    assert (steps["meet"].days, steps["confirm"].days, steps["pay"].days) == (3.0, 2.0, None)
    assert (steps["confirm"].zh, told.age_days) == ("确认机会", 5.0)
    assert all(step.standard for step in told.steps)
    (problem,) = steps["confirm"].problems
    assert (problem.countermeasure, problem.by) == ("a smaller trial", "wang")
    assert told.expected == Decimal("200.00")  # the stated 0.2 of 1000
    funnel.lose(found.id, reason="no budget")
    lost = funnel.point(found.id)
    assert (lost.chance, [step.status for step in lost.steps][2]) == (0.0, "lost")
    with firm(funnel={"steps": {"meet": "拜访"}}) as other:
        other.save("ann")
        assert other.crm.funnel.point(sell(other).id).steps[0].standard == "拜访"


@pytest.mark.row("R81")
def test_a_prospect_is_to_be_won_and_a_customer_to_be_kept(shop: Firm):
    """The two kinds of follow-up: who never bought, and who did before it was opened."""
    shop.buyer("bob", 5)
    assert shop.crm.funnel.point(sell(shop).id).follow_up == "win"
    assert shop.crm.funnel.point(sell(shop, "bob").id).follow_up == "keep"


@pytest.mark.row("R83", "R87")
def test_the_line_view_leads_from_target_over_lead_to_order(shop: Firm):
    """One customer from the first touch to the deal, with what happened between."""
    shop.note("ann", "visit", 30)
    shop.note("ann", "call", 12)
    shop.wait(0)
    found = sell(shop, source="visit to the fair")
    shop.wait(5)
    shop.crm.funnel.move(found.id, "commit")
    shop.wait(5)
    shop.crm.funnel.move(found.id, "pay")
    told = shop.crm.funnel.line("ann")
    whats = [(event.what, event.stage) for event in told.events]
    assert whats == [
        ("visit", None),
        ("call", None),
        ("opened", "meet"),
        ("moved", "commit"),
        ("won", "pay"),
    ]
    assert (told.days_to_lead, told.days_to_order) == (30.0, 40.0)
    assert (told.target_since, told.order_since) == (shop.at(40), shop.now)
    assert told.events[-1].amount == Decimal("1200.50")
    shop.save("eve")
    empty = shop.crm.funnel.line("eve")
    assert (empty.target_since, empty.lead_since, empty.days_to_order) == (None, None, None)


@pytest.mark.row("R83", "R87")
def test_the_plane_view_is_the_trend_by_month(shop: Firm):
    """Targets, leads, orders and losses of each month, with what was open at its end."""
    shop.note("ann", "visit", 0)
    one, two = sell(shop, amount=100), sell(shop, amount=50)
    shop.wait(31)
    shop.buyer("bob", 0)
    shop.crm.funnel.move(one.id, "pay")
    shop.wait(28)
    shop.crm.funnel.lose(two.id, reason="no budget")
    months = shop.crm.funnel.plane(shop.at(59))
    told = [(m.month.month, m.targets, m.leads, m.orders, m.lost, m.open) for m in months]
    assert told == [(1, 1, 2, 0, 0, 2), (2, 1, 0, 1, 0, 1), (3, 0, 0, 0, 1, 0)]
    assert (months[1].amounts, months[1].median_days) == ({"CNY": Decimal(100)}, 31.0)
    with pytest.raises(InvalidValueError, match="since"):
        shop.crm.funnel.plane(shop.now.replace(year=1900))


@pytest.mark.row("R80", "R81")
def test_the_three_phases_are_counted(shop: Firm):
    """Who is known, who was divided into tier and stage, who is followed: to win or to keep."""
    shop.note("ann", "call", 3)  # a prospect, followed
    shop.buyer("bob", 40, 20)
    shop.note("bob", "call", 2)  # a customer, followed
    shop.buyer("cid", 30)  # a customer whom nobody called
    shop.buyer("dan", 30)
    end(shop, "dan")
    shop.save("eve")  # a name, and nothing else: a prospect whom nobody follows
    shop.lifecycle.advance()
    told = shop.crm.funnel.phases()
    assert told.to_dict() == {
        "collected": 5,
        "divided": 5,
        "followed": 2,
        "to_win": 2,
        "to_keep": 2,
        "followed_to_win": 1,
        "followed_to_keep": 1,
    }
