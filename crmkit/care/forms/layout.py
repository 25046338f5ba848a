"""The layout of forms 087 to 090 as data: which field stands where, under which label.

Every sheet is a grid of `GRID` columns of one width: a field's label takes `LABEL` of them and its
value the rest, a table's row begins with `NUMBER` of them for its number. Who reads a form tells
its rows apart by that.
"""

from __future__ import annotations

import attrs

from crmkit.care.forms.words import Words
from crmkit.model.plan import Action, Issue, Obstacle, Relation, SalesGoal
from crmkit.model.serial import Record

VERSION = 1
"""Of the layout; raised with every change that makes an older form unreadable."""
GRID, LABEL, NUMBER = 24, 4, 2


@attrs.frozen(kw_only=True)
class Field:
    """One field of a form, or one column of its table.

    Attributes:
        path: Where its value lies in the record: ``situation.events``.
        label: As the document words it.
        kind: How it is written and read: a name in `crmkit.care.forms.values`.
        span: Columns of the grid that it takes in a table.
        key: A row of the table is nothing without it.
    """

    path: str
    label: Words
    kind: str = "text"
    span: int = 0
    key: bool = False


@attrs.frozen(kw_only=True)
class Table:
    """A table of a form: a row a record.

    Attributes:
        path: Where its records lie in the plan.
        label: Its heading.
        record: Class of a row.
        columns: Its columns, from the left.
        number: Attribute that the number of a row is kept in; None: rows are only counted.
    """

    path: str
    label: Words
    record: type[Record]
    columns: tuple[Field, ...]
    number: str | None = None


@attrs.frozen(kw_only=True)
class Form:
    """One form.

    Attributes:
        number: As the documents number it.
        title: Its name.
        blocks: What stands below the head, from the top.
        landscape: Whether it is printed on A4 lying on its side.
    """

    number: str
    title: Words
    blocks: tuple[Field | Table, ...]
    landscape: bool = False

    def heading(self, lang: str) -> str:
        """Give the line above the head."""
        return f"{self.number} {self.title.in_(lang)}"


def _text(path: str, zh: str, en: str) -> Field:
    return Field(path=path, label=Words(zh, en))


def _column(span: int, path: str, zh: str, en: str, kind: str = "text") -> Field:
    return Field(path=path, label=Words(zh, en), kind=kind, span=span)


def _key(span: int, path: str, zh: str, en: str) -> Field:
    return Field(path=path, label=Words(zh, en), span=span, key=True)


HEAD = (
    Field(path="owner", label=Words("客户经理", "Account manager"), kind="person"),
    Field(path="on", label=Words("日期", "Date"), kind="day"),
    Field(path="customer_name", label=Words("客户名称", "Customer name")),
    Field(path="customer_number", label=Words("客户编号", "Customer number"), kind="name"),
)
"""The head of every form, two fields a line (R157)."""

SITUATION = Form(
    number="087",
    title=Words("客户关怀计划:客户情况", "Care plan: customer situation"),
    blocks=(
        _text("situation.introduction", "客户情况介绍", "Customer situation"),
        _text("situation.last_stage", "上一阶段工作总结", "Work of the previous stage"),
        _text("situation.events", "客户重大决策或重大事件", "Customer's major decisions or events"),
        _text(
            "situation.greatest_value", "我们对客户最大价值", "Our greatest value to the customer"
        ),
    ),
)
GOALS = Form(
    number="088",
    title=Words("客户关怀计划:客户目标", "Care plan: goals"),
    blocks=(
        _text("goals.long_term", "我们的长期客户目标", "Our long-term customer goal"),
        _text("goals.expansion", "我们的扩大客户关系目标", "Our relationship-expansion goal"),
        Table(
            path="goals.sales",
            label=Words("销售目标", "Sales goals"),
            record=SalesGoal,
            columns=(
                _key(8, "product", "主销产品/服务", "Main product/service"),
                _column(4, "signing", "预计签约日期", "Expected signing date", "ahead"),
                _column(4, "amount", "预计成交金额", "Expected amount", "amount"),
                _column(4, "profit", "预计利润", "Expected profit", "profit"),
                _column(2, "currency", "币种", "Curr.", "currency"),
            ),
        ),
        _text("goals.strategy", "主要策略", "Main strategy"),
        Table(
            path="goals.obstacles",
            label=Words("主要障碍", "Main obstacles"),
            record=Obstacle,
            columns=(
                _key(5, "obstacle", "主要障碍", "Obstacle"),
                _column(3, "importance", "重要程度", "Importance"),
                _column(4, "department", "产生部门", "Department"),
                _column(5, "measure", "采取的主要措施", "Main measure taken"),
                _column(5, "attitude", "对此的决策态度与事项", "Decision attitude and matters"),
            ),
        ),
    ),
)
ACTIONS = Form(
    number="089",
    title=Words("客户关怀计划:行动计划", "Care plan: action plan"),
    landscape=True,
    blocks=(
        Table(
            path="action_plan.actions",
            label=Words("行动计划", "Action plan"),
            record=Action,
            number="id",
            columns=(
                _key(6, "content", "行动内容", "Action"),
                _column(3, "on", "行动时间", "Time", "ahead"),
                _column(3, "responsible", "负责人", "Responsible", "person"),
                _column(4, "resources", "所需资源", "Resources needed"),
                _column(4, "deliverable", "提交成果", "Deliverable"),
                _column(2, "bond", "联系", "Bond", "bond"),
            ),
        ),
        Table(
            path="action_plan.issues",
            label=Words("存在的问题与措施", "Issues and measures"),
            record=Issue,
            columns=(
                _key(11, "issue", "存在的问题", "Issue"),
                _column(11, "measure", "采取措施", "Measure taken"),
            ),
        ),
        _text("action_plan.memorandum", "重要事项备忘录", "Memorandum of important matters"),
        Table(
            path="action_plan.relations",
            label=Words("客户关系图", "Relationship map"),
            record=Relation,
            columns=(
                _key(2, "supporter", "谁支持", "Who supports us"),
                _column(3, "approach", "如何与他建立关系", "How to build the relationship"),
                _column(3, "progress", "关系进展情况", "Progress"),
                _column(3, "attitude", "高层态度", "Senior management's attitude"),
                _column(3, "satisfaction", "满意度", "Satisfaction"),
                _column(3, "complaints", "主要投诉", "Main complaints"),
                _column(2, "contracts", "以往合同", "Past contracts"),
                _column(3, "term", "合约期", "Contract term", "day"),
            ),
        ),
        _text("action_plan.strengths", "优势与强项", "Strengths"),
        _text("action_plan.weaknesses", "弱势与弱点", "Weaknesses"),
    ),
)
ACTION = Field(path="action", label=Words("行动编号", "Action No."), kind="action")
CHECKLIST = Form(
    number="090",
    title=Words("客户关怀行动检核表", "Care action checklist"),
    blocks=(
        ACTION,
        Field(path="at", label=Words("行动时间", "Action time"), kind="instant"),
        _text("mode", "行动方式选择", "Choice of action mode"),
        _text("content", "行动内容再确认", "Action content reconfirmed"),
        _text("next_step", "下一步计划安排", "Next-step plan"),
        _text(
            "readiness",
            "所需资料、资源和协助的落实情况",
            "Readiness of materials, resources and help",
        ),
        _text("competitor", "竞争者基础情况", "Competitor basics"),
        _text("counter_strategy", "竞争者应对策略", "Competitor's counter-strategy"),
        Field(
            path="effective",
            label=Words("我们的应对策略是否有效", "Is our counter-strategy effective"),
            kind="answer",
        ),
        Field(path="travel", label=Words("差旅费", "Travel expense"), kind="amount"),
        Field(path="entertainment", label=Words("应酬费", "Entertainment expense"), kind="amount"),
        Field(path="other", label=Words("其他", "Other expense"), kind="amount"),
        Field(path="currency", label=Words("币种", "Currency"), kind="currency"),
        _text("remarks", "备注", "Remarks"),
    ),
)
"""One sheet an action; its fields are those of a checklist."""

FORMS = {form.number: form for form in (SITUATION, GOALS, ACTIONS, CHECKLIST)}
