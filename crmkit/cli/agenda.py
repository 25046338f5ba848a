"""``crmkit agenda``: whom to contact on a day, why, and about what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from crmkit.care.words import CHANNELS
from crmkit.cli import options
from crmkit.cli.filters import check_filters
from crmkit.cli.output import columns, note, placed, print_array, table
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.care import AgendaItem, Matter, Reason

if TYPE_CHECKING:
    from crmkit.crm import CRM

_HEADS = {
    "en": columns("due! customer~ id! channel~ owner~ priority#"),
    "zh": columns("到期! 客户~ 编号! 渠道~ 负责人~ 优先级#"),
}
_FIGURES = {"en": "Figures as of {}.", "zh": "数据截至 {}。"}
_NOBODY = {"en": "There is nothing to list.", "zh": "没有需要联系的客户。"}
_SHOWN = 2


@click.command(epilog=options.DATES)
@click.option("--day", type=when, metavar="DATE", help="Which day; without it, today.")
@click.option("--owner", help="Only this account manager's.")
@options.limit(None)
@options.lang
@options.as_of
@options.as_json
@pass_settings
def agenda(
    settings: Settings,
    day: When | None,
    owner: str | None,
    limit: int | None,
    lang: str,
    at: When | None,
    as_json: bool,
) -> None:
    """List whom to contact on a day, why, and about what; the most pressing first."""
    with settings.open(at) as crm:
        on = (day or options.TODAY).day(crm.session.clock(), settings.zone)
        items = crm.care.agenda(on, owner=owner, limit=limit)
        note(_FIGURES[lang].format(f"{placed(crm.care.as_of(on)):%Y-%m-%d %H:%M %Z}"))
        if not items:
            check_filters(crm, owner=owner)
        if as_json:
            print_array(items)
        else:
            show_agenda(crm, items, lang)


def show_agenda(crm: CRM, items: Iterable[AgendaItem], lang: str = "en") -> None:
    """Print an agenda: whom, and below why and about what."""
    listed = list(items)
    table(
        _HEADS[lang],
        (
            (
                item.due,
                item.name or crm.customers.get(item.customer_id).known_as,
                item.customer_id,
                _channel(item.channel, lang),
                item.owner,
                item.priority,
            )
            for item in listed
        ),
        below=[[*_words(item.why, lang), *_words(item.about, lang)] for item in listed],
        empty=_NOBODY[lang],
    )


def _channel(name: str | None, lang: str) -> str | None:
    """Give a channel's word; one of a plugin stands for itself."""
    return CHANNELS.get(name, name) if name is not None and lang == "zh" else name


def _words(said: Iterable[Reason | Matter], lang: str) -> list[str]:
    """Give the weightiest of what stands in both languages."""
    return [getattr(one, lang) or one.en for one, _ in zip(said, range(_SHOWN), strict=False)]
