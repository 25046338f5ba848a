"""Care plans: forms 087 to 090 kept field by field, and moved only by who may move them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from crmkit.errors import (
    CustomerMerged,
    CustomerNotFound,
    DecisionNotFound,
    InvalidValueError,
    NaiveTimeError,
    RefusedError,
)
from crmkit.model.plan import (
    Action,
    ActionPlan,
    CarePlan,
    Checklist,
    Goals,
    Issue,
    Obstacle,
    Relation,
    SalesGoal,
    Situation,
)
from tests.lifecycle.firm import DAY, START, Firm, firm

TODAY = START.date()


@pytest.fixture(params=["memory://", "sqlite://"])
def shop(request: pytest.FixtureRequest) -> Iterator[Firm]:
    with firm(url=request.param) as shop:
        shop.buyer("ann", 90, 60, 30, owner="lin", number="K-1")
        shop.buyer("bob", 90, 60, 30, owner="wang")
        shop.lifecycle.advance()
        yield shop


def plan(shop: Firm, state: str = "draft", name: str = "ann") -> CarePlan:
    """Bring a plan with two actions to a state."""
    drafted = shop.care.draft(name, owner="lin", by="lin")
    actions = (
        Action(content="call", on=TODAY + 2 * DAY, responsible="lin", bond="social"),
        Action(content="visit", on=TODAY + 9 * DAY, responsible="wang", bond="structural"),
    )
    edited = attrs.evolve(drafted, action_plan=ActionPlan(actions=actions))
    made = shop.care.save(edited, by="lin")
    if state != "draft":
        made = shop.care.submit(made.id, by="lin")
    if state in ("running", "closed"):
        made = shop.care.approve(made.id, by="boss")
    if state == "closed":
        made = shop.care.close(made.id, outcome="he is back", by="lin")
    return made


# -- the forms -------------------------------------------------------------------------

FULL = {
    "R158": ("situation", Situation(introduction="三家分店")),
    "R159": ("situation", Situation(last_stage="拜访两次")),
    "R160": ("situation", Situation(events="更换总经理")),
    "R161": ("situation", Situation(greatest_value="准时交货")),
    "R162": ("goals", Goals(long_term="长期合作")),
    "R163": ("goals", Goals(expansion="认识财务部门")),
    "R164": ("goals", Goals(sales=(SalesGoal(product="茶"),))),
    "R165": ("goals", Goals(sales=(SalesGoal(product="茶", signing=TODAY + DAY),))),
    "R166": (
        "goals",
        Goals(sales=(SalesGoal(product="茶", amount=Decimal("9.50"), currency="CNY"),)),
    ),
    "R167": ("goals", Goals(sales=(SalesGoal(product="茶", profit=Decimal(-2), currency="CNY"),))),
    "R168": ("goals", Goals(strategy="先回访")),
    "R169": ("goals", Goals(obstacles=(Obstacle(obstacle="价格"),))),
    "R170": ("goals", Goals(obstacles=(Obstacle(obstacle="价格", importance="高"),))),
    "R171": ("goals", Goals(obstacles=(Obstacle(obstacle="价格", department="采购"),))),
    "R172": ("goals", Goals(obstacles=(Obstacle(obstacle="价格", measure="优惠"),))),
    "R173": ("goals", Goals(obstacles=(Obstacle(obstacle="价格", attitude="犹豫"),))),
    "R174": ("action_plan", ActionPlan(actions=(Action(id="a1", content="拜访"),))),
    "R175": ("action_plan", ActionPlan(actions=(Action(id="a1", content="拜访", on=TODAY),))),
    "R176": (
        "action_plan",
        ActionPlan(actions=(Action(id="a1", content="访", responsible="lin"),)),
    ),
    "R177": ("action_plan", ActionPlan(actions=(Action(id="a1", content="访", resources="车"),))),
    "R178": (
        "action_plan",
        ActionPlan(actions=(Action(id="a1", content="访", deliverable="纪要"),)),
    ),
    "R179": ("action_plan", ActionPlan(issues=(Issue(issue="交货慢", measure="换车队"),))),
    "R180": ("action_plan", ActionPlan(memorandum="五月周年")),
    "R181": ("action_plan", ActionPlan(relations=(Relation(supporter="李总"),))),
    "R182": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", approach="球"),))),
    "R183": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", progress="熟"),))),
    "R184": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", attitude="支持"),))),
    "R185": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", satisfaction="9"),))),
    "R186": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", complaints="晚"),))),
    "R187": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", contracts="框架"),))),
    "R188": ("action_plan", ActionPlan(relations=(Relation(supporter="李总", term=TODAY),))),
    "R189": ("action_plan", ActionPlan(strengths="质量")),
    "R190": ("action_plan", ActionPlan(weaknesses="价格")),
}


@pytest.mark.parametrize(
    ("form", "value"),
    [pytest.param(*field, id=row, marks=pytest.mark.row(row)) for row, field in FULL.items()],
)
def test_each_field_of_the_forms_is_kept(shop: Firm, form: str, value: Any) -> None:
    """What is written into forms 087 to 089 comes back as it was written."""
    edited = attrs.evolve(shop.care.draft("ann", owner="lin"), **{form: value})
    shop.care.save(edited)
    kept = shop.care.plan(edited.id)
    assert getattr(kept, form) == value
    assert CarePlan.from_dict(kept.to_dict()) == kept


CHECKED = {
    "R191": {"at": START},
    "R192": {"mode": "phone_conference"},
    "R193": {"content": "价格谈判"},
    "R194": {"next_step": "寄样品"},
    "R195": {"readiness": "资料已备齐"},
    "R196": {"competitor": "对手刚开店"},
    "R197": {"counter_strategy": "对手降价"},
    "R198": {"effective": True},
    "R199": {"travel": Decimal("120.50"), "currency": "CNY"},
    "R200": {"entertainment": Decimal(300), "currency": "CNY"},
    "R201": {"other": Decimal(8), "currency": "CNY", "remarks": "停车"},
}


@pytest.mark.parametrize(
    "fields", [pytest.param(v, id=row, marks=pytest.mark.row(row)) for row, v in CHECKED.items()]
)
def test_each_field_of_the_checklist_is_kept(shop: Firm, fields: dict[str, Any]) -> None:
    """What form 090 holds of an action comes back as it was written."""
    running = plan(shop, "running")
    filled = Checklist(action="a1", **{"mode": "visit"} | fields)
    assert shop.care.check(running.id, "a1", filled).checklist("a1") == filled
    assert shop.care.plan(running.id).checklists == (filled,)


@pytest.mark.row("R18", "R157")
def test_the_head_of_the_forms(shop: Firm) -> None:
    """Account manager, day, the customer's name and number stand at the head of each form."""
    drafted = shop.care.draft("ann", owner="lin")
    assert (drafted.owner, drafted.on) == ("lin", TODAY)
    assert (drafted.customer_name, drafted.customer_number) == ("Ann", "K-1")
    for name in ("owner", "on", "customer_name", "customer_number", "goal_tier", "state"):
        with pytest.raises(InvalidValueError) as caught:
            shop.care.save(attrs.evolve(drafted, **{name: "base"}))
        assert vars(caught.value)["field"] == name


# -- its life --------------------------------------------------------------------------


@pytest.mark.row("R156")
def test_a_plan_is_drawn_up_approved_and_carried_out(shop: Firm) -> None:
    """Every move is kept with who made it and when, and carries the forms as they were."""
    running = plan(shop, "running")
    shop.wait(2)
    shop.care.check(running.id, "a1", {"at": shop.now, "mode": "phone"}, by="lin")
    closed = shop.care.close(running.id, outcome="he buys again", by="wang")
    assert (closed.state, closed.outcome) == ("closed", "he buys again")
    assert [(step.what, step.by) for step in closed.steps] == [
        ("drafted", "lin"),
        ("saved", "lin"),
        ("submitted", "lin"),
        ("approved", "boss"),
        ("checked", "lin"),
        ("closed", "wang"),
    ]
    assert [step.at for step in closed.steps] == [START] * 4 + [shop.now] * 2
    moves = shop.care.history(running.id)
    assert [move.body["what"] for move in moves] == [step.what for step in closed.steps]
    assert CarePlan.from_dict(moves[3].body["document"]) == attrs.evolve(running, reached=None)


@pytest.mark.parametrize("by", ["lin", "wang", "nobody", None])
def test_only_somebody_senior_who_did_not_submit_it_approves(shop: Firm, by: str | None) -> None:
    """Neither who is not senior nor nobody at all; nothing has changed then."""
    waiting = plan(shop, "submitted")
    with pytest.raises(RefusedError):
        shop.care.approve(waiting.id, by=by)
    assert shop.care.plan(waiting.id) == waiting


def test_who_submitted_it_does_not_approve_it(shop: Firm) -> None:
    """Not even where somebody senior submitted it, and it must be somebody."""
    drafted = plan(shop)
    with pytest.raises(RefusedError, match="somebody must submit"):
        shop.care.submit(drafted.id)
    for unknown in ("", "  ", "BOSS", " boss"):
        with pytest.raises(RefusedError, match=r"by=|boss, lin, wang"):
            shop.care.submit(drafted.id, by=unknown)
    shop.care.submit(drafted.id, by="boss")
    with pytest.raises(RefusedError):
        shop.care.approve(drafted.id, by="boss")


def test_a_plan_is_sent_back_with_a_reason_and_submitted_anew(shop: Firm) -> None:
    """It is a draft again, can be edited, and the reason is kept."""
    waiting = plan(shop, "submitted")
    with pytest.raises(InvalidValueError) as caught:
        shop.care.reject(waiting.id, reason=" ", by="boss")
    assert vars(caught.value)["field"] == "reason"
    back = shop.care.reject(waiting.id, reason="too dear", by="boss")
    assert (back.state, back.steps[-1].reason) == ("draft", "too dear")
    shop.care.save(attrs.evolve(back, goals=Goals(strategy="cheaper")), by="lin")
    shop.care.submit(back.id, by="lin")
    assert shop.care.approve(back.id, by="boss").goals.strategy == "cheaper"


def test_what_was_changed_meanwhile_is_not_written_over(shop: Firm) -> None:
    """Of two who edit the same draft, the second is told."""
    drafted = plan(shop)
    shop.care.save(attrs.evolve(drafted, goals=Goals(strategy="one")), by="lin")
    with pytest.raises(RefusedError, match="meanwhile"):
        shop.care.save(attrs.evolve(drafted, goals=Goals(strategy="two")), by="wang")
    assert shop.care.plan(drafted.id).goals.strategy == "one"
    kept = shop.care.plan(drafted.id)
    assert shop.care.save(kept) == kept  # nothing new is no step


@pytest.mark.parametrize("state", ["submitted", "running", "closed"])
def test_the_forms_stand_still_once_it_was_submitted(shop: Firm, state: str) -> None:
    """What was approved is what is carried out."""
    made = plan(shop, state)
    with pytest.raises(RefusedError):
        shop.care.save(attrs.evolve(made, goals=Goals(strategy="another")))
    assert shop.care.plan(made.id).goals == made.goals


def test_a_form_of_another_customer_is_refused(shop: Firm) -> None:
    """Neither a plan that is not there, nor another's forms under this plan's id."""
    drafted = plan(shop)
    with pytest.raises(InvalidValueError) as caught:
        shop.care.save(attrs.evolve(drafted, customer_id="bob"))
    assert vars(caught.value)["field"] == "customer_id"
    with pytest.raises(DecisionNotFound):
        shop.care.save(attrs.evolve(drafted, id="99999"))
    movement = shop.crm.value.explain("bob", shop.at(30))
    with pytest.raises(InvalidValueError) as caught:
        shop.care.draft("ann", owner="lin", cause=movement)
    assert vars(caught.value)["field"] == "cause"


FAULTS: dict[str, Any] = {
    "situation.introduction": {"situation": Situation(introduction="a\0b")},
    "goals.sales[1].currency": {
        "goals": Goals(
            sales=(SalesGoal(product="tea"), SalesGoal(product="pot", amount=Decimal(5)))
        )
    },
    "goals.sales[0].product": {"goals": Goals(sales=(SalesGoal(product=" "),))},
    "goals.sales[0].amount": {
        "goals": Goals(sales=(SalesGoal(product="x", amount=Decimal("NaN"), currency="CNY"),))
    },
    "goals.sales[0].signing": {
        "goals": Goals(sales=(SalesGoal(product="x", signing=TODAY - DAY),))
    },
    "goals.obstacles[0].obstacle": {"goals": Goals(obstacles=(Obstacle(obstacle=""),))},
    "goals.sales": {"goals": attrs.evolve(Goals(), sales="x")},
    "goals": {"goals": None},
    "action_plan.actions[0].content": {"action_plan": ActionPlan(actions=(Action(content=""),))},
    "action_plan.actions[0].on": {
        "action_plan": ActionPlan(actions=(Action(content="x", on=TODAY - DAY),))
    },
    "action_plan.actions[1].responsible": {
        "action_plan": ActionPlan(
            actions=(Action(content="x"), Action(content="x", responsible="stranger"))
        )
    },
    "action_plan.actions[0].bond": {
        "action_plan": ActionPlan(actions=(Action(content="x", bond="steel"),))
    },
    "action_plan.actions[1].id": {
        "action_plan": ActionPlan(
            actions=(Action(content="x", id="a1"), Action(content="y", id="a1"))
        )
    },
    "action_plan.relations[0].term": {
        "action_plan": ActionPlan(relations=(Relation(supporter="x", term=date.min),))
    },
}


@pytest.mark.parametrize("path", FAULTS)
def test_what_a_form_must_not_hold_is_named_by_its_path(shop: Firm, path: str) -> None:
    """The fault is named where it stands, and nothing changed."""
    drafted = plan(shop)
    with pytest.raises(InvalidValueError) as caught:
        shop.care.save(attrs.evolve(drafted, **FAULTS[path]))
    assert vars(caught.value)["field"] == path
    assert shop.care.plan(drafted.id) == drafted


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("currency", {"travel": Decimal(5)}),
        ("travel", {"travel": Decimal(-5), "currency": "CNY"}),
        ("at", {"at": START - 2 * DAY}),
        ("action", {"action": "a2"}),
        ("mode", {"at": START, "mode": " "}),
        ("effective", {"effective": "yes"}),
        ("checklist", {"colour": "red"}),
    ],
)
def test_what_a_checklist_must_not_hold_is_named(
    shop: Firm, field: str, fields: dict[str, Any]
) -> None:
    """Amounts without a currency, instants before the plan, another action's list."""
    running = plan(shop, "running")
    with pytest.raises(InvalidValueError) as caught:
        shop.care.check(running.id, "a1", {"mode": "phone"} | fields)
    assert vars(caught.value)["field"] == field
    assert shop.care.plan(running.id).checklists == ()
    with pytest.raises(NaiveTimeError):
        shop.care.check(running.id, "a1", Checklist(action="a1", at=START.replace(tzinfo=None)))


def test_what_is_not_there_is_told(shop: Firm) -> None:
    """Unknown customers, plans, actions, people and tiers; and what needs to be said."""
    running = plan(shop, "running")
    with pytest.raises(CustomerNotFound):
        shop.care.draft("nobody", owner="lin")
    with pytest.raises(DecisionNotFound):
        shop.care.submit("99999", by="lin")
    with pytest.raises(DecisionNotFound):
        shop.care.check(running.id, "a9", {})
    for field, options in (
        ("owner", {"owner": "stranger"}),
        ("goal_tier", {"owner": "lin", "goal_tier": "gold"}),
        ("lang", {"owner": "lin", "lang": "fr"}),
    ):
        with pytest.raises(InvalidValueError) as caught:
            shop.care.draft("ann", **options)
        assert vars(caught.value)["field"] == field
    with pytest.raises(InvalidValueError):
        shop.care.close(running.id, outcome=" ")
    with pytest.raises(InvalidValueError):
        shop.care.plans(state="lost")


@pytest.mark.parametrize(
    ("path", "actions"),
    [
        ("action_plan.actions", ()),
        ("action_plan.actions[0].on", (Action(content="x", responsible="lin"),)),
        ("action_plan.actions[0].responsible", (Action(content="x", on=TODAY),)),
    ],
)
def test_a_plan_that_nobody_could_carry_out_is_not_submitted(
    shop: Firm, path: str, actions: tuple[Action, ...]
) -> None:
    """There is an action, and each has its day and its person."""
    edited = attrs.evolve(plan(shop), action_plan=ActionPlan(actions=actions))
    saved = shop.care.save(edited)
    with pytest.raises(InvalidValueError) as caught:
        shop.care.submit(saved.id, by="lin")
    assert vars(caught.value)["field"] == path


def test_an_ended_relationship_takes_no_plan(shop: Firm) -> None:
    """Neither a new one, nor one that waits; a running one can still be closed."""
    drafted, waiting = plan(shop), plan(shop, "submitted")
    running = plan(shop, "running")
    ending = shop.lifecycle.end("ann", reason="broke_rules", by="lin")
    shop.lifecycle.approve(ending.id, by="boss")
    for move in (
        lambda: shop.care.draft("ann", owner="lin"),
        lambda: shop.care.submit(drafted.id, by="lin"),
        lambda: shop.care.approve(waiting.id, by="boss"),
        lambda: shop.care.check(running.id, "a1", {"at": shop.now, "mode": "phone"}),
        lambda: shop.care.reward("ann", "gift", item="tea"),
    ):
        with pytest.raises(RefusedError, match="was ended"):
            move()
    shop.wait(20)
    assert shop.listed(owner="lin") == []
    assert shop.care.close(running.id, outcome="he was let go").state == "closed"


def test_who_is_set_aside_gets_no_plan_until_the_holdout_ends(shop: Firm) -> None:
    """Else care could not be compared with none."""
    names = [shop.buyer(f"c{number}", 9) for number in range(12)]
    shop.care.hold_out(0.5, shop.now + 30 * DAY, reason="to compare")
    refused = []
    for name in names:
        try:
            plan(shop, "running", name)
        except RefusedError:
            refused.append(name)
    assert 0 < len(refused) < len(names)
    with pytest.raises(RefusedError, match="set aside"):
        shop.care.draft(refused[0], owner="lin")
    shop.wait(31)
    assert shop.care.draft(refused[0], owner="lin").state == "draft"


def test_actions_get_an_id_and_keep_it(shop: Firm) -> None:
    """What is taken out leaves a gap that a later action does not fill while others stand."""
    drafted = plan(shop)
    assert [one.id for one in drafted.action_plan.actions] == ["a1", "a2"]
    actions = (Action(content="new"), drafted.action_plan.actions[1])
    saved = shop.care.save(attrs.evolve(drafted, action_plan=ActionPlan(actions=actions)))
    assert [(one.id, one.content) for one in saved.action_plan.actions] == [
        ("a3", "new"),
        ("a2", "visit"),
    ]


# -- lists and goals -------------------------------------------------------------------


def test_plans_are_listed_by_state_owner_and_customer(shop: Firm) -> None:
    """In the order they were opened; who was merged is asked for by his root."""
    first, second = plan(shop), plan(shop, "running", "bob")
    assert [one.id for one in shop.care.plans()] == [first.id, second.id]
    assert [one.id for one in shop.care.plans(state="running")] == [second.id]
    assert [one.id for one in shop.care.plans(customer="ann", owner="lin")] == [first.id]
    assert shop.care.plans(owner="wang") == ()
    shop.crm.customers.merge("ann", "bob", reason="one woman")
    assert [one.id for one in shop.care.plans(customer="ann")] == [first.id, second.id]
    with pytest.raises(CustomerMerged):
        shop.care.plans(customer="bob")
    shop.wait(2)
    shop.care.check(second.id, "a1", {"at": shop.now, "mode": "phone"})
    assert shop.crm.touchpoints.of("ann", kinds="call")[0].attributes["plan"] == second.id
    assert shop.care.close(second.id, outcome="done").state == "closed"


@pytest.mark.row("R132")
def test_a_running_plan_tells_when_the_goal_is_reached_and_a_closed_one_whether(shop: Firm) -> None:
    """By the tier that `advance` recorded; it does not close by itself."""
    for number in range(10):
        shop.buyer(f"c{number}", 90, 60, 30, amount=str(500 + number))
    shop.lifecycle.advance()
    assert shop.crm.value.score("ann").tier == "base"
    drafted = shop.care.draft("ann", owner="lin", goal_tier="core")
    assert drafted.reached is None
    shop.care.submit(drafted.id, by="lin")
    assert shop.care.approve(drafted.id, by="boss").reached is False
    early = plan(shop, "running")
    assert (early.tier, early.goal_tier) == ("base", "base")
    shop.wait(30)
    shop.buy("ann", 20, 10, 5, 1, amount="90000")
    shop.lifecycle.advance()
    (now,) = (one for one in shop.care.plans(state="running") if one.id == drafted.id)
    assert (now.state, now.reached) == ("running", True)
    assert shop.care.close(drafted.id, outcome="back").reached is True
    assert shop.care.plan(drafted.id).reached is True


def test_a_plan_is_erased_with_its_customer(shop: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is left, and nothing of it stands on the agenda."""
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "0" * 64)
    running = plan(shop, "running")
    shop.crm.customers.erase("ann", reason="asked for it")
    with pytest.raises(DecisionNotFound):
        shop.care.plan(running.id)
    assert shop.listed(day=TODAY + timedelta(days=30), owner="lin") == []
