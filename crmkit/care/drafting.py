"""Drawing a plan up: each field of the forms that the log can fill is filled (R131, R158-R190).

What only a person knows (who decides, what senior management thinks) stays empty.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from crmkit.care.dossier import YEAR, Dossier, read_dossier
from crmkit.care.matters import coming, date_matter
from crmkit.care.people_map import relations
from crmkit.care.plan_words import Tongue
from crmkit.care.plays import Play, PlayAction, fitting
from crmkit.care.situation import happened, said, situation
from crmkit.care.words import many
from crmkit.contracts.session import Session
from crmkit.lifecycle.tiers import NAMES
from crmkit.lifecycle.world import Guide
from crmkit.model.customer import Customer
from crmkit.model.plan import (
    Action,
    ActionPlan,
    CarePlan,
    Goals,
    Issue,
    Obstacle,
    PlanCause,
    SalesGoal,
)
from crmkit.model.value import Movement

_SALES, _OBSTACLES, _STRONG = 3, 3, 3
_MONTH = timedelta(days=30)
_POINTS = 50.0
BIRTHDAY = "birthday"


def drafted(  # noqa: PLR0913 - what a plan rests on
    session: Session,
    guide: Guide,
    customer: str,
    owner: str,
    cause: Movement | None,
    goal_tier: str | None,
    lang: str | None,
    plays: tuple[Play, ...],
) -> CarePlan:
    """Draw up a plan; nothing is recorded yet."""
    kept = None if cause is None else _kept(cause)
    dossier = read_dossier(session, guide, customer)
    tier = dossier.score.tier
    before = None if cause is None else cause.before.tier
    spoken = lang or ("zh" if (dossier.customer.language or "").startswith("zh") else "en")
    say = Tongue(spoken, dossier.zone)
    goal = goal_tier or _goal(kept, before, tier)
    signs = _signs(dossier, kept)
    taken = fitting(plays, signs)
    manager = session.people.get(owner)
    named = owner if manager is None else manager.name or owner
    return CarePlan(
        customer_id=customer,
        owner=owner,
        on=dossier.today,
        customer_name=dossier.customer.known_as,
        customer_number=dossier.customer.number,
        cause=kept,
        goal_tier=goal,
        tier=tier,
        situation=situation(dossier, kept, named, say),
        goals=_goals(dossier, kept, goal, taken, say),
        action_plan=_action_plan(dossier, session, owner, taken, say),
    )


# -- where to --------------------------------------------------------------------------


def _kept(cause: Movement) -> PlanCause:
    reasons = tuple((one.indicator, one.reason, one.delta) for one in cause.causes if one.delta)
    return PlanCause(
        since=cause.before.at,
        until=cause.after.at,
        before=cause.before.total,
        after=cause.after.total,
        unexpected=cause.unexpected,
        reasons=reasons,
    )


def _goal(cause: PlanCause | None, before: str | None, tier: str | None) -> str | None:
    """Give the tier to come to: the former one after a fall, the next after a rise (R132)."""
    held = [name for name in (before, tier) if name in NAMES]
    if tier not in NAMES or cause is None:
        return tier
    if cause.after > cause.before:
        return NAMES[max(NAMES.index(tier) - 1, 0)]
    return min(held, key=NAMES.index)


def _signs(dossier: Dossier, cause: PlanCause | None) -> set[str]:
    """Read the signs that plays go by: see ``plays.toml``."""
    delta = 0.0 if cause is None else cause.after - cause.before
    signs = {"falling" if delta < 0 else "rising" if delta > 0 else "steady"}
    fallen = {name for name, _, _ in _fallen(cause)}
    for indicator in dossier.model.indicators:
        if indicator.name in fallen:
            signs |= {f"fell:{kind}" for kind in _told_by(indicator.kinds)}
    signs |= {f"open:{entry.kind}" for entry in dossier.told.open()}
    done = dossier.ours(dossier.now - YEAR)
    if not any(made.kind in {"event_invited", "survey_sent", "visit"} for made in done):
        signs.add("uninvited")
    if not any(made.at >= dossier.now - dossier.period for made in done):
        signs.add("silent")
    if _birthday(dossier) is not None:
        signs.add(BIRTHDAY)
    return signs | {f"tier:{dossier.score.tier}", f"stage:{dossier.stage.name}"}


def _fallen(cause: PlanCause | None) -> list[tuple[str, str, float]]:
    """Give the causes of a fall: who rises has none."""
    if cause is None or cause.after >= cause.before:
        return []
    return [one for one in cause.indicators if one[2] < 0]


def _told_by(kinds: Collection[str]) -> Collection[str]:
    """Give the kinds that an indicator's fall speaks of: many together speak of satisfaction."""
    return {"complaint"} if "complaint" in kinds else kinds


def _birthday(dossier: Dossier) -> date | None:
    for day, name, _ in coming([dossier.customer], dossier.today):
        if name == BIRTHDAY and day <= dossier.today + _MONTH:
            return day
    return None


# -- form 088 --------------------------------------------------------------------------


def _goals(
    dossier: Dossier, cause: PlanCause | None, goal: str | None, plays: list[Play], say: Tongue
) -> Goals:
    tier = dossier.score.tier
    if goal == tier:
        long_term = say("keep", tier=say.tier(goal)) if goal else ""
    elif cause is not None and cause.after < cause.before:
        long_term = say("back", tier=say.tier(goal))
    else:
        long_term = say("lift", before=say.tier(tier), tier=say.tier(goal))
    people = len(dossier.customer.contacts)
    return Goals(
        long_term=long_term,
        expansion=say.lines(
            [
                *(say.one(play.expansion) for play in plays),
                say("contacts", count=people, people=many(people, "person", "people"))
                if people
                else None,
            ]
        ),
        sales=_sales(dossier),
        strategy=say.lines(say.one(play.strategy) for play in plays),
        obstacles=_obstacles(dossier, cause, plays, say),
    )


def _sales(dossier: Dossier) -> tuple[SalesGoal, ...]:
    """Expect once more what he bought most, as much as he usually took, in his own rhythm."""
    signing = None
    if dossier.gap is not None:
        signing = dossier.today + timedelta(days=max(round(dossier.gap), 1))
    found = []
    for product, _ in dossier.products(_SALES):
        lines = [one for one in dossier.purchases if product in (one.item, one.category)]
        currency = next((one.currency for one in lines if one.amount is not None), None)
        amounts = [one.amount for one in lines if one.currency == currency and one.amount]
        profits = [one.margin for one in lines if one.currency == currency and one.margin]
        found.append(
            SalesGoal(
                product=product,
                signing=signing,
                amount=_usual(amounts),
                profit=_usual(profits),
                currency=currency,
            )
        )
    return tuple(found)


def _usual(amounts: list[Decimal]) -> Decimal | None:
    return median(amounts) if amounts else None


def _obstacles(
    dossier: Dossier, cause: PlanCause | None, plays: list[Play], say: Tongue
) -> tuple[Obstacle, ...]:
    """Name the causes of a fall, the largest first, with the play that answers each."""
    fallen = _fallen(cause)
    whole = sum(points for _, _, points in fallen)
    kinds = {one.name: one.kinds for one in dossier.model.indicators}
    found = []
    for name, reason, points in fallen[:_OBSTACLES]:
        signs = {f"fell:{kind}" for kind in _told_by(kinds.get(name, ()))}
        measures = fitting(plays, signs) or fitting(plays, {"falling"})
        found.append(
            Obstacle(
                obstacle=say("fell", indicator=say.indicator(name), reason=say.reason(reason)),
                importance=say("weight", points=points, share=points / whole),
                measure=say.lines(
                    say.one(action.content) for play in measures for action in play.action
                ),
            )
        )
    return tuple(found)


# -- form 089 --------------------------------------------------------------------------


def _action_plan(
    dossier: Dossier, session: Session, owner: str, plays: list[Play], say: Tongue
) -> ActionPlan:
    who_does = {None: owner, "senior": _senior(session, owner)}
    actions = [
        _action(dossier, who_does[one.by], one, say) for play in plays for one in play.action
    ]
    strong = sorted(dossier.score.parts, key=lambda part: -part.points)
    customer = dossier.customer
    near = coming([customer, *dossier.members], dossier.today)
    channel = customer.preferred_channel

    def who(one: Customer) -> str:
        return "" if one.id == customer.id else one.name

    return ActionPlan(
        actions=tuple(sorted(actions, key=lambda one: one.on or dossier.today)),
        issues=tuple(
            Issue(issue=happened(dossier, entry, "matter", say), measure=say("answer"))
            for entry in dossier.told.open()
        ),
        memorandum=say.lines(
            [
                say("addressed", what=customer.salutation) if customer.salutation else None,
                say("channel", channel=say.channel(channel)) if channel else None,
                *(
                    say("coming", what=said(date_matter(day, name, who(one), dossier.zone), say))
                    for day, name, one in near
                ),
                say("details", what=say.list(customer.details)) if customer.details else None,
            ]
        ),
        relations=relations(dossier, say),
        strengths=say.lines(
            say("strong", indicator=say.indicator(part.indicator), points=part.points)
            for part in strong[:_STRONG]
            if part.points >= _POINTS
        ),
        weaknesses=say.lines(
            say("matter", day=say.day(one.at), what=one.text)
            for one in dossier.touchpoints
            if one.kind == "complaint" and one.text and one.at >= dossier.now - YEAR
        ),
    )


def _action(dossier: Dossier, owner: str, action: PlayAction, say: Tongue) -> Action:
    on = dossier.today + timedelta(days=action.days)
    if action.on == BIRTHDAY:
        on = _birthday(dossier) or on
    return Action(
        content=say.one(action.content),
        on=on,
        responsible=owner,
        resources=say.one(action.resources),
        deliverable=say.one(action.deliverable),
        bond=action.bond,
    )


def _senior(session: Session, owner: str) -> str:
    """Give the nearest senior person above somebody; himself where there is none."""
    above = session.people.get(owner)
    while above is not None and not above.senior:
        above = session.people.get(above.reports_to or "")
    return owner if above is None else above.id
