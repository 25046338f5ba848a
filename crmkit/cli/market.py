"""``crmkit competitors`` and ``market``: who else sells, how buying develops, word of mouth."""

from __future__ import annotations

from decimal import Decimal

import click

from crmkit.care.words import money
from crmkit.cli import options
from crmkit.cli.failing import wrong
from crmkit.cli.output import (
    columns,
    note,
    percent,
    print_array,
    print_json,
    say,
    signed,
    table,
    tell,
)
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.market import NOTE_KINDS, TREND_BY, BuyingBehaviour, Price, ReferralShare

_COMPETITORS = {
    "en": columns(
        "competitor products prices strategy strengths weaknesses source~ version# as_of!"
    ),
    "zh": columns("竞争对手 产品与服务 价格 市场策略 优势 劣势 来源~ 版本# 记录时间!"),
}
_PROMOTIONS = columns("competitor start! end!")
_TRENDS = columns("month! class buyers# purchases# quantity# revenue# share# change#")
_NOTES = columns("note! kind! at! title source~ competitor~ category~")


@click.command()
@click.option("--versions", metavar="NAME", help="Everything ever recorded of this one.")
@options.lang
@options.as_json
@pass_settings
def competitors(settings: Settings, versions: str | None, lang: str, as_json: bool) -> None:
    """List what is known of the competitors."""
    with settings.open() as crm:
        market = crm.market
        found = market.competitors() if versions is None else market.versions(versions)
        if as_json:
            print_array(found)
            return
        table(
            _COMPETITORS[lang],
            (
                (
                    one.name,
                    ", ".join(one.products),
                    ", ".join(map(_price, one.prices)),
                    one.strategy,
                    ", ".join(one.strengths),
                    ", ".join(one.weaknesses),
                    one.source,
                    one.version,
                    one.recorded_at,
                )
                for one in found
            ),
        )


def _price(one: Price) -> str:
    return f"{one.product} {money(one.amount, one.currency)}"


@click.group(invoke_without_command=True)
@options.span
@options.choice("--by", of=TREND_BY, default=TREND_BY[0], show_default=True)
@options.as_of
@options.as_json
@click.pass_context
def market(
    context: click.Context, since: When, until: When | None, by: str, at: When | None, as_json: bool
) -> None:
    """Tell how buying developed, who came by word of mouth, and what was noted."""
    if context.invoked_subcommand is not None:
        return
    settings = context.find_object(Settings) or wrong("run it as crmkit market")
    with settings.open(at) as crm:
        start, end = settings.between(crm, since, until)
        trends = crm.market.behaviour(start, end, by=by)
        share = crm.market.referral_share(start, end)
        notes = crm.market.notes()
        if as_json:
            records = {"behaviour": trends, "referral_share": share}
            plain = {name: record.to_dict() for name, record in records.items()}
            print_json(plain | {"notes": [one.to_dict() for one in notes]})
            return
        say(_word_of_mouth(share), "")
        _show_trends(trends)
        if notes:
            say("")
            table(
                _NOTES,
                (
                    (one.id, one.state, one.at, one.title, one.source, one.competitor, one.category)
                    for one in notes
                ),
            )


def _word_of_mouth(found: ReferralShare) -> str:
    if found.share is None:
        return "nobody bought for the first time"
    return (
        f"{found.customers} bought for the first time, {percent(found.share)} of them by word of "
        f"mouth ({percent(found.low)} to {percent(found.high)} are expected)"
    )


def _show_trends(found: BuyingBehaviour) -> None:
    table(
        _TRENDS,
        (
            (
                one.month,
                one.name,
                one.buyers,
                one.purchases,
                f"{one.quantity.normalize():f}",
                money(one.revenue, found.currency),
                percent(one.share),
                "" if one.change is None else f"{signed(100 * one.change)}%",
            )
            for one in found.trends
        ),
    )
    if found.unpriced:
        note(f"Left out, for the model has no rate: {', '.join(found.unpriced)}.")


@market.command()
@click.argument("name")
@click.option("--product", multiple=True, help="What he offers; repeatable.")
@click.option("--price", multiple=True, metavar="PRODUCT=AMOUNT", help="Repeatable.")
@click.option("--currency", help="Of the prices.")
@click.option("--strategy", help="His market strategy.")
@click.option("--strength", multiple=True, help="What he is better at; repeatable.")
@click.option("--weakness", multiple=True, help="What he is worse at; repeatable.")
@click.option("--source", help="Where this comes from.")
@options.as_json
@pass_settings
def competitor(
    settings: Settings,
    name: str,
    product: tuple[str, ...],
    price: tuple[str, ...],
    currency: str | None,
    strategy: str | None,
    strength: tuple[str, ...],
    weakness: tuple[str, ...],
    source: str | None,
    as_json: bool,
) -> None:
    """Record what was found out about a competitor; what is left out stays as it was known."""
    prices: dict[str, Decimal | str] = {}
    for one in price:
        named, _, amount = one.rpartition("=")
        prices[named] = amount
    with settings.open() as crm:
        made = crm.market.competitor(
            name,
            products=product or None,
            prices=prices or None,
            currency=currency,
            strategy=strategy,
            strengths=strength or None,
            weaknesses=weakness or None,
            source=source,
        )
        tell(made, f"{made.name}: version {made.version} is recorded.", as_json=as_json)


@market.command()
@click.argument("name")
@click.option("--start", type=when, metavar="DATE", required=True, help="First instant.")
@click.option("--end", type=when, metavar="DATE", required=True, help="Last instant.")
@options.as_json
@pass_settings
def promotion(settings: Settings, name: str, start: When, end: When, as_json: bool) -> None:
    """Record a competitor's promotion window; the score reads it."""
    with settings.open() as crm:
        first, last = settings.between(crm, start, end)
        made = crm.market.promotion(name, first, last)
        tell(made, f"The promotion of {made.competitor} is recorded.", as_json=as_json)


@market.command()
@options.as_json
@pass_settings
def promotions(settings: Settings, as_json: bool) -> None:
    """List the competitors' promotion windows."""
    with settings.open() as crm:
        found = crm.market.promotions()
        if as_json:
            print_array(found)
        else:
            table(_PROMOTIONS, ((one.competitor, one.start, one.end) for one in found))


@market.command("note")
@click.argument("title")
@options.choice("--kind", of=NOTE_KINDS, default=NOTE_KINDS[0], show_default=True)
@click.option("--text", default="", help="What it says.")
@click.option("--source", default="", help="Where it stands.")
@click.option("--competitor", help="Whom it is about.")
@click.option("--category", help="Which class of goods it is about.")
@options.as_json
@pass_settings
def add_note(
    settings: Settings,
    title: str,
    kind: str,
    text: str,
    source: str,
    competitor: str | None,
    category: str | None,
    as_json: bool,
) -> None:
    """Record a report, news or a trend of the market."""
    with settings.open() as crm:
        made = crm.market.note(
            title, kind=kind, text=text, source=source, competitor=competitor, category=category
        )
        tell(made, f"Note {made.id} is recorded.", as_json=as_json)
