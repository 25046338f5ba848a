"""The actions of running plans on the agenda: on their day, and until they are carried out.

They come before the cadence's contacts and take their place in what somebody can do in a day. As
there, the list is that of the instant the day begins: who has carried an action out makes no room
for others. What is approved or handed over during the day comes on top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from itertools import takewhile

import attrs

from crmkit.capture.customer_rows import read_customers
from crmkit.care import words
from crmkit.care.carrying_out import item_id
from crmkit.care.changes import Day
from crmkit.care.matters import OPEN, Told
from crmkit.care.plans import PLANS
from crmkit.care.recent import Asked, Newest, Recent
from crmkit.clock import micros
from crmkit.contracts.decisions import decision, decisions_about
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, DECISION, STANDING
from crmkit.lifecycle.cadence import MOST_PRIORITY, AgendaPolicy
from crmkit.lifecycle.stages import ENDED
from crmkit.lifecycle.world import read_held
from crmkit.model.care import AgendaItem, Matter
from crmkit.model.log import Decision
from crmkit.model.people import DAILY_CAPACITY
from crmkit.model.plan import Action, CarePlan
from crmkit.value.history import read_groups
from crmkit.value.layout import Kinds
from crmkit.value.roots import roots_of

_ROOT = CUSTOMER.position["root"]


@attrs.frozen
class Due:
    """One action that is due on a day.

    Attributes:
        day: Since when.
        plan: Its plan.
        action: What is done.
    """

    day: date
    plan: CarePlan
    action: Action

    @property
    def id(self) -> str:
        """The agenda item's id."""
        return item_id(self.plan, self.action)

    @property
    def order(self) -> tuple[date, int, int]:
        """The longest due first, then as the plans were opened and wrote them down."""
        return self.day, int(self.plan.id), self.plan.action_plan.actions.index(self.action)


@attrs.frozen
class Planned:
    """The planned actions of one day.

    Attributes:
        taken: How many contacts of each person's day they take, as the list stood when it began.
        due: Those on the list, in their order.
        roots: Customers by the id they were written with.
    """

    taken: Mapping[str | None, int]
    due: Sequence[Due]
    roots: Mapping[str, str]

    def left(self, owner: str | None, limit: int | None) -> int | None:
        """Give how many contacts a limit leaves beside them, to one person or to all."""
        if limit is None:
            return None
        taken = sum(self.taken.values()) if owner is None else self.taken.get(owner, 0)
        return max(limit - taken, 0)

    def items(  # noqa: PLR0913 - whose, and how many
        self,
        reader: Reader,
        policy: AgendaPolicy,
        kinds: Kinds,
        day: Day,
        owner: str | None,
        limit: int | None,
    ) -> list[AgendaItem]:
        """Write the items of one person, or of all."""
        listed = [one for one in self.due if owner in (None, one.action.responsible)][:limit]
        by_root: dict[str, list[Due]] = {}
        for one in listed:
            by_root.setdefault(self._root(one), []).append(one)
        wanted = list(by_root)
        customers = dict(zip(wanted, read_customers(reader, wanted), strict=True))
        today = policy.date_of(day.number)

        def say(root: str, happened: Newest, said: Newest) -> dict[str, AgendaItem]:
            told = Told(customers[root], {}, happened, said, kinds, day.begins)
            return {one.id: _item(one, told, today, policy.zone) for one in by_root[root]}

        groups = read_groups(reader, wanted)
        asked = {root: Asked(groups[root]) for root in wanted}
        found = Recent(reader, kinds, day.begins).tell(asked, say)
        return [found[self._root(one)][one.id] for one in listed]

    def _root(self, one: Due) -> str:
        return self.roots[str(one.plan.customer_id)]


def capacity(session: Session, owner: str | None) -> int:
    """Give how many contacts somebody can make in a day."""
    person = session.people.get(owner or "")
    return DAILY_CAPACITY if person is None else person.capacity


def read_planned(reader: Reader, session: Session, policy: AgendaPolicy, day: Day) -> Planned:
    """Read what is planned for a day, or has waited since an earlier one."""
    before = {plan.id: plan for plan in PLANS.due(reader, day.ends - 1)}
    after = dict(before)
    for name, made in _touched(reader, day).items():
        _put(before, name, _as_of(made, day.begins))
        _put(after, name, _as_of(made, day.ends))
    if not before and not after:
        return Planned({}, (), {})
    plans = (*before.values(), *after.values())
    roots = roots_of(reader, (plan.customer_id for plan in plans))
    ended = _ended(reader, set(roots.values()))
    today = policy.date_of(day.number)
    began = list(_due(before, roots, ended, today, day.begins))
    chosen: set[str] = set()
    taken: Counter[str | None] = Counter()
    for one in began:
        if taken[one.action.responsible] < capacity(session, one.action.responsible):
            taken[one.action.responsible] += 1
            chosen.add(one.id)
    known = {one.id for one in began}
    left = (
        one
        for one in _due(after, roots, ended, today, day.ends)
        if one.id in chosen or one.id not in known
    )
    return Planned(taken, tuple(left), roots)


# -- inside ----------------------------------------------------------------------------


def _touched(reader: Reader, day: Day) -> dict[str, list[Decision]]:
    """Read everything that was decided about the plans that were moved since the day began."""
    rows = reader.scan(DECISION, by=("kind", "seq"), equal=(PLANS.kind,), reverse=True)
    since = list(takewhile(lambda made: micros(made.at) >= day.begins, map(decision, rows)))
    found: dict[str, list[Decision]] = {_id(made): [] for made in since}
    customers = {str(made.customer_id) for made in since}
    for made in decisions_about(reader, customers, frozenset({PLANS.kind})):
        if _id(made) in found:
            found[_id(made)].append(made)
    return found


def _id(made: Decision) -> str:
    name: str = made.body["document"]["id"]
    return name


def _as_of(history: Iterable[Decision], at: int) -> CarePlan | None:
    """Give a plan as the last decision before an instant left it, where it ran then."""
    made = [one.body["document"] for one in history if micros(one.at) < at]
    return CarePlan.from_dict(made[-1]) if made and made[-1]["state"] == "running" else None


def _put(plans: dict[str, CarePlan], name: str, plan: CarePlan | None) -> None:
    plans.pop(name, None)
    if plan is not None:
        plans[name] = plan


def _ended(reader: Reader, roots: set[str]) -> dict[str, int]:
    """Give since when the relationships among these are ended."""
    rows = {row[0]: row for row in reader.fetch(STANDING, [(root,) for root in roots])}
    stages = read_held(reader, roots, rows).stage
    return {root: since for root, (stage, since) in stages.items() if stage == ENDED}


def _due(
    plans: Mapping[str, CarePlan],
    roots: Mapping[str, str],
    ended: Mapping[str, int],
    today: date,
    at: int,
) -> Iterator[Due]:
    """Give the actions that wait on a day, as of an instant, in their order."""
    found = [
        Due(day, plan, action)
        for plan in plans.values()
        if ended.get(roots[str(plan.customer_id)], at) >= at
        for action in plan.waiting
        if (day := plan.day_of(action)) is not None and day <= today
    ]
    yield from sorted(found, key=lambda one: one.order)


def _item(one: Due, told: Told, today: date, zone: tzinfo) -> AgendaItem:
    plan, action = one.plan, one.action
    late = (today - one.day).days
    prepared = plan.checklist(action.id)
    filled = "" if prepared is None else prepared.content
    at = datetime.combine(one.day, time(0), zone)
    content = Matter(code="plan", at=at, en=filled or action.content, zh=filled or action.content)
    mode = "" if prepared is None else prepared.mode
    return AgendaItem(
        id=one.id,
        customer_id=told.customer.id,
        name=told.customer.name,
        due=one.day,
        why=(words.planned(plan.id, plan.goal_tier, late),),
        about=(content, *(told.matter("open", matter) for matter in told.open()[:OPEN])),
        channel=mode or told.channel(),
        priority=MOST_PRIORITY + late,
        owner=action.responsible,
        facts={"days_late": float(late)},
        plan=(plan.id, action.id),
    )
