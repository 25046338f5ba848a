"""Care plans to render and to read: one that shows everything, and any that there can be."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from unittest import mock

import attrs
import pytest
from hypothesis import strategies as st

from crmkit.care.forms.values import Reading
from crmkit.model.document import Step
from crmkit.model.people import Person
from crmkit.model.plan import (
    BONDS,
    Action,
    ActionPlan,
    CarePlan,
    Checklist,
    Goals,
    Issue,
    Obstacle,
    PlanCause,
    Relation,
    SalesGoal,
    Situation,
)

EAST = timezone(timedelta(hours=8))
PEOPLE = {
    "lin": Person(id="lin", name="林静", senior=True),
    "wu": Person(id="wu", name="Wu"),
    "zhao": Person(id="zhao"),
}
PLAN = CarePlan(
    id="12",
    customer_id="c1",
    owner="lin",
    state="running",
    on=date(2026, 3, 1),
    customer_name="杭州西湖茶业有限公司",
    customer_number="C-0007",
    cause=PlanCause(
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2026, 3, 1, tzinfo=UTC),
        before=71.5,
        after=40.25,
        unexpected=-31.0,
        reasons=(("purchase_amount", "fading", -20.5),),
    ),
    goal_tier="key",
    tier="core",
    situation=Situation(
        introduction="老客户,二十年",
        last_stage="拜访三次",
        events="采购部迁至上海",
        greatest_value="准时交货",
    ),
    goals=Goals(
        long_term="成为唯一供应商",
        expansion="认识采购总监",
        sales=(
            SalesGoal(
                product="春茶",
                signing=date(2026, 5, 1),
                amount=Decimal("880000.00"),
                profit=Decimal("-120.5"),
                currency="CNY",
            ),
            SalesGoal(product="茶具"),
        ),
        strategy="以服务取胜",
        obstacles=(
            Obstacle(
                obstacle="价格",
                importance="高",
                department="财务部",
                measure="说明总成本",
                attitude="经理犹豫",
            ),
        ),
    ),
    action_plan=ActionPlan(
        actions=(
            Action(
                id="a1",
                content="拜访采购总监",
                on=date(2026, 3, 8),
                responsible="wu",
                resources="样品",
                deliverable="会谈纪要",
                bond="social",
            ),
            Action(id="a2", content="寄送样品"),
        ),
        issues=(Issue(issue="交货晚", measure="换物流"),),
        memorandum="四月有展会",
        relations=(
            Relation(
                supporter="赵总",
                approach="定期拜访",
                progress="已见面两次",
                attitude="支持",
                satisfaction="8 分",
                complaints="包装破损",
                contracts="2024-017",
                term=date(2026, 12, 31),
            ),
        ),
        strengths="品质稳定",
        weaknesses="价格偏高",
    ),
    checklists=(
        Checklist(
            action="a1",
            at=datetime(2026, 3, 8, 10, 30, tzinfo=EAST),
            mode="登门拜访",
            content="带新样品",
            next_step="两周后回访",
            readiness="样品已备",
            competitor="同城茶行",
            counter_strategy="降价一成",
            effective=True,
            travel=Decimal("120.50"),
            entertainment=Decimal(300),
            other=Decimal("0.0"),
            currency="CNY",
            remarks="客户喜欢乌龙",
        ),
    ),
    steps=(Step(what="drafted", at=datetime(2026, 3, 1, tzinfo=UTC), by="lin"),),
    outcome="",
)
"""Says something in every field."""


def shown_only(plan: CarePlan) -> CarePlan:
    """Take everything away that the forms give; whose they are stays."""
    return attrs.evolve(
        plan,
        owner=None,
        on=date(1999, 1, 1),
        situation=Situation(),
        goals=Goals(),
        action_plan=ActionPlan(),
        checklists=(),
    )


def workbook_of(data: bytes) -> Any:
    """Open a workbook as a person's program does.

    The borders of merged cells are left as they came: openpyxl takes half a second for them.
    """
    openpyxl = pytest.importorskip("openpyxl")
    merge = pytest.importorskip("openpyxl.worksheet.merge")
    with mock.patch.object(merge.MergedCellRange, "format"):
        return openpyxl.load_workbook(io.BytesIO(data))


def reading(**settings: object) -> Reading:
    return Reading(**({"zone": EAST} | settings))  # type: ignore[arg-type]


# -- any plan --------------------------------------------------------------------------

ODD = (
    "", "", "老客户,二十年", "Their new head is Mr Zhao.\n",
    "=1+1", "+86", "-", "@a", "\t", "'quoted", "_x000D_", "x005F_x0041_", "\r\n", "\x00\x0b\x1b",
    "\ufffe", "\u241b0041", "\u240d", "\u21b3", "#N/A", "1e5", "TRUE", "2026-03-01", "100%",
    " lead", "trail ", "👩‍👩‍👧‍👦", "مرحبا", "é", "客户情况介绍", "序号", "</td><script>", "&amp;",
)  # fmt: skip
TEXT = st.sampled_from(ODD) | st.text(max_size=8)
CHUNKS = st.lists(TEXT, max_size=2).map("".join)
LONG = st.builds(lambda text, times: text * times, CHUNKS, st.sampled_from((1, 1, 1, 7, 60)))
KEPT = LONG.map(lambda text: text.encode("utf-8", "ignore").decode().replace("\0", ""))
NAME = TEXT.map(lambda text: text.encode("utf-8", "ignore").decode().replace("\0", "")[:200])
DAYS_BEGIN, DAYS_END = date(1900, 1, 2), date(9998, 12, 30)
DAYS = st.dates(DAYS_BEGIN, DAYS_END)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1901, 1, 1), datetime(9997, 1, 1), timezones=ZONES)  # noqa: DTZ001
AMOUNTS = st.decimals(0, 10**30, allow_nan=False, places=None) | st.decimals(0, 10**7, places=2)
MONEY = AMOUNTS.filter(lambda one: abs(one.adjusted()) < 90 and len(one.as_tuple().digits) < 99)
CURRENCIES = st.sampled_from(("CNY", "USD", "JPY", "EUR"))


def some(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


SALES = st.builds(
    SalesGoal,
    product=KEPT,
    signing=some(DAYS),
    amount=some(MONEY),
    profit=some(MONEY | MONEY.map(lambda one: -one)),
    currency=CURRENCIES,
) | st.builds(SalesGoal, product=KEPT)
ACTIONS = st.builds(
    Action,
    id=NAME,
    content=KEPT,
    on=some(DAYS),
    responsible=some(NAME),
    resources=KEPT,
    deliverable=KEPT,
    bond=some(st.sampled_from(BONDS)),
)
RELATIONS = st.builds(
    Relation, **dict.fromkeys(("supporter", "progress", "complaints"), KEPT), term=some(DAYS)
)


@st.composite
def plans(draw: st.DrawFn) -> CarePlan:
    """Any plan that can be kept."""
    actions = draw(st.lists(ACTIONS, max_size=3, unique_by=lambda one: one.id))
    gone_through = [one for one in actions if draw(st.booleans())]
    checklists = [
        Checklist(
            action=one.id,
            at=draw(some(INSTANTS)),
            effective=draw(st.sampled_from((None, True, False))),
            travel=draw(some(MONEY)),
            currency=draw(CURRENCIES),
            content=draw(KEPT),
        )
        if draw(st.booleans())
        else Checklist(action=one.id)
        for one in gone_through
    ]
    goals = draw(
        st.builds(
            Goals,
            long_term=KEPT,
            sales=st.lists(SALES, max_size=3).map(tuple),
            obstacles=st.lists(st.builds(Obstacle, obstacle=KEPT, measure=KEPT), max_size=3).map(
                tuple
            ),
        )
    )
    # Nothing is done before the plan was drawn up, in whatever zone that is.
    done = [one.at.date() - timedelta(days=2) for one in checklists if one.at is not None]
    days = [one.on for one in actions] + [one.signing for one in goals.sales] + done
    last = min((day for day in days if day is not None), default=DAYS_END)
    several = st.lists(KEPT, min_size=4, max_size=4)
    situation = draw(several)
    return attrs.evolve(
        PLAN,
        owner=draw(some(NAME)),
        on=draw(st.dates(DAYS_BEGIN, last)),
        customer_name=draw(KEPT),
        customer_number=draw(some(NAME)),
        situation=Situation(
            introduction=situation[0],
            last_stage=situation[1],
            events=situation[2],
            greatest_value=situation[3],
        ),
        goals=goals,
        action_plan=ActionPlan(
            actions=tuple(actions),
            issues=tuple(draw(st.lists(st.builds(Issue, issue=KEPT, measure=KEPT), max_size=2))),
            relations=tuple(draw(st.lists(RELATIONS, max_size=2))),
            memorandum=draw(KEPT),
        ),
        checklists=tuple(checklists),
    )
