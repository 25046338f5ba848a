"""``crmkit key-accounts``, ``key-account`` and ``promises``: the few that matter most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from crmkit.care.words import money
from crmkit.cli import options
from crmkit.cli.naming import names
from crmkit.cli.output import columns, day, note, percent, print_array, print_json, table, tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.key_account import PROMISE_STATES, Assessment, Figures, Promise

if TYPE_CHECKING:
    from crmkit.crm import CRM

_ACCOUNTS = {
    "en": columns(
        "customer~ id! manager~ sponsor~ years# profit# cost_to_serve# net# share# review! "
        "exception~"
    ),
    "zh": columns(
        "客户~ 编号! 客户经理~ 高层赞助人~ 年数# 利润# 服务成本# 净利润# 占比# 下次评审! 例外~"
    ),
}
_MEDIAN = {"en": "median", "zh": "中位数"}
_REVIEW = columns("customer~ id! proposal! profit# cost_to_serve# net# why")
_PROMISES = {
    "en": columns("promise! customer~ id! what departments~ owner~ until~ state!"),
    "zh": columns("承诺! 客户~ 编号! 内容 部门~ 负责人~ 期限~ 状态!"),
}
_reason = click.option("--reason", required=True, help="Why; it is recorded.")


@click.command("key-accounts", epilog=options.DATES)
@options.lang
@options.as_of
@options.as_json
@pass_settings
def key_accounts(settings: Settings, lang: str, at: When | None, as_json: bool) -> None:
    """List the key accounts: what each is worth and costs, beside the median of all."""
    with settings.open(at) as crm:
        list_accounts(crm, lang, as_json=as_json)


def list_accounts(crm: CRM, lang: str, *, as_json: bool) -> None:
    """Print each account's figures beside the median of all."""
    accounts = crm.key_accounts.list()
    beside = crm.key_accounts.benchmark()
    if as_json:
        median = beside.median.to_dict()
        print_array(
            one.to_dict()
            | {"figures": beside.figures[str(one.customer_id)].to_dict(), "median": median}
            for one in accounts
        )
        return
    called = names(crm, [str(one.customer_id) for one in accounts])
    rows: list[tuple[object, ...]] = []
    for one in accounts:
        id_ = str(one.customer_id)
        due = day(one.review_due)
        figures = _figures(beside.figures[id_])
        rows.append((called[id_], id_, one.owner, one.sponsor, *figures, due, one.exception))
    if rows:
        rows.append((_MEDIAN[lang], "", "", "", *_figures(beside.median), "", ""))
    table(_ACCOUNTS[lang], rows)


def _figures(one: Figures) -> tuple[object, ...]:
    return (one.years, *_money(one), percent(one.revenue_share))


def _money(one: Figures) -> tuple[object, ...]:
    return tuple(
        "?" if amount is None else money(amount, one.currency)
        for amount in (one.profit, one.cost_to_serve, one.net_profit)
    )


@click.group("key-account")
def key_account() -> None:
    """Admit, review and remove key accounts, and keep what was promised to them."""


@key_account.command()
@click.argument("id")
@click.option("--sponsor", required=True, help="The senior person who stands for it.")
@click.option("--manager", required=True, help="Who manages it.")
@_reason
@click.option("--yes", multiple=True, metavar="NAME", help="A person's yes to this criterion.")
@click.option("--no", multiple=True, metavar="NAME", help="A person's no to this criterion.")
@click.option("--exception", help="Why, although the criteria are not met; it is recorded.")
@options.as_json
@pass_settings
def admit(
    settings: Settings,
    id: str,
    sponsor: str,
    manager: str,
    reason: str,
    yes: tuple[str, ...],
    no: tuple[str, ...],
    exception: str | None,
    as_json: bool,
) -> None:
    """Make a customer a key account."""
    with settings.open() as crm:
        made = crm.key_accounts.admit(
            id,
            sponsor=sponsor,
            manager=manager,
            reason=reason,
            answers=dict.fromkeys(yes, True) | dict.fromkeys(no, False),
            exception=exception,
        )
        tell(made, f"{id} is a key account.", as_json=as_json)


@key_account.command()
@click.argument("id")
@_reason
@options.as_json
@pass_settings
def remove(settings: Settings, id: str, reason: str, as_json: bool) -> None:
    """Let a customer be no key account any longer."""
    with settings.open() as crm:
        gone = crm.key_accounts.remove(id, reason=reason)
        tell(gone, f"{id} is no key account any longer.", as_json=as_json)


@key_account.command()
@click.option("--candidates", type=click.IntRange(0, 1000), default=10, show_default=True)
@options.as_of
@options.as_json
@pass_settings
def review(settings: Settings, candidates: int, at: When | None, as_json: bool) -> None:
    """Review the programme: who still meets the criteria, and who else would; it is recorded."""
    with settings.open(at) as crm:
        found = crm.key_accounts.review(candidates=candidates)
        if as_json:
            print_json(found.to_dict())
            return
        table(_REVIEW, _seen(crm, [*found.accounts, *found.candidates]))
        if found.too_few:
            note(f"There are fewer than {found.least} key accounts.")
        note(f"The next review is due on {day(found.due)}.")


def _seen(crm: CRM, found: Iterable[Assessment]) -> list[tuple[object, ...]]:
    listed = list(found)
    called = names(crm, [one.customer_id for one in listed])
    return [
        (called[one.customer_id], one.customer_id, one.proposal, *_money(one.figures), one.why)
        for one in listed
    ]


@key_account.command()
@click.argument("id")
@click.argument("what")
@click.option("--department", multiple=True, required=True, help="Who must keep it; repeatable.")
@click.option("--until", type=when, metavar="DATE", help="Until when it must be kept.")
@click.option("--owner", help="Who answers for it; without it, the account's manager.")
@options.as_json
@pass_settings
def promise(
    settings: Settings,
    id: str,
    what: str,
    department: tuple[str, ...],
    until: When | None,
    owner: str | None,
    as_json: bool,
) -> None:
    """Put a promise to a key account on record."""
    with settings.open() as crm:
        end = None if until is None else until.instant(crm.session.clock(), settings.zone)
        made = crm.key_accounts.promise(id, what, departments=department, until=end, owner=owner)
        said = f"Promise {made.id} is on record for {', '.join(made.departments)}."
        tell(made, said, as_json=as_json)


@key_account.command()
@click.argument("id")
@click.argument("how", type=click.Choice(["kept", "broken"]))
@click.option("--evidence", required=True, help="What shows it.")
@options.as_json
@pass_settings
def settle(settings: Settings, id: str, how: str, evidence: str, as_json: bool) -> None:
    """Record that a promise was kept, or broken."""
    with settings.open() as crm:
        made = crm.key_accounts.settle(id, kept=how == "kept", evidence=evidence)
        tell(made, f"Promise {made.id} was {made.state}.", as_json=as_json)


@click.command(epilog=options.DATES)
@click.argument("id", required=False)
@click.option("--department", help="Only what this department must keep.")
@options.choice("--state", of=PROMISE_STATES, words="Only those that stand so.")
@click.option("--due", type=when, metavar="DATE", help="Only open ones to be kept by then.")
@options.lang
@options.as_json
@pass_settings
def promises(
    settings: Settings,
    id: str | None,
    department: str | None,
    state: str | None,
    due: When | None,
    lang: str,
    as_json: bool,
) -> None:
    """List what was promised to key accounts, for every department that must keep it."""
    with settings.open() as crm:
        by = None if due is None else due.instant(crm.session.clock(), settings.zone)
        found = crm.key_accounts.promises(id, department=department, state=state, due=by)
        if as_json:
            print_array(found)
        else:
            table(_PROMISES[lang], _promised(crm, found))


def _promised(crm: CRM, found: Iterable[Promise]) -> list[tuple[object, ...]]:
    listed = list(found)
    called = names(crm, sorted({str(one.customer_id) for one in listed}))
    return [
        (
            one.id,
            called[str(one.customer_id)],
            one.customer_id,
            one.what,
            ", ".join(one.departments),
            one.owner,
            one.until,
            one.state,
        )
        for one in listed
    ]
