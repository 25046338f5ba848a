"""The part of ``crm.care`` that draws plans up, has them approved and carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from crmkit.arguments import choice, instance, optional_text, refuse
from crmkit.capture.intake import Joint
from crmkit.care import carrying_out, plans, rewards
from crmkit.care.drafting import drafted
from crmkit.care.plans import PLANS
from crmkit.care.plays import plays_of
from crmkit.care.reached import is_reached, with_reached
from crmkit.contracts.session import Session
from crmkit.lifecycle.tiers import NAMES
from crmkit.lifecycle.world import Guide
from crmkit.model.care import Reward
from crmkit.model.log import Decision
from crmkit.model.plan import PLAN_STATES, CarePlan, Checklist
from crmkit.model.value import Movement
from crmkit.value.namespace import Value
from crmkit.value.roots import root_of
from crmkit.value.scoring import require_root

LANGUAGES = ("en", "zh")


@attrs.frozen
class Planning:
    """Care plans: forms 087 to 090, from the draft to what came of it.

    Attributes:
        session: The open workspace.
        guide: Rules, cadence and value model, as for the lifecycle.
        joint: Opens a transaction that captures as well: a contact that was made is a touchpoint.
        folder: Where a relative file of plays lies; None: the working directory.
    """

    session: Session
    guide: Guide
    joint: Joint
    folder: Path | None = None

    # -- drawing up --------------------------------------------------------------------

    def draft(  # noqa: PLR0913 - what a plan rests on, by name
        self,
        id: str,  # noqa: A002 - as in every namespace
        *,
        owner: str,
        cause: Movement | None = None,
        goal_tier: str | None = None,
        lang: str | None = None,
        by: str | None = None,
    ) -> CarePlan:
        """Draw up a plan whose forms hold what the log knows already; nobody types it again.

        Args:
            id: Whom it is for.
            owner: The account manager who answers for it, by the id under ``[people]``.
            cause: The movement that it answers, as `explain` or `movers` give it.
            goal_tier: The tier he is to come to. None: after a fall his former tier, after a rise
                the next one up, and else the one he holds.
            lang: ``en`` or ``zh``; None: the customer's language, else English.
            by: Who draws it up; None: the actor.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            InvalidValueError: nobody is called `owner`, the movement is another customer's, or no
                tier is called so.
            RefusedError: the relationship is ended.
        """
        owner = self.session.person("owner", owner) or refuse("owner", "must be named")
        if cause is not None:
            cause = instance("cause", cause, Movement, "a Movement, as crm.value.explain gives")
        if goal_tier is not None:
            goal_tier = choice("goal_tier", goal_tier, NAMES)
        if lang is not None:
            lang = choice("lang", lang, LANGUAGES)
        with self.session.store.read() as reader:
            require_root(reader, id)
        if cause is not None and cause.customer_id != id:
            refuse("cause", f"is the movement of another customer, {cause.customer_id!r}")
        deciding = self.session.deciding("", by)
        plays = plays_of(self.session.settings.get("care", {}), self.folder)
        plan = drafted(self.session, self.guide, id, owner, cause, goal_tier, lang, plays)
        return plans.open_plan(self.session, plan, deciding)

    def save(self, plan: CarePlan, *, by: str | None = None) -> CarePlan:
        """Keep the forms of a draft, or of a plan that was sent back, as they were edited.

        Actions that have no id get one.

        Raises:
            DecisionNotFound: there is no such plan.
            RefusedError: it is no draft (any more), or somebody else changed it meanwhile.
            InvalidValueError: a field holds what it must not; `field` is its path, such as
                ``goals.sales[1].currency``.
        """
        return plans.save(self.session, plan, by)

    def submit(self, plan_id: str, *, by: str | None = None) -> CarePlan:
        """Send a draft on for approval.

        Raises:
            DecisionNotFound: there is no such plan.
            RefusedError: it is no draft, the relationship is ended, or who submits it is not
                named or not under ``[people]``, where anybody is.
            InvalidValueError: it has no action, or one without its day or its person.
        """
        return plans.submit(self.session, plan_id, by)

    def approve(self, plan_id: str, *, by: str | None = None) -> CarePlan:
        """Approve a plan: it runs, and its actions stand on the agenda on their days.

        Raises:
            DecisionNotFound: there is no such plan.
            RefusedError: it was not submitted, or who approves is not senior or submitted it
                himself.
        """
        return self._shown(plans.approve(self.session, plan_id, by))

    def reject(self, plan_id: str, *, reason: str, by: str | None = None) -> CarePlan:
        """Send a submitted plan back; it is a draft again.

        Raises:
            DecisionNotFound: there is no such plan.
            RefusedError: it was not submitted.
            InvalidValueError: no reason is given.
        """
        return plans.reject(self.session, plan_id, reason, by)

    # -- carrying out ------------------------------------------------------------------

    def check(
        self,
        plan_id: str,
        action_id: str,
        checklist: Checklist | Mapping[str, Any],
        *,
        by: str | None = None,
    ) -> CarePlan:
        """Fill form 090 at an action of a running plan.

        With an instant that has come (``at``) the action was carried out, and the contact is a
        touchpoint; without one, or with one to come, it is prepared and waits for its day.

        Raises:
            DecisionNotFound: there is no such plan or action.
            RefusedError: the plan does not run, or the relationship is ended.
            InvalidValueError: a field holds what it must not, or `at` of what was carried out is
                taken back; `field` names it.
        """
        made = carrying_out.check(
            self.session, self.guide, self.joint, plan_id, action_id, checklist, by
        )
        return self._shown(made)

    def close(self, plan_id: str, *, outcome: str, by: str | None = None) -> CarePlan:
        """Close a running plan with what came of it; whether the goal tier is reached is kept.

        Raises:
            DecisionNotFound: there is no such plan.
            RefusedError: it does not run.
            InvalidValueError: no outcome is given.
        """
        with self.session.store.read() as reader:
            plan = plans.in_state(reader, plan_id, "running")
            root = root_of(reader, plan.customer_id)
        tier = Value(self.session, self.guide.defaults).score(root).tier
        reached = is_reached(plan.goal_tier, tier)
        return plans.close(self.session, plan_id, outcome, by, reached=reached)

    def drop(self, plan_id: str, *, reason: str, by: str | None = None) -> CarePlan:
        """Throw a draft, or a plan that waits for approval, away; it stays on record as closed.

        Raises:
            DecisionNotFound: there is no such plan.
            RefusedError: it runs or ran: that is closed, with what came of it.
            InvalidValueError: no reason is given.
        """
        return plans.drop(self.session, plan_id, reason, by)

    # -- looking -----------------------------------------------------------------------

    def plan(self, plan_id: str) -> CarePlan:
        """Give a plan as it stands.

        Raises:
            DecisionNotFound: there is no such plan.
        """
        with self.session.store.read() as reader:
            return with_reached(reader, [PLANS.get(reader, plan_id)])[0]

    def plans(
        self, *, state: str | None = None, owner: str | None = None, customer: str | None = None
    ) -> tuple[CarePlan, ...]:
        """Give plans in the order they were opened.

        Args:
            state: ``draft submitted running closed``; None: in whatever state.
            owner: Only those this account manager answers for.
            customer: Only this customer's.

        Raises:
            CustomerNotFound: nobody has that id.
            InvalidValueError: there is no such state.
        """
        states = () if state is None else (choice("state", state, PLAN_STATES),)
        owner = optional_text("owner", owner)
        with self.session.store.read() as reader:
            if customer is None:
                found = PLANS.all(reader, states=states, owner=owner)
            else:
                require_root(reader, customer)
                found = [
                    plan
                    for plan in PLANS.of(reader, customer)
                    if (not states or plan.state in states) and owner in (None, plan.owner)
                ]
            return with_reached(reader, found)

    def history(self, plan_id: str) -> tuple[Decision, ...]:
        """Give every move of a plan, oldest first, each with the plan as it left it.

        Raises:
            DecisionNotFound: there is no such plan.
        """
        with self.session.store.read() as reader:
            return tuple(PLANS.history(reader, PLANS.get(reader, plan_id)))

    # -- rewards -----------------------------------------------------------------------

    def reward(  # noqa: PLR0913 - what was given, by name
        self,
        id: str,  # noqa: A002 - as in every namespace
        form: str,
        *,
        item: str,
        amount: Decimal | None = None,
        currency: str | None = None,
        at: datetime | None = None,
        plan_id: str | None = None,
    ) -> Reward:
        """Record that a customer was given something; it is a touchpoint of kind ``note``.

        A host that gives rewards itself captures such touchpoints instead, with the attribute
        ``reward``.

        Args:
            id: Who got it.
            form: ``coupon``, ``discount`` or ``gift``.
            item: What it was.
            amount: What it is worth, in `currency`.
            currency: ISO 4217 code; required with an amount.
            at: When; None: now.
            plan_id: The plan that it was part of.

        Raises:
            CustomerNotFound: nobody has that id.
            DecisionNotFound: there is no such plan of his.
            RefusedError: the relationship is ended.
            InvalidValueError: a field holds what it must not; `field` names it.
        """
        return rewards.give(self.session, self.joint, id, form, item, amount, currency, at, plan_id)

    def rewards(self, id: str) -> tuple[Reward, ...]:  # noqa: A002 - as in every namespace
        """Give the coupons, discounts and gifts a customer got, newest first.

        Raises:
            CustomerNotFound: nobody has that id.
        """
        with self.session.store.read() as reader:
            require_root(reader, id)
            return tuple(rewards.of(reader, id))

    # -- inside ------------------------------------------------------------------------

    def _shown(self, plan: CarePlan) -> CarePlan:
        with self.session.store.read() as reader:
            return with_reached(reader, [plan])[0]
