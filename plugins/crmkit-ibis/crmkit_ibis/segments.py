"""What each segment brought and cost over a period, beside the one before."""

from __future__ import annotations

import ibis

from crmkit import InvalidValueError, ValueModel
from crmkit_ibis.decay import double
from crmkit_ibis.dialects import Expression
from crmkit_ibis.log import Log, Table
from crmkit_ibis.money import turnover, worth
from crmkit_ibis.windows import read_windows

RECORDED = ("tier", "stage")
"""Segments whose moves stand in the log of decisions."""
_DAY = 86_400_000_000
_COUNTED = ("event_invited", "event_attended", "survey_sent", "survey_answered")
_NUMBER = r"^-?[0-9]+([.][0-9]+)?$"


def report(  # noqa: PLR0913 - what of whom, when, and by what
    log: Log, model: ValueModel, since: int, until: int, by: str, negative: frozenset[str]
) -> Table:
    """Give a row for each segment; the largest revenue first.

    Args:
        log: Of whom.
        model: Whose rates hold.
        since: Start, in microseconds.
        until: End, exclusive.
        by: ``tier`` or ``stage``; in a database also ``kind`` or ``owner``.
        negative: Kinds that take money back.

    Raises:
        InvalidValueError: the log does not tell these segments.
    """
    named = _named(log, by)
    everybody = log.roots.left_join(named, log.roots.root == named.who)
    everybody = everybody.select("root", segment=everybody.segment.fill_null("none"))
    row = everybody
    for table in (_touches(log, model, since, until, negative), _days(log, since, until)):
        mine = table.rename(mine="root")
        row = row.left_join(mine, row.root == mine.mine).drop("mine")
    summed = _summed(row)
    whole = summed.aggregate(whole=summed.revenue.sum())
    summed = summed.cross_join(whole)
    return _shares(summed).order_by(ibis.desc("revenue"), "segment")


def _named(log: Log, by: str) -> Table:
    """Give ``who`` stands in which ``segment`` now, as ``advance`` recorded it."""
    if log.standings is not None and by in (*RECORDED, "kind", "owner"):
        return log.standings.select(who="customer", segment=by)
    if by not in RECORDED:
        known = ", ".join(RECORDED)
        message = f"by must be one of {known}, which a log tells, got {by!r}"
        raise InvalidValueError(message, field="by")
    moves = log.decisions.filter(log.decisions.kind == by)
    read = log.dialect.text
    moves = moves.select(
        "seq",
        who="customer",
        held=read(moves.body, "at").cast("int64"),
        after=read(moves.body, "after"),
    )
    place = ibis.row_number().over(
        ibis.window(group_by=moves.who, order_by=[moves.held.desc(), moves.seq.desc()])
    )
    ordered = moves.mutate(place=place)
    return ordered.filter(ordered.place == 0).select("who", segment="after")


def _touches(
    log: Log, model: ValueModel, since: int, until: int, negative: frozenset[str]
) -> Table:
    """Give each customer's money and counts in the period."""
    t = log.live.filter((log.live["at"] >= since) & (log.live["at"] < until))
    dialect, money = log.dialect, turnover(t, negative)
    text = dialect.text(t.attributes, "cost")
    cost = text.re_search(_NUMBER).ifelse(text, ibis.null("string")).cast("float64")
    price = t.currency.isnull().ifelse(double(1), worth(t, model, double(1)))
    columns = {
        "revenue": money.ifelse(worth(t, model, t.amount), ibis.null("float64")),
        "profit": money.ifelse(worth(t, model, t.margin), ibis.null("float64")),
        "spend": cost * price,
        **{kind: (t.kind == kind).ifelse(1, 0) for kind in _COUNTED},
    }
    found = t.select("root", **columns)
    return found.group_by("root").agg(**{name: found[name].sum() for name in columns})


def _days(log: Log, since: int, until: int) -> Table:
    """Give each customer's purchase days, those inside promotions, and what went before."""
    bought = log.live.filter(log.live.kind == "purchase")
    before = bought.group_by("root").agg(
        first=bought["at"].min(),
        earlier=((bought["at"] >= 2 * since - until) & (bought["at"] < since)).ifelse(1, 0).max(),
    )
    inside = bought.filter((bought["at"] >= since) & (bought["at"] < until))
    each = inside.select("root", "at", day=inside["at"] // _DAY)
    days = each.group_by("root", "day").agg(first_at=each["at"].min())
    through: Expression = ibis.literal(value=False)
    for start, end in read_windows(log, until):
        through |= days.first_at.between(start, end)
    days = days.mutate(inside=through.ifelse(1, 0))
    counted = days.group_by("root").agg(days=days.count(), through=days.inside.sum())
    mine = counted.rename(mine="root")
    row = before.left_join(mine, before.root == mine.mine)
    return row.select(
        "root", "earlier", "days", "through", is_new=(row.first >= since).ifelse(1, 0)
    )


def _summed(row: Table) -> Table:
    active = row.days.fill_null(0) > 0
    plain = row.mutate(
        active=active.ifelse(1, 0),
        new=active.ifelse(row.is_new, 0),
        kept=active.ifelse(row.earlier, 0),
        again=(row.days.fill_null(0) > 1).ifelse(1, 0),
    )
    names = "active new kept again earlier days through revenue spend".split()
    columns = {name: plain[name].sum().fill_null(0) for name in (*names, *_COUNTED)}
    return plain.group_by("segment").agg(
        customers=plain.count(), profit=plain.profit.sum(), **columns
    )


def _shares(row: Table) -> Table:
    """Give the report's columns; what there is nothing to divide by is NULL."""

    def part(some: Expression, of: Expression) -> Expression:
        return some.cast("float64") / of.cast("float64").nullif(0.0)

    return row.select(
        "segment",
        "customers",
        "active",
        "new",
        retained=part(row.kept, row.earlier),
        repeat=part(row.again, row.active),
        through_promotions=part(row.through, row.days),
        revenue=row.revenue,
        revenue_share=part(row.revenue, row.whole),
        profit=row.profit,
        basket=part(row.revenue, row.days),
        purchase_days=part(row.days, row.active),
        attended=part(row.event_attended, row.event_invited),
        answered=part(row.survey_answered, row.survey_sent),
        spend=row.spend,
        return_on_spend=part(row.revenue, row.spend),
    )
