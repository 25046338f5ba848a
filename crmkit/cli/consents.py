"""``crmkit consents``: what a customer allowed and forbade, and recording it."""

from __future__ import annotations

import click

from crmkit.cli import options
from crmkit.cli.output import columns, print_array, table, tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.model.consent import PURPOSES, Consent

_HEADS = {
    "en": columns("purpose! channel! state! source~ wording~ at! expires! by~"),
    "zh": columns("目的! 渠道! 状态! 来源~ 内容~ 时间! 到期! 记录人~"),
}
_ZH = {
    "transactional": "交易",
    "service": "服务",
    "care": "关怀",
    "marketing": "营销",
    "given": "已同意",
    "withdrawn": "已撤回",
    "expired": "已过期",
    "pending": "待确认",
}
_ALL = {"en": "all", "zh": "全部"}
_channel = click.option(
    "--channel", metavar="NAME", help="By this channel, by name or type; without it, by any."
)
_source = click.option("--source", required=True, help="Where this comes from: a form, a call.")


@click.group()
def consents() -> None:
    """See what a customer allowed and forbade, and record it."""


@consents.command()
@click.argument("id")
@click.option("--history", is_flag=True, help="Everything that was ever recorded.")
@options.lang
@options.as_of
@options.as_json
@pass_settings
def show(
    settings: Settings, id: str, history: bool, lang: str, at: When | None, as_json: bool
) -> None:
    """Show what stands for each purpose and channel, now or on any past day."""
    with settings.open(at) as crm:
        found = crm.consents.history(id) if history else crm.consents.of(id)
        if as_json:
            print_array(found)
            return
        table(
            _HEADS[lang],
            (
                (
                    _word(one.purpose, lang),
                    one.channel or _ALL[lang],
                    _word(one.state, lang),
                    one.source,
                    one.wording,
                    one.at,
                    one.expires,
                    one.by,
                )
                for one in found
            ),
        )


@consents.command()
@click.argument("id")
@options.choice("--purpose", of=PURPOSES, required=True, words="To which messages.")
@_channel
@_source
@click.option("--wording", default="", help="What was agreed to, word for word or by its version.")
@click.option("--unconfirmed", is_flag=True, help="It allows nothing until it is confirmed.")
@options.as_json
@pass_settings
def grant(
    settings: Settings,
    id: str,
    purpose: str,
    channel: str | None,
    source: str,
    wording: str,
    unconfirmed: bool,
    as_json: bool,
) -> None:
    """Record that a customer agreed."""
    with settings.open() as crm:
        made = crm.consents.grant(
            id, purpose, channel, source=source, wording=wording, confirmed=not unconfirmed
        )
        tell(made, _sentence(made), as_json=as_json)


@consents.command()
@click.argument("id")
@options.choice("--purpose", of=PURPOSES, required=True, words="To which messages.")
@_channel
@_source
@options.as_json
@pass_settings
def confirm(
    settings: Settings, id: str, purpose: str, channel: str | None, source: str, as_json: bool
) -> None:
    """Record the second step of a double opt-in."""
    with settings.open() as crm:
        made = crm.consents.confirm(id, purpose, channel, source=source)
        tell(made, _sentence(made), as_json=as_json)


@consents.command()
@click.argument("id")
@options.choice("--purpose", of=PURPOSES, words="From which messages; without it, from all.")
@_channel
@_source
@options.as_json
@pass_settings
def withdraw(
    settings: Settings,
    id: str,
    purpose: str | None,
    channel: str | None,
    source: str,
    as_json: bool,
) -> None:
    """Record that a customer takes a consent back, or objects."""
    with settings.open() as crm:
        made = crm.consents.withdraw(id, purpose, channel, source=source)
        tell(made, *map(_sentence, made), as_json=as_json)


def _word(name: str, lang: str) -> str:
    return _ZH[name] if lang == "zh" else name


def _sentence(one: Consent) -> str:
    by = "every channel" if one.channel is None else one.channel
    return f"{one.customer_id}: {one.purpose} by {by} is {one.state}."
