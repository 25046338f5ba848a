"""What folding calls for the touchpoints that are not the plain case, and for reading fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import exp2
from typing import Any

from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.model.touchpoint import NUMBER_LIMIT, NUMBERS, TEXTS
from crmkit.value.layout import FAR_PAST, REVENUE, Slots
from crmkit.value.state import Money

_AMOUNT, _CURRENCY, _ATTRIBUTES = (
    TOUCHPOINT.position[name] for name in ("amount", "currency", "attributes")
)

_NO = frozenset({"", "0", "false", "no", "n", "off"})
"""What a table writes for false."""


def number(slots: Slots, kind: str) -> Callable[[Row], float | None]:
    """Make what gives the number of a row that has none in a column of its own, or None."""
    field = str(slots.indicator.field)
    raw_default = slots.indicator.defaults.get(kind)
    default = None if raw_default is None else float(raw_default)

    def read(row: Row) -> float | None:
        if row[_ATTRIBUTES] is None or (value := attribute(row, field)) is None:
            return default
        if isinstance(value, (str, bool, list, dict)):
            return None
        return float(value) if -NUMBER_LIMIT < value < NUMBER_LIMIT else None

    return read


def value_of(slots: Slots, kind: str) -> Callable[[Row], Any]:
    """Make what gives the value that breadth tells apart."""
    field = str(slots.indicator.field)
    default = slots.indicator.defaults.get(kind)
    position = TOUCHPOINT.position[field] if field in TEXTS | NUMBERS else None

    def read(row: Row) -> Any:
        found = None if position is None else row[position]
        if found is None:
            found = attribute(row, field)
            return default if found is None else found
        return float(found) if field in NUMBERS else found

    return read


def attribute(row: Row, field: str) -> Any:
    """Give a row's attribute, or None."""
    return _in(row[_ATTRIBUTES], field)


def _in(attributes: str | None, field: str) -> Any:
    if attributes is None or (field.isidentifier() and field.isascii() and field not in attributes):
        return None  # JSON writes such a name as it is: no need to parse
    return json.loads(attributes).get(field)


def automatic(row: Row) -> bool:
    """Tell whether a machine did it: ``{"automatic": true}`` among the attributes."""
    return is_automatic(row[_ATTRIBUTES])


def is_automatic(attributes: str | None) -> bool:
    """Tell it by the attributes alone; a table has its false as text."""
    said = _in(attributes, "automatic")
    return said.strip().lower() not in _NO if isinstance(said, str) else bool(said)


def add_revenue(money: Money, row: Row) -> None:
    """Add to the undecayed sum of purchases less returns in another currency."""
    sums = money.setdefault(REVENUE, {}).setdefault(row[_CURRENCY], [0, 0.0, 0.0, 0.0, 0.0])
    sums[0] += 1
    sums[1] += float(row[_AMOUNT])


def add_foreign(  # noqa: PLR0913 - called from the text above
    money: Money, slots: Slots, code: str, since: int, at: int, x: float
) -> None:
    """Add money to its own currency's sums, so that a new rate needs no rebuild."""
    sums = money.setdefault(slots.a, {}).setdefault(code, [0, 0.0, FAR_PAST, 0.0, FAR_PAST])
    sums[0] += 1
    ahead = since - sums[2]
    fade = exp2(-abs(ahead) * slots.per_us)
    if ahead > 0:
        sums[1] = sums[1] * fade + x
        sums[2] = since
        sums[3] = sums[3] * fade + 1.0
    else:
        sums[1] += x * fade
        sums[3] += fade
    sums[4] = max(sums[4], at)
