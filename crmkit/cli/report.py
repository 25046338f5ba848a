"""``crmkit report``: counts of everything (R57, R79), or one of the periodic reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from crmkit.care.segment_report import SEGMENTS
from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.failing import wrong
from crmkit.cli.output import columns, day, percent, print_json, say, table
from crmkit.cli.periodic import PERIOD, REPORTS, show
from crmkit.cli.progress import watched
from crmkit.cli.pyramid import show_pyramid
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.standard import ServiceMetrics
from crmkit.model.statistics import Statistics
from crmkit.model.value import Tier

_HEAD = columns("of what number# share#")


@click.command(epilog=options.DATES)
@options.one_of("name", REPORTS, required=False)
@click.option("--since", type=when, metavar="DATE", help="Touchpoints from here on.")
@click.option("--until", type=when, metavar="DATE", help="Touchpoints before this.")
@options.choice("--by", of=SEGMENTS, words="What makes the segments; without it, the tier.")
@options.as_of
@options.as_json
@pass_settings
def report(
    settings: Settings,
    name: str | None,
    since: When | None,
    until: When | None,
    by: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Count customers and touchpoints, or give a report on a period.

    Without NAME: counts by kind, source, tier and stage, captured against typed. NAME: channels
    (their quality and efficiency), segments (what each tier, stage,
    kind or owner brings and costs), audit (who decided
    what), care (the three axes, and the return on care), funnel (leaks, forecast, cycle and cost),
    key-accounts (profit and cost to serve beside their median, as of now), targets (everybody's
    of the year). A period is the last 91 days, unless --since and --until say otherwise.
    """
    if by is not None and name != "segments":
        wrong("--by goes with the report segments alone")
    with settings.open(at) as crm:
        now = crm.session.clock()
        start, end = (
            None if one is None else one.instant(now, settings.zone) for one in (since, until)
        )
        if name is not None:
            end = end or now
            show(name, crm, start or end - PERIOD, end, by, as_json=as_json)
            return
        with watched("Counting", None) as step:
            found = crm.report(start, end, step=step)
        tiers = crm.value.pyramid()
        service = crm.standards.metrics(start, end)
        if as_json:
            more = {"pyramid": [tier.to_dict() for tier in tiers], "service": service.to_dict()}
            print_json({**found.to_dict(), **more})
        else:
            show_report(found, tiers, crm.value.model().currency)
            say("", *service_lines(service))


def show_report(found: Statistics, tiers: Iterable[Tier], currency: str) -> None:
    """Print the counts, then the pyramid."""
    when = f", {day(found.first)} to {day(found.last)}" if found.first else ""
    say(
        f"{many(found.customers, 'customer')}, {many(found.touchpoints, 'touchpoint')}{when}",
        f"captured by themselves {percent(found.captured_share)}, typed by people {found.typed}, "
        f"taken back {found.taken_back}, collisions waiting {found.collisions}",
        "",
    )
    table(_HEAD, _rows(found))
    say("")
    show_pyramid(tiers, currency)


def service_lines(service: ServiceMetrics) -> Iterator[str]:
    """Tell of the service: what was rated, complained about and answered (R234-R235)."""
    rated = "not rated" if service.satisfaction is None else f"{service.satisfaction:.1f} of 10"
    rate = service.complaint_rate
    per = "" if rate is None else f", {rate:.1%} a purchase"
    time = service.response_time
    waited = "" if time is None else f", in {time.total_seconds() / 3600:.1f} hours (median)"
    yield (
        f"satisfaction {rated} ({many(service.ratings, 'rating')}), "
        f"complaints {service.complaints}{per}"
    )
    yield (
        f"feedback {many(service.cases, 'case')}, answered {service.answered}{waited}, "
        f"closed {service.solved}"
    )


def _rows(found: Statistics) -> Iterable[tuple[object, ...]]:
    for what, counts in (
        ("customers", found.by_form),
        ("tier", found.by_tier),
        ("stage", found.by_stage),
        ("kind", found.by_kind),
        ("owner", found.by_owner),
        ("touchpoints", found.by_touchpoint),
        ("source", found.by_source),
        ("currency", found.by_currency),
    ):
        total = sum(counts.values())
        for name, count in counts.items():
            yield what, name, count, percent(count / total)
