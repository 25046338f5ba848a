"""A plan and a report of sync, in words that a person can approve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmkit.model.sync import OURS, THEIRS, SyncChange, SyncConflict, SyncPlan, SyncReport

_WORDS = {
    "en": {
        "plan": "What a run of {0} would do; nothing is changed yet",
        "nothing": "Both sides are in step: a run would write nothing.",
        "creates": "Create",
        "updates": "Change",
        "deletes": "Delete",
        THEIRS: "there",
        OURS: "here",
        "more": "... and {0:,} more (--all shows them)",
        "conflicts": "Changed on both sides",
        "takes": "{0} holds ({1})",
        "asked": "somebody has to say: crmkit sync resolve {0} {1} --take ours",
        "held": "Held back",
        "cost": "{0:,} writing calls, at least {1}.",
        "run": "To do so: crmkit sync run {0}",
        "done": "{0}: {1:,} read, {2:,} written ({3:,} new, {4:,} changed, {5:,} gone).",
        "clash": "{0:,} fields were changed on both sides: crmkit sync conflicts {1}",
        "quarantine": "{0:,} records are held back: crmkit sync quarantine {1}",
        "stopped": "It ended early: {0}. The next run goes on from there.",
    },
    "zh": {
        "plan": "{0} 的同步计划(尚未改动任何数据)",
        "nothing": "两边一致,无需同步。",
        "creates": "新建",
        "updates": "修改",
        "deletes": "删除",
        THEIRS: "对方",
        OURS: "我方",
        "more": "……另有 {0:,} 条(--all 显示全部)",
        "conflicts": "两边都改过",
        "takes": "采用 {0}({1})",
        "asked": "等待决定:crmkit sync resolve {0} {1} --take ours",
        "held": "暂不同步",
        "cost": "写入调用 {0:,} 次,至少需要 {1}。",
        "run": "执行:crmkit sync run {0}",
        "done": "{0}:读取 {1:,},写入 {2:,}(新建 {3:,},修改 {4:,},删除 {5:,})。",
        "clash": "{0:,} 个字段两边都改过:crmkit sync conflicts {1}",
        "quarantine": "{0:,} 条记录被隔离:crmkit sync quarantine {1}",
        "stopped": "提前结束:{0}。下次从此处继续。",
    },
}
_SIGNS = {"creates": "+", "updates": "~", "deletes": "-"}
_LONG = 60


def written(plan: SyncPlan, lang: str, most: int | None) -> Iterator[str]:
    """Write a plan, the first `most` records of each kind."""
    words = _WORDS[lang]
    if plan.empty and not plan.conflicts and not plan.quarantined:
        yield words["nothing"]
        return
    yield words["plan"].format(plan.connector)
    for what, sign in _SIGNS.items():
        changes: Sequence[SyncChange] = getattr(plan, what)
        for side in (THEIRS, OURS):
            for object_ in dict.fromkeys(one.object for one in changes):
                found = [one for one in changes if (one.side, one.object) == (side, object_)]
                if found:
                    yield ""
                    yield f"{words[what]} {words[side]}: {len(found):,} {object_}"
                    yield from _listed([_change(one, sign) for one in found], most, words)
    if plan.conflicts:
        yield ""
        yield f"{words['conflicts']}: {len(plan.conflicts):,}"
        lines = [_conflict(one, words) for one in plan.conflicts]
        yield from _listed(lines, most, words)
    if plan.quarantined:
        yield ""
        yield f"{words['held']}: {len(plan.quarantined):,}"
        yield from _listed([f"! {o.key}  {o.reason}" for o in plan.quarantined], most, words)
    yield ""
    yield words["cost"].format(plan.calls, lasting(plan.seconds))
    yield words["run"].format(plan.connector)


def report_lines(report: SyncReport, lang: str) -> Iterator[str]:
    """Write what a run did."""
    words = _WORDS[lang]
    counts = (report.read, report.written, report.created, report.updated, report.deleted)
    yield words["done"].format(report.connector, *counts)
    if report.conflicts:
        yield words["clash"].format(report.conflicts, report.connector)
    if report.quarantined:
        yield words["quarantine"].format(report.quarantined, report.connector)
    if report.stopped:
        yield words["stopped"].format(report.stopped)


def value(found: Any) -> str:
    """Write a value, cut where it is long."""
    if found is None:
        return "-"
    text = ", ".join(map(str, found)) if isinstance(found, (list, tuple)) else str(found)
    text = " ".join(text.split())
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def lasting(seconds: float) -> str:
    """Write a time as a person says it."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


def _listed(lines: Sequence[str], most: int | None, words: dict[str, str]) -> Iterator[str]:
    shown = lines if most is None else lines[:most]
    yield from (f"  {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"  {words['more'].format(len(lines) - len(shown))}"


def _change(one: SyncChange, sign: str) -> str:
    who = one.name or one.key or one.remote_id or ""
    id_ = f" ({one.remote_id})" if one.remote_id else ""
    fields = ", ".join(
        f"{name} {value(after)}" if sign == "+" else f"{name} {value(before)} -> {value(after)}"
        for name, (before, after) in one.fields.items()
    )
    return "  ".join(filter(None, (f"{sign} {value(who)}{id_}", fields, one.why)))


def _conflict(one: SyncConflict, words: dict[str, str]) -> str:
    asked = words["asked"].format(one.connector, one.id)
    holds = asked if one.took is None else words["takes"].format(one.took, one.rule)
    return f"! {one.key} {one.field}: ours {value(one.ours)}, theirs {value(one.theirs)}; {holds}"
