"""Actions of running plans on the agenda: on their day, first, and until they are carried out."""

from __future__ import annotations

import attrs
import pytest

from crmkit.errors import DecisionNotFound, InvalidValueError, RefusedError
from crmkit.model.plan import Action, ActionPlan, CarePlan, Checklist
from tests.lifecycle.firm import DAY, Firm, firm


def running(shop: Firm, name: str, *actions: tuple[int, str], approve: bool = True) -> CarePlan:
    """Bring a plan to run whose actions are due in so many days, each done by somebody."""
    drafted = shop.care.draft(name, owner="lin", goal_tier="key")
    rows = tuple(
        Action(content=f"do {n}", on=shop.today + days * DAY, responsible=who, bond="social")
        for n, (days, who) in enumerate(actions, 1)
    )
    saved = shop.care.save(attrs.evolve(drafted, action_plan=ActionPlan(actions=rows)))
    shop.care.submit(saved.id, by="lin")
    return shop.care.approve(saved.id, by="boss") if approve else saved


def buyers(shop: Firm, count: int = 6) -> None:
    for number in range(count):
        shop.buyer(f"c{number}", 400, 370, 350, amount=str(900 - 90 * number), owner="lin")
    shop.lifecycle.advance()


def ids(shop: Firm, **options: object) -> list[str]:
    return [item.id for item in shop.agenda(**options)]


@pytest.mark.row("R176", "R214", "R215", "R216")
def test_an_action_is_on_its_persons_agenda_from_its_day_until_it_is_done() -> None:
    """The communication plan of one customer reaches those who carry it out, each on his day."""
    with firm() as shop:
        buyers(shop)
        plan = running(shop, "c5", (1, "lin"), (2, "wang"))
        assert not [one for one in shop.agenda() if one.plan]
        shop.wait(1)
        (item,) = [one for one in shop.agenda(owner="lin") if one.plan]
        assert (item.id, item.plan) == (f"plan:{plan.id}:a1", (plan.id, "a1"))
        assert (item.customer_id, item.name, item.due) == ("c5", "C5", shop.today)
        assert item.why[0].code == "plan"
        assert item.why[0].en == f"care plan {plan.id}, goal: the key tier"
        assert item.why[0].zh == f"客户关怀计划{plan.id},目标:关键客户"
        assert (item.about[0].en, item.about[0].at.date()) == ("do 1", shop.today)
        assert shop.agenda()[0] == item
        shop.wait(3)
        late = shop.agenda(owner="lin")[0]
        assert (late.id, late.facts) == (item.id, {"days_late": 3.0})
        assert late.why[0].zh.endswith("已逾期3天")
        shop.care.done(late, outcome="he was glad", by="lin")
        assert item.id not in ids(shop)
        shop.wait(1)
        assert [one.id for one in shop.agenda() if one.plan] == [f"plan:{plan.id}:a2"]
        assert [one.id for one in shop.agenda(owner="wang")] == [f"plan:{plan.id}:a2"]


def test_what_waits_for_approval_is_on_nobodys_agenda() -> None:
    """A plan that was submitted or closed asks for nothing."""
    with firm() as shop:
        buyers(shop)
        running(shop, "c5", (0, "lin"), approve=False)
        plan = running(shop, "c4", (0, "lin"))
        assert [one.plan for one in shop.agenda() if one.plan] == [(plan.id, "a1")]
        shop.care.close(plan.id, outcome="enough")
        assert [one.plan for one in shop.agenda() if one.plan] == []


def test_plans_come_first_and_take_their_place_in_the_day() -> None:
    """Lin can do three: one action leaves room for two contacts, and four leave none."""
    with firm() as shop:
        buyers(shop)
        running(shop, "c5", (1, "lin"))
        shop.wait(1)
        shop.lifecycle.advance()
        listed = shop.agenda(owner="lin")
        assert [bool(one.plan) for one in listed] == [True, False, False]
        assert [one.priority for one in shop.agenda()] == sorted(
            (one.priority for one in shop.agenda()), reverse=True
        )
        assert len(shop.agenda(owner="lin", limit=1)) == 1
        running(shop, "c4", *[(1, "lin")] * 4)
        shop.wait(1)
        assert [one.due for one in shop.agenda(owner="lin")] == [
            shop.today - DAY,
            shop.today,
            shop.today,
        ]


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_the_list_is_stable_within_a_day(url: str) -> None:
    """Who has carried an action out, or closed the plan, makes no room; new ones come on top."""
    with firm(url=url) as shop:
        buyers(shop)
        plan = running(shop, "c5", (1, "lin"))
        shop.wait(1)
        shop.lifecycle.advance()
        before = ids(shop, owner="lin")
        short = ids(shop, limit=2)
        assert (len(before), len(short)) == (3, 2)
        shop.care.done(before[0], outcome="spoke")
        assert ids(shop, owner="lin") == before[1:]
        assert ids(shop, limit=2) == short[1:]
        shop.care.close(plan.id, outcome="enough")
        assert ids(shop, owner="lin") == before[1:]
        other = running(shop, "c4", (0, "lin"))
        assert ids(shop, owner="lin") == [f"plan:{other.id}:a1", *before[1:]]
        shop.lifecycle.advance()
        assert ids(shop, owner="lin") == [f"plan:{other.id}:a1", *before[1:]]


def test_a_past_day_is_as_it_was_and_a_day_to_come_is_as_it_is_known() -> None:
    """What was done later was on the list then; what is due then is on it already."""
    with firm() as shop:
        buyers(shop)
        plan = running(shop, "c5", (1, "lin"), (6, "lin"))
        shop.wait(2)
        past = shop.today - DAY
        shop.care.done(f"plan:{plan.id}:a1", outcome="spoke")
        planned = lambda day: [one.plan for one in shop.agenda(day=day) if one.plan]  # noqa: E731
        assert planned(past) == [(plan.id, "a1")]
        assert planned(past - DAY) == planned(shop.today) == []
        assert planned(shop.today + 4 * DAY) == [(plan.id, "a2")]
        shop.wait(1)
        shop.care.close(plan.id, outcome="enough")
        assert planned(past) == [(plan.id, "a1")]
        assert planned(shop.today + 4 * DAY) == []


@pytest.mark.row("R28", "R29", "R192")
@pytest.mark.parametrize(
    ("mode", "channel", "kind"),
    [
        ("phone", "phone", "call"),
        ("电话会议", "phone_conference", "call"),
        ("Phone conference", "phone_conference", "call"),
        ("面谈", "meeting", "meeting"),
        ("visit", "visit", "visit"),
        ("email", "email", "message_out"),
    ],
)
def test_the_contact_that_took_place_is_a_touchpoint(mode: str, channel: str, kind: str) -> None:
    """By the mode that was chosen; it settles the cadence's contact too, and is captured once."""
    with firm() as shop:
        buyers(shop)
        plan = running(shop, "c0", (0, "lin"))
        assert {one.customer_id for one in shop.agenda()} >= {"c0"}
        checklist = Checklist(action="a1", at=shop.now, mode=mode, content="the new tea")
        shop.care.check(plan.id, "a1", checklist, by="lin")
        shop.care.check(plan.id, "a1", attrs.evolve(checklist, remarks="later"), by="lin")
        (made,) = shop.crm.touchpoints.of("c0", kinds=kind)
        assert (made.source, made.id, made.channel) == ("care_plan", f"{plan.id}:a1", channel)
        assert (made.text, made.origin) == ("the new tea", "typed")
        assert made.attributes == {"plan": plan.id, "action": "a1", "bond": "social"}
        assert "c0" not in shop.listed()
        assert shop.care.plan(plan.id).checklist("a1") == attrs.evolve(checklist, remarks="later")


def test_an_action_can_be_prepared_put_off_and_handed_over() -> None:
    """What was prepared is kept when it is done; each is a step of the plan."""
    with firm() as shop:
        buyers(shop)
        plan = running(shop, "c5", (0, "lin"))
        item = next(one for one in shop.agenda() if one.plan)
        shop.care.check(plan.id, "a1", {"readiness": "samples are packed", "mode": "visit"})
        assert item.id in ids(shop)
        shop.care.snooze(item, shop.today + 3 * DAY, by="lin")
        assert item.id not in ids(shop)
        assert shop.crm.touchpoints.of("c5", kinds=["call", "visit"]) == ()
        shop.wait(2)
        assert item.id not in ids(shop)
        shop.wait(1)
        (again,) = [one for one in shop.agenda() if one.plan]
        assert (again.id, again.due, again.channel) == (item.id, shop.today, "visit")
        shop.care.reassign(item, "wang", by="lin")
        assert [one.id for one in shop.agenda(owner="wang")] == [item.id]
        shop.care.done(again, outcome={"next_step": "order", "effective": True})
        filled = shop.care.plan(plan.id).checklist("a1")
        assert filled is not None
        assert (filled.readiness, filled.mode, filled.at) == (
            "samples are packed",
            "visit",
            shop.now,
        )
        assert (filled.content, filled.next_step) == ("do 1", "order")
        steps = [step.what for step in shop.care.plan(plan.id).steps]
        assert steps[-4:] == ["prepared", "prepared", "reassigned", "checked"]


def test_what_is_wrong_is_told() -> None:
    """Items of no plan, a day that has passed, somebody who is not there, what was done."""
    with firm() as shop:
        buyers(shop)
        plan = running(shop, "c5", (0, "lin"))
        item = f"plan:{plan.id}:a1"
        for wrong in ("plan:99999:a1", f"plan:{plan.id}:a9"):
            with pytest.raises(DecisionNotFound):
                shop.care.done(wrong, outcome="spoke")
        with pytest.raises(InvalidValueError):
            shop.care.snooze(item, shop.today)
        with pytest.raises(InvalidValueError):
            shop.care.reassign(item, "stranger")
        cadence = next(one for one in shop.agenda() if not one.plan)
        with pytest.raises(InvalidValueError):
            shop.care.done(cadence, outcome=Checklist(action="a1"))
        shop.care.done(item, outcome="spoke")
        for again in (
            lambda: shop.care.snooze(item, shop.today + DAY),
            lambda: shop.care.reassign(item, "wang"),
        ):
            with pytest.raises(DecisionNotFound):
                again()
        shop.care.close(plan.id, outcome="enough")
        with pytest.raises(RefusedError):
            shop.care.done(item, outcome="spoke")


def test_a_merged_customers_action_is_the_keepers() -> None:
    """And it is not there where the relationship is ended."""
    with firm() as shop:
        buyers(shop)
        running(shop, "c5", (0, "lin"))
        shop.crm.customers.merge("c4", "c5", reason="one man")
        (item,) = [one for one in shop.agenda() if one.plan]
        assert item.customer_id == "c4"
        ending = shop.lifecycle.end("c4", reason="broke_rules", by="lin")
        shop.lifecycle.approve(ending.id, by="boss")
        assert not [one for one in shop.agenda() if one.plan]
