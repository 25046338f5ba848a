"""What one touchpoint adds, as columns: whether it counts, its decay, its number or its value."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import timedelta
from typing import Any

import attrs
import ibis

from crmkit import Indicator, ValueModel
from crmkit.contracts.engine import EARLIEST, MONEY_FIELDS, NUMBER_LIMIT, NUMBERS, TEXTS, span
from crmkit_ibis.decay import SAFE, double, fade
from crmkit_ibis.dialects import Expression, one_of
from crmkit_ibis.log import Log, Table


@attrs.define(eq=False)
class Facts:
    """Columns over touchpoints that happened by an instant; each is made once, whoever asks.

    Attributes:
        table: The touchpoints.
        log: Where they are from.
        model: The value model.
        at: The instant that everything is decayed to, in microseconds.
        priced: Whether money is turned into the base currency.
        grouping: Columns of those who are summed up together.
    """

    table: Table
    log: Log
    model: ValueModel
    at: int
    priced: bool = True
    grouping: tuple[str, ...] = ("root",)
    _made: dict[str, Expression] = attrs.field(factory=dict)
    _names: dict[Hashable, str] = attrs.field(factory=dict)

    def keep(self, key: Hashable, made: Expression) -> str:
        """Keep an expression as a column and give its name; what `key` made before is that one."""
        if key not in self._names:
            self._names[key] = name = f"c{len(self._names)}"
            self._made[name] = made
        return self._names[key]

    def select(self, *names: str) -> Table:
        """Give the touchpoints with some columns of their own, and with all that were made."""
        return self.table.select(*names, **self._made)

    def made(self, name: str) -> Expression:
        """Give a column that was kept."""
        return self._made[name]

    # -- the columns ---------------------------------------------------------------------

    def among(self, kinds: Iterable[str], *, unnamed: frozenset[str] = frozenset()) -> str:
        """Tell whether it is of one of these kinds.

        Args:
            kinds: The kinds.
            unnamed: Of these, only what names no other record under ``of``.
        """
        wanted = frozenset(kinds)
        t, apart = self.table, wanted & unnamed
        found = one_of(t.kind, wanted - apart)
        if apart:
            found |= one_of(t.kind, apart) & t.of.isnull()
        return self.keep(("among", wanted, apart), found)

    def fade(self, half_life: timedelta, by: str = "at") -> str:
        """Give its weight at `at`.

        Args:
            half_life: After this long it counts half.
            by: The column that says from when on it is aged; another than its own instant may
                lie ahead.
        """
        age = self.table[by] - self.at
        return self.keep(("fade", half_life, by), fade(age, half_life, ahead=by != "at"))

    def fade_to_newest(self, half_life: timedelta, counted: str, by: str = "at") -> str:
        """Give its weight at the instant of the newest one of its group that counts."""
        t = self.table
        newest = self.made(counted).ifelse(t[by], ibis.null("int64")).max()
        age = t[by] - newest.over(ibis.window(group_by=list(self.grouping)))
        # Of what does not count it may be positive.
        return self.keep(("newest", half_life, counted, by), fade(age, half_life, ahead=True))

    def weight(self, half_life: timedelta, counted: str, by: str = "at") -> tuple[str, bool]:
        """Give the column of weights for what must not fade to nothing, and whether to the newest.

        All may be weighed at any one instant: at the one that is asked about, as for other sums,
        unless the oldest touchpoint would have faded to nothing by then.
        """
        safe = span(half_life) * SAFE
        if safe >= self.at - EARLIEST or safe >= self.at - self.log.oldest:
            return self.fade(half_life, by), False
        return self.fade_to_newest(half_life, counted, by), True

    def number(self, indicator: Indicator) -> str:
        """Give the number that a sum or a mean reads, in the base currency where it is money.

        It is right for the indicator's own kinds; nobody looks into the attributes of others.
        """
        field, defaults = str(indicator.field), _defaults(indicator)
        own = one_of(self.table.kind, indicator.kinds)
        looked_up = (own, self._attribute(field, defaults))
        found = ibis.cases(looked_up)
        if field in NUMBERS:
            column = self._column(field).cast("float64")
            found = ibis.cases((column.notnull(), column), looked_up)
        if field in MONEY_FIELDS and self.priced:
            found *= self.made(self.price())
        key = ("number", field, tuple(sorted(defaults.items())), frozenset(indicator.kinds))
        return self.keep(key, found)

    def value(self, indicator: Indicator) -> tuple[str, str]:
        """Give what breadth tells apart: a text, else a number; neither: it is nobody's."""
        field, defaults = str(indicator.field), _defaults(indicator)
        text = self._attribute_text(field)
        number = self._attribute(field, defaults, limit=False)
        if field in NUMBERS:
            own = self._column(field).cast("float64")
            text, number = own.isnull().ifelse(text, ibis.null("string")), own.coalesce(number)
        elif field in TEXTS:
            own = self._column(field)
            text, number = own.coalesce(text), own.isnull().ifelse(number, ibis.null("float64"))
        key = (field, tuple(sorted(defaults.items())))
        return self.keep(("text", field), text.nullif("")), self.keep(("value", *key), number)

    def price(self) -> str:
        """Give what one unit of its currency is worth in the base currency; NULL: nobody knows."""
        code = self.table.currency
        rates = {**self.model.rates, self.model.currency: 1.0}
        priced = ibis.cases(
            *((code == one, double(rate)) for one, rate in sorted(rates.items())),
            (code.isnull(), double(1)),
        )
        return self.keep("price", priced)

    # -- fields --------------------------------------------------------------------------

    def _column(self, field: str) -> Expression:
        return self.table[field]

    def _attribute(
        self, field: str, defaults: dict[str, float], *, limit: bool = True
    ) -> Expression:
        """Give the number among the attributes, or what the kind counts where there is none."""
        t, dialect = self.table, self.log.dialect
        kind = dialect.kind(t.attributes, field)
        number = dialect.text(t.attributes, field).cast("float64")
        usable = one_of(kind, dialect.numbers)
        if limit:
            usable &= number.abs() < float(NUMBER_LIMIT)
        missing = ibis.null("float64")
        if defaults:
            missing = ibis.cases(
                *((t.kind == one, double(value)) for one, value in defaults.items())
            )
        absent = kind.isnull() | (kind == dialect.nothing)
        return ibis.cases((t.attributes.isnull(), missing), (absent, missing), (usable, number))

    def _attribute_text(self, field: str) -> Expression:
        dialect, json = self.log.dialect, self.table.attributes
        is_text = dialect.kind(json, field) == dialect.string
        nothing = ibis.null("string")
        return ibis.cases((json.isnull(), nothing), (is_text, dialect.text(json, field)))


def _defaults(indicator: Indicator) -> dict[str, float]:
    """Give what the indicator's own kinds count where the field is missing."""
    given: Any = indicator.defaults
    return {kind: float(value) for kind, value in given.items() if kind in indicator.kinds}
