"""Form 087 as the log fills it: where the customer stands, and what came before (R158-R161)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from statistics import median

from crmkit.care.dossier import Dossier
from crmkit.care.plan_words import FORMS, Tongue
from crmkit.care.words import many, money
from crmkit.model.care import Matter
from crmkit.model.plan import PlanCause, Situation
from crmkit.value.history import Entry

_CAUSES, _ITEMS, _PRAISE, _EVENTS, _LARGE = 4, 3, 3, 12, 3
_MUCH = 2
"""An order this many times the usual one is large."""


def situation(dossier: Dossier, cause: PlanCause | None, owner: str, say: Tongue) -> Situation:
    """Fill form 087."""
    return Situation(
        introduction=say.lines(_introduction(dossier, cause, owner, say)),
        last_stage=say.lines(_last_stage(dossier, say)),
        events=say.lines(line for _, line in _events(dossier, say)),
        greatest_value=say.lines(_greatest_value(dossier, say)),
    )


def said(matter: Matter, say: Tongue) -> str:
    """Give a matter in the language that is spoken."""
    return say.one((matter.en, matter.zh))


def happened(dossier: Dossier, entry: Entry, sentence: str, say: Tongue, *more: Entry) -> str:
    """Say what happened on a day."""
    matter = dossier.told.matter("", entry, *more)
    return say(sentence, day=say.day(matter.at), what=said(matter, say))


# -- inside ----------------------------------------------------------------------------


def _introduction(
    dossier: Dossier, cause: PlanCause | None, owner: str, say: Tongue
) -> Iterator[str | None]:
    customer, told = dossier.customer, dossier.told
    yield customer.introduction
    if dossier.touchpoints:
        yield say("since", day=say.day(dossier.touchpoints[-1].at), owner=owner)
    yield say(
        "stands",
        tier=say.tier(dossier.score.tier),
        score=dossier.score.total,
        stage=say.stage(dossier.stage.name),
        day=say.day(dossier.stage.since),
    )
    if cause is not None:
        yield _moved(cause, say)
    if dossier.purchases:
        paid = _sum((code, amount) for _, code, amount in dossier.orders)
        times = len({one.at for one in dossier.purchases})
        yield say(
            "bought",
            times=times,
            often=many(times, "time"),
            sum=paid or "-",
            day=say.day(dossier.purchases[0].at),
        )
        if dossier.gap is not None:
            yield say("rhythm", gap=dossier.gap, days=many(dossier.gap, "day"))
    if customer.needs:
        yield say("needs", what=say.list(customer.needs))
    if customer.details:
        yield say("details", what=say.list(customer.details))
    for first, *others in told.last():
        yield happened(dossier, first, "last", say, *others)
    for entry in told.open():
        yield happened(dossier, entry, "open", say)


def _moved(cause: PlanCause, say: Tongue) -> str:
    return say(
        "moved",
        start=say.day(cause.since),
        end=say.day(cause.until),
        delta=cause.after - cause.before,
        unexpected=cause.unexpected,
        causes=say.list(
            f"{say.indicator(name)} {points:+.1f}" for name, _, points in cause.indicators[:_CAUSES]
        ),
    )


def _last_stage(dossier: Dossier, say: Tongue) -> Iterator[str]:
    since = dossier.since()
    done = Counter(made.kind for made in dossier.ours(since))
    if done:
        what = say.list(
            say("times", what=say.kind(kind), count=n) for kind, n in done.most_common()
        )
        yield say("worked", day=say.day(since), what=what)
    else:
        yield say("nothing", day=say.day(since))
    given = [reward for reward in dossier.rewards if reward.at >= since]
    if given:
        what = say.list(f"{say.one(FORMS[one.form])} {one.item}" for one in given)
        yield say("given", what=what)
    for plan in dossier.plans[-1:]:
        reached = "" if plan.reached is None else say("reached" if plan.reached else "missed")
        day = say.day(plan.steps[-1].at)
        yield say("closed", id=plan.id, day=day, outcome=plan.outcome, reached=reached)


def _events(dossier: Dossier, say: Tongue) -> list[tuple[datetime, str]]:
    """Give large orders, complaints, moves and loyalty in promotions, newest first."""
    found: list[tuple[datetime, str]] = []
    usual: dict[str, Decimal] = {}
    for code in {code for _, code, _ in dossier.orders}:
        usual[code] = median(amount for _, known, amount in dossier.orders if known == code)
    large = [one for one in dossier.orders if one[2] >= _MUCH * usual[one[1]] > 0]
    for at, code, amount in sorted(large, key=lambda one: -one[2])[:_LARGE]:
        found.append((at, say("large", day=say.day(at), sum=money(amount, code))))
    complaints = (entry for entry in dossier.told.happened if entry.kind == "complaint")
    for entry in islice(complaints, _EVENTS):
        at = dossier.told.matter("", entry).at
        found.append((at, happened(dossier, entry, "matter", say)))
    for move in dossier.moves:
        name = say.tier if move.what == "tier" else say.stage
        if move.before is not None and move.what in ("tier", "stage"):
            facts = {"before": name(move.before), "after": name(move.after)}
            found.append((move.at, say(f"{move.what}_move", day=say.day(move.at), **facts)))
    for competitor, start, end in dossier.windows:
        bought = next((one for one in dossier.purchases if start <= one.at <= end), None)
        if bought is not None:
            line = say("loyal", day=say.day(bought.at), competitor=competitor)
            found.append((bought.at, line))
    return sorted(found, key=lambda one: one[0], reverse=True)[:_EVENTS]


def _greatest_value(dossier: Dossier, say: Tongue) -> Iterator[str]:
    products = dossier.products(_ITEMS)
    if products:
        yield say("most", items=say.list(say("times", what=name, count=n) for name, n in products))
    praised = (one for one in dossier.touchpoints if one.kind == "praise" and one.text)
    for one in islice(praised, _PRAISE):
        yield say("praised", what=one.text)


def _sum(amounts: Iterable[tuple[str, Decimal]]) -> str:
    """Add up money by currency."""
    paid: dict[str, Decimal] = {}
    for code, amount in amounts:
        paid[code] = paid.get(code, Decimal(0)) + amount
    return " + ".join(money(amount, code) for code, amount in paid.items())
