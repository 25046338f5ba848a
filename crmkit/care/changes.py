"""What happened that the standings do not know yet, and what happened on the day itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from crmkit.clock import DAY, micros
from crmkit.contracts.decisions import decision
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, DECISION, STANDING, TOUCHPOINT
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.signals import OPEN_KINDS, touches
from crmkit.model.log import Decision
from crmkit.value.layout import Kinds

MOST = 20_000
"""Above so many changes everything is worked out anew: it costs less."""
LASTS = 7
"""So many days an `advance` serves the agenda; then everybody is worked out anew."""
_ACCOUNT, _QUEUE, _CONTACT, _IDEAL, _DUE = (
    STANDING.position[name] for name in ("account", "queue", "contact", "ideal", "due")
)
_TELLING = ("agenda", "ending", "correct", "retract", "undo", "merge", "unmerge")


@attrs.frozen
class Day:
    """One day of the agenda.

    Attributes:
        number: Counted from 1970.
        begins: The instant it begins.
        ends: The instant the next one begins.
    """

    number: int
    begins: int
    ends: int


@attrs.define
class Changes:
    """Whom to look at anew.

    Attributes:
        customers: Ids as they were written, merged ones among them.
        touched: Those of them with a real touch on the day itself.
        acted: Decisions about the agenda that were made on the day, oldest first.
        all: Everybody must be looked at.
    """

    customers: set[str] = attrs.field(factory=set)
    touched: set[str] = attrs.field(factory=set)
    acted: list[Decision] = attrs.field(factory=list)
    all: bool = False


def read_changes(  # noqa: PLR0913 - what was kept, and what is asked
    reader: Reader,
    note: Mapping[str, Any],
    policy: AgendaPolicy,
    day: Day,
    kinds: Kinds,
    now: int,
) -> Changes:
    """Read what happened since the last `advance`, and on the day itself.

    The standings hold what was before the day of the last `advance` began: what happened on that
    day, before it ran or after, they do not know.
    """
    found = Changes(all=not _serves(note, policy, day, policy.day_at(now)))
    known = day.begins if found.all else min(policy.begins(note["day"]), day.begins)
    _happened(reader, found, known, day, kinds)
    _decided(reader, found, known, day)
    if not found.all:
        _since(reader, found, note["watermark"] + 1, kinds, policy)
    found.all = found.all or len(found.customers) > MOST
    return found


def _serves(note: Mapping[str, Any], policy: AgendaPolicy, day: Day, today: int) -> bool:
    """Tell whether the standings may answer for a day: never a past one with later ranks.

    For a day to come, what is known today is all there is.
    """
    if not policy.gives(note.get("policy")) or note["day"] > day.number:
        return False
    return bool(min(day.number, today) - note["day"] <= LASTS)


def _happened(reader: Reader, found: Changes, low: int, day: Day, kinds: Kinds) -> None:
    rows = reader.scan(
        TOUCHPOINT,
        by=("at",),
        low=low,
        where={"kind": tuple(sorted(OPEN_KINDS | kinds.two_way))},
        columns=("customer", "kind", "at", "attributes"),
    )
    for customer, kind, at, attributes in rows:
        found.customers.add(customer)
        if day.begins <= at < day.ends and touches(kind, attributes, kinds):
            found.touched.add(customer)


def _decided(reader: Reader, found: Changes, low: int, day: Day) -> None:
    for made in _newest_first(reader):
        at = micros(made.at)
        if at < low:
            break
        if made.customer_id is not None:
            found.customers.add(made.customer_id)
            if day.begins <= at < day.ends:
                found.acted.insert(0, made)


def _newest_first(reader: Reader) -> Iterator[Decision]:
    rows = reader.scan(DECISION, by=("kind", "seq"), equal=("agenda",), reverse=True)
    return map(decision, rows)


def _since(reader: Reader, found: Changes, low: int, kinds: Kinds, policy: AgendaPolicy) -> None:
    """Read whose next contact may be another than the standings say."""
    telling = OPEN_KINDS | kinds.two_way
    others: dict[str, int] = {}
    bought: set[str] = set()
    rows = reader.scan(
        TOUCHPOINT, by=("seq",), low=low, limit=MOST + 1, columns=("customer", "kind", "at")
    )
    count = 0
    for customer, kind, at in rows:
        count += 1
        if kind in telling:
            found.customers.add(customer)
            continue
        others[customer] = min(at, others.get(customer, at))
        if kind == "purchase" or policy.settings.prospects:
            bought.add(customer)
    for customer in found.customers & others.keys():
        del others[customer]
    found.customers.update(_come(reader, others, bought))
    saved: dict[str, str | None] = dict(
        reader.scan(CUSTOMER, by=("seq",), low=low, limit=MOST + 1, columns=("id", "parent"))
    )
    left = reader.fetch(STANDING, [(customer,) for customer in saved])
    organisations = (*saved.values(), *(row[_ACCOUNT] for row in left))  # one he was of, too
    found.customers.update(saved, filter(None, organisations))
    for kind in _TELLING:
        for row in reader.scan(DECISION, by=("kind", "seq"), equal=(kind,), low=low):
            made = decision(row)
            named = {made.customer_id, made.body.get("keep"), made.body.get("drop")} - {None}
            found.customers.update(str(name) for name in named)
            found.all = found.all or not named
    found.all = found.all or count > MOST


def _come(reader: Reader, others: Mapping[str, int], bought: set[str]) -> Iterator[str]:
    """Give whom something else than talk puts on the list, or on an earlier day.

    New customers, those who bought for the first time, and those nobody ever talked to who have
    been known for longer than was thought.

    Args:
        reader: Where to read.
        others: The oldest instant of what is new, by customer.
        bought: Those of them who are worth a contact by it.
    """
    rows = {row[0]: row for row in reader.fetch(STANDING, [(one,) for one in others])}
    above = {row[_ACCOUNT] for row in rows.values()} - rows.keys()
    rows |= {row[0]: row for row in reader.fetch(STANDING, [(one,) for one in above])}
    for customer, at in others.items():
        account = rows[customer][_ACCOUNT] if customer in rows else None
        row = rows.get(account)
        if row is None:
            yield customer
        elif row[_QUEUE] is None:
            if customer in bought:
                yield customer
        elif row[_CONTACT] is None and at + row[_IDEAL] < row[_DUE]:
            yield customer


def day_of(number: int, begins: int, ends: int) -> Day:
    """Make a day; it lasts 23 to 25 hours where clocks change."""
    return Day(number, begins, ends if ends > begins else begins + DAY)
