"""Service standards: set, measured by what happened, and made better with a look at the effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.care.standards import Standards
from crmkit.errors import DecisionNotFound, InvalidValueError, RefusedError
from crmkit.model.feedback import FEEDBACK_STEPS, FeedbackCase
from crmkit.model.standard import (
    AREAS,
    RECEPTION_TO_FOLLOW_UP,
    Attainment,
    Improvement,
    Standard,
)
from tests.lifecycle.firm import START, Firm, firm

HOUR = timedelta(hours=1)
DAY = 24 * HOUR


def answered(shop: Firm, hours: float, kind: str = "complaint") -> FeedbackCase:
    """Open a case and answer it after so many hours."""
    case = shop.crm.feedback.open("ann", kind, "it is cold")
    shop.now += hours * HOUR
    return shop.crm.feedback.respond(case.id, "sorry")


def solved(shop: Firm, category: str = "process", *, tries: int = 1, days: float = 1) -> None:
    """Take a case to its end, with so many measures, each of so many days."""
    feedback = shop.crm.feedback
    case = answered(shop, 1)
    for attempt in range(tries):
        feedback.analyse(case.id, category)
        feedback.act(case.id, "repair")
        shop.now += days * DAY
        feedback.follow_up(case.id, solved=attempt == tries - 1)


def only(shop: Firm, **ends: Any) -> Attainment:
    (found,) = shop.crm.standards.attainment(**ends)
    return found


def told(found: Attainment) -> tuple[float | None, int, bool | None]:
    return found.measured.value, found.measured.count, found.attained


@pytest.mark.row("R207", "R208", "R209", "R210", "R211")
def test_each_of_the_five_areas_is_measured_by_its_own_cases() -> None:
    """What is complained about decides where it counts; what was not measured is told as such."""
    with firm() as shop:
        shop.save("ann")
        for area, category in zip(
            AREAS,
            ("product_function", "staff", "process", "service_quality", "delivery"),
            strict=True,
        ):
            shop.crm.standards.set(
                f"{area} first time",
                area=area,
                figure="solved_first_time",
                target=0.5,
                categories=[category],
            )
        solved(shop, "product_function")
        solved(shop, "staff", tries=2)
        solved(shop, "process")
        solved(shop, "process", tries=3)
        found = shop.crm.standards.attainment()
        assert tuple(one.standard.area for one in found) == AREAS
        assert [told(one) for one in found] == [
            (1.0, 1, True),
            (0.0, 1, False),
            (0.5, 2, True),
            (None, 0, None),
            (None, 0, None),
        ]
        assert [Attainment.from_dict(one.to_dict()) for one in found] == [*found]


@pytest.mark.row("R232")
def test_a_standard_says_what_is_offered_and_keeps_its_versions() -> None:
    """Scope, process, time, skills, language; each change is a version, the same again is none."""
    with firm() as shop:
        standards = shop.crm.as_actor("boss").standards
        said: dict[str, Any] = {
            "area": "customer_support",
            "figure": "response_time",
            "within": 8 * HOUR,
            "scope": "all who bought",
            "process": ("greet", "listen", "answer"),
            "time": "weekdays 9 to 18",
            "skills": "knows every tea",
            "language": "普通话, courteous",
        }
        first = standards.set("hotline", target=0.8, **said)
        assert {name: getattr(first, name) for name in said} == said
        assert standards.set("hotline", target=0.8, **said) == first
        shop.wait(1)
        second = standards.set("hotline", target=0.9, reason="we got better", **said)
        assert (second.version, second.since, second.id) == (2, shop.now, first.id)
        assert standards.get("hotline") == second
        assert standards.versions("hotline") == (first, second)
        dropped = standards.drop("hotline", reason="no hotline any more")
        assert standards.attainment() == ()
        with pytest.raises(DecisionNotFound):
            standards.get("hotline")
        back = standards.set("hotline", target=0.9, **said)
        assert standards.versions("hotline") == (first, second, dropped, back)
        assert (back.version, back.state) == (4, "in_force")
        made = [one.record for one in shop.crm.changes(limit=99) if one.what == "decision"]
        assert [one.by for one in made] == ["boss"] * 4
        assert made[1].reason == "we got better"


@pytest.mark.row("R233")
def test_every_step_from_the_reception_to_the_follow_up_is_a_standard_action() -> None:
    """A standard names them, every case goes through them, and their times are measured."""
    with firm() as shop:
        shop.save("ann")
        made = shop.crm.standards.set(
            "steps", area="service_process", figure="steps_in_time", target=0.9
        )
        assert made.process == RECEPTION_TO_FOLLOW_UP == ("receive", *FEEDBACK_STEPS)
        assert told(only(shop)) == (None, 0, None)
        solved(shop)
        assert told(only(shop)) == (1.0, 4, True)
        answered(shop, 9)  # high: within eight hours
        assert told(only(shop)) == (0.8, 5, False)
        shop.now += 23 * HOUR
        assert told(only(shop)) == (0.8, 5, False)
        shop.now += 2 * HOUR  # its analysis is late now, and nobody made it
        assert told(only(shop)) == (4 / 6, 6, False)
        shop.wait(60)
        (closed,) = shop.crm.feedback.list(state="closed")
        shop.crm.feedback.follow_up(closed.id, solved=False)
        assert told(only(shop)) == (4 / 6, 6, False)


@pytest.mark.row("R234", "R235")
def test_response_time_is_the_share_answered_within() -> None:
    """What is not answered counts once its time is over, and not before."""
    with firm() as shop:
        shop.save("ann")
        shop.crm.standards.set(
            "quick",
            area="customer_support",
            figure="response_time",
            target=0.5,
            within=8 * HOUR,
            kinds=["complaint"],
        )
        for hours in (1, 8, 9):
            answered(shop, hours)
        answered(shop, 50, "opinion")
        shop.crm.feedback.open("ann", "complaint", "again")
        assert told(only(shop)) == (2 / 3, 3, True)
        shop.now += 9 * HOUR
        assert told(only(shop)) == (0.5, 4, True)


@pytest.mark.row("R234", "R235")
def test_solution_time_runs_to_the_end_that_holds() -> None:
    """A case that came back is not solved, whatever was thought before; praise needs no solving."""
    with firm() as shop:
        shop.save("ann")
        shop.crm.standards.set(
            "done", area="solution", figure="solution_time", target=0.9, within=3 * DAY
        )
        answered(shop, 1, "praise")
        assert told(only(shop)) == (None, 0, None)
        solved(shop)
        assert told(only(shop)) == (1.0, 1, True)
        solved(shop, days=4)
        assert told(only(shop)) == (0.5, 2, False)
        quick = min(one.id for one in shop.crm.feedback.of("ann") if one.rounds)
        shop.crm.feedback.follow_up(quick, solved=False)
        assert told(only(shop)) == (0.0, 2, False)


@pytest.mark.row("R234", "R235", "R65")
def test_complaint_rate_and_satisfaction_come_from_the_log() -> None:
    """Complaints a purchase and the mean rating, of the span that is asked about."""
    with firm() as shop:
        standards = shop.crm.standards
        standards.set("few", area="product_quality", figure="complaint_rate", target=0.25)
        standards.set("happy", area="customer_support", figure="satisfaction", target=8)
        few, happy = standards.attainment()
        assert told(few) == told(happy) == (None, 0, None)
        shop.buyer("ann", 200, 40, 30, 20, 10)
        shop.note("ann", "complaint", 15)
        shop.note("ann", "complaint", 14, rating=2)
        shop.crm.touchpoints.retract("shop", f"r{shop.count}", reason="a mistake")
        shop.note("ann", "survey_answered", 300, rating=1)
        shop.note("ann", "survey_answered", 9, rating=9)
        shop.note("ann", "praise", 8, rating=8)
        shop.note("ann", "call", 8, rating=0)
        few, happy = standards.attainment(shop.at(90))
        assert (told(few), told(happy)) == ((0.25, 4, True), (8.5, 2, True))
        few, happy = standards.attainment()
        assert (told(few), told(happy)) == ((0.2, 5, True), (6.0, 3, False))
        few, happy = standards.attainment(shop.at(35), shop.at(15))
        assert (told(few), told(happy)) == ((0.0, 2, True), (None, 0, None))
        assert (few.measured.since, few.measured.until) == (shop.at(35), shop.at(15))


def test_a_complaint_rate_of_a_category_counts_its_cases() -> None:
    """What is complained about is known once it was analysed."""
    with firm() as shop:
        shop.buyer("ann", *range(1, 11))
        shop.crm.standards.set(
            "firm", area="product_quality", figure="complaint_rate", target=0.1,
            categories=["product_function"],
        )  # fmt: skip
        solved(shop, "product_function")
        solved(shop, "price")
        assert told(only(shop)) == (0.1, 10, True)


@pytest.mark.row("R234", "R235")
def test_metrics_need_no_standard() -> None:
    """Satisfaction, complaint rate and response time; None where there is nothing to count."""
    with firm() as shop:
        none = shop.crm.standards.metrics()
        assert (none.satisfaction, none.complaint_rate, none.response_time) == (None, None, None)
        assert (none.solution_time, none.cases, none.ratings) == (None, 0, 0)
        shop.buyer("ann", 20, 10)
        shop.note("ann", "survey_answered", 5, rating=7)
        for hours in (1, 2, 30):
            answered(shop, hours)
        solved(shop, days=2)
        shop.crm.feedback.open("ann", "opinion", "dear")
        found = shop.crm.standards.metrics()
        assert (found.satisfaction, found.ratings) == (7.0, 1)
        assert (found.complaints, found.purchases, found.complaint_rate) == (4, 2, 2.0)
        assert (found.cases, found.answered, found.solved) == (5, 4, 1)
        assert found.response_time == 1.5 * HOUR
        assert found.solution_time == 2 * DAY + HOUR


@pytest.mark.row("R236")
def test_an_improvement_is_measured_before_and_after() -> None:
    """What a case's measure did for the standard is tracked, until the effect is there."""
    with firm() as shop:
        standards = shop.crm.standards
        shop.save("ann")
        standards.set("first", area="solution", figure="solved_first_time", target=0.9)
        solved(shop, tries=2)
        shop.now += HOUR
        case = answered(shop, 1)
        with pytest.raises(RefusedError, match="no measure yet"):
            standards.improve("first", "train everybody", case=case.id)
        shop.crm.feedback.analyse(case.id, "staff")
        shop.crm.feedback.act(case.id, "staff_training")
        shop.wait(1)
        begun = standards.improve(
            "first", "train everybody", case=case.id, owner="lin", over=30 * DAY
        )
        assert (begun.before.value, begun.before.count) == (0.0, 1)
        assert (begun.state, begun.due, begun.better) == ("running", shop.now + 30 * DAY, None)
        with pytest.raises(RefusedError, match="assess it later"):
            standards.assess(begun.id)
        shop.wait(10)
        solved(shop)
        solved(shop, tries=2)
        done = standards.assess(begun.id)
        assert done.after is not None
        assert (done.after.value, done.after.count, done.better) == (0.5, 2, True)
        assert (done.state, done.due, done.assessed_at) == ("assessed", None, shop.now)
        solved(shop, tries=2)
        solved(shop, tries=2)
        again = standards.assess(begun.id)
        assert again.after is not None
        assert again.after.value == 0.25
        other = standards.improve("first", "a new cup", way="innovate")
        assert standards.improvements() == (again, other)
        assert standards.improvements("first") == (again, other)
        assert standards.improvements("second") == ()
        assert Improvement.from_dict(again.to_dict()) == again


def test_an_improvement_keeps_the_standard_it_began_with() -> None:
    """A target that was changed meanwhile does not change what is compared."""
    with firm() as shop:
        standards = shop.crm.standards
        shop.buyer("ann", 20, 10)
        first = standards.set("few", area="product_quality", figure="complaint_rate", target=0.1)
        shop.note("ann", "complaint", 5)
        begun = standards.improve("few", "new cups")
        assert begun.before.value == 0.5
        standards.set("few", area="product_quality", figure="satisfaction", target=9)
        shop.wait(30)
        shop.buy("ann", 3, 2)
        done = standards.assess(begun.id)
        assert (done.standard, done.better) == (first, True)


GOOD: dict[str, Any] = {
    "name": "quick",
    "area": "customer_support",
    "figure": "response_time",
    "target": 0.9,
    "within": HOUR,
}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"area": "weather"}, "area"),
        ({"figure": "mood"}, "figure"),
        ({"target": 1.1}, "target"),
        ({"target": float("nan")}, "target"),
        ({"figure": "satisfaction", "within": None, "target": 11}, "target"),
        ({"figure": "complaint_rate", "within": None, "target": -1}, "target"),
        ({"within": None}, "within"),
        ({"within": timedelta(0)}, "within"),
        ({"figure": "steps_in_time"}, "within"),
        ({"kinds": ["rant"]}, "kinds"),
        ({"figure": "satisfaction", "within": None, "kinds": ["praise"]}, "kinds"),
        ({"figure": "complaint_rate", "within": None, "kinds": ["praise"]}, "kinds"),
        ({"categories": ["weather"]}, "categories"),
        ({"figure": "satisfaction", "within": None, "categories": ["price"]}, "categories"),
        ({"process": [5]}, "process"),
        ({"language": 5}, "language"),
        ({"owner": "nobody"}, "owner"),
    ],
)
def test_a_standard_that_makes_no_sense_is_told(changes: dict[str, Any], field: str) -> None:
    """The field is named, and nothing was set."""
    with firm() as shop:
        said = GOOD | changes
        with pytest.raises(InvalidValueError) as caught:
            shop.crm.standards.set(said.pop("name"), **said)
        assert vars(caught.value)["field"] == field
        assert shop.crm.changes() == ()


def test_what_is_not_there_or_makes_no_sense_is_told() -> None:
    """Standards, cases and improvements of no such name, and spans that end before they begin."""
    with firm() as shop:
        standards = shop.crm.standards
        standards.set(GOOD["name"], **{key: GOOD[key] for key in GOOD if key != "name"})
        calls: tuple[tuple[Callable[[Standards], object], type[Exception]], ...] = (
            (lambda s: s.get("slow"), DecisionNotFound),
            (lambda s: s.versions("slow"), DecisionNotFound),
            (lambda s: s.drop("slow", reason="r"), DecisionNotFound),
            (lambda s: s.improve("slow", "x"), DecisionNotFound),
            (lambda s: s.improve("quick", " "), InvalidValueError),
            (lambda s: s.improve("quick", "x", way="pray"), InvalidValueError),
            (lambda s: s.improve("quick", "x", over=timedelta(0)), InvalidValueError),
            (lambda s: s.improve("quick", "x", case="99"), DecisionNotFound),
            (lambda s: s.assess("99"), DecisionNotFound),
            (lambda s: s.attainment(shop.now, shop.at(1)), InvalidValueError),
            (lambda s: s.metrics(shop.now, shop.at(1)), InvalidValueError),
        )
        before = shop.crm.changes()
        for call, error in calls:
            with pytest.raises(error):
                call(standards)
        assert shop.crm.changes() == before


@given(value=st.floats(0, 10), target=st.floats(0, 10))
def test_a_target_is_reached_or_not(value: float, target: float) -> None:
    """At most for the complaint rate, at least for everything else, and better is the same way."""
    least = Standard(name="s", area="solution", figure="satisfaction", target=target, since=START)
    most = attrs.evolve(least, figure="complaint_rate")
    assert least.attained(value) == (value >= target)
    assert most.attained(value) == (value <= target)
    assert least.better(target, value) == (value > target)
    assert most.better(target, value) == (value < target)
    assert least.attained(None) is most.better(None, value) is None
