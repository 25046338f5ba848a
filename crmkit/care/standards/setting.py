"""What a standard may say: every field checked, and what its figure needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any

from crmkit.arguments import ID_LIMIT, choice, number, refuse, text, texts
from crmkit.clock import span
from crmkit.model.feedback import FEEDBACK_KINDS
from crmkit.model.standard import AREAS, FIGURES, RECEPTION_TO_FOLLOW_UP, SHARES, TIMED, Standard

_LONGEST = timedelta(days=3650)
_HIGHEST = {"satisfaction": 10.0}


def standard_of(  # noqa: PLR0913 - a standard with all its fields
    name: str,
    *,
    area: str,
    figure: str,
    target: float,
    within: timedelta | None,
    kinds: Iterable[str],
    categories: Iterable[str],
    known: Iterable[str],
    process: Iterable[str] | None,
    since: datetime,
    **words: Any,
) -> Standard:
    """Make the first version of a standard.

    Args:
        name: Its name.
        area: One of `AREAS`.
        figure: One of `FIGURES`.
        target: What is to be reached.
        within: The time to stay within, for the figures that have one.
        kinds: Kinds of feedback that count.
        categories: Categories of cases that count.
        known: The categories there are.
        process: Steps of the service; None: from the reception to the follow-up.
        since: When it is set.
        words: ``scope``, ``time``, ``skills`` and ``language``.

    Raises:
        InvalidValueError: something makes no sense; `field` names it.
    """
    choice("figure", figure, FIGURES)
    most = 1.0 if figure in SHARES else _HIGHEST.get(figure, inf)
    kinds = tuple(choice("kinds", kind, FEEDBACK_KINDS) for kind in texts("kinds", kinds))
    known = tuple(known)
    named = tuple(choice("categories", one, known) for one in texts("categories", categories))
    if figure == "satisfaction" and (kinds or named):
        refuse("kinds" if kinds else "categories", "mean nothing to the mean of all ratings")
    if figure == "complaint_rate" and kinds not in ((), ("complaint",)):
        refuse("kinds", "of the complaint rate are complaints alone")
    said: dict[str, Any] = {field: text(field, one) for field, one in words.items()}
    return Standard(
        name=text("name", name, ID_LIMIT, least=1),
        area=choice("area", area, AREAS),
        figure=figure,
        target=number("target", target, 0.0, most),
        within=_checked_time(figure, within),
        kinds=kinds,
        categories=named,
        process=RECEPTION_TO_FOLLOW_UP if process is None else texts("process", process),
        state="in_force",
        since=since,
        **said,
    )


def duration(field: str, value: object) -> timedelta:
    """Take a length of time, above nothing and at most ten years."""
    if not isinstance(value, timedelta) or not timedelta() < value <= _LONGEST:
        refuse(field, f"must be a timedelta above 0, at most {_LONGEST.days} days", value)
    return value


def _checked_time(figure: str, within: timedelta | None) -> timedelta | None:
    if figure in TIMED:
        return timedelta(microseconds=span(duration("within", within)))
    if within is not None:
        refuse("within", f"belongs to {' and '.join(TIMED)} only", within)
    return None
