"""No path through a case skips a step, softens a measure or closes what was not solved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crmkit.care.feedback import Feedback
from crmkit.errors import InvalidValueError, RefusedError
from crmkit.model.feedback import FEEDBACK_KINDS, LEVELS, FeedbackCase
from tests.lifecycle.firm import Firm

ALLOWED = {
    ("open", "respond"): "responded",
    ("responded", "analyse"): "analysed",
    ("reopened", "analyse"): "analysed",
    ("analysed", "act"): "acted",
    ("acted", "solved"): "closed",
    ("acted", "unsolved"): "reopened",
    ("closed", "unsolved"): "reopened",
}


class Cases(RuleBasedStateMachine):
    """One case, moved at random, beside a table of what is allowed."""

    @initialize(kind=st.sampled_from(FEEDBACK_KINDS))
    def begin(self, kind: str) -> None:
        self.firm = Firm()
        self.firm.save("ann")
        self.case = self.firm.crm.feedback.open("ann", kind, "it is cold")
        self.state, self.level, self.contacts = "open", -1, 0

    @rule(days=st.integers(0, 40))
    def wait(self, days: int) -> None:
        self.firm.now += timedelta(days=days)

    @rule(again=st.booleans())
    def take(self, again: bool) -> None:
        """What is in the log has its case; where we answered, that was told already."""
        assert self.firm.crm.feedback.take(self.firm.now if again else None) == ()

    @rule()
    def respond(self) -> None:
        self._move("respond", lambda: self._feedback.respond(self.case.id, "sorry"), contact=True)

    @rule()
    def analyse(self) -> None:
        self._move("analyse", lambda: self._feedback.analyse(self.case.id, "process"))

    @rule(level=st.sampled_from((None, *LEVELS)))
    def act(self, level: str | None) -> None:
        least = min(self.level + 1, len(LEVELS) - 1)
        chosen = least if level is None else LEVELS.index(level)
        moved = self._move(
            "act",
            lambda: self._feedback.act(self.case.id, "repair", level=level),
            hard=chosen >= least,
        )
        if moved:
            self.level = chosen
            assert self.case.rounds[-1].level == LEVELS[chosen]

    @rule(solved=st.booleans(), used=st.sampled_from(("", "it is sold now")))
    def follow_up(self, solved: bool, used: str) -> None:
        if self.state == "acted" and solved and self.case.kind == "suggestion" and not used:
            try:
                self._feedback.follow_up(self.case.id, solved=True)
            except InvalidValueError:
                return
            raise AssertionError
        self._move(
            "solved" if solved else "unsolved",
            lambda: self._feedback.follow_up(self.case.id, solved=solved, used=used),
            contact=True,
        )

    @invariant()
    def it_stands_where_it_should(self) -> None:
        case = self._feedback.case(self.case.id)
        assert case == self.case
        assert case.state == self.state
        assert (case.due is None) == (case.state == "closed") == (case.next_step is None)
        if case.state == "closed" and case.kind != "praise":
            assert case.rounds[-1].solved
        ours = self.firm.crm.touchpoints.of("ann", kinds="message_out")
        assert len(ours) == self.contacts
        assert (case in self._feedback.list()) == (case.state != "closed")

    def teardown(self) -> None:
        self.firm.crm.close()

    @property
    def _feedback(self) -> Feedback:
        return self.firm.crm.feedback

    def _move(
        self,
        what: str,
        call: Callable[[], FeedbackCase],
        *,
        contact: bool = False,
        hard: bool = True,
    ) -> bool:
        """Make a move: it succeeds where the table has it, and else changes nothing."""
        after = ALLOWED.get((self.state, what)) if hard else None
        if self.case.kind == "praise":
            after = "closed" if (self.state, what) == ("open", "respond") else None
        try:
            self.case = call()
        except RefusedError:
            assert after is None, (self.state, what)
            return False
        assert after is not None, (self.state, what)
        self.state = after
        self.contacts += contact
        return True


TestCases = Cases.TestCase
TestCases.settings = settings(max_examples=60, stateful_step_count=25)
