"""What the answers to a survey add up to (R34, R228)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from crmkit.contracts.store import Reader
from crmkit.model.survey import SurveyResults
from crmkit.outreach.surveys.settings import CSAT, NPS, RANGES, Survey
from crmkit.value.live import live_rows

_PROMOTERS, _DETRACTORS, _SATISFIED = 9, 6, 4


def added_up(reader: Reader, survey: Survey, since: int | None, until: int | None) -> SurveyResults:
    """Add the answers to a survey up.

    Args:
        reader: One consistent look.
        survey: Which.
        since: Answers and questions from here on, in microseconds; None: from the first.
        until: Before this; None: to the last.
    """
    scores, sent = _counted(reader, survey.name, since, until)
    answered = scores.total()
    total = sum(score * times for score, times in scores.items())
    low, high = RANGES[survey.scale]
    nps = csat = None
    if answered and survey.scale == NPS:
        nps = (_share(scores, _PROMOTERS, high) - _share(scores, low, _DETRACTORS)) * 100
    if answered and survey.scale == CSAT:
        csat = _share(scores, _SATISFIED, high)
    return SurveyResults(
        survey=survey.name,
        scale=survey.scale,
        sent=sent,
        answered=answered,
        response_rate=answered / sent if sent else None,
        scores={str(score): scores[score] for score in sorted(scores)},
        mean=total / answered if answered else None,
        nps=nps,
        csat=csat,
    )


def _counted(
    reader: Reader, name: str, since: int | None, until: int | None
) -> tuple[Counter[int], int]:
    """Count the answers to a survey, and how many were asked."""
    kinds = ("survey_sent", "survey_answered")
    rows = live_rows(reader, ("seq", "kind", "attributes"), since=since, until=until, kinds=kinds)
    scores: Counter[int] = Counter()
    sent = 0
    for kind, facts in _about(rows, name):
        if kind == "survey_sent":
            sent += 1
        elif isinstance(facts.get("score"), int):
            scores[facts["score"]] += 1
    return scores, sent


def _about(rows: Iterable[tuple[Any, ...]], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, kind, attributes in rows:
        facts = json.loads(attributes) if attributes else {}
        if facts.get("survey") == name:
            yield kind, facts


def _share(scores: Counter[int], low: int, high: int) -> float:
    """Give the share of the answers that lie in a range; there is at least one answer."""
    return sum(times for score, times in scores.items() if low <= score <= high) / scores.total()
