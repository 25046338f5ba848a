"""What is measured about every customer: indicators, and the value model they make (R106-R115).

Whatever a model holds is checked when it is made, so that every one that exists can be kept, read
back and counted with: no score of it is ever infinite, and no number vanishes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, show
from crmkit.errors import ModelError
from crmkit.model import ranges
from crmkit.model.serial import Record
from crmkit.model.touchpoint import NUMBER_LIMIT

MEASURES = ("count", "sum", "breadth", "recency", "mean", "rate")
MONEY_FIELDS = frozenset({"amount", "margin"})
"""Fields whose number is money in the touchpoint's currency."""
COMPETITOR_PROMOTION = "competitor_promotion"
_CODE = re.compile(r"[A-Z]{3}")
_NAME = f"must be a name of 1 to {ID_LIMIT} characters"

Checks = Iterable[tuple[bool, str, str]]
"""Whether a rule is kept, the field at fault where it is not, and what would be right."""


@attrs.frozen
class Indicator(Record):
    """One thing that is measured about every customer.

    Attributes:
        name: Unique in its model.
        kinds: Touchpoint kinds it counts.
        measure: ``count sum breadth recency mean rate``: the formulas of `crmkit.value`.
        half_life: After this long a touchpoint counts half; a second to a thousand years.
        weight: Its share before sharing out, on any scale; 0, or 1e-6 to 1e6.
        field: Field that ``sum``, ``mean`` and ``breadth`` read: a key of the record, else of
            its attributes.
        scale: Raw value that earns 50 points (``count sum breadth``), or full points (``mean``);
            1e-9 to 1e15.
        opportunity: Kinds that give a customer the chance to show it; empty: needs none.
        within: ``competitor_promotion``: purchases inside competitors' promotion windows.
        defaults: What a kind counts where `field` is missing.
    """

    name: str
    kinds: tuple[str, ...] = attrs.field(converter=ranges.names)
    measure: str
    half_life: timedelta = attrs.field(kw_only=True, converter=ranges.as_kept)
    weight: float = attrs.field(kw_only=True, converter=ranges.number)
    field: str | None = attrs.field(default=None, kw_only=True)
    scale: float = attrs.field(default=1.0, kw_only=True, converter=ranges.number)
    opportunity: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=ranges.names)
    within: str | None = attrs.field(default=None, kw_only=True)
    defaults: Mapping[str, float] = attrs.field(factory=dict, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that the indicator makes sense.

        Raises:
            ModelError: names the field at fault and what would be right.
        """
        where = f"indicator {show(self.name)}"
        _check(self, self._values(), where)
        _check(self, self._measuring(), where)

    def _values(self) -> Checks:
        """Check each field by itself."""
        first, last = ranges.HALF_LIVES
        half_life, defaults = self.half_life, self.defaults
        yield ranges.is_name(self.name), "name", _NAME
        yield bool(self.kinds) and ranges.are_names(self.kinds), "kinds", "must be a kind or more"
        yield self.measure in MEASURES, "measure", f"must be one of {', '.join(MEASURES)}"
        lasts = isinstance(half_life, timedelta) and first <= half_life <= last
        yield lasts, "half_life", "must be a timedelta of 1 second to 1,000 years"
        weighs = self.weight == 0 or ranges.lies(self.weight, *ranges.WEIGHTS)
        yield weighs, "weight", f"{ranges.told(ranges.WEIGHTS)}, or 0"
        yield ranges.lies(self.scale, *ranges.SCALES), "scale", ranges.told(ranges.SCALES)
        yield self.field is None or ranges.is_name(self.field), "field", _NAME
        yield ranges.are_names(self.opportunity), "opportunity", "must be kinds"
        within = self.within in (None, COMPETITOR_PROMOTION)
        yield within, "within", f"can only be {COMPETITOR_PROMOTION!r}"
        most = float(NUMBER_LIMIT)
        yield (
            isinstance(defaults, Mapping)
            and ranges.are_names(defaults)
            and all(ranges.lies(value, -most, most) for value in defaults.values()),
            "defaults",
            f"must give kinds numbers between {-most:g} and {most:g}",
        )

    def _measuring(self) -> Checks:
        """Check what goes with which measure."""
        reads = self.measure in ("sum", "mean", "breadth")
        needs = f"is missing: a {self.measure} needs the field it reads"
        yield not reads or self.field is not None, "field", needs
        rated = self.measure != "rate" or bool(self.opportunity or self.within)
        yield rated, "opportunity", "is missing: a rate needs the kinds that give the chance"
        yield self.within is None or self.measure == "rate", "within", "goes with a rate only"


@attrs.frozen
class ValueModel(Record):
    """A named set of indicators that together give the composite value score.

    Attributes:
        version: Name of this version; every score carries it.
        indicators: What is measured, each with its weight; at most 64 of measure ``breadth``.
        currency: Base currency (ISO 4217) that money is counted in.
        rates: What one unit of another currency is worth in the base currency; 1e-12 to 1e12.
    """

    version: str
    indicators: tuple[Indicator, ...] = attrs.field(converter=ranges.listed)
    currency: str = attrs.field(kw_only=True)
    rates: Mapping[str, float] = attrs.field(factory=dict, kw_only=True, converter=ranges.rates)

    def __attrs_post_init__(self) -> None:
        """Check that names are unique and rates usable.

        Raises:
            ModelError: names what is wrong.
        """
        _check(self, self._values(), f"value model {show(self.version)}")

    def _values(self) -> Checks:
        made, currency = self.indicators, self.currency
        yield ranges.is_name(self.version), "version", _NAME
        whole = isinstance(made, tuple) and all(isinstance(one, Indicator) for one in made)
        yield whole and bool(made), "indicators", "must be an Indicator or more"
        names = [one.name for one in made]
        twice = next((name for name in names if names.count(name) > 1), "")
        yield not twice, "indicators", f"has the name {twice!r} twice"
        breadths = sum(one.measure == "breadth" for one in made)
        many = f"has {breadths} of measure breadth, at most {ranges.BREADTHS} can be told apart"
        yield breadths <= ranges.BREADTHS, "indicators", many
        yield _is_code(currency), "currency", "must be three upper-case letters (ISO 4217)"
        priced = isinstance(self.rates, Mapping) and all(map(_is_code, self.rates))
        yield priced, "rates", "must be prices by currency, such as {'USD': 7.1}"
        sane = all(ranges.lies(rate, *ranges.RATES) for rate in self.rates.values())
        yield sane, "rates", ranges.told(ranges.RATES)
        base = self.rates.get(currency, 1.0) == 1.0
        yield base, "rates", f"must not price the base currency {currency} other than 1"

    def rate(self, currency: str) -> float | None:
        """Give what one unit of `currency` is worth in the base currency, or None."""
        return 1.0 if currency == self.currency else self.rates.get(currency)


def _is_code(value: object) -> bool:
    """Tell whether it is written like a currency."""
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _check(record: Any, checks: Checks, where: str) -> None:
    """Raise for the first rule that is broken, with the value that breaks it."""
    for right, field, what in checks:
        if not right:
            value = getattr(record, field)
            got = "" if field == "indicators" else f", got {show(value)}"
            raise ModelError(f"{where}: {field} {what}{got}", field=field, **_named(record))


def _named(record: Any) -> dict[str, Any]:
    return {"indicator": record.name} if isinstance(record, Indicator) else {}
