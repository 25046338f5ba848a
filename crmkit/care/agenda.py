"""Whom to contact on a day: a pure function of the logs, the policy and the day.

What `advance` keeps is read, and whoever changed since is worked out anew; where it was never
called, or lies after the day or more than a week before it, everybody is. All is seen as of the
instant the day begins; what happens during the day only takes items off the list, and nobody moves
up in their place. The actions of running care plans come before the cadence's contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from math import inf

import attrs

from crmkit.care.anew import read_accounts, work_out
from crmkit.care.changes import Changes, Day, day_of, read_changes
from crmkit.care.entries import Entry, due_rows, entry_of, most_pressing, order
from crmkit.care.items import Writer
from crmkit.care.planned import capacity, read_planned
from crmkit.clock import DAY, instant
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.lifecycle.cadence import number_of
from crmkit.lifecycle.contacts import REASSIGNED
from crmkit.lifecycle.standing import read_note, standing_rows
from crmkit.lifecycle.world import Guide, look
from crmkit.model.care import AgendaItem
from crmkit.value.basis import Basis, read_basis


def agenda(
    session: Session, guide: Guide, when: date, owner: str | None, limit: int | None
) -> tuple[AgendaItem, ...]:
    """Give the items of a day, most pressing first."""
    number = number_of(when)
    policy = guide.policy
    day = day_of(number, policy.begins(number), policy.begins(number + 1))
    with session.store.read() as reader:
        basis = read_basis(reader, guide.defaults)
        kinds = basis.layout.kinds
        note = read_note(reader)
        changes = read_changes(reader, note, policy, day, kinds, session.now())
        planned = read_planned(reader, session, policy, day)
        found = _List(session, guide, reader, basis, day, changes, planned.taken)
        known = []
        if not changes.all:
            known = note["owners"]
            found.growth = inf  # of an old queue nobody knows how late its contacts were
            if note["policy"] == policy.fingerprint:
                found.growth = (day.ends - policy.begins(note["day"]) - DAY) / policy.quickest
        entries = found.of(owner, known, planned.left(owner, limit))
        accounts = read_accounts(reader, [entry.account for entry in entries])
        items = Writer(reader, policy, kinds, day).items(entries, accounts)
        return (*planned.items(reader, policy, kinds, day, owner, limit), *items)[:limit]


def as_of(session: Session, guide: Guide, when: date) -> datetime:
    """Give the instant that a day's figures are of: an `advance`, or where they are made anew."""
    number = number_of(when)
    policy = guide.policy
    day = day_of(number, policy.begins(number), policy.begins(number + 1))
    now = session.now()
    with session.store.read() as reader:
        kinds = read_basis(reader, guide.defaults).layout.kinds
        note = read_note(reader)
        changes = read_changes(reader, note, policy, day, kinds, now)
    at = min(now, day.begins) if changes.all else note["at"]
    return instant(at).astimezone(policy.zone)


@attrs.define
class _List:
    """The list of one day, being put together."""

    session: Session
    guide: Guide
    reader: Reader
    basis: Basis
    day: Day
    changes: Changes
    taken: Mapping[str | None, int]
    growth: float = 0.0
    anew: list[Entry] = attrs.field(factory=list)
    skip: set[str] = attrs.field(factory=set)
    settled: set[str] = attrs.field(factory=set)
    moved: dict[str, str] = attrs.field(factory=dict)

    def of(self, owner: str | None, known: Iterable[str], limit: int | None) -> list[Entry]:
        """Give the entries of one owner, or of all, cut to what each can do in a day."""
        self._work_out()
        if owner is not None:
            chosen = self._cut(owner, limit)
        else:
            owners = {*known, *self.session.people, *(e.owner for e in self.anew if e.owner)}
            everybody = [
                entry for one in (None, *sorted(owners)) for entry in self._cut(one, limit)
            ]
            chosen = order(everybody, self.day.ends)[:limit]
        return self._left(chosen, owner)[:limit]

    def _work_out(self) -> None:
        """Look at those anew who changed, or at everybody; say who is settled today."""
        changes, day = self.changes, self.day
        now = self.session.now()
        accounts = read_accounts(self.reader, changes.customers)
        self.settled = {accounts.of[one] for one in changes.touched if one in accounts.of}
        for made in changes.acted:
            account = accounts.of.get(made.customer_id or "")
            if account is None:
                continue
            if made.body["what"] == REASSIGNED:
                self.moved[account] = made.body["owner"]
            else:
                self.settled.add(account)
        if changes.all:
            world = look(self.reader, self.guide, (min(now, day.begins),))
            frame = world.frame(self.guide, 0)
            rows = standing_rows(self.reader, self.guide, world, frame, day.number)
            self.anew = [entry_of(row) for row in due_rows(rows, day.ends)]
            return
        self.skip = (
            set(accounts.members)
            | set(accounts.of)
            | {root for roots in accounts.members.values() for root in roots}
        )
        entries = work_out(self.reader, self.guide, self.basis, accounts, day.begins, now)
        self.anew = [entry for entry in entries.values() if entry.due < day.ends]

    def _cut(self, owner: str | None, limit: int | None) -> list[Entry]:
        """Give what one owner can do in a day, as the list stood when the day began."""
        count = self._capacity(owner, limit)
        entries = [entry for entry in self.anew if entry.owner == owner]
        if not self.changes.all:
            entries += most_pressing(self.reader, owner, count, self.day, self.growth, self.skip)
        return order(entries, self.day.ends)[:count]

    def _capacity(self, owner: str | None, limit: int | None) -> int:
        if owner is None:
            return self.guide.policy.settings.unowned if limit is None else max(limit, 0)
        return max(capacity(self.session, owner) - self.taken.get(owner, 0), 0)

    def _left(self, chosen: Sequence[Entry], owner: str | None) -> list[Entry]:
        """Take off what is settled, and hand over what was reassigned today."""
        accounts = {entry.account for entry in chosen}
        handed = [
            entry
            for entry in self.anew
            if entry.account in self.moved
            and entry.account not in accounts
            and owner in (None, self.moved[entry.account])
        ]
        left = [
            _handed(entry, self.moved.get(entry.account, entry.owner))
            for entry in (*chosen, *handed)
            if entry.account not in self.settled
            and (owner is None or self.moved.get(entry.account, entry.owner) == owner)
        ]
        return order(left, self.day.ends)


def _handed(entry: Entry, owner: str | None) -> Entry:
    """Give an entry to somebody."""
    return entry._replace(owner=owner)
