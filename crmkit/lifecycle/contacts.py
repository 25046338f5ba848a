"""When the next contact with somebody is due: one pure function, for everybody and for a few.

Everything is taken as of the instant a day begins, so that what happens during the day does not
shuffle that day's list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan
from typing import NamedTuple

import attrs

from crmkit.clock import micros
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.signals import touches
from crmkit.model.log import Decision
from crmkit.value.history import read_live
from crmkit.value.layout import Kinds

DONE, SNOOZED, REASSIGNED = "done", "snooze", "reassign"
_KIND, _DIRECTION, _ATTRIBUTES = (
    TOUCHPOINT.position[name] for name in ("kind", "direction", "attributes")
)


@attrs.define
class Appointment:
    """What people decided about somebody's contact, up to some instant.

    Attributes:
        until: Contact him on that day, in microseconds; None: nothing was agreed.
        promised: Whether we promised it, or put it off.
        since: When that was decided; a contact after it settles it.
        owner: Who shall make it, where it was handed over.
        handed: When it was handed over.
    """

    until: int | None = None
    promised: bool = False
    since: int = 0
    owner: str | None = None
    handed: int | None = None

    def add(self, decision: Decision) -> None:
        """Take in a decision of kind ``agenda``, in the order they were made."""
        body, at = decision.body, micros(decision.at)
        what = body["what"]
        if what == REASSIGNED:
            self.owner, self.handed = body["owner"], at
        else:
            self.until, self.promised, self.since = body.get("until"), what == DONE, at

    def agreed(self, contact: int | None) -> int | None:
        """Give the day that was agreed, as long as no contact has settled it."""
        if self.until is None or (contact is not None and contact > self.since):
            return None
        return self.until

    def whose(self, owner: str | None, contact: int | None) -> str | None:
        """Give who makes the contact: whom it was handed to, until he has made it."""
        if self.handed is None or (contact is not None and contact > self.handed):
            return owner
        return self.owner


def appointments(decisions: Iterable[Decision], before: int) -> dict[str, Appointment]:
    """Gather what was decided before an instant, by the id it was decided about."""
    found: dict[str, Appointment] = {}
    for decision in decisions:
        if micros(decision.at) < before and decision.customer_id is not None:
            found.setdefault(decision.customer_id, Appointment()).add(decision)
    return found


class Contact(NamedTuple):
    """One account's next contact.

    Attributes:
        contact: Newest real touch; None: nobody ever talked to him.
        due: When the next one is due.
    """

    contact: int | None
    due: int


def next_contact(  # noqa: PLR0913 - everything a due date rests on
    policy: AgendaPolicy,
    ideal: int,
    contact: int | None,
    first: int,
    opened: int | None,
    appointment: Appointment | None,
) -> Contact:
    """Say when the next contact is due.

    Args:
        policy: The policy in force.
        ideal: The tier's interval, in microseconds.
        contact: Newest real touch with the account, in either direction.
        first: The account's first touchpoint: the interval counts from it where nobody ever
            talked to him.
        opened: Since when his oldest open matter waits.
        appointment: What people decided about it.
    """
    due = (first if contact is None else contact) + ideal
    if opened is not None:
        due = min(due, opened + policy.answer)
    agreed = None if appointment is None else appointment.agreed(contact)
    if agreed is not None and appointment is not None:
        due = min(due, agreed) if appointment.promised else agreed
    return Contact(contact, due)


def touched_before(
    reader: Reader, roots: Iterable[str], kinds: Kinds, before: int
) -> dict[str, int]:
    """Read the newest real touch below an instant from the log, for a few customers."""
    found: dict[str, int] = {}
    for root, entries in read_live(reader, roots).items():
        instants = [
            entry.at
            for entry in entries
            if entry.at < before and touches(entry.kind, entry.row[_ATTRIBUTES], kinds)
        ]
        if instants:
            found[root] = max(instants)
    return found


def latest(contacts: Iterable[int | None]) -> int | None:
    """Give the newest of several instants, or None."""
    return max((one for one in contacts if one is not None), default=None)


def whole(instant: float) -> int | None:
    """Turn a column's instant into one, or None."""
    return None if isnan(instant) else int(instant)


def members(parents: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn "belongs to" round: who belongs to whom."""
    found: dict[str, list[str]] = {}
    for child, parent in parents.items():
        found.setdefault(parent, []).append(child)
    return found
