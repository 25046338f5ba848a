"""What an engine that works on the whole log must know of the value score, to give its numbers.

The laws themselves stand in `docs/value.md`; here are the words and limits that they name.
"""

from crmkit.clock import EARLIEST, micros, span
from crmkit.model.touchpoint import (
    NEGATIVE_KINDS,
    NUMBER_LIMIT,
    NUMBERS,
    OUTBOUND_KINDS,
    TEXTS,
    TWO_WAY_KINDS,
)
from crmkit.model.value import (
    DECLINED,
    MONEY_FIELDS,
    NOT_APPLICABLE,
    OBSERVED,
    TIERS,
    UNOBSERVED,
)

__all__ = [
    "DECLINED",
    "EARLIEST",
    "MONEY_FIELDS",
    "NEGATIVE_KINDS",
    "NOT_APPLICABLE",
    "NUMBERS",
    "NUMBER_LIMIT",
    "OBSERVED",
    "OUTBOUND_KINDS",
    "TEXTS",
    "TIERS",
    "TWO_WAY_KINDS",
    "UNOBSERVED",
    "micros",
    "span",
]
