"""The life of a plan, driven at random against what is allowed."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crmkit.errors import CrmkitError, InvalidValueError, RefusedError
from crmkit.model.plan import Action, ActionPlan, CarePlan, Goals
from tests.lifecycle.firm import DAY, Firm

PEOPLE = st.sampled_from(["lin", "wang", "boss", "chief", None])
SENIOR = {"boss", "chief"}
WORDS = st.sampled_from(["", " ", "because"])
MOVES = {
    ("draft", "saved"): "draft",
    ("draft", "submitted"): "submitted",
    ("submitted", "rejected"): "draft",
    ("submitted", "approved"): "running",
    ("running", "prepared"): "running",
    ("running", "checked"): "running",
    ("running", "closed"): "closed",
}


class PlanLife(RuleBasedStateMachine):
    """No way skips an approval, approves its own request, or ends without a word."""

    def __init__(self) -> None:
        super().__init__()
        people = {"chief": {"senior": True}, "boss": {"senior": True}, "lin": {}, "wang": {}}
        self.shop = Firm(people=people)
        self.shop.buyer("ann", 90, 60, 30)
        drafted = self.shop.care.draft("ann", owner="lin", by="lin")
        self.id = drafted.id
        self.state, self.asked = "draft", None
        self.seen: list[CarePlan] = [drafted]

    def teardown(self) -> None:
        self.shop.crm.close()

    @property
    def plan(self) -> CarePlan:
        return self.shop.care.plan(self.id)

    def tried(self, what: str, *, allowed: bool, wrong: type[CrmkitError], move: Any) -> None:
        """Make a move: it succeeds exactly where the model says so, else changes nothing."""
        before = self.plan
        try:
            made = move()
        except wrong:
            assert not allowed or wrong is not RefusedError
            assert self.plan == before
            assert not allowed
            return
        assert allowed, (what, self.state)
        assert made.steps[-1].what == what
        self.state = MOVES[self.state, what]
        self.seen.append(self.plan)

    @rule(text=WORDS)
    def save(self, text: str) -> None:
        """Edit a draft; a change that is none is no step."""
        fresh = f"{text}{len(self.seen)}"
        edited = attrs.evolve(self.plan, goals=Goals(strategy=fresh))
        draft = self.state == "draft"
        move = lambda: self.shop.care.save(edited)  # noqa: E731
        self.tried("saved", allowed=draft, wrong=RefusedError, move=move)

    @rule(back=st.integers(1, 4))
    @precondition(lambda self: len(self.seen) > 1)
    def save_an_old_copy(self, back: int) -> None:
        """What was read before somebody else's move is refused."""
        old = self.seen[-min(back, len(self.seen) - 1) - 1]
        edited = attrs.evolve(old, goals=Goals(strategy="old"))
        move = lambda: self.shop.care.save(edited)  # noqa: E731
        self.tried("saved", allowed=False, wrong=RefusedError, move=move)

    @rule(by=PEOPLE)
    def submit(self, by: str | None) -> None:
        """Somebody sends a draft on."""
        allowed = self.state == "draft" and by is not None
        move = lambda: self.shop.care.submit(self.id, by=by)  # noqa: E731
        self.tried("submitted", allowed=allowed, wrong=RefusedError, move=move)
        if allowed:
            self.asked = by

    @rule(by=PEOPLE)
    def approve(self, by: str | None) -> None:
        """Somebody senior who did not submit it approves."""
        allowed = self.state == "submitted" and by in SENIOR and by != self.asked
        move = lambda: self.shop.care.approve(self.id, by=by)  # noqa: E731
        self.tried("approved", allowed=allowed, wrong=RefusedError, move=move)

    @rule(by=PEOPLE, reason=WORDS)
    def reject(self, by: str | None, reason: str) -> None:
        """A plan goes back with a reason."""
        allowed = self.state == "submitted" and bool(reason.strip())
        wrong = InvalidValueError if not reason.strip() else RefusedError
        move = lambda: self.shop.care.reject(self.id, reason=reason, by=by)  # noqa: E731
        self.tried("rejected", allowed=allowed, wrong=wrong, move=move)

    @rule(place=st.integers(0, 2), ahead=st.integers(-1, 2))
    def check(self, place: int, ahead: int) -> None:
        """What took place is checked, what comes is prepared; the former is not taken back."""
        actions = self.seen[0].action_plan.actions
        action = actions[place % len(actions)].id
        at = self.shop.now + max(ahead, 0) * DAY
        running = self.state == "running"
        back = ahead > 0 and action in self.plan.carried_out
        wrong = InvalidValueError if running and back else RefusedError
        what = "checked" if ahead <= 0 else "prepared"
        move = lambda: self.shop.care.check(self.id, action, {"at": at, "mode": "phone"})  # noqa: E731
        self.tried(what, allowed=running and not back, wrong=wrong, move=move)

    @rule(outcome=WORDS)
    def close(self, outcome: str) -> None:
        """A running plan is closed with what came of it."""
        said = bool(outcome.strip())
        allowed = self.state == "running" and said
        wrong = RefusedError if self.state != "running" or said else InvalidValueError
        move = lambda: self.shop.care.close(self.id, outcome=outcome)  # noqa: E731
        self.tried("closed", allowed=allowed, wrong=wrong, move=move)

    @rule()
    def wait(self) -> None:
        self.shop.wait(1)

    @invariant()
    def it_stands_where_the_model_says(self) -> None:
        """The last step of every walk was allowed, and the forms stand still while it runs."""
        plan = self.plan
        assert plan.state == self.state
        walked = [step.what for step in plan.steps]
        if self.state in ("running", "closed"):
            approved = next(step for step in plan.steps if step.what == "approved")
            asked = [step for step in plan.steps if step.what == "submitted"][-1]
            assert approved.by in SENIOR
            assert approved.by != asked.by
            moves = self.shop.care.history(self.id)
            place = walked.index("submitted", len(walked) - 1 - walked[::-1].index("submitted"))
            forms = CarePlan.from_dict(moves[place].body["document"])
            assert (forms.situation, forms.goals) == (plan.situation, plan.goals)
            assert forms.action_plan == plan.action_plan
            assert "saved" not in walked[place:]
        if self.state == "closed":
            assert plan.outcome.strip()

    @invariant()
    def only_what_runs_is_on_the_agenda(self) -> None:
        """Nothing that was not approved reaches anybody's list."""
        listed = self.shop.care.agenda(self.shop.today + 90 * DAY)
        planned = {item.plan for item in listed if item.plan}
        waiting = {(self.id, one.id) for one in self.plan.waiting}
        assert planned == (waiting if self.state == "running" else set())


TestPlanLife = PlanLife.TestCase
TestPlanLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_an_action_plan_can_be_emptied_and_filled() -> None:
    """A plan that lost its actions is not submitted before it has some again."""
    life = PlanLife()
    empty = life.shop.care.save(attrs.evolve(life.plan, action_plan=ActionPlan()))
    try:
        life.shop.care.submit(life.id, by="lin")
    except InvalidValueError:
        pass
    else:
        raise AssertionError
    action = Action(content="call", on=life.shop.today, responsible="lin")
    life.shop.care.save(attrs.evolve(empty, action_plan=ActionPlan(actions=(action,))))
    assert life.shop.care.submit(life.id, by="lin").state == "submitted"
    life.teardown()
