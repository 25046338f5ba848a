"""What the core keeps of every customer, as one expression: the sums that value states are made of.

Decayed sums are given at the instant of the newest touchpoint that counts, as the states have
them; money in other currencies stands by itself. What varies in number (values that breadth tells
apart, other currencies) comes as lists of texts, which every engine can give.
"""

from __future__ import annotations

from typing import Any

import attrs
import ibis
from ibis import _

from crmkit import Indicator
from crmkit.contracts.engine import MONEY_FIELDS, REVENUE, Folding
from crmkit_ibis.decay import fade
from crmkit_ibis.dialects import Expression, one_of
from crmkit_ibis.facts import Facts
from crmkit_ibis.log import Log, Table
from crmkit_ibis.sums import breadth_facts, with_since

NUMBERS = ("n", "chance", "a", "b", "ref", "last")
"""Of every indicator, before its number: `crmkit.contracts.engine.Tallies`."""
MARK = "\x1f"
"""Stands between the parts of a text: the unit separator, which no text of crmkit's holds."""


@attrs.define(eq=False)
class Sorts:
    """Aggregations of one grouping: what is asked for, and what is made of it afterwards."""

    facts: Facts
    until: int
    asked: dict[str, Expression] = attrs.field(factory=dict)
    later: dict[str, Any] = attrs.field(factory=dict)

    def tally(
        self, place: int, indicator: Indicator, within: str | None = None, *, whole: bool = False
    ) -> None:
        """Ask for an indicator's numbers.

        Args:
            place: The indicator's number.
            indicator: The indicator.
            within: A column that says what counts at all.
            whole: Ask for those too that its measure has no use for.
        """
        facts, measure = self.facts, indicator.measure
        by = "since" if measure == "sum" else "at"
        counted = facts.among(indicator.kinds)
        if measure in ("sum", "mean"):
            number = facts.number(indicator)
            usable = facts.made(counted) & facts.made(number).notnull()
            if within is not None:
                usable &= facts.made(within)
            counted = facts.keep(("usable", counted, number, within), usable)
        given = facts.among(indicator.opportunity) if indicator.opportunity else None
        if measure != "breadth":
            self._ask(place, "n", _.count(where=_[counted]))
        if given is not None:
            self._ask(place, "chance", _.count(where=_[given]))
        if measure == "sum" or whole:
            self._ask(place, "last", _["at"].max(where=_[counted]))
        if measure == "breadth":
            return
        either = counted
        if measure == "rate":
            either = facts.among((*indicator.kinds, *indicator.opportunity))
        self._ask(place, "ref", _[by].max(where=_[either]))
        if measure == "recency":
            return
        weight, newest = facts.weight(indicator.half_life, either, by)
        added = _[weight] if measure in ("count", "rate") else _[number] * _[weight]
        self._ask(place, "a", added.sum(where=_[counted]), None if newest else indicator)
        if measure in ("mean", "rate") or whole:
            among = given if measure == "rate" else counted
            self._ask(place, "b", _[weight].sum(where=_[among]), None if newest else indicator)

    def _ask(
        self, place: int, name: str, sum_: Expression, at_until: Indicator | None = None
    ) -> None:
        """Ask for a number; `at_until`: it was weighed at the end, and belongs at the newest."""
        column, until = f"{name}{place}", self.until
        self.asked[column] = sum_
        if at_until is not None:
            half_life = at_until.half_life
            self.later[column] = lambda row: (
                row[column] * fade(until - row[f"ref{place}"], half_life, ahead=True)
            )

    def grouped(self, *names: str) -> Table:
        """Give the aggregation; it reads some columns of the touchpoints' own."""
        by = self.facts.grouping
        table = self.facts.select(*by, *names)
        row = table.group_by(by).agg(**self.asked)
        return row.mutate(**{name: make(row) for name, make in self.later.items()})


def fold(log: Log, folding: Folding) -> Table:
    """Give a row for everybody who did anything, ordered by ``root``."""
    model, until = folding.model, folding.until
    happened = log.live.filter(log.live["at"] <= until)
    happened = with_since(happened, until, folding.negative, log.apart)
    facts = Facts(happened, log, model, until, priced=False)
    own = facts.keep(
        "own money", (happened.currency == model.currency) | happened.currency.isnull()
    )
    main = Sorts(facts, until)
    main.asked |= _instants(facts, folding)
    turnover = _turnover(facts, folding.negative)
    base = facts.keep("base", facts.made(turnover) & (happened.currency == model.currency))
    paid = facts.keep("paid", happened.amount.cast("float64"))
    main.asked["revenue"] = _[paid].sum(where=_[base])
    for place, indicator in enumerate(model.indicators):
        if not indicator.within:
            main.tally(place, indicator, own if _is_money(indicator) else None)
    row = main.grouped("at", "since", "recorded")
    lists = [_seen(log, folding, happened, place, one) for place, one in _breadths(folding)]
    for table in (_foreign(log, folding, happened), *lists):
        mine = table.rename(mine="root")
        row = row.left_join(mine, row.root == mine.mine).drop("mine")
    return row.order_by("root")


def _instants(facts: Facts, folding: Folding) -> dict[str, Expression]:
    """Ask for what a state has besides its sums."""
    t, dialect = facts.table, facts.log.dialect
    own = (t.direction == "in") | (t.direction.isnull() & ~one_of(t.kind, folding.outbound))
    kind, text = dialect.kind(t.attributes, "automatic"), dialect.text(t.attributes, "automatic")
    automatic = ibis.cases(
        (t.attributes.isnull(), False),
        (kind.isnull() | (kind == dialect.nothing), False),
        (kind == dialect.truth, text == "true"),
        (one_of(kind, dialect.numbers), text.cast("float64") != 0.0),
        else_=~one_of(text, ("", "[]", "{}")),
    )
    contact = one_of(t.kind, folding.two_way - {"purchase"}) & ~automatic
    mine, met = facts.keep("own", own), facts.keep("contact", contact)
    purchase = facts.among(["purchase"])
    return {
        "first": _["at"].min(),
        "newest": _["at"].max(),
        "recorded": _["recorded"].max(),
        "own": _["at"].max(where=_[mine]),
        "contact": _["at"].max(where=_[met]),
        "bought": _["at"].collect(where=_[purchase]),
    }


def _turnover(facts: Facts, negative: frozenset[str]) -> str:
    """Give the column that tells what revenue is made of."""
    t = facts.table
    kinds = facts.made(facts.among({"purchase", *negative}))
    return facts.keep("turnover", kinds & t.amount.notnull())


def _is_money(indicator: Indicator) -> bool:
    return indicator.measure in ("sum", "mean") and indicator.field in MONEY_FIELDS


def _breadths(folding: Folding) -> list[tuple[int, Indicator]]:
    made = enumerate(folding.model.indicators)
    return [(place, one) for place, one in made if one.measure == "breadth"]


def _seen(log: Log, folding: Folding, happened: Table, place: int, indicator: Indicator) -> Table:
    """Give how many an indicator counts, each value as a text, and when it was seen last.

    A number begins with `MARK`. Both lists are of the same rows of one group, in one order.
    """
    facts = breadth_facts(log, folding.model, indicator, folding.until, happened)
    among = facts.among(indicator.kinds)
    text, number = facts.value(indicator)
    t = facts.select("root", "at")
    usable = t.filter(t[among] & (t[text].notnull() | t[number].notnull()))
    newest = usable.group_by("root", text, number).agg(
        newest=usable["at"].max(), times=usable.count()
    )
    shown = ibis.coalesce(newest[text], MARK + newest[number].cast("string"))
    found = newest.select("root", "times", "newest", shown=shown)
    return found.group_by("root").agg(
        **{
            f"n{place}": found.times.sum(),
            f"seen{place}": found.shown.collect(),
            f"when{place}": found.newest.collect(),
        }
    )


def _foreign(log: Log, folding: Folding, happened: Table) -> Table:
    """Give a text for each currency and indicator of whoever has money in others."""
    model = folding.model
    away = happened.filter(happened.currency.notnull() & (happened.currency != model.currency))
    by = ("root", "currency")
    facts = Facts(away, log, model, folding.until, priced=False, grouping=by)
    sorts = Sorts(facts, folding.until)
    money = [(place, one) for place, one in enumerate(model.indicators) if _is_money(one)]
    for place, indicator in money:
        sorts.tally(place, indicator, whole=True)
    turnover = _turnover(facts, folding.negative)
    paid = facts.keep("paid", away.amount.cast("float64"))
    sorts.asked["times"] = _.count(where=_[turnover])
    sorts.asked["paid"] = _[paid].sum(where=_[turnover])
    row = sorts.grouped("at", "since")
    lists = {f"foreign{REVENUE}": _written(row, "times", ["times", "paid"])}
    for place, _indicator in money:
        names = [f"{one}{place}" for one in NUMBERS if one != "chance"]
        lists[f"foreign{place}"] = _written(row, f"n{place}", names)
    found = row.select("root", **lists)
    return found.group_by("root").agg(
        **{name: found[name].collect(where=found[name].notnull()) for name in lists}
    )


def _written(row: Table, count: str, names: list[str]) -> Expression:
    """Write a currency and its numbers as one text; NULL where nothing counts."""
    text = row.currency
    for name in names:
        text = text + MARK + row[name].cast("string")
    return (row[count] > 0).ifelse(text, ibis.null("string"))
