"""Cases of feedback as they are printed: in a list, or one with every round of what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from crmkit.care.feedback.words import word
from crmkit.cli.naming import names
from crmkit.cli.output import columns, placed, say, table
from crmkit.model.feedback import FeedbackCase, Round

if TYPE_CHECKING:
    from crmkit.crm import CRM

_HEADS = {
    "en": columns("case! due! overdue kind severity next customer~ id! owner~ text~"),
    "zh": columns("案例! 期限! 逾期 类型 程度 下一步 客户~ 编号! 负责人~ 内容~"),
}
_ROUNDS = {
    "en": columns("analysed category cause~ measure text~ level department~ found effect~"),
    "zh": columns("分析 类别 原因~ 措施 内容~ 级别 部门~ 结果 效果~"),
}
_OVERDUE = {"en": "overdue", "zh": "逾期"}


def show_cases(crm: CRM, cases: Sequence[FeedbackCase], now: datetime, lang: str) -> None:
    """List cases, with what comes next for each and by when."""
    called = names(crm, sorted({str(case.customer_id) for case in cases}))
    table(
        _HEADS[lang],
        (
            (
                case.id,
                case.due,
                _OVERDUE[lang] if case.overdue(now) else None,
                word("kind", case.kind, lang),
                word("severity", case.severity, lang),
                None if case.next_step is None else word("step", case.next_step, lang),
                called[str(case.customer_id)],
                case.customer_id,
                case.owner,
                case.text,
            )
            for case in cases
        ),
    )


def show_case(found: FeedbackCase, lang: str) -> None:
    """Print what was said, what was answered, and each round."""
    what, how, where = (word(of, getattr(found, of), lang) for of in ("kind", "severity", "state"))
    say(f"{what} {placed(found.at):%Y-%m-%d %H:%M}, {how}, {where}: {found.text}")
    say(*filter(None, (found.response, found.used)))
    if found.rounds:
        table(_ROUNDS[lang], [_round(one, lang) for one in found.rounds])


def _round(one: Round, lang: str) -> tuple[object, ...]:
    return (
        one.analysed_at,
        word("category", one.category, lang),
        one.cause,
        None if one.measure is None else word("measure", one.measure, lang),
        one.text,
        None if one.level is None else word("level", one.level, lang),
        one.department,
        None if one.solved is None else word("solved", str(one.solved), lang),
        one.effect,
    )
