"""Service standards: what is promised, what was measured, and what was done to do better.

R207-R211, R232-R236.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from crmkit.model.document import Document
from crmkit.model.serial import Record

AREAS = (
    "product_quality",
    "customer_support",
    "service_process",
    "technical_maintenance",
    "solution",
)
"""The five standards that keep customers (R207-R211)."""
SHARES = ("response_time", "solution_time", "solved_first_time", "steps_in_time")
"""Figures that are shares of cases or steps, to be reached at least."""
TIMED = ("response_time", "solution_time")
"""Figures that need a time to stay within."""
FIGURES = (*SHARES, "complaint_rate", "satisfaction")
IMPROVEMENT_WAYS = ("rectify", "innovate")
RECEPTION_TO_FOLLOW_UP = ("receive", "respond", "analyse", "act", "follow_up")
"""The standard actions of a service, each of which a case of feedback goes through (R233)."""


@attrs.frozen(kw_only=True)
class Standard(Document):
    """A service standard with its measurable target, in one version.

    Its state is ``in_force`` or ``dropped``.

    Attributes:
        name: Unique.
        area: One of `AREAS`.
        figure: What is measured: one of `FIGURES`. ``response_time`` and ``solution_time`` are the
            share of cases answered, or solved, `within` a time; ``solved_first_time`` the share
            whose first measure helped; ``steps_in_time`` the share of steps taken by their
            deadlines; ``complaint_rate`` complaints a purchase; ``satisfaction`` the mean rating.
        target: Of a share at least, 0.0 to 1.0; of the complaint rate at most, 0.0 and more; of the
            mean rating at least, 0.0 to 10.0.
        within: The time to stay within; only with a figure of `TIMED`.
        kinds: Only feedback of these kinds counts; none: all. Not with ``satisfaction``.
        categories: Only cases analysed as one of these count; none: all. Not with
            ``satisfaction``.
        scope: What the service covers (R232).
        process: Its steps, in order: standard actions from the reception to the follow-up (R233).
        time: When it is offered.
        skills: What whoever offers it must be able to do.
        language: In which language, and in what tone.
        version: 1 and more; each change is one.
        since: When this version was set.
    """

    name: str
    area: str
    figure: str
    target: float
    within: timedelta | None = None
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    scope: str = ""
    process: tuple[str, ...] = RECEPTION_TO_FOLLOW_UP
    time: str = ""
    skills: str = ""
    language: str = ""
    version: int = 1
    since: datetime

    def attained(self, value: float | None) -> bool | None:
        """Tell whether a measured value reaches the target; None: nothing was measured."""
        if value is None:
            return None
        return value <= self.target if self.figure == "complaint_rate" else value >= self.target

    def better(self, before: float | None, after: float | None) -> bool | None:
        """Tell whether a value moved the right way; None: one of them was not measured."""
        if before is None or after is None:
            return None
        return after < before if self.figure == "complaint_rate" else after > before


@attrs.frozen(kw_only=True)
class Measured(Record):
    """What a figure was in a span.

    Attributes:
        since: From here on; None: from the first.
        until: Before this.
        value: In the figure's unit; None: nothing was there to be measured.
        count: On how many cases, steps, purchases or ratings it rests.
    """

    since: datetime | None
    until: datetime
    value: float | None
    count: int


@attrs.frozen(kw_only=True)
class Attainment(Record):
    """A standard against what was measured.

    Attributes:
        standard: The standard, in the version in force.
        measured: What was measured.
        attained: Whether the target was reached; None: nothing was measured.
    """

    standard: Standard
    measured: Measured
    attained: bool | None


@attrs.frozen(kw_only=True)
class Improvement(Document):
    """Something done to do better by a standard, and its effect (R236).

    Its state is ``running`` until its effect was measured, then ``assessed``.

    Attributes:
        standard: The standard, in the version that was in force.
        text: What is done.
        way: ``rectify`` a fault, or ``innovate``.
        case: The case of feedback whose measure it is; None: none.
        at: When it was begun.
        over: How long before, and after, is looked at.
        before: What was measured over that time before it.
        after: What was measured since; None: not assessed yet.
        assessed_at: When that was.
    """

    standard: Standard
    text: str
    way: str
    case: str | None = None
    at: datetime
    over: timedelta
    before: Measured
    after: Measured | None = None
    assessed_at: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """When the effect should be looked at; None: it was."""
        return self.at + self.over if self.after is None else None

    @property
    def better(self) -> bool | None:
        """Whether the figure moved the right way; None: that is not known."""
        after = None if self.after is None else self.after.value
        return self.standard.better(self.before.value, after)


@attrs.frozen(kw_only=True)
class ServiceMetrics(Record):
    """The service in a span: what customers say, and how quickly they are answered (R234-R235).

    Attributes:
        since: From here on; None: from the first.
        until: Before this.
        satisfaction: Mean of the ratings, 0.0 to 10.0; None: nobody rated.
        ratings: How many there are.
        complaints: Complaints in the log.
        purchases: Purchases in the log.
        complaint_rate: Complaints a purchase; None: nothing was bought.
        cases: Cases of feedback from that time.
        answered: Those of them that were answered.
        solved: Those that are closed.
        response_time: Median time from what was said to our answer; None: nothing was answered.
        solution_time: Median time to the end of those that are closed, without praise.
    """

    since: datetime | None
    until: datetime
    satisfaction: float | None
    ratings: int
    complaints: int
    purchases: int
    complaint_rate: float | None
    cases: int
    answered: int
    solved: int
    response_time: timedelta | None
    solution_time: timedelta | None
