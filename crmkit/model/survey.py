"""What surveys found (R34, R228)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class SurveyResults(Record):
    """The answers to one survey.

    Attributes:
        survey: Its name.
        scale: ``nps`` (0 to 10) or ``csat`` (1 to 5).
        sent: How many customers were asked.
        answered: How many answered.
        response_rate: Share of those asked who answered, 0.0 to 1.0; None: nobody was asked.
        scores: How often each answer was given.
        mean: Mean answer; None: there is none.
        nps: Net promoter score, -100 to 100: the share of 9 and 10 less that of 0 to 6, in points
            (F. Reichheld, "The One Number You Need to Grow", HBR 2003); None: of another scale, or
            no answer.
        csat: Share of 4 and 5, 0.0 to 1.0: the top two of five; None likewise.
    """

    survey: str
    scale: str
    sent: int
    answered: int
    response_rate: float | None
    scores: Mapping[str, int]
    mean: float | None
    nps: float | None = None
    csat: float | None = None
