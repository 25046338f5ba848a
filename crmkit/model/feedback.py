"""Feedback: what customers say, and what was done about it until it was solved (R221-R231)."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.model.document import Document, Step
from crmkit.model.serial import Record

FEEDBACK_KINDS = ("opinion", "suggestion", "complaint", "praise")
SEVERITIES = ("low", "normal", "high", "critical")
FEEDBACK_STATES = ("open", "responded", "analysed", "acted", "reopened", "closed")
WAITING = FEEDBACK_STATES[:-1]
"""The states in which something is left to do."""
FEEDBACK_STEPS = ("respond", "analyse", "act", "follow_up")
CATEGORIES = (
    "service_quality",
    "product_function",
    "price",
    "process",
    "delivery",
    "staff",
    "other",
)
"""What feedback is about (R224); ``[feedback] categories`` adds to them."""
MEASURES = (
    "explanation",
    "repair",
    "compensation",
    "staff_training",
    "process_change",
    "research",
    "other",
)
"""What is done about it (R225); ``[feedback] measures`` adds to them."""
LEVELS = ("staff", "team", "department", "management")
"""Who answers for a measure, the mildest first: the next one must be harder (R226)."""

WITHDRAWN = "withdrawn"
"""The step that closes a case whose record was taken back, or is another customer's."""

_NEXT = {
    "open": "respond",
    "responded": "analyse",
    "reopened": "analyse",
    "analysed": "act",
    "acted": "follow_up",
}
_TALK = frozenset({"phone", "email", "meeting", "visit", "message", "sms", "chat", "mail"})
_ASKED = frozenset({"survey", "review", "social", "event"})


@attrs.frozen(kw_only=True)
class Round(Record):
    """One round of analysing, acting and following up (R224-R227).

    Attributes:
        category: What it is about: one of `CATEGORIES`, or one of the configuration.
        cause: The cause that was found, in words.
        analysed_at: When.
        measure: What was done: one of `MEASURES`, or one of the configuration; None: nothing yet.
        text: The measure in words.
        level: Who answers for it: one of `LEVELS`.
        department: Where it is carried out.
        acted_at: When it was taken.
        solved: Whether the follow-up found the matter solved; None: not asked yet.
        effect: What the follow-up found, in words.
        followed_at: When.
    """

    category: str
    cause: str = ""
    analysed_at: datetime
    measure: str | None = None
    text: str = ""
    level: str | None = None
    department: str | None = None
    acted_at: datetime | None = None
    solved: bool | None = None
    effect: str = ""
    followed_at: datetime | None = None


@attrs.frozen(kw_only=True)
class FeedbackCase(Document):
    """What a customer said, and what is done about it.

    Its state is one of `FEEDBACK_STATES`: ``open`` until we respond, ``responded`` until it is
    analysed, ``analysed`` until a measure is taken, ``acted`` until the follow-up asks whether it
    helped; then ``closed``, or ``reopened`` until it is analysed again.

    Attributes:
        kind: One of `FEEDBACK_KINDS`.
        severity: One of `SEVERITIES`; the durations of the steps go by it.
        text: What was said.
        at: When it was said: the first duration runs from here.
        channel: How it came (R222): phone, email, meeting, survey, review, social...
        route: By which channel we reply (R40); None: any.
        expected: By when a measure is expected to be taken: the handling time (R40).
        deadline: By when the next step must be taken; None: nothing is left to do.
        touchpoint: ``(source, id)`` of the touchpoint that it is in the log.
        response: What we answered first.
        used: How a suggestion was used.
        rounds: Analysis, measure and effect, the first round first.
        steps: Its moves so far, oldest first: as the states, and withdrawn.
    """

    kind: str
    severity: str
    text: str
    at: datetime
    channel: str | None = None
    route: str | None = None
    expected: datetime
    deadline: datetime | None
    touchpoint: tuple[str, str]
    response: str = ""
    used: str = ""
    rounds: tuple[Round, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def due(self) -> datetime | None:
        """By when the next step must be taken."""
        return self.deadline

    @property
    def next_step(self) -> str | None:
        """The step that comes next, one of `FEEDBACK_STEPS`; None: it is closed."""
        return _NEXT.get(self.state)

    @property
    def least_level(self) -> str:
        """The mildest level that the next measure may have: above the last, or the hardest."""
        taken = [LEVELS.index(one.level) for one in self.rounds if one.level is not None]
        return LEVELS[min(taken[-1] + 1, len(LEVELS) - 1)] if taken else LEVELS[0]

    @property
    def collected(self) -> str | None:
        """Whether it came in ``talk`` or was ``asked`` for by us (R222); None: not known."""
        return collected(self.channel)

    @property
    def withdrawn(self) -> bool:
        """Whether it was closed since the record it came from was taken back: it never was."""
        return bool(self.steps) and self.steps[-1].what == WITHDRAWN

    def overdue(self, now: datetime) -> bool:
        """Tell whether the next step should have been taken by now."""
        return self.deadline is not None and self.deadline < now

    def taken(self, what: str) -> datetime | None:
        """Give when a move was first made: ``responded``, ``closed``...; None: never."""
        return next((step.at for step in self.steps if step.what == what), None)


def collected(channel: str | None) -> str | None:
    """Tell whether what comes by a channel comes in ``talk``, or was ``asked`` for."""
    if channel in _ASKED:
        return "asked"
    return "talk" if channel in _TALK else None
