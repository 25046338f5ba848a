"""Setting targets, breaking a department's down to its people, and what a person must enter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from crmkit.arguments import ID_LIMIT, choice, mapping, refuse, text
from crmkit.capture import money
from crmkit.care.targets.periods import read_period
from crmkit.care.targets.policy import ENTERED, MEASURES, MONEY, RATING, SHARE, SPLIT
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.documents import Documents
from crmkit.contracts.session import Session
from crmkit.contracts.store import Writer
from crmkit.errors import InvalidValueError, RefusedError
from crmkit.model.people import Person
from crmkit.model.targets import SET, WITHDRAWN, Rating, Share, Target
from crmkit.value.exchange import total

TARGETS = Documents("target", Target)
RATINGS = Documents("rating", Rating)
_MOST = {SHARE: Decimal(1), RATING: Decimal(10)}


def reports(people: Mapping[str, Person], head: str | None) -> list[str]:
    """Give who reports to somebody; None: who reports to nobody."""
    return sorted(one for one, person in people.items() if person.reports_to == head)


def members(people: Mapping[str, Person], head: str) -> list[str]:
    """Give a whole department, its head first."""
    found = [head]
    for one in found:
        found += reports(people, one)
    return found


def checked(measure: str, value: object, currency: str | None) -> Decimal:
    """Check a value of a measure, and that money has a currency and nothing else has."""
    unit = MEASURES[choice("measure", measure, MEASURES)].unit
    if unit == MONEY:
        money.currency("currency", currency)
    elif currency is not None:
        refuse("currency", f"is not asked for: {measure} is no money", currency)
    found = money.amount("value", value, least=Decimal(0))
    if unit in _MOST and found > _MOST[unit]:
        refuse("value", f"must be {_MOST[unit]} at most, as {measure} is a {unit}", value)
    return found


def set_target(writer: Writer, deciding: Deciding, asked: Target, value: Decimal | None) -> Target:
    """Set a target, set it anew, or withdraw it; what changes nothing is no decision."""
    held = next((one for one in in_force(TARGETS.all(writer)) if _same(one, asked)), None)
    if value is None:
        if held is None:
            who, what = asked.owner or "the firm", f"{asked.measure} in {asked.period}"
            raise RefusedError(f"no target of {who} for {what} is set: none can be withdrawn")
        return TARGETS.move(writer, deciding, attrs.evolve(held, state=WITHDRAWN), WITHDRAWN)
    if held is None:
        return TARGETS.open(writer, deciding, attrs.evolve(asked, value=value, state=SET), SET)
    if held.value == value:
        return held
    return TARGETS.move(writer, deciding, attrs.evolve(held, value=value), SET)


def break_down(  # noqa: PLR0913 - whose, of what, into what
    session: Session,
    head: str | None,
    name: str,
    measure: str,
    parts: Mapping[str, Decimal | str],
    currency: str | None,
    deciding: Deciding,
) -> tuple[Target, ...]:
    """Break a department's target down; see `Targets.break_down`."""
    choice("measure", measure, MEASURES)
    if measure not in SPLIT:
        refuse("measure", f"cannot be added up: set it for each; these can: {', '.join(SPLIT)}")
    given = mapping("parts", parts, "a value by person, such as {'lin': 500}")
    values = {
        text("parts", person, ID_LIMIT): checked(measure, value, currency)
        for person, value in given.items()
    }
    below = reports(session.people, head)
    _only_his(session, head, below, values)
    with session.store.write() as writer:
        wanted = Target(
            owner=head, period=name, measure=measure, value=Decimal(0), currency=currency, team=True
        )
        whole = next((one for one in in_force(TARGETS.all(writer)) if _same(one, wanted)), None)
        who = head or "the firm"
        if whole is None:
            message = f"{who} has no target for {measure} of the whole in {name}: set it first"
            raise RefusedError(message, person=head, period=name, measure=measure)
        summed = total(values.values())
        if summed != whole.value:
            message = (
                f"parts add up to {summed}, not to the {whole.value} that {who} has for {measure} "
                f"in {name}: {total((whole.value, summed.copy_negate()))} is left"
            )
            raise InvalidValueError(message, field="parts")
        return tuple(
            set_target(
                writer,
                deciding,
                Target(
                    owner=person,
                    period=name,
                    measure=measure,
                    value=value,
                    currency=currency,
                    team=person != head and bool(reports(session.people, person)),
                ),
                value,
            )
            for person, value in values.items()
        )


def _only_his(
    session: Session, head: str | None, below: Sequence[str], values: Iterable[str]
) -> None:
    """Refuse people who do not belong there."""
    if not session.people:
        return
    known = [*below, *([] if head is None else [head])]
    for person in values:
        if person not in known:
            who = "to nobody" if head is None else f"to {head}"
            refuse("parts", f"name {person!r}, but these report {who}: {', '.join(below)}")


def in_force(targets: Iterable[Target]) -> list[Target]:
    """Leave out those that were withdrawn."""
    return [one for one in targets if one.state == SET]


def rate(  # noqa: PLR0913 - of whom, what, how much
    session: Session,
    person: str,
    name: str,
    measure: str,
    value: Decimal | str,
    deciding: Deciding,
) -> Rating:
    """Enter what only a person knows; see `Targets.rate`."""
    choice("measure", measure, ENTERED)
    found = checked(measure, value, None)
    who = text("person", person, ID_LIMIT, least=1)
    session.person("person", who)
    made = Rating(owner=who, period=read_period(name).name, measure=measure, value=found, state=SET)
    with session.store.write() as writer:
        for held in RATINGS.all(writer, owner=who):
            if (held.period, held.measure) == (made.period, measure):
                return RATINGS.move(writer, deciding, attrs.evolve(made, id=held.id), SET)
        return RATINGS.open(writer, deciding, made, SET)


def tree(
    people: Mapping[str, Person], targets: Sequence[Target], head: str | None = None, depth: int = 0
) -> list[Share]:
    """Lay a measure's targets out along who reports to whom; see `Targets.tree`."""
    team = {one.owner: one.value for one in targets if one.team}
    own = {one.owner: one.value for one in targets if not one.team}
    below = reports(people, head)
    if head is None and not people:
        below = sorted(str(one) for one in own)
    parts = [one for one in (team.get(who, own.get(who)) for who in below) if one is not None]
    if head is not None and below and head in own:
        parts.append(own[head])
    whole = team.get(head)
    summed = total(parts) if parts else None
    gap = None if whole is None or summed is None else total((whole, summed.copy_negate()))
    role = "" if head is None or head not in people else people[head].role
    share = Share(
        person=head,
        role=role,
        depth=depth,
        team=whole,
        own=None if head is None else own.get(head),
        parts=summed,
        gap=gap,
    )
    return [share, *(row for one in below for row in tree(people, targets, one, depth + 1))]


def _same(one: Target, other: Target) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("owner", "period", "measure", "currency", "team")
    )
