"""From entries in numbers to agenda items in words: read in batches, only for those shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import attrs

from crmkit.capture.customer_rows import group_of, read_groups
from crmkit.care import words
from crmkit.care.anew import Accounts
from crmkit.care.changes import Day
from crmkit.care.entries import Entry
from crmkit.care.matters import OPEN, Told, coming, date_matter
from crmkit.care.recent import Asked, Newest, Recent
from crmkit.clock import DAY, instant
from crmkit.contracts.decisions import decisions_about
from crmkit.contracts.store import Reader
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.columns import TOLD
from crmkit.lifecycle.contacts import Appointment, appointments
from crmkit.lifecycle.standing import by_root
from crmkit.model.care import AgendaItem, Reason
from crmkit.model.customer import Customer
from crmkit.value.layout import Kinds


@attrs.frozen
class Writer:
    """Writes the items of one day.

    Attributes:
        reader: Where to read.
        policy: The agenda's policy.
        kinds: The touchpoint kinds in force.
        day: The day.
    """

    reader: Reader
    policy: AgendaPolicy
    kinds: Kinds
    day: Day

    def items(self, entries: Sequence[Entry], accounts: Accounts) -> tuple[AgendaItem, ...]:
        """Write the items of these entries, in their order."""
        roots = [root for entry in entries for root in accounts.members[entry.account]]
        customers = {
            root: group_of(*group)
            for root, group in read_groups(self.reader, roots).items()
            if group[0]
        }
        bases = [base for root in roots for base in accounts.groups[root]]
        merged = {base: root for root in roots for base in accounts.groups[root] if base != root}
        about = decisions_about(self.reader, bases, frozenset({"agenda"}))
        agreed = by_root(appointments(about, self.day.begins), merged)
        by_account = {entry.account: entry.whole() for entry in entries}
        asked = {
            account: Asked(
                [base for root in accounts.members[account] for base in accounts.groups[root]],
                contacted=entry.contact is not None,
            )
            for account, entry in by_account.items()
        }
        recent = Recent(self.reader, self.kinds, self.day.begins)

        def say(account: str, happened: Newest, said: Newest) -> AgendaItem:
            members = [customers[root] for root in accounts.members[account]]
            names = {
                base: customer.name
                for customer in members[1:]
                for base in accounts.groups[customer.id]
            }
            one, begins = asked[account], self.day.begins
            told = Told(
                members[0], names, happened, said, self.kinds, begins, contacted=one.contacted
            )
            first = begins if one.contacted else recent.first(one.bases) or begins
            return self._item(by_account[account], told, members, agreed, first)

        return tuple(recent.tell(asked, say).values())

    def _item(
        self,
        entry: Entry,
        told: Told,
        members: Sequence[Customer],
        agreed: Mapping[str, Appointment],
        first: int,
    ) -> AgendaItem:
        due = instant(entry.due).astimezone(self.policy.zone).date()
        today = self.policy.date_of(self.day.number)
        dates = coming(members, today)
        named = {customer.id: customer.name for customer in members[1:]}
        return AgendaItem(
            id=f"{entry.account}:{due.isoformat()}",
            customer_id=entry.account,
            name=told.customer.name,
            due=due,
            why=self._why(entry, told, dates, agreed.get(entry.account), first),
            about=(
                *(told.matter("open", one) for one in told.open()[:OPEN]),
                *(
                    date_matter(when, name, named.get(one.id, ""), self.policy.zone)
                    for when, name, one in dates
                ),
                *(told.matter("last", *lines) for lines in told.last()),
            ),
            channel=told.channel(),
            priority=round(entry.priority(self.day.ends), 6),
            owner=entry.owner,
            facts=self._facts(entry),
        )

    def _days(self, at: int) -> int:
        """Count the days from an instant to this day, as the calendar does."""
        return self.day.number - self.policy.day_at(at)

    def _facts(self, entry: Entry) -> dict[str, float]:
        lateness = entry.priority(self.day.ends) / entry.weight
        facts = {
            "value": round(entry.total, 2),
            "overdue": round(lateness, 4),
            "fall": round(max(0.0, -entry.unexpected), 2),
            "ideal_days": entry.ideal / DAY,
            "worst_days": entry.worst / DAY,
        }
        if entry.contact is not None:
            facts["days_since_contact"] = float(self._days(entry.contact))
        return facts

    def _why(
        self,
        entry: Entry,
        told: Told,
        dates: Sequence[tuple[date, str, Customer]],
        appointment: Appointment | None,
        first: int,
    ) -> tuple[Reason, ...]:
        """Give the reasons, weightiest first."""
        why: list[Reason] = []
        opened = told.open()
        for kind in ("complaint", "suggestion", "opinion"):
            since = [one.at for one in opened if one.kind == kind]
            if since:
                why.append(words.opened(kind, self._days(min(since))))
        if entry.unexpected <= -TOLD:
            falls = [(name, delta) for name, delta in entry.causes if delta < 0]
            why.append(words.falling(-entry.unexpected, falls))
        agreed = None if appointment is None else appointment.agreed(entry.contact)
        if agreed is not None and appointment is not None:
            when = instant(agreed).astimezone(self.policy.zone).date()
            why.append(words.agreed(when, promised=appointment.promised))
        why.extend(self._lateness(entry, first))
        if entry.delta >= TOLD:
            rises = [(name, delta) for name, delta in entry.causes if delta > 0]
            why.append(words.rising(entry.delta, rises))
        for day, name, _ in dates:
            why.append(words.birthday(day) if name == "birthday" else words.coming(name, day))
        return tuple(why)

    def _lateness(self, entry: Entry, first: int) -> list[Reason]:
        """Say how long nobody was in touch, where that is why; `first` is the oldest touchpoint."""
        if entry.contact is None:
            waited = self.day.ends - first
            if waited <= entry.ideal:
                return []
            return [words.never_contacted(self._days(first))]
        waited = self.day.ends - entry.contact
        days = self._days(entry.contact)
        if waited > entry.worst:
            return [words.overdue(days, entry.worst / DAY)]
        if waited > entry.ideal:
            tier = self.policy.tier_of(entry.ideal, entry.worst, entry.tier)
            return [words.due(days, entry.ideal / DAY, tier)]
        return []
