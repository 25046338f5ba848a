"""What data tell of each indicator of the three axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from statistics import fmean, median

import attrs

from crmkit.care.window import Window
from crmkit.clock import DAY, micros
from crmkit.contracts.decisions import decisions
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import STANDING
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.model.document import Step
from crmkit.model.evaluation import Figure, ReturnOnCare
from crmkit.model.log import Decision
from crmkit.model.plan import CarePlan
from crmkit.value.basis import Basis
from crmkit.value.history import TODAY
from crmkit.value.roots import roots_of

_CORE = ("key", "core")


@attrs.frozen(kw_only=True)
class Look:
    """What the figures are taken from.

    Attributes:
        reader: One consistent look.
        plans: All care plans of the workspace.
        basis: What scores rest on.
        policy: The agenda's time zone: when a day begins.
        window: The period, and the one before it.
        returned: The return on care.
        since: The period's beginning, in microseconds.
        until: Its end.
    """

    reader: Reader
    plans: Sequence[CarePlan]
    basis: Basis
    policy: AgendaPolicy
    window: Window
    returned: ReturnOnCare
    since: int
    until: int


# -- strategy --------------------------------------------------------------------------


def _planning(look: Look) -> Iterable[Figure]:
    plans = [plan for plan in look.plans if _in_force(look, plan)]
    owners = _core_owners(look)
    planned = set(roots_of(look.reader, (plan.customer_id for plan in plans)).values())
    yield share(
        "core_with_plan", "key and core customers with a running plan",
        "有关怀计划的重点与核心客户", sum(one in planned for one in owners), len(owners),
    )  # fmt: skip
    yield share(
        "plans_with_goal", "plans that name a goal tier", "写明目标层次的计划",
        sum(plan.goal_tier is not None for plan in plans), len(plans),
    )  # fmt: skip


def _analysis(look: Look) -> Iterable[Figure]:
    layout = look.basis.layout
    fed = look.basis.setting(layout, look.until, TODAY).fed
    yield share(
        "indicators_fed", "indicators of value that some source feeds", "有数据来源的价值指标",
        sum(fed), len(fed),
    )  # fmt: skip


def _channels(look: Look) -> Iterable[Figure]:
    now = look.window.now
    yield count("channels", "channels in use", "使用中的渠道", len(now.channels), now.touchpoints)
    yield share(
        "with_channel", "touchpoints that name their channel", "注明渠道的接触",
        sum(now.channels.values()), now.touchpoints,
    )  # fmt: skip


def _organisation(look: Look) -> Iterable[Figure]:
    owners = _core_owners(look)
    named = [owner for owner in owners.values() if owner is not None]
    yield share(
        "core_with_owner", "key and core customers with an account manager",
        "有客户经理的重点与核心客户", len(named), len(owners),
    )  # fmt: skip
    yield count(
        "core_per_owner", "key and core customers of one account manager",
        "每位客户经理的重点与核心客户", len(named) / len(set(named)) if named else None, len(named),
    )  # fmt: skip


# -- execution -------------------------------------------------------------------------


def _systems(look: Look) -> Iterable[Figure]:
    now = look.window.now
    yield share(
        "captured", "touchpoints that nobody typed", "自动采集的接触",
        now.touchpoints - now.typed, now.touchpoints,
    )  # fmt: skip
    yield count(
        "sources", "sources that feed the log", "数据来源", len(now.sources), now.touchpoints
    )


def _processes(look: Look) -> Iterable[Figure]:
    waits = []
    for plan in look.plans:
        first: dict[str, datetime] = {}
        for step in plan.steps:
            if _within(look, step):
                first.setdefault(step.what, step.at)
        if "submitted" in first and "approved" in first:
            waits.append((first["approved"] - first["submitted"]).total_seconds() / 86_400)
    yield Figure(
        code="days_to_approval", en="days from a plan's submission to its approval",
        zh="计划从提交到批准的天数", value=median(waits) if waits else None, unit="days",
        count=len(waits),
    )  # fmt: skip


def _operations(look: Look) -> Iterable[Figure]:
    due, done = 0, 0
    for plan in look.plans:
        if not any(step.what == "approved" for step in plan.steps):
            continue
        carried_out = plan.carried_out
        checks = {one.action: one.at for one in plan.checklists if one.action in carried_out}
        for action in plan.action_plan.actions:
            day = action.on
            if day is None or not look.since <= look.policy.begins(day) < look.until:
                continue
            due += 1
            at = checks.get(action.id)
            done += at is not None and look.policy.date_of(look.policy.day_at(micros(at))) <= day
    yield share(
        "actions_on_time", "plans' actions carried out by their day", "按期完成的行动", done, due
    )
    kept = [made for made in decisions(look.reader, "agenda") if _within(look, made)]
    yield count(
        "contacts_made", "contacts of the agenda that were made", "完成的联系提醒",
        sum(made.body["what"] == "done" for made in kept), len(kept),
    )  # fmt: skip


def _roi(look: Look) -> Iterable[Figure]:
    found = look.returned
    yield Figure(
        code="return_on_care", en="gain of care less its cost, over the cost",
        zh="客户关怀投资回报", value=found.ratio, unit="ratio", count=found.matched,
    )  # fmt: skip


# -- effect ----------------------------------------------------------------------------


def _awareness(look: Look) -> Iterable[Figure]:
    now = look.window.now
    yield count("advocacy", "referrals and shares", "推荐与传播次数", now.advocacy, now.touchpoints)


def _resolution(look: Look) -> Iterable[Figure]:
    ratings = look.window.now.ratings
    yield Figure(
        code="satisfaction", en="mean rating, of 10", zh="平均满意度(满分10)",
        value=fmean(ratings) if ratings else None, unit="points", count=len(ratings),
    )  # fmt: skip
    waits = look.window.answer_times()
    yield share(
        "complaints_answered", "complaints that we answered", "已答复的投诉",
        sum(wait is not None for wait in waits), len(waits),
    )  # fmt: skip
    days = [wait / DAY for wait in waits if wait is not None]
    yield Figure(
        code="days_to_answer", en="days until a complaint was answered", zh="投诉答复天数",
        value=median(days) if days else None, unit="days", count=len(days),
    )  # fmt: skip


def _loyalty(look: Look) -> Iterable[Figure]:
    before, now = look.window.before.days, look.window.now.days
    yield share(
        "retained", "buyers of the period before who bought again", "上期买家中再次购买者",
        len(before.keys() & now.keys()), len(before),
    )  # fmt: skip
    yield share(
        "repeat", "buyers who bought on more than one day", "重复购买的买家",
        sum(len(days) > 1 for days in now.values()), len(now),
    )  # fmt: skip


def _value(look: Look) -> Iterable[Figure]:
    currency = look.basis.layout.model.currency
    now, before = look.window.now, look.window.before
    for code, en, zh, value, rests in (
        ("revenue", "revenue", "收入", now.revenue, len(now.days)),
        ("revenue_before", "revenue of the period before", "上期收入", before.revenue,
         len(before.days)),
        ("profit", "profit, where margins are captured", "利润(有毛利记录者)", now.profit,
         now.margins),
    ):  # fmt: skip
        amount = round(value, 2) if rests else None
        yield Figure(code=code, en=en, zh=zh, value=amount, unit=currency, count=rests)


def _core_owners(look: Look) -> dict[str, str | None]:
    """Give the account managers of key and core customers, as `advance` recorded them."""
    rows = look.reader.scan(STANDING, where={"tier": _CORE}, columns=("customer", "owner"))
    return dict(rows)


def _in_force(look: Look, plan: CarePlan) -> bool:
    """Tell whether a plan ran at any time of the period."""
    begun = [micros(step.at) for step in plan.steps if step.what == "approved"]
    ended = [micros(step.at) for step in plan.steps if step.what == "closed"]
    return bool(begun) and begun[0] < look.until and not (ended and ended[0] < look.since)


def _within(look: Look, made: Decision | Step) -> bool:
    return look.since <= micros(made.at) < look.until


def share(code: str, en: str, zh: str, part: int, whole: int) -> Figure:
    """Make a share of a whole; None where there is no whole."""
    value = part / whole if whole else None
    return Figure(code=code, en=en, zh=zh, value=value, unit="share", count=whole)


def count(code: str, en: str, zh: str, value: float | None, rests_on: int) -> Figure:
    """Make a count."""
    return Figure(code=code, en=en, zh=zh, value=value, unit="count", count=rests_on)


FIGURES: dict[str, Callable[[Look], Iterable[Figure]]] = {
    "planning": _planning,
    "analysis": _analysis,
    "channels": _channels,
    "organisation": _organisation,
    "systems": _systems,
    "processes": _processes,
    "operations": _operations,
    "return": _roi,
    "awareness": _awareness,
    "resolution": _resolution,
    "loyalty": _loyalty,
    "value": _value,
}
"""By the code of the indicator they belong to."""
