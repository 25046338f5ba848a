"""``crmkit endings`` and the moves: end, approve, decline, step and reopen a relationship."""

from __future__ import annotations

import click

from crmkit.cli import options
from crmkit.cli.naming import names
from crmkit.cli.output import columns, print_array, table, tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.model.lifecycle import ENDING_REASONS, ENDING_STATES, ENDING_STEPS, Ending

_HEADS = {
    "en": columns("ending! customer~ id! reason state asked~ approved~ next~ keep_until~"),
    "zh": columns("编号! 客户~ 客户编号! 原因 状态 申请~ 批准~ 下一步~ 保留至~"),
}
_ZH = {
    "no_longer_buys": "客户不再购买",
    "broke_rules": "违反商业规则或道德准则",
    "need_unmet": "产品不再满足需求",
    "broken_down": "客户关系已经破裂",
    "market_exit": "退出该市场或关闭业务",
    "asked": "待批准",
    "approved": "已终止",
    "declined": "未批准",
    "reopened": "已重新建立",
    "prepare": "准备",
    "notify": "通知客户",
    "settle": "处理订单和合同",
    "clear": "清理账户",
    "file": "收集和整理信息",
    "evaluate": "评估",
}
_APPROVE = {"en": "approve reopening", "zh": "批准重新建立"}
_reason = click.option("--reason", required=True, help="Why; it is recorded.")


@click.command()
@options.choice("--state", of=ENDING_STATES, words="Only those that stand so.")
@click.option("--due", is_flag=True, help="Only those whose record need not be kept any longer.")
@options.lang
@options.as_of
@options.as_json
@pass_settings
def endings(
    settings: Settings, state: str | None, due: bool, lang: str, at: When | None, as_json: bool
) -> None:
    """List the relationships that were ended, or shall be: why, by whom, and what comes next.

    What is kept of somebody ended is confidential; nobody sells to him, and he is contacted only
    for what he must know.
    """
    with settings.open(at) as crm:
        found = crm.lifecycle.endings(state=state, due=due)
        if as_json:
            print_array(found)
            return
        called = names(crm, sorted({one.customer_id for one in found}))
        table(
            _HEADS[lang],
            (
                (
                    one.id,
                    called[one.customer_id],
                    one.customer_id,
                    _word(one.reason, lang),
                    _word(one.state, lang),
                    one.requested_by,
                    one.approved_by,
                    _next(one, lang),
                    one.keep_until,
                )
                for one in found
            ),
        )


def _word(name: str, lang: str) -> str:
    return _ZH.get(name, name) if lang == "zh" else name


@click.group()
def ending() -> None:
    """End a relationship, with a senior person's approval, or begin it anew."""


@ending.command()
@click.argument("id")
@options.choice("--reason", of=ENDING_REASONS, required=True, words="Why.")
@options.as_json
@pass_settings
def ask(settings: Settings, id: str, reason: str, as_json: bool) -> None:
    """Ask for the end of the relationship with a customer."""
    with settings.open() as crm:
        _tell(crm.lifecycle.end(id, reason=reason), as_json=as_json)


@ending.command()
@click.argument("id")
@options.as_json
@pass_settings
def approve(settings: Settings, id: str, as_json: bool) -> None:
    """Approve an ending or a reopening; whoever asked for it may not."""
    with settings.open() as crm:
        _tell(crm.lifecycle.approve(id), as_json=as_json)


@ending.command()
@click.argument("id")
@_reason
@options.as_json
@pass_settings
def decline(settings: Settings, id: str, reason: str, as_json: bool) -> None:
    """Turn an ending or a reopening down."""
    with settings.open() as crm:
        crm.lifecycle.decline(id, reason=reason)
        tell(crm.lifecycle.ending(id), f"{id} is turned down.", as_json=as_json)


@ending.command()
@click.argument("id")
@options.one_of("step", ENDING_STEPS)
@click.option("--evidence", required=True, help="What shows that it was done.")
@options.as_json
@pass_settings
def step(settings: Settings, id: str, step: str, evidence: str, as_json: bool) -> None:
    """Record that the next step of an ending was carried out."""
    with settings.open() as crm:
        _tell(crm.lifecycle.step(id, step, evidence=evidence), as_json=as_json)


@ending.command()
@click.argument("id")
@_reason
@options.as_json
@pass_settings
def reopen(settings: Settings, id: str, reason: str, as_json: bool) -> None:
    """Begin anew with a customer whose relationship was ended, or ask for it."""
    with settings.open() as crm:
        _tell(crm.lifecycle.reopen(id, reason=reason), as_json=as_json)


def _next(one: Ending, lang: str) -> str:
    """Say what an ending waits for: its next step, or somebody to approve a reopening."""
    again = one.reopening
    if again is not None and again.since is None:
        return f"{_APPROVE[lang]} {again.id}"
    return _word(one.next_step or "", lang)


def _tell(one: Ending, *, as_json: bool) -> None:
    """Say where an ending stands, and what comes next."""
    again = one.reopening
    if again is not None and again.since is None:
        said = (
            f"Ending {one.id} holds. Reopening {again.id} waits: somebody senior who did not ask "
            f"for it approves that: crmkit ending approve {again.id}"
        )
    elif one.state == "asked":
        said = f"Ending {one.id} waits: somebody senior approves it who did not ask for it."
    elif one.state == "reopened":
        said = f"Ending {one.id} is over: the relationship with {one.customer_id} begins anew."
    else:
        said = f"Ending {one.id} holds; next step: {one.next_step or 'none, all are done'}."
    tell(one, said, as_json=as_json)
