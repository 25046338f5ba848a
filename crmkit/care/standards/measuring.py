"""What the log and the cases say of a figure: counted, and None where there is nothing to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

import attrs

from crmkit.care.feedback.cases import CASES
from crmkit.care.feedback.origin import baseless
from crmkit.care.feedback.policy import FeedbackPolicy
from crmkit.clock import instant, micros
from crmkit.contracts.store import Reader
from crmkit.model.feedback import FeedbackCase
from crmkit.model.standard import Measured, ServiceMetrics, Standard
from crmkit.value.live import live_rows

RATED = ("survey_answered", "opinion", "complaint", "praise")
"""Kinds whose ratings are what customers think of us."""
_LOG = ("seq", "kind", "rating")
_TAKEN_BY = {
    "responded": "respond",
    "analysed": "analyse",
    "acted": "act",
    "closed": "follow_up",
    "reopened": "follow_up",
}


@attrs.frozen
class Evidence:
    """What happened in a span.

    Attributes:
        since: From here on, in microseconds; None: from the first.
        until: Before this.
        now: Until when what is waited for may have come.
        policy: How long each step may take.
        cases: Cases of what was said in the span, as they stand today; not of what was taken back.
        counts: Live touchpoints, by kind.
        ratings: Their ratings.
    """

    since: int | None
    until: int
    now: datetime
    policy: FeedbackPolicy
    cases: Sequence[FeedbackCase]
    counts: Mapping[str, int]
    ratings: Sequence[float]

    def measure(self, standard: Standard) -> Measured:
        """Measure a standard's figure."""
        value, count = _FIGURES[standard.figure](self, standard)
        return Measured(since=self.begins, until=self.ends, value=value, count=count)

    @property
    def begins(self) -> datetime | None:
        """When the span begins."""
        return None if self.since is None else instant(self.since)

    @property
    def ends(self) -> datetime:
        """When it ends: now, at the latest."""
        return min(instant(self.until), self.now)

    def metrics(self) -> ServiceMetrics:
        """Give the figures that need no standard."""
        complaints, purchases = self.counts["complaint"], self.counts["purchase"]
        answered = [at - case.at for case in self.cases if (at := case.taken("responded"))]
        solved = [at - case.at for case in self.cases if (at := _solved_at(case))]
        return ServiceMetrics(
            since=self.begins,
            until=self.ends,
            satisfaction=_mean(self.ratings)[0],
            ratings=len(self.ratings),
            complaints=complaints,
            purchases=purchases,
            complaint_rate=complaints / purchases if purchases else None,
            cases=len(self.cases),
            answered=len(answered),
            solved=sum(case.state == "closed" for case in self.cases),
            response_time=_median(answered),
            solution_time=_median(solved),
        )

    def of(self, standard: Standard) -> Iterator[FeedbackCase]:
        """Give the cases that a standard is about."""
        for case in self.cases:
            category = case.rounds[-1].category if case.rounds else None
            if standard.kinds and case.kind not in standard.kinds:
                continue
            if not standard.categories or category in standard.categories:
                yield case


def gather(
    reader: Reader, policy: FeedbackPolicy, since: int | None, until: int, now: int
) -> Evidence:
    """Read what happened from `since` to before `until`, in one look."""
    counts: Counter[str] = Counter()
    ratings: list[float] = []
    kinds = ("purchase", *RATED)
    for _, kind, rating in live_rows(reader, _LOG, since=since, until=until, kinds=kinds):
        counts[kind] += 1
        if rating is not None and kind in RATED:
            ratings.append(rating)
    cases = [
        case
        for case in CASES.all(reader)
        if (since is None or micros(case.at) >= since) and micros(case.at) < until
    ]
    never = {case.id for case in baseless(reader, cases)}
    cases = [case for case in cases if case.id not in never and not case.withdrawn]
    return Evidence(since, until, instant(now), policy, cases, counts, ratings)


Value = tuple[float | None, int]


def _share(outcomes: Iterable[bool | None]) -> Value:
    """Give the share of those that went well, of those that are decided."""
    decided = [outcome for outcome in outcomes if outcome is not None]
    return (sum(decided) / len(decided) if decided else None), len(decided)


def _mean(values: Sequence[float]) -> Value:
    return (sum(values) / len(values) if values else None), len(values)


def _median(times: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(one.total_seconds() for one in times)) if times else None


def _within(
    case: FeedbackCase, done: datetime | None, within: timedelta, now: datetime
) -> bool | None:
    """Tell whether something was done in time; None: there is time left."""
    if done is None:
        return False if now - case.at > within else None
    return done - case.at <= within


def _response_time(evidence: Evidence, standard: Standard) -> Value:
    within = standard.within or timedelta()
    return _share(
        _within(case, case.taken("responded"), within, evidence.now)
        for case in evidence.of(standard)
    )


def _solution_time(evidence: Evidence, standard: Standard) -> Value:
    within = standard.within or timedelta()
    return _share(
        _within(case, _solved_at(case), within, evidence.now)
        for case in evidence.of(standard)
        if case.kind != "praise"
    )


def _solved_first_time(evidence: Evidence, standard: Standard) -> Value:
    return _share(case.rounds[0].solved for case in evidence.of(standard) if case.rounds)


def _steps_in_time(evidence: Evidence, standard: Standard) -> Value:
    return _share(outcome for case in evidence.of(standard) for outcome in _steps(evidence, case))


def _steps(evidence: Evidence, case: FeedbackCase) -> Iterator[bool | None]:
    """Tell of each step of a case whether it was taken by its deadline."""
    begun: datetime | None = case.at
    for step in case.steps:
        name = _TAKEN_BY.get(step.what)
        if name is not None:
            if begun is not None:  # a closed case may come back whenever it likes
                yield step.at <= evidence.policy.deadline(case.severity, name, begun)
            begun = None if step.what == "closed" else step.at
    if case.deadline is not None:
        yield False if case.overdue(evidence.now) else None


def _complaint_rate(evidence: Evidence, standard: Standard) -> Value:
    """Give complaints a purchase; where only some categories count, the cases tell of which."""
    purchases = evidence.counts["purchase"]
    complaints = (
        sum(case.kind == "complaint" for case in evidence.of(standard))
        if standard.categories
        else evidence.counts["complaint"]
    )
    return (complaints / purchases if purchases else None), purchases


def _satisfaction(evidence: Evidence, _standard: Standard) -> Value:
    return _mean(evidence.ratings)


def _solved_at(case: FeedbackCase) -> datetime | None:
    """Give when a case was closed for good; praise was not to be solved."""
    if case.state != "closed" or case.kind == "praise":
        return None
    return case.steps[-1].at


_FIGURES: Mapping[str, Callable[[Evidence, Standard], Value]] = {
    "response_time": _response_time,
    "solution_time": _solution_time,
    "solved_first_time": _solved_first_time,
    "steps_in_time": _steps_in_time,
    "complaint_rate": _complaint_rate,
    "satisfaction": _satisfaction,
}
