"""What the customers' touchpoints come to: one aggregation for all indicators of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import ibis
from ibis import _

from crmkit import Indicator, ValueModel
from crmkit.contracts.engine import NUMBERS, TEXTS
from crmkit_ibis.decay import FULL, earned, fade
from crmkit_ibis.dialects import Expression, one_of
from crmkit_ibis.facts import Facts
from crmkit_ibis.log import READ, Log, Table
from crmkit_ibis.windows import Window, bit_or, mask_of, ratio

_MEANT_FOR_ONE_MASK = 62


@attrs.frozen(kw_only=True)
class Reading:
    """One indicator as expressions over the row that a customer's sums stand in.

    Attributes:
        raw: The measure; NULL where nothing was seen.
        seen: Whether something was seen.
        chance: Whether there was a chance to; None: it needs none.
        points: What `raw` earns.
    """

    raw: Expression
    seen: Expression
    chance: Expression | None
    points: Expression


Read = Callable[[Table], Reading]


class Sums:
    """The aggregation: indicators ask for sums, and are read from the row of all of them."""

    def __init__(
        self,
        log: Log,
        model: ValueModel,
        at: int,
        *,
        negative: frozenset[str],
        windows: Sequence[Window] = (),
    ) -> None:
        """Begin with no sum.

        Args:
            log: What to sum up.
            model: Whose rates hold.
            at: The instant, in microseconds; what happened later is left out.
            negative: Kinds that are aged from the purchase they name.
            windows: Competitors' promotions that ended by then.
        """
        self.log, self.model, self.at = log, model, at
        self.negative, self.windows = negative, windows
        happened = log.live.filter(log.live["at"] <= at)
        self._all = Facts(happened, log, model, at)
        self._returns = Facts(aged(log, at, negative), log, model, at)
        self._sums: dict[str, Expression] = {}
        self._returned: dict[str, Expression] = {}
        self._breadths: list[Table] = []

    def read(self, indicator: Indicator) -> Read:
        """Ask for what an indicator needs, and give how it is then read."""
        match indicator.measure:
            case "count":
                return self._count(indicator)
            case "sum":
                return self._sum(indicator)
            case "breadth":
                return self._breadth(indicator)
            case "recency":
                return self._recency(indicator)
            case "mean":
                return self._mean(indicator)
            case _ if indicator.within:
                return self._within(indicator)
            case _:
                return self._rate(indicator)

    def tables(self) -> list[Table]:
        """Give the tables of sums, each by ``root``: the first has everybody who did anything."""
        facts = self._all.select("root", "at", "kind")
        found = [facts.group_by("root").agg(newest=facts["at"].max(), **self._sums)]
        if self._returned:
            found.append(self._returns.select("root").group_by("root").agg(**self._returned))
        return [*found, *self._breadths]

    # -- asking for sums -----------------------------------------------------------------

    def _ask(self, asked: dict[str, Expression], prefix: str, sum_: Expression) -> str:
        """Ask for a sum and give its name; one that was asked for before is made once."""
        for name, known in asked.items():
            if repr(known) == repr(sum_):
                return name
        name = f"{prefix}{len(asked)}"
        asked[name] = sum_
        return name

    def _added(self, added: Expression, where: str) -> str:
        return self._ask(self._sums, "s", added.sum(where=_[where]))

    def _chance(self, indicator: Indicator) -> str | None:
        if not indicator.opportunity:
            return None
        among = self._all.among(indicator.opportunity)
        return self._ask(self._sums, "s", _[among].ifelse(1, 0).max())

    # -- the measures --------------------------------------------------------------------

    def _count(self, indicator: Indicator) -> Read:
        weight = self._all.fade(indicator.half_life)
        total = self._added(_[weight], self._all.among(indicator.kinds))
        return self._scaled(indicator, lambda row: row[total])

    def _sum(self, indicator: Indicator) -> Read:
        kinds, half_life = frozenset(indicator.kinds), indicator.half_life
        among = self._all.among(kinds, unnamed=self.negative)
        number, weight = self._all.number(indicator), self._all.fade(half_life)
        total = self._added(_[number] * _[weight], among)
        if kinds.isdisjoint(self.negative):
            return self._scaled(indicator, lambda row: row[total])
        facts = self._returns
        among = facts.among(kinds)
        added = (_[facts.number(indicator)] * _[facts.fade(half_life, "since")]).sum(where=_[among])
        returned = self._ask(self._returned, "r", added)

        def both(row: Table) -> Expression:
            mine, back = row[total], row[returned]
            neither = mine.isnull() & back.isnull()
            return neither.ifelse(ibis.null("float64"), mine.fill_null(0) + back.fill_null(0))

        return self._scaled(indicator, both)

    def _breadth(self, indicator: Indicator) -> Read:
        facts = breadth_facts(self.log, self.model, indicator, self.at)
        among = facts.among(indicator.kinds)
        text, number = facts.value(indicator)
        t = facts.select("root", "at")
        usable = t.filter(t[among] & (t[text].notnull() | t[number].notnull()))
        newest = usable.group_by("root", text, number).agg(newest=usable["at"].max())
        name = f"b{len(self._breadths)}"
        weight = fade(newest.newest - self.at, indicator.half_life)
        self._breadths.append(newest.group_by("root").agg(**{name: weight.sum()}))
        return self._scaled(indicator, lambda row: row[name])

    def _recency(self, indicator: Indicator) -> Read:
        last = self._ask(self._sums, "s", _["at"].max(where=_[self._all.among(indicator.kinds)]))
        chance = self._chance(indicator)

        def read(row: Table) -> Reading:
            raw = fade(row[last] - self.at, indicator.half_life)
            return _reading(row, raw, row[last].notnull(), chance, FULL * raw)

        return read

    def _mean(self, indicator: Indicator) -> Read:
        facts = self._all
        among, number = facts.among(indicator.kinds), facts.number(indicator)
        usable = facts.made(among) & facts.made(number).notnull()
        counted = facts.keep(("counted", among, number), usable)
        weight, _newest = facts.weight(indicator.half_life, counted)
        total = self._added(_[number] * _[weight], counted)
        whole = self._added(_[weight], counted)
        chance = self._chance(indicator)

        def read(row: Table) -> Reading:
            raw = row[total] / row[whole]
            points = ibis.least(ibis.greatest(FULL * raw / indicator.scale, 0.0), FULL)
            return _reading(row, raw, row[whole].notnull(), chance, points)

        return read

    def _rate(self, indicator: Indicator) -> Read:
        facts = self._all
        done, given = facts.among(indicator.kinds), facts.among(indicator.opportunity)
        either = facts.among((*indicator.kinds, *indicator.opportunity))
        weight, _newest = facts.weight(indicator.half_life, either)
        won, chances = self._added(_[weight], done), self._added(_[weight], given)

        def read(row: Table) -> Reading:
            raw = _quotient(row[won], row[chances])
            points = ibis.least(FULL * raw, FULL)
            seen, chance = row[won].notnull(), row[chances].notnull()
            return Reading(raw=raw, seen=seen, chance=chance, points=points)

        return read

    def _within(self, indicator: Indicator) -> Read:
        purchase = self._all.among(["purchase"])
        first = self._ask(self._sums, "s", _["at"].min(where=_[purchase]))
        masks = []
        for start in range(0, len(self.windows), _MEANT_FOR_ONE_MASK):
            part = self.windows[start : start + _MEANT_FOR_ONE_MASK]
            inside = self._all.made(purchase).ifelse(mask_of(self._all.table["at"], part), 0)
            column = self._all.keep(("windows", start), inside)
            masks.append((self._ask(self._sums, "s", bit_or(_[column])), part))

        def read(row: Table) -> Reading:
            pairs = [(row[mask], part) for mask, part in masks]
            won, whole = ratio(pairs, row[first], indicator.half_life)
            raw = _quotient(won, whole)
            chance = row[first].notnull() & (whole > 0)
            return Reading(
                raw=raw, seen=chance & (won > 0), chance=chance, points=ibis.least(FULL * raw, FULL)
            )

        return read

    # -- what they share -----------------------------------------------------------------

    def _scaled(self, indicator: Indicator, raw: Callable[[Table], Expression]) -> Read:
        chance = self._chance(indicator)

        def read(row: Table) -> Reading:
            found = raw(row)
            return _reading(row, found, found.notnull(), chance, earned(found, indicator.scale))

        return read


def breadth_facts(
    log: Log, model: ValueModel, indicator: Indicator, until: int, table: Table | None = None
) -> Facts:
    """Give the columns that a breadth reads, of the touchpoints that it counts.

    Args:
        log: Where they are from.
        model: Whose indicator it is.
        indicator: The breadth.
        until: The last instant that counts, in microseconds.
        table: What an engine that shares passes on to others too; None: it is read.
    """
    field = str(indicator.field)
    names = dict.fromkeys(("kind", "at", "attributes", *({field} & (NUMBERS | TEXTS))))
    counted = one_of(_.kind, indicator.kinds) & (_["at"] <= until)
    if table is None or not log.dialect.shares:
        return Facts(log.held(*names, where=counted), log, model, until)
    return Facts(table.filter(counted).select(*names, "root"), log, model, until)


def aged(log: Log, until: int, negative: frozenset[str]) -> Table:
    """Give the returns that name another record, and the instant ``since`` they are aged from.

    That is the purchase's, whoever bought, and their own where no purchase of that name holds.
    """
    returns = log.held(*READ, where=_naming(until, negative))
    return with_since(returns, until, negative, log.held)


def with_since(
    table: Table, until: int, negative: frozenset[str], read: Callable[..., Table]
) -> Table:
    """Give touchpoints with the instant ``since`` that they are aged from, mostly their own.

    Args:
        table: The touchpoints.
        until: The last instant that counts, in microseconds.
        negative: Kinds that are aged from the purchase they name.
        read: Reads returns and purchases: `Log.held`, or `Log.apart`.
    """
    naming = _naming(until, negative)
    named = read("seq", "source", "kind", "at", "of", where=naming)
    named = named.select(number="seq", named_by="source", named="of")
    purchases = read("source", "id", "kind", "at", where=_.kind == "purchase")
    same = (purchases.source == named.named_by) & (purchases.id == named.named)
    # The few on the right: an engine that believes both to be as many keeps that side in memory.
    found = purchases.inner_join(named, same).select("number", bought="at")
    joined = table.left_join(found, table.seq == found.number)
    columns = [joined[name] for name in table.columns]
    return joined.select(*columns, since=ibis.coalesce(joined.bought, joined["at"]))


def _naming(until: int, negative: frozenset[str]) -> Expression:
    return one_of(_.kind, negative) & _.of.notnull() & (_["at"] <= until)


def _reading(
    row: Table, raw: Expression, seen: Expression, chance: str | None, points: Expression
) -> Reading:
    had = None if chance is None else row[chance].fill_null(0) > 0
    return Reading(raw=raw, seen=seen, chance=had, points=points)


def _quotient(won: Expression, whole: Expression) -> Expression:
    """Divide so that a rate with successes and no chance is 1, and never more than 1."""
    return (whole.isnull() | (won >= whole)).ifelse(1.0, won / whole)
