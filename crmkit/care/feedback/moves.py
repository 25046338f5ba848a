"""The moves of a case: pure functions from what it is to what it becomes, or a refusal."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.arguments import ID_LIMIT, choice, optional_text, refuse, text
from crmkit.care.feedback.policy import FeedbackPolicy
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding
from crmkit.errors import RefusedError
from crmkit.model.document import Step
from crmkit.model.feedback import LEVELS, WITHDRAWN, FeedbackCase, Round


@attrs.frozen
class Moves:
    """Moves cases.

    Attributes:
        policy: Durations and words.
        deciding: Who moves, and when.
    """

    policy: FeedbackPolicy
    deciding: Deciding

    @property
    def now(self) -> datetime:
        """When."""
        return instant(self.deciding.now)

    def respond(self, case: FeedbackCase, said: str, at: datetime | None = None) -> FeedbackCase:
        """Answer; praise asks for no more.

        Args:
            case: Which.
            said: What we answered.
            at: When it was answered; None: now.
        """
        _expect(case, "respond")
        state = "closed" if case.kind == "praise" else "responded"
        answered = attrs.evolve(case, response=said)
        return self._moved(answered, state, "responded", at)

    def analyse(self, case: FeedbackCase, category: str, cause: str) -> FeedbackCase:
        """Say what it is about and why it came to it: a round begins."""
        choice("category", category, self.policy.categories)
        begun = Round(category=category, cause=text("cause", cause), analysed_at=self.now)
        _expect(case, "analyse")
        return self._moved(attrs.evolve(case, rounds=(*case.rounds, begun)), "analysed")

    def act(
        self,
        case: FeedbackCase,
        measure: str,
        words: str,
        department: str | None,
        level: str | None,
    ) -> FeedbackCase:
        """Take a measure: above the level of the last, where that did not help."""
        choice("measure", measure, self.policy.measures)
        text("text", words)
        optional_text("department", department, ID_LIMIT)
        least = case.least_level
        level = choice("level", least if level is None else level, LEVELS)
        _expect(case, "act")
        if LEVELS.index(level) < LEVELS.index(least):
            message = (
                f"case {case.id} was not solved by the last measure: the next one must be harder, "
                f"on level {' or '.join(LEVELS[LEVELS.index(least) :])}, not {level}"
            )
            raise RefusedError(message, case_id=case.id, least_level=least)
        acted = attrs.evolve(
            case.rounds[-1],
            measure=measure,
            text=words,
            level=level,
            department=department,
            acted_at=self.now,
        )
        return self._moved(attrs.evolve(case, rounds=(*case.rounds[:-1], acted)), "acted")

    def follow_up(
        self, case: FeedbackCase, *, solved: bool, effect: str, used: str
    ) -> FeedbackCase:
        """Say whether it helped: the case is closed, or goes back to the analysis.

        A closed one comes back too, where it turns out later that it was not solved.
        """
        if not isinstance(solved, bool):
            refuse("solved", "must be True or False", solved)
        text("text", effect)
        text("used", used)
        late = case.state == "closed" and bool(case.rounds) and not solved
        if not late:
            _expect(case, "follow_up")
        if solved and case.kind == "suggestion" and not used.strip():
            refuse("used", "must say how the suggestion was used, or why it was not")
        followed = attrs.evolve(case.rounds[-1], solved=solved, effect=effect, followed_at=self.now)
        case = attrs.evolve(
            case, rounds=(*case.rounds[:-1], followed), used=used.strip() or case.used
        )
        if solved:
            return self._moved(case, "closed")
        expected = self.policy.expected(case.severity, self.now, "analyse", "act")
        return self._moved(attrs.evolve(case, expected=expected), "reopened")

    def withdraw(self, case: FeedbackCase) -> FeedbackCase:
        """Close a case, in whatever state, that is not to be: what it came from was taken back."""
        return self._moved(case, "closed", WITHDRAWN)

    def _moved(
        self, case: FeedbackCase, state: str, what: str | None = None, at: datetime | None = None
    ) -> FeedbackCase:
        """Put a case into a state, with the next deadline and the step that led there."""
        when = at or self.now
        step = Step(what=what or state, at=when, by=self.deciding.by, reason=self.deciding.reason)
        case = attrs.evolve(case, state=state, steps=(*case.steps, step))
        return attrs.evolve(case, deadline=self.policy.next_deadline(case, when))


def _expect(case: FeedbackCase, step: str) -> None:
    """See that this step is the next.

    Raises:
        RefusedError: another is.
    """
    if case.next_step != step:
        waits = "is closed" if case.next_step is None else f"waits for {case.next_step!r}"
        message = f"case {case.id} {waits}: {step!r} cannot be taken now"
        raise RefusedError(message, case_id=case.id, next_step=case.next_step)
