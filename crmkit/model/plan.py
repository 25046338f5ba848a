"""A care plan: forms 087 to 090, field by field (R156-R203), and the moves it goes through.

The documents' own labels stand in `crmkit.care.forms`; here one attribute is one field of a form.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import attrs

from crmkit.model.document import Document, Step
from crmkit.model.serial import Record

PLAN_STATES = ("draft", "submitted", "running", "closed")
BONDS = ("financial", "social", "structural")
"""What ties a customer to the firm (R286-R287), the weakest first."""
CHECKED = "checked"
PREPARED = "prepared"
"""The step at which an action was carried out; its reason is the action's id."""


@attrs.frozen(kw_only=True)
class Situation(Record):
    """Form 087: where the customer stands.

    Attributes:
        introduction: The customer's situation (R158).
        last_stage: What was done in the stage before (R159).
        events: The customer's major decisions or events (R160).
        greatest_value: What we are worth to the customer most (R161).
    """

    introduction: str = ""
    last_stage: str = ""
    events: str = ""
    greatest_value: str = ""


@attrs.frozen(kw_only=True)
class SalesGoal(Record):
    """One row of form 088's sales goals (R164-R167).

    Attributes:
        product: Main product or service.
        signing: Expected day of signing.
        amount: Expected amount, in `currency`.
        profit: Expected profit, in `currency`.
        currency: ISO 4217 code; required where there is an amount or a profit.
    """

    product: str
    signing: date | None = None
    amount: Decimal | None = None
    profit: Decimal | None = None
    currency: str | None = None


@attrs.frozen(kw_only=True)
class Obstacle(Record):
    """One row of form 088's obstacles (R169-R173).

    Attributes:
        obstacle: What stands in the way.
        importance: How much.
        department: Where in the customer's house it comes from.
        measure: The main measure taken.
        attitude: Who decides on it, how he thinks of it, and on what matters.
    """

    obstacle: str
    importance: str = ""
    department: str = ""
    measure: str = ""
    attitude: str = ""


@attrs.frozen(kw_only=True)
class Goals(Record):
    """Form 088: what we want to reach.

    Attributes:
        long_term: Our long-term goal with the customer (R162).
        expansion: How we want to widen the relationship (R163).
        sales: Sales goals.
        strategy: Main strategy (R168).
        obstacles: What stands in the way.
    """

    long_term: str = ""
    expansion: str = ""
    sales: tuple[SalesGoal, ...] = ()
    strategy: str = ""
    obstacles: tuple[Obstacle, ...] = ()


@attrs.frozen(kw_only=True)
class Action(Record):
    """One row of form 089's action plan (R174-R178).

    Attributes:
        id: Unique within the plan: ``a1``, ``a2``...; empty: given when the plan is saved.
        content: What is done.
        on: Which day.
        responsible: Who does it, by the id under ``[people]``.
        resources: What he needs for it.
        deliverable: What comes out of it.
        bond: What it ties the customer by: one of `BONDS` (R287).
    """

    id: str = ""
    content: str
    on: date | None = None
    responsible: str | None = None
    resources: str = ""
    deliverable: str = ""
    bond: str | None = None


@attrs.frozen(kw_only=True)
class Issue(Record):
    """One row of form 089's issues: the issue, and the measure taken (R179)."""

    issue: str
    measure: str = ""


@attrs.frozen(kw_only=True)
class Relation(Record):
    """One row of form 089's relationship map (R181-R188).

    Attributes:
        supporter: Who supports us.
        approach: How to build the relationship with him.
        progress: How far that has come.
        attitude: What senior management thinks.
        satisfaction: How satisfied he is.
        complaints: Main complaints.
        contracts: Past contracts.
        term: Last day of the contract: when it is to be renewed.
    """

    supporter: str
    approach: str = ""
    progress: str = ""
    attitude: str = ""
    satisfaction: str = ""
    complaints: str = ""
    contracts: str = ""
    term: date | None = None


@attrs.frozen(kw_only=True)
class ActionPlan(Record):
    """Form 089: who does what, and with whom.

    Attributes:
        actions: The action plan.
        issues: Issues and the measures taken.
        memorandum: Important matters to remember (R180).
        relations: The relationship map.
        strengths: Our strengths here (R189).
        weaknesses: Our weaknesses here (R190).
    """

    actions: tuple[Action, ...] = ()
    issues: tuple[Issue, ...] = ()
    memorandum: str = ""
    relations: tuple[Relation, ...] = ()
    strengths: str = ""
    weaknesses: str = ""


@attrs.frozen(kw_only=True)
class Checklist(Record):
    """Form 090: what is gone through for one action.

    Attributes:
        action: Id of the action.
        at: When it is, or was, carried out (R191).
        mode: How: the channel chosen (R192).
        content: Its content, confirmed once more (R193).
        next_step: What comes after it (R194).
        readiness: Whether materials, resources and help are in place (R195).
        competitor: What is known of the competitor (R196).
        counter_strategy: The competitor's counter-strategy (R197).
        effective: Whether our answer to it works (R198); None: not known yet.
        travel: Travel expense, in `currency` (R199).
        entertainment: Entertainment expense (R200).
        other: Other expense (R201).
        currency: ISO 4217 code; required where there is an expense.
        remarks: Anything else (R201).
    """

    action: str
    at: datetime | None = None
    mode: str = ""
    content: str = ""
    next_step: str = ""
    readiness: str = ""
    competitor: str = ""
    counter_strategy: str = ""
    effective: bool | None = None
    travel: Decimal | None = None
    entertainment: Decimal | None = None
    other: Decimal | None = None
    currency: str | None = None
    remarks: str = ""


@attrs.frozen(kw_only=True)
class PlanCause(Record):
    """The movement that a plan answers (R131): what `crm.value.explain` said when it was drafted.

    Attributes:
        since: From when.
        until: To when.
        before: The score then.
        after: The score now.
        unexpected: The part of the change that his own rhythm does not explain.
        reasons: Indicator, reason and points of each cause, the largest first.
    """

    since: datetime
    until: datetime
    before: float
    after: float
    unexpected: float
    reasons: tuple[tuple[str, str, float], ...] = ()

    @property
    def indicators(self) -> tuple[tuple[str, str, float], ...]:
        """Each indicator with its weightiest reason and all of its points, the largest first."""
        points: dict[str, float] = {}
        main: dict[str, str] = {}
        for name, reason, delta in sorted(self.reasons, key=lambda one: -abs(one[2])):
            points[name] = points.get(name, 0.0) + delta
            main.setdefault(name, reason)
        moved = ((name, main[name], whole) for name, whole in points.items())
        return tuple(sorted(moved, key=lambda one: -abs(one[2])))


@attrs.frozen(kw_only=True)
class CarePlan(Document):
    """A care plan with its four forms.

    Attributes:
        on: Day it was drawn up: the date in the head of each form (R157).
        customer_name: What the customer was known as then: his name, or else his number or a key.
        customer_number: His number.
        cause: The movement that it answers; None: another reason.
        goal_tier: The tier he is to come (back) to (R132).
        tier: The tier he held when the plan was drawn up.
        situation: Form 087.
        goals: Form 088.
        action_plan: Form 089.
        checklists: Form 090, one for each action that was gone through.
        steps: Its moves so far, oldest first: drafted, saved, submitted, rejected, approved,
            prepared, checked, reassigned, closed. The reason of what happened to one action is
            that action's id.
        outcome: What came of it, once it is closed.
        reached: Whether the goal tier is reached: now, while it runs; at its end, once it is
            closed. None: it does not run yet, or no tier is known.
    """

    on: date
    customer_name: str = ""
    customer_number: str | None = None
    cause: PlanCause | None = None
    goal_tier: str | None = None
    tier: str | None = None
    situation: Situation = Situation()
    goals: Goals = Goals()
    action_plan: ActionPlan = ActionPlan()
    checklists: tuple[Checklist, ...] = ()
    steps: tuple[Step, ...] = ()
    outcome: str = ""
    reached: bool | None = None

    def checklist(self, action: str) -> Checklist | None:
        """Give the checklist of an action; None: it was not gone through yet."""
        return next((one for one in self.checklists if one.action == action), None)

    def action(self, action: str) -> Action | None:
        """Give an action by its id, or None."""
        return next((one for one in self.action_plan.actions if one.id == action), None)

    @property
    def revision(self) -> int:
        """How many moves the plan as a whole has made; those of single actions leave its forms."""
        return sum(step.what not in (CHECKED, PREPARED) for step in self.steps)

    @property
    def carried_out(self) -> frozenset[str]:
        """The ids of the actions that took place."""
        return frozenset(step.reason for step in self.steps if step.what == CHECKED)

    @property
    def spent(self) -> tuple[tuple[datetime, Decimal, str], ...]:
        """What the actions that took place cost: when, how much, and in which currency."""
        done = self.carried_out
        return tuple(
            (check.at, amount, check.currency)
            for check in self.checklists
            if check.action in done and check.at is not None and check.currency is not None
            for amount in (check.travel, check.entertainment, check.other)
            if amount is not None
        )

    @property
    def waiting(self) -> tuple[Action, ...]:
        """The actions of a running plan that were not carried out yet."""
        if self.state != "running":
            return ()
        done = self.carried_out
        return tuple(one for one in self.action_plan.actions if one.id not in done)

    def day_of(self, action: Action) -> date | None:
        """Give the day an action is to be carried out: what its checklist says goes first.

        A checklist's instant is kept in the agenda's time zone.
        """
        filled = self.checklist(action.id)
        return action.on if filled is None or filled.at is None else filled.at.date()

    @property
    def due(self) -> datetime | None:
        """The first day that an action waits for; None: none does."""
        days = [day for one in self.waiting if (day := self.day_of(one)) is not None]
        return datetime.combine(min(days), time(0), UTC) if days else None
