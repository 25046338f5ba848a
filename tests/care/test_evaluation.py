"""Return on care: a planted effect is found, a chance one is not proven, time is not credited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import pstdev
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmkit
from crmkit.care.axes import EFFECT, EXECUTION, INDICATORS, STRATEGY
from crmkit.care.holdout import holds, in_force
from crmkit.care.matched import Likeness, match
from crmkit.care.plans import PLANS
from crmkit.clock import micros
from crmkit.contracts.decisions import Deciding
from crmkit.model.document import Step
from crmkit.model.evaluation import Evaluation
from crmkit.model.plan import Action, ActionPlan, CarePlan, Checklist

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)
SINCE, UNTIL = START + 400 * DAY, START + 580 * DAY
BEGAN = SINCE + 2 * DAY
Habit = Callable[[int, int], bool]
"""Whether customer n buys on day d."""


class Firm:
    """A workspace whose clock can be set."""

    def __init__(self) -> None:
        self.now = UNTIL
        self.crm = crmkit.connect(
            "memory://",
            clock=lambda: self.now,
            actor="lin",
            plugins=[],
            config={"people": {"lin": {}, "wu": {"senior": True}}},
        )
        self.ids: dict[int, str] = {}

    def buys(self, people: int, habit: Habit, *, margin: Callable[[int], str | None]) -> None:
        self.crm.capture(
            (
                {
                    "id": f"{number}-{day}",
                    "kind": "purchase",
                    "at": START + day * DAY,
                    "customer": {"email": f"p{number}@x.org"},
                    "amount": "100",
                    "currency": "CNY",
                    **({} if margin(number) is None else {"margin": margin(number)}),
                }
                for number in range(people)
                for day in range(580)
                if habit(number, day)
            ),
            "shop",
        )
        for number in range(people):
            found = self.crm.customers.find(email=f"p{number}@x.org")
            if found is not None:
                self.ids[number] = found.id

    def cares_for(self, number: int, **fields: Any) -> CarePlan:
        plan = CarePlan(
            customer_id=self.ids[number],
            state="running",
            on=BEGAN.date(),
            owner="lin",
            goal_tier="core",
            action_plan=ActionPlan(
                actions=(Action(id="a1", content="call", on=BEGAN.date(), bond="social"),)
            ),
            checklists=(Checklist(action="a1", at=BEGAN, travel=Decimal(10), currency="CNY"),),
            steps=(
                Step(what="approved", at=BEGAN, by="wu"),
                Step(what="checked", at=BEGAN, by="lin", reason="a1"),
            ),
        )
        plan = attrs.evolve(plan, **fields)
        with self.crm.session.store.write() as writer:
            return PLANS.open(writer, Deciding(now=micros(BEGAN), by="lin"), plan)

    def evaluate(self) -> Evaluation:
        return self.crm.care.evaluate(SINCE, UNTIL)


@pytest.fixture
def firm() -> Iterator[Firm]:
    made = Firm()
    yield made
    made.crm.close()


def by_measure(found: Evaluation) -> Mapping[str, Any]:
    return {one.measure: one for one in found.return_on_care.compared}


def regular(seed: int, chance: Callable[[int, int], float]) -> Habit:
    draws = Random(seed)
    table = [[draws.random() for _ in range(580)] for _ in range(200)]
    return lambda number, day: table[number][day] < chance(number, day)


@pytest.mark.row("R135", "R205", "R106", "R287")
def test_an_effect_that_is_there_is_found_with_its_size(firm: Firm):
    cared = set(range(0, 200, 8))
    better = regular(1, lambda n, d: 0.10 if n in cared and d > 402 else 0.04)
    firm.buys(200, better, margin=lambda _: "30")
    for number in cared:
        firm.cares_for(number)
    found = firm.evaluate().return_on_care
    profit = by_measure(firm.evaluate())["profit"]
    assert (found.cared, found.matched, found.gain_of) == (25, 25, "profit")
    # 0.06 purchases a day more, 30 each, over 178 days
    assert profit.effect == pytest.approx(0.06 * 30 * 178, rel=0.25)
    assert profit.proven
    assert found.proven
    assert found.cost == Decimal("250.00")
    assert found.ratio == pytest.approx((profit.effect * 25 - 250) / 250, rel=1e-3)
    assert [(bond, count) for bond, count, _ in found.by_bond] == [("social", 25)]
    assert by_measure(firm.evaluate())["score"].effect > 0


@pytest.mark.row("R136")
def test_without_an_effect_nothing_is_proven(firm: Firm):
    firm.buys(200, regular(2, lambda _n, _d: 0.04), margin=lambda _: None)
    for number in range(0, 200, 8):
        firm.cares_for(number)
    found = firm.evaluate().return_on_care
    revenue = by_measure(firm.evaluate())["revenue"]
    assert found.gain_of == "revenue"
    assert not found.proven
    assert revenue.low < 0 < revenue.high
    assert "may be chance" in found.note


def test_who_had_fallen_and_rises_by_himself_is_not_credited_to_care(firm: Firm):
    """Everybody pauses for a while at his own time; care goes to those who pause just then."""

    def pauses(number: int, day: int) -> bool:
        begins = 310 if number % 4 == 0 else 40 + 7 * (number % 29)
        return begins <= day < begins + 90

    habit = regular(3, lambda n, d: 0.0 if pauses(n, d) else 0.08)
    firm.buys(200, habit, margin=lambda _: None)
    for number in range(0, 200, 8):  # half of those who pause
        firm.cares_for(number)
    revenue = by_measure(firm.evaluate())["revenue"]
    assert revenue.after - revenue.before > 300  # they did come back, and would have anyhow
    assert abs(revenue.effect) < 150
    assert not revenue.proven


def test_care_that_began_too_late_or_before_is_not_compared(firm: Firm):
    firm.buys(20, lambda n, d: d % (5 + n) == 0, margin=lambda _: None)
    firm.cares_for(1, steps=(Step(what="approved", at=UNTIL - 3 * DAY),))
    firm.cares_for(2, steps=(Step(what="approved", at=SINCE - DAY),))
    found = firm.evaluate().return_on_care
    assert (found.cared, found.matched, found.gain, found.ratio) == (1, 0, None, None)
    assert "1 began too late" in found.note


def test_the_ratio_sets_a_gain_against_what_that_gain_cost(firm: Firm):
    firm.buys(40, lambda n, d: d % (5 + n) == 0, margin=lambda _: None)
    firm.cares_for(3)
    dear = Checklist(action="a1", at=UNTIL - DAY, travel=Decimal(5000), currency="CNY")
    late = [Step(what=what, at=UNTIL - 2 * DAY, reason="a1") for what in ("approved", "checked")]
    firm.cares_for(4, checklists=(dear,), steps=tuple(late))
    found = firm.evaluate().return_on_care
    assert (found.cared, found.matched) == (2, 1)
    assert (found.cost, found.cost_of_compared) == (5010, 10)
    assert found.ratio == float((found.gain - 10) / 10)


def test_who_was_ended_or_is_no_customer_is_nobodys_like(firm: Firm):
    firm.buys(8, lambda n, d: d % (5 + n) == 0, margin=lambda _: None)
    crm = firm.crm
    firm.now = SINCE - DAY
    ending = crm.lifecycle.end(firm.ids[6], reason="market_exit", by="lin")
    crm.lifecycle.approve(ending.id, by="wu")
    crm.customers.save(attrs.evolve(crm.customers.get(firm.ids[7]), internal=True))
    firm.now = UNTIL
    firm.cares_for(5)
    for number in range(4):
        crm.customers.save(attrs.evolve(crm.customers.get(firm.ids[number]), internal=True))
    found = firm.evaluate().return_on_care
    assert found.others <= 1


def test_expenses_of_the_period_are_counted_and_those_without_a_rate_named(firm: Firm):
    firm.buys(20, lambda n, d: d % (5 + n) == 0, margin=lambda _: None)
    checks = (
        Checklist(action="a1", at=BEGAN, travel=Decimal("1.10"), entertainment=Decimal(2),
                  other=Decimal(3), currency="CNY"),
        Checklist(action="a2", at=BEGAN, travel=Decimal(7), currency="XOF"),
        Checklist(action="a3", at=SINCE - DAY, travel=Decimal(100), currency="CNY"),
        Checklist(action="a4", travel=Decimal(100), currency="CNY"),
        Checklist(action="prepared", at=BEGAN, travel=Decimal(900), currency="CNY"),
    )  # fmt: skip
    done = [Step(what="checked", at=BEGAN, reason=f"a{number}") for number in (1, 2, 3, 4)]
    firm.cares_for(3, checklists=checks, steps=(Step(what="approved", at=BEGAN, by="wu"), *done))
    found = firm.evaluate().return_on_care
    assert (found.cost, found.unpriced) == (Decimal("6.10"), ("XOF",))


def test_whoever_was_set_aside_by_lot_is_compared_with(firm: Firm):
    firm.buys(200, regular(4, lambda _n, _d: 0.04), margin=lambda _: None)
    firm.now = SINCE - DAY
    firm.crm.care.hold_out(0.4, UNTIL + DAY, reason="to know what care brings")
    firm.now = UNTIL
    with firm.crm.session.store.read() as reader:
        holdout = in_force(reader, micros(UNTIL))
    assert holdout is not None
    drawn = {one for one in firm.ids.values() if holds(holdout, one)}
    assert 0.25 < len(drawn) / 200 < 0.55
    for number in [n for n, id_ in firm.ids.items() if id_ not in drawn][:20]:
        firm.cares_for(number)
    found = firm.evaluate().return_on_care
    assert found.held_out
    assert found.others <= len(drawn)


def test_a_holdout_ends_and_is_replaced(firm: Firm):
    firm.crm.care.hold_out(0.5, UNTIL + 2 * DAY, reason="first")
    firm.crm.care.hold_out(0.0, UNTIL + 9 * DAY, reason="ended")
    with firm.crm.session.store.read() as reader:
        assert in_force(reader, micros(UNTIL)) is None
    with pytest.raises(crmkit.InvalidValueError):
        firm.crm.care.hold_out(0.6, UNTIL + DAY, reason="too many")
    with pytest.raises(crmkit.InvalidValueError):
        firm.crm.care.hold_out(0.1, UNTIL, reason="over already")


@pytest.mark.row("R134", "R204", "R205", "R206", "R293")
def test_the_axes_have_the_documents_indicators_with_figures_and_findings(firm: Firm):
    firm.buys(40, lambda n, d: d % (7 + n) == 0, margin=lambda _: "10")
    complaint = {"kind": "complaint", "customer": {"email": "p1@x.org"}, "rating": 2}
    answer = {"kind": "call", "direction": "out", "customer": {"email": "p1@x.org"}}
    firm.crm.capture(
        [
            complaint | {"id": "c1", "at": SINCE + DAY},
            answer | {"id": "c2", "at": SINCE + 3 * DAY, "channel": "phone", "origin": "typed"},
            complaint | {"id": "c3", "at": SINCE + 9 * DAY},
            {"id": "r", "kind": "share", "at": SINCE + DAY, "customer": {"email": "p2@x.org"}},
        ],
        "desk",
    )
    firm.crm.lifecycle.advance()
    firm.cares_for(1)
    firm.crm.care.assess("awareness", 70, reason="asked in the street")
    firm.crm.care.assess("awareness", 60, reason="asked again")
    found = firm.evaluate()
    for axis, names in (
        (found.strategy, STRATEGY), (found.execution, EXECUTION), (found.effect, EFFECT),
    ):  # fmt: skip
        assert {one.code: (one.en, one.zh) for one in axis} == names
    assert len(INDICATORS) == 12
    awareness = found.indicator("awareness")
    assert awareness.assessment is None  # found at the period's end, which is not in it
    firm.now = UNTIL + DAY
    later = firm.crm.care.evaluate(SINCE, UNTIL + DAY).indicator("awareness").assessment
    assert later is not None
    assert (later.points, later.text, later.by) == (60, "asked again", "lin")
    figures = {
        figure.code: (figure.value, figure.count)
        for axis in (found.strategy, found.execution, found.effect)
        for one in axis
        for figure in one.figures
    }
    assert figures["complaints_answered"] == (0.5, 2)
    assert figures["days_to_answer"] == (2.0, 1)
    assert figures["satisfaction"] == (2.0, 2)
    assert figures["advocacy"][0] == 1
    assert figures["channels"][0] == 1
    assert figures["actions_on_time"] == (1.0, 1)
    assert figures["plans_with_goal"] == (1.0, 1)
    assert figures["retained"] == (1.0, 40)
    assert figures["captured"][0] < 1
    assert figures["profit"][1] == figures["profit"][0] / 10
    assert found.indicator("value").zh == "企业价值"
    assert Evaluation.from_dict(found.to_dict()) == found


def test_an_empty_workspace_measures_nothing_and_says_so(firm: Firm):
    found = firm.evaluate()
    assert found.return_on_care.note == "no care plan was approved in the period"
    for axis in (found.strategy, found.execution, found.effect):
        for one in axis:
            assert all(figure.value in (None, 0) for figure in one.figures if figure.count == 0)


def test_a_period_must_be_over_and_have_a_length(firm: Firm):
    for since, until in ((UNTIL, SINCE), (SINCE, SINCE), (SINCE, UNTIL + DAY)):
        with pytest.raises(crmkit.InvalidValueError):
            firm.crm.care.evaluate(since, until)
    with pytest.raises(crmkit.NaiveTimeError):
        firm.crm.care.evaluate(SINCE.replace(tzinfo=None), UNTIL)


def test_matches_are_of_the_same_tier_and_the_most_alike_first():
    cared = {"a": Likeness("core", (50.0, -10.0)), "b": Likeness("key", (90.0, 0.0))}
    others = {
        "x": Likeness("core", (50.0, -9.0)),
        "y": Likeness("core", (50.0, 0.0)),
        "z": Likeness("base", (50.0, -10.0)),
    }
    assert match(cared, others) == {"a": ["x", "y"]}
    assert match(cared, others, nearest=1) == {"a": ["x"]}


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=30),
    st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
)
def test_the_nearest_are_those_a_look_at_everybody_finds(
    places: list[tuple[int, int]], place: tuple[int, int]
):
    others = {f"o{n:02}": Likeness("t", tuple(map(float, one))) for n, one in enumerate(places)}
    cared = {"c": Likeness("t", tuple(map(float, place)))}
    columns = zip(*(one.figures for one in (*cared.values(), *others.values())), strict=True)
    spreads = [pstdev(column) or 1.0 for column in columns]

    def distance(name: str) -> float:
        pairs = zip(others[name].figures, place, spreads, strict=True)
        return sum(((a - b) / spread) ** 2 for a, b, spread in pairs)

    found = match(cared, others)["c"]
    everybody = sorted(distance(name) for name in others)
    assert [distance(name) for name in found] == pytest.approx(everybody[: len(found)])
    assert len(found) == min(5, len(others))
