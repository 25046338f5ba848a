"""The three axes that care is evaluated by, with their four indicators each (R204-R206).

Data tell what they can; what only a person knows is asked by ``crm.care.assess``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crmkit.arguments import choice, number, refuse, text
from crmkit.care.axis_figures import FIGURES, Look
from crmkit.care.periods import bounds
from crmkit.care.plans import PLANS
from crmkit.care.return_on_care import return_on_care
from crmkit.care.window import read_window
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import decide, decisions
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.lifecycle.world import Guide
from crmkit.model.evaluation import Assessment, AxisIndicator, Evaluation
from crmkit.model.log import Decision
from crmkit.value.basis import read_basis

ASSESSMENT = "assessment"
STRATEGY = {
    "planning": ("planning and goals", "规划及目标"),
    "analysis": ("customer analysis method", "客户分析方法"),
    "channels": ("channel building and integration", "渠道建设与整合"),
    "organisation": ("organisation and posts", "机构及职位设置"),
}
EXECUTION = {
    "systems": ("system implementation", "系统实施"),
    "processes": ("process design", "流程规划"),
    "operations": ("operations", "运营管理"),
    "return": ("return on investment", "投资回报"),
}
EFFECT = {
    "awareness": ("awareness and image", "认知度及社会形象"),
    "resolution": ("problem resolution (customer satisfaction)", "问题解决度(客户满意度)"),
    "loyalty": ("customer loyalty", "客户忠诚度"),
    "value": ("enterprise value", "企业价值"),
}
INDICATORS = (*STRATEGY, *EXECUTION, *EFFECT)


def evaluate(session: Session, guide: Guide, since: datetime, until: datetime) -> Evaluation:
    """Evaluate care over a period; see ``crm.care.evaluate``."""
    low, high = bounds(since, until)
    if high > session.now():
        refuse("until", "must not lie ahead: what has not happened cannot be judged", until)
    with session.store.read() as reader:
        basis = read_basis(reader, guide.defaults)
        plans = PLANS.all(reader)
        look = Look(
            reader=reader,
            plans=plans,
            basis=basis,
            policy=guide.policy,
            window=read_window(reader, basis.layout, low, high),
            returned=return_on_care(reader, basis, plans, low, high),
            since=low,
            until=high,
        )
        said = _assessments(reader, high)
        return Evaluation(
            since=instant(low),
            until=instant(high),
            strategy=_axis(look, STRATEGY, said),
            execution=_axis(look, EXECUTION, said),
            effect=_axis(look, EFFECT, said),
            return_on_care=look.returned,
        )


def assess(
    session: Session, indicator: str, points: float, reason: str, by: str | None
) -> Assessment:
    """Record what a person found of an indicator; see ``crm.care.assess``."""
    choice("indicator", indicator, INDICATORS)
    points = number("points", points, 0, 100)
    deciding = session.deciding(text("reason", reason, least=1), by)
    with session.store.write() as writer:
        decide(writer, ASSESSMENT, None, deciding, {"indicator": indicator, "points": points})
    return Assessment(
        indicator=indicator, points=points, text=reason, at=instant(deciding.now), by=deciding.by
    )


def _axis(
    look: Look, names: Mapping[str, tuple[str, str]], said: Mapping[str, Assessment]
) -> tuple[AxisIndicator, ...]:
    return tuple(
        AxisIndicator(
            code=code, en=en, zh=zh, figures=tuple(FIGURES[code](look)), assessment=said.get(code)
        )
        for code, (en, zh) in names.items()
    )


def _assessments(reader: Reader, until: int) -> dict[str, Assessment]:
    """Give the newest assessment of each indicator before an instant."""
    made = (one for one in decisions(reader, ASSESSMENT) if micros(one.at) < until)
    return {one.body["indicator"]: _assessment(one) for one in made}


def _assessment(made: Decision) -> Assessment:
    return Assessment(
        indicator=made.body["indicator"],
        points=made.body["points"],
        text=made.reason,
        at=made.at,
        by=made.by,
    )
