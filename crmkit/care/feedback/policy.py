"""How long each step of a case may take, and the words it is classified by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from crmkit.contracts.settings import refuse, structure
from crmkit.model.feedback import (
    CATEGORIES,
    FEEDBACK_KINDS,
    FEEDBACK_STEPS,
    MEASURES,
    SEVERITIES,
    FeedbackCase,
)

_MOST = 10 * 365 * 24  # hours: more is a typing error


@attrs.frozen(kw_only=True)
class Hours:
    """How long each step may take, in hours.

    Attributes:
        respond: From what was said to our first answer.
        analyse: From there to the analysis.
        act: From there to the measure.
        follow_up: From there to asking whether it helped.
    """

    respond: float
    analyse: float
    act: float
    follow_up: float


_HOURS = {
    "low": Hours(respond=72, analyse=168, act=720, follow_up=720),
    "normal": Hours(respond=24, analyse=72, act=336, follow_up=336),
    "high": Hours(respond=8, analyse=24, act=72, follow_up=168),
    "critical": Hours(respond=2, analyse=8, act=24, follow_up=72),
}
_SEVERITY = {"opinion": "normal", "suggestion": "low", "complaint": "high", "praise": "low"}


@attrs.frozen(kw_only=True)
class FeedbackSettings:
    """Section ``[feedback]`` of the configuration.

    Attributes:
        hours: Durations by severity; one that is not named keeps the default.
        severity: Severity by kind of feedback, where nobody says another.
        categories: Further words for what feedback is about.
        measures: Further words for what is done about it.
    """

    hours: Mapping[str, Hours] = attrs.field(factory=dict)
    severity: Mapping[str, str] = attrs.field(factory=dict)
    categories: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class FeedbackPolicy:
    """The settings, checked.

    Attributes:
        hours: Durations by severity.
        severity: Severity by kind of feedback.
        categories: What feedback may be about.
        measures: What may be done about it.
    """

    hours: Mapping[str, Hours]
    severity: Mapping[str, str]
    categories: tuple[str, ...]
    measures: tuple[str, ...]

    @classmethod
    def of(cls, section: Mapping[str, object]) -> FeedbackPolicy:
        """Read the section ``[feedback]``.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        settings = structure(FeedbackSettings, section, "feedback")
        for severity, hours in settings.hours.items():
            where = f"feedback.hours.{severity}"
            _known(where, severity, SEVERITIES)
            for step in FEEDBACK_STEPS:
                if not 0 < getattr(hours, step) <= _MOST:
                    refuse(f"{where}.{step}", f"must be above 0, at most {_MOST} hours")
        for kind, severity in settings.severity.items():
            _known(f"feedback.severity.{kind}", kind, FEEDBACK_KINDS)
            _known(f"feedback.severity.{kind}", severity, SEVERITIES)
        return cls(
            hours={**_HOURS, **settings.hours},
            severity={**_SEVERITY, **settings.severity},
            categories=_words(CATEGORIES, settings.categories),
            measures=_words(MEASURES, settings.measures),
        )

    def deadline(self, severity: str, step: str, since: datetime) -> datetime:
        """Give by when a step must be taken that could be begun at `since`."""
        return since + timedelta(hours=getattr(self.hours[severity], step))

    def expected(self, severity: str, since: datetime, *steps: str) -> datetime:
        """Give by when several steps are taken, one after the other."""
        for step in steps:
            since = self.deadline(severity, step, since)
        return since

    def next_deadline(self, case: FeedbackCase, now: datetime) -> datetime | None:
        """Give by when the next step of a case must be taken that was moved now."""
        step = case.next_step
        return None if step is None else self.deadline(case.severity, step, now)


def _known(where: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        refuse(where, f"must be one of {', '.join(words)}", word)


def _words(own: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*own, *more)))
