"""A plan and a report of sync, in words that a person can approve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmkit.cli.escaping import visible
from crmkit.cli.output import wrapped
from crmkit.model.sync import (
    OURS,
    THEIRS,
    UNLINKED_THERE,
    SyncChange,
    SyncConflict,
    SyncPlan,
    SyncReport,
)

_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "plan": "What a run of {0} would do; nothing is changed yet",
        "nothing": "Both sides are in step: a run would write nothing.",
        "creates": "Create",
        "updates": "Change",
        "deletes": "Delete",
        THEIRS: "there",
        OURS: "here",
        "in": "{0} {1}, in {2}: {3:,}",
        "empty": "empty",
        "both": "ours {0}, theirs {1}",
        "more": "... and {0:,} more (--all shows them)",
        "conflicts": "Changed on both sides",
        "sides": {THEIRS: "theirs", OURS: "ours"},
        "takes": {THEIRS: "theirs holds ({0})", OURS: "ours holds ({0})"},
        "asked": "somebody has to say, once it was run: {0} (or theirs)",
        "unlinked": "Let go",
        "held": "Held back",
        "cost": "Writing calls: {0:,}",
        "lasts": ", which take at least {0}",
        "run": "To do so: crmkit sync run {0}",
        "done": "{0}: {1:,} read, {2:,} written ({3:,} new, {4:,} changed, {5:,} gone).",
        "clashes": "Fields changed on both sides: {0:,}; crmkit sync conflicts {1}",
        "quarantine": "Records held back: {0:,}; crmkit sync quarantine {1}",
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
        "in": "在{1}{0}({2}):{3:,}",
        "empty": "空",
        "both": "我方 {0},对方 {1}",
        "more": "……另有 {0:,} 条(--all 显示全部)",
        "conflicts": "两边都改过",
        "sides": {THEIRS: "对方", OURS: "我方"},
        "takes": {THEIRS: "采用对方的值({0})", OURS: "采用我方的值({0})"},
        "asked": "执行后等待决定:{0}(或 theirs)",
        "unlinked": "解除关联",
        "held": "暂不同步",
        "cost": "写入调用:{0:,} 次",
        "lasts": ",至少需要 {0}",
        "run": "执行:crmkit sync run {0}",
        "done": "{0}:读取 {1:,},写入 {2:,}(新建 {3:,},修改 {4:,},删除 {5:,})。",
        "clashes": "{0:,} 个字段两边都改过:crmkit sync conflicts {1}",
        "quarantine": "{0:,} 条记录被隔离:crmkit sync quarantine {1}",
        "stopped": "提前结束:{0}。下次从此处继续。",
    },
}
_SIGNS = {"creates": "+", "updates": "~", "deletes": "-"}
_LONG = 60
_RESOLVE = "crmkit sync resolve {0} {1} --take ours"


def written(plan: SyncPlan, lang: str, most: int | None) -> Iterator[str]:
    """Write a plan, the first `most` records of each kind, as wide as the terminal."""
    words = _WORDS[lang]
    if plan.empty and not plan.conflicts and not plan.quarantined:
        yield words["nothing"]
        return
    yield words["plan"].format(plan.connector)
    for what, sign in _SIGNS.items():
        changes: Sequence[SyncChange] = getattr(plan, what)
        for side in (THEIRS, OURS):
            for title, object_ in dict.fromkeys((_title(o, what), o.object) for o in changes):
                wanted = (side, object_, title)
                found = [o for o in changes if (o.side, o.object, _title(o, what)) == wanted]
                if found:
                    head = words["in"].format(words[title], words[side], object_, len(found))
                    lines = [_change(one, sign, words) for one in found]
                    yield from _listed(head, lines, most, words)
    if plan.conflicts:
        head = f"{words['conflicts']}: {len(plan.conflicts):,}"
        lines = [_conflict(one, words) for one in plan.conflicts]
        yield from _listed(head, lines, most, words)
    if plan.quarantined:
        head = f"{words['held']}: {len(plan.quarantined):,}"
        lines = [(f"! {one.object} {one.key}", [one.reason]) for one in plan.quarantined]
        yield from _listed(head, lines, most, words)
    yield ""
    if plan.calls:
        lasts = words["lasts"].format(lasting(plan.seconds)) if plan.seconds >= 1 else ""
        yield words["cost"].format(plan.calls) + lasts
    yield words["run"].format(plan.connector)


def report_lines(report: SyncReport, lang: str) -> Iterator[str]:
    """Write what a run did."""
    words = _WORDS[lang]
    counts = (report.read, report.written, report.created, report.updated, report.deleted)
    yield words["done"].format(report.connector, *counts)
    if report.conflicts:
        yield words["clashes"].format(report.conflicts, report.connector)
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


def both(one: SyncConflict, lang: str) -> Iterator[str]:
    """Write both sides' values of a conflict, and what decides it where that is open."""
    words = _WORDS[lang]
    yield f"{one.object}: {_both(one, words)}"
    if one.took is None:
        yield _RESOLVE.format(one.connector, one.id)


def took(one: SyncConflict, lang: str) -> str:
    """Name the side whose value holds."""
    return "" if one.took is None else str(_WORDS[lang]["sides"][one.took])


def lasting(seconds: float) -> str:
    """Write a time as a person says it."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


_Line = tuple[str, Sequence[str]]
"""What it is about, and what is said of it."""


def _listed(
    head: str, lines: Sequence[_Line], most: int | None, words: dict[str, Any]
) -> Iterator[str]:
    """List records below a heading: each on a line, or a line for each thing said of it."""
    yield ""
    yield visible(head)
    shown = lines if most is None else lines[:most]
    for what, said in shown:
        one = visible("  ".join(["  " + what, ", ".join(said)]).rstrip())
        if len(wrapped(one)) == 1:
            yield one
        else:
            yield from wrapped(visible(f"  {what}"), "    ")
            for part in said:
                yield from wrapped(visible(f"      {part}"), " " * 8)
    if len(shown) < len(lines):
        yield f"  {words['more'].format(len(lines) - len(shown))}"


def _title(one: SyncChange, what: str) -> str:
    """Name what is done: of what was deleted there, ours may well stay."""
    return "unlinked" if what == "deletes" and one.why == UNLINKED_THERE else what


def _change(one: SyncChange, sign: str, words: dict[str, Any]) -> _Line:
    who = one.name or one.key or one.remote_id or ""
    id_ = f" ({one.remote_id})" if one.remote_id else ""
    said = []
    for name, (before, after) in one.fields.items():
        now = words["empty"] if after is None else value(after)
        if sign == "+" and now != value(one.name):
            said.append(f"{name}: {now}")
        elif sign != "+":
            was = words["empty"] if before is None else value(before)
            said.append(f"{name}: {was} -> {now}")
    return f"{sign} {value(who)}{id_}", [*said, one.why] if one.why else said


def _conflict(one: SyncConflict, words: dict[str, Any]) -> _Line:
    asked = words["asked"].format(_RESOLVE.format(one.connector, one.id))
    holds = asked if one.took is None else words["takes"][one.took].format(one.rule)
    who = f"! {value(one.name or one.key)} ({one.remote_id})"
    return who, [f"{one.field}: {_both(one, words)}; {holds}"]


def _both(one: SyncConflict, words: dict[str, Any]) -> str:
    empty = words["empty"]
    sides = [empty if side is None else value(side) for side in (one.ours, one.theirs)]
    return str(words["both"].format(*sides))
