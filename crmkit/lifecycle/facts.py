"""What rules can test about a customer, as of one instant.

A fact that is not known (no purchase, no rhythm, no stage yet) fulfils no condition. Days are
whole days that have passed; points are those of the value score.

==============================  =============================================================
fact                            value
==============================  =============================================================
``purchases``                   purchases (those of one instant are one)
``purchase_days``               days (UTC) with a purchase
``days_since_first_purchase``   days since the first purchase
``days_since_last_purchase``    days since the newest one
``days_known``                  days since the first touchpoint of any kind
``days_since_own``              days since the newest touchpoint that he made himself
``days_since_contact``          days since anybody last talked with him, in either direction
``gap``                         his median gap between purchase days, in days (three gaps needed)
``gaps_silent``                 time since his own newest touchpoint, in his own gaps
``gaps_unbought``               time since his newest purchase, in his own gaps
``total``                       value score, 0 to 100
``delta``                       its change over the quarter
``unexpected``                  the part of it that his own rhythm does not explain
``tier``                        ``key core base``
``kind``                        ``value potential migrating frozen ordinary`` (R140)
``open_complaints``             complaints of the last half year that nobody of us answered
``open_matters``                the same of complaints, suggestions and opinions
``touchpoints.KIND``            how many touchpoints of a kind
``days_since.KIND``             days since the newest of a kind
``acquired_by``, ``research``   as the customer's record says (R96, R119)
``stage``                       where he stands
``days_in_stage``               days since he came there
``bought_in_stage``             whether he bought since he came there
==============================  =============================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from crmkit.clock import DAY
from crmkit.lifecycle.columns import Columns

Column = Sequence[float | str | None]

STAGE_FACTS = frozenset({"stage", "days_in_stage", "bought_in_stage"})
"""Facts about the step that is judged: they change while history is walked through."""
LATE_FACTS = frozenset({"tier", "kind", "unexpected"})
"""Facts that need everybody measured, since they rest on ranks."""
COUNTED, SINCE = "touchpoints.", "days_since."
OPEN_FACTS = {"open_complaints": frozenset({"complaint"}), "open_matters": None}
RECORD_FACTS = frozenset({"acquired_by", "research"})
NAMED = re.compile(r"\{([^{}]+)\}")
"""A fact in the reason of a rule."""


def _days(name: str) -> Callable[[Columns], Column]:
    """Make the fact "whole days since" of an instant's column."""

    def fact(columns: Columns) -> Column:
        at = columns.at
        return [(at - x) // DAY for x in getattr(columns, name)]

    return fact


def _gaps(name: str) -> Callable[[Columns], Column]:
    """Make the fact "time since, in his own gaps"; nobody's gap is below a day."""

    def fact(columns: Columns) -> Column:
        at = columns.at
        instants = getattr(columns, name)
        return [(at - x) / DAY / gap for x, gap in zip(instants, columns.gap, strict=True)]

    return fact


PLAIN: dict[str, Callable[[Columns], Column]] = {
    "purchases": lambda columns: columns.purchases,
    "purchase_days": lambda columns: columns.purchase_days,
    "days_since_first_purchase": _days("first_purchase"),
    "days_since_last_purchase": _days("last_purchase"),
    "days_known": _days("first"),
    "days_since_own": _days("own"),
    "days_since_contact": _days("contact"),
    "gap": lambda columns: columns.gap,
    "gaps_silent": _gaps("own"),
    "gaps_unbought": _gaps("last_purchase"),
    "total": lambda columns: columns.total,
    "delta": lambda columns: columns.delta,
}
"""Facts that a customer's own state tells."""

NAMES = frozenset({*PLAIN, *STAGE_FACTS, *LATE_FACTS, *OPEN_FACTS, *RECORD_FACTS})


def known(name: str) -> bool:
    """Tell whether a rule may test a fact of this name."""
    return name in NAMES or (name.startswith((COUNTED, SINCE)) and not name.endswith("."))
