"""Actions of a plan are carried out whole or not at all, on the agenda's days, and once for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import attrs
import pytest

from crmkit.capture.intake import Take
from crmkit.contracts.store import Writer
from crmkit.errors import InvalidValueError, RefusedError
from crmkit.model.plan import Action, ActionPlan, CarePlan
from tests.lifecycle.firm import Firm, firm

NIGHT = datetime(2026, 5, 1, 20, 30, tzinfo=UTC)
"""The 2nd of May already in Shanghai, and still the 1st in New York."""
DUE = {"Asia/Shanghai": date(2026, 5, 2), "America/New_York": date(2026, 5, 1)}


def running(shop: Firm, on: date) -> CarePlan:
    """Bring a plan with one action to run."""
    drafted = shop.care.draft("ann", owner="lin")
    rows = (Action(content="call", on=on, responsible="lin"),)
    saved = shop.care.save(attrs.evolve(drafted, action_plan=ActionPlan(actions=rows)))
    shop.care.submit(saved.id, by="lin")
    return shop.care.approve(saved.id, by="boss")


@contextmanager
def opened(zone: str = "UTC") -> Iterator[Firm]:
    with firm(now=NIGHT, agenda={"timezone": zone}) as shop:
        shop.buyer("ann", 90, 60, 30, owner="lin")
        shop.lifecycle.advance()
        yield shop


# -- days ------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", DUE)
@pytest.mark.parametrize("offset", [-11, 0, 8, 14])
@pytest.mark.parametrize("how", ["check", "done"])
def test_days_are_the_agendas_whatever_offset_the_clock_has(
    zone: str, offset: int, how: str
) -> None:
    """What is carried out in the last hours of a day is carried out on that day."""
    with opened(zone) as shop:
        plan = running(shop, DUE[zone])
        assert plan.on == DUE[zone]
        shop.now = NIGHT.astimezone(timezone(timedelta(hours=offset)))
        if how == "check":
            shop.care.check(plan.id, "a1", {"at": shop.now, "mode": "phone"})
        else:
            shop.care.done(f"plan:{plan.id}:a1", outcome={"at": shop.now})
        kept = shop.care.plan(plan.id)
        (action,) = kept.action_plan.actions
        assert kept.checklists[0].at == NIGHT
        assert kept.day_of(action) == DUE[zone]
        shop.wait(1)
        found = shop.care.evaluate(NIGHT - timedelta(days=30), shop.now)
        figures = {one.code: one for one in found.indicator("operations").figures}
        assert (figures["actions_on_time"].value, figures["actions_on_time"].count) == (1.0, 1)


@pytest.mark.parametrize("zone", DUE)
def test_an_action_put_off_to_an_instant_waits_for_its_day(zone: str) -> None:
    """An instant that is written in another zone is brought to the agenda's."""
    with opened(zone) as shop:
        plan = running(shop, DUE[zone])
        shop.care.check(plan.id, "a1", {"at": NIGHT + timedelta(days=3)})
        day = DUE[zone] + timedelta(days=3)
        listed = {
            number: [one.id for one in shop.agenda(day=day + timedelta(days=number)) if one.plan]
            for number in (-1, 0)
        }
        assert listed == {-1: [], 0: [f"plan:{plan.id}:a1"]}


@pytest.mark.parametrize("zone", DUE)
def test_the_day_before_the_plan_was_drawn_up_is_refused(zone: str) -> None:
    """By the agenda's days, too."""
    with opened(zone) as shop:
        plan = running(shop, DUE[zone])
        with pytest.raises(InvalidValueError) as caught:
            shop.care.check(plan.id, "a1", {"at": NIGHT - timedelta(days=1), "mode": "phone"})
        assert vars(caught.value)["field"] == "at"


# -- one transaction -------------------------------------------------------------------


def closed(shop: Firm, plan: CarePlan) -> None:
    shop.care.close(plan.id, outcome="enough")


def ended(shop: Firm, _: CarePlan) -> None:
    ending = shop.lifecycle.end("ann", reason="broke_rules", by="lin")
    shop.lifecycle.approve(ending.id, by="boss")


Act = Callable[[Firm, CarePlan, str], object]
ACTS: dict[str, Act] = {
    "check": lambda shop, plan, _: shop.care.check(
        plan.id, "a1", {"at": shop.now, "mode": "phone"}
    ),
    "done": lambda shop, plan, _: shop.care.done(f"plan:{plan.id}:a1", outcome="spoke"),
    "reward": lambda shop, plan, _: shop.care.reward("ann", "gift", item="tea", plan_id=plan.id),
    "agenda": lambda shop, _, item: shop.care.done(item, outcome="spoke"),
}


@pytest.mark.parametrize(
    ("act", "meanwhile"),
    [("check", closed), ("done", closed), *((act, ended) for act in ACTS)],
)
def test_what_is_refused_meanwhile_leaves_no_contact(
    act: str, meanwhile: Callable[[Firm, CarePlan], None]
) -> None:
    """Somebody closes the plan, or ends the relationship, just before it is written."""
    with opened() as shop:
        plan = running(shop, NIGHT.date())
        item = f"ann:{NIGHT.date()}"
        before = [(one.source, one.id) for one in shop.crm.touchpoints.of("ann")]
        joint = shop.care.joint

        def late() -> AbstractContextManager[tuple[Writer, Take]]:
            meanwhile(shop, plan)
            return joint()

        shop.care = attrs.evolve(shop.care, joint=late)
        with pytest.raises(RefusedError):
            ACTS[act](shop, plan, item)
        assert [(one.source, one.id) for one in shop.crm.touchpoints.of("ann")] == before
        assert shop.care.plan(plan.id).carried_out == frozenset()


def test_a_contact_that_cannot_be_recorded_moves_nothing() -> None:
    """Neither half stands alone."""
    with opened() as shop:
        plan = running(shop, NIGHT.date())
        with pytest.raises(InvalidValueError):
            shop.care.check(plan.id, "a1", {"at": shop.now})
        assert shop.care.plan(plan.id) == plan


# -- once for all ----------------------------------------------------------------------


@pytest.mark.parametrize("at", [None, NIGHT + timedelta(days=2)])
def test_what_was_carried_out_is_not_taken_back(at: datetime | None) -> None:
    """Its checklist may be corrected, but not be made one of what is to come."""
    with opened() as shop:
        plan = running(shop, NIGHT.date())
        done = {"at": shop.now, "mode": "phone", "travel": Decimal(120), "currency": "CNY"}
        before = shop.care.check(plan.id, "a1", done)
        with pytest.raises(InvalidValueError) as caught:
            shop.care.check(plan.id, "a1", {"at": at})
        assert vars(caught.value)["field"] == "at"
        assert shop.care.plan(plan.id) == before
        again = shop.care.check(plan.id, "a1", done | {"travel": Decimal(140)})
        assert again.checklists[0].travel == Decimal(140)
