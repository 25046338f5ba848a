"""What there is to talk about with one account, and by which channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

import attrs

from crmkit.care import words
from crmkit.care.recent import Newest, shown
from crmkit.clock import instant
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.lifecycle.signals import OPEN_FOR, OPEN_KINDS, answers, touches
from crmkit.model.care import Matter
from crmkit.model.customer import Customer
from crmkit.value.history import Entry as Logged
from crmkit.value.layout import Kinds

AHEAD = 14
"""Dates so many days ahead are worth a word."""
OPEN = 3
"""So many open matters are shown."""
LAST = 3
"""So many last touches are shown."""
ITEMS = 3
"""So many items of one order are named."""
_PLACE = TOUCHPOINT.position
BY_KIND = {"call": "phone", "meeting": "meeting", "visit": "visit"}
_BY_IDENTITY = (("phone", "phone"), ("email", "email"))


@attrs.frozen
class Told:
    """One account's touchpoints, ready to be talked about.

    Attributes:
        customer: The account.
        names: Names by the id a touchpoint was written with; empty where only one is meant.
        happened: What happened, newest first.
        said: What was said of it, newest first; other kinds among it are passed over.
        kinds: The touchpoint kinds in force.
        now: The instant that is looked from.
        contacted: Whether anybody may ever have talked to him.
    """

    customer: Customer
    names: Mapping[str, str]
    happened: Newest
    said: Newest
    kinds: Kinds
    now: int
    contacted: bool = True

    def open(self) -> list[Logged]:
        """Give the matters that nobody of us answered, newest first."""
        found = []
        for entry in self.said.since(self.now - OPEN_FOR):
            row = entry.row
            if answers(entry.kind, row[_PLACE["direction"]], row[_PLACE["attributes"]], self.kinds):
                break
            if entry.kind in OPEN_KINDS:
                found.append(entry)
        return found

    def last(self) -> list[list[Logged]]:
        """Give what was bought and said last, newest first; the lines of one order together."""
        kinds = shown(self.kinds)
        waiting = {entry.row[0] for entry in self.open()[:OPEN]}
        found: dict[tuple[str, int, str], list[Logged]] = {}
        for entry in self.happened:
            if entry.kind in kinds and entry.row[0] not in waiting:
                key = (entry.kind, entry.at, entry.row[_PLACE["customer"]])
                if key not in found and len(found) == LAST:
                    break
                found.setdefault(key, []).append(entry)
        return list(found.values())

    def matter(self, code: str, entry: Logged, *others: Logged) -> Matter:
        """Put a touchpoint into words, with the others that happened together with it."""
        row = entry.row
        en, zh = words.kind(entry.kind)
        items = list(dict.fromkeys(e.row[_PLACE["item"]] for e in (entry, *others)))
        named = [item for item in items if item]
        more = len(named) - ITEMS
        said = [*named[:ITEMS], f"+{more}" if more > 0 else None, _money((entry, *others))]
        detail = ", ".join(part for part in (*said, row[_PLACE["text"]]) if part)
        name = self.names.get(row[_PLACE["customer"]], "")
        return Matter(
            code=code,
            at=instant(entry.at, row[_PLACE["zone"]]),
            en=f"{name}: {en}".removeprefix(": ") + (f": {detail}" if detail else ""),
            zh=f"{name}:{zh}".removeprefix(":") + (f":{detail}" if detail else ""),
            touchpoint=(row[_PLACE["source"]], row[_PLACE["id"]]),
        )

    def channel(self) -> str | None:
        """Give the channel to use: preferred, else the last that reached him, else a known one."""
        if self.customer.preferred_channel:
            return self.customer.preferred_channel
        for entry in self.said if self.contacted else ():
            row = entry.row
            if touches(entry.kind, row[_PLACE["attributes"]], self.kinds):
                found = row[_PLACE["channel"]] or BY_KIND.get(entry.kind)
                if found is not None:
                    return str(found)
        systems = {identity.system for identity in self.customer.identities}
        if any(contact.phone for contact in self.customer.contacts):
            systems.add("phone")
        if any(contact.email for contact in self.customer.contacts):
            systems.add("email")
        return next((channel for system, channel in _BY_IDENTITY if system in systems), None)


def newest_first(entries: Iterable[Logged], until: int) -> list[Logged]:
    """Give what holds of these entries and happened before an instant, newest first."""
    held = (one for one in entries if one.live and one.at < until)
    return sorted(held, key=lambda one: (one.at, one.row[0]), reverse=True)


def _money(entries: Iterable[Logged]) -> str | None:
    """Add up what was paid, by currency."""
    paid: dict[str, Decimal] = {}
    for entry in entries:
        amount = entry.row[_PLACE["amount"]]
        if amount is not None:
            code = entry.row[_PLACE["currency"]] or ""
            paid[code] = paid.get(code, Decimal(0)) + Decimal(amount)
    return " + ".join(words.money(amount, code) for code, amount in paid.items()) or None


def coming(customers: Iterable[Customer], today: date) -> list[tuple[date, str, Customer]]:
    """Give the dates within the next days, nearest first: birthdays, and the host's own dates.

    A date of the host is one of the customer's own fields that holds an ISO date.
    """
    found = []
    for customer in customers:
        if customer.birthday is not None:
            found.append((_next(customer.birthday, today), "birthday", customer))
        for name, value in customer.custom.items():
            when = _date(value)
            if when is not None:
                found.append((when, name, customer))
    last = today + timedelta(days=AHEAD)
    near = [entry for entry in found if today <= entry[0] <= last]
    return sorted(near, key=lambda entry: (entry[0], entry[1], entry[2].id))


def date_matter(when: date, name: str, who: str, zone: tzinfo) -> Matter:
    """Put a coming date into words."""
    reason = words.birthday(when) if name == "birthday" else words.coming(name, when)
    return Matter(
        code="coming",
        at=datetime.combine(when, time(0), tzinfo=zone),
        en=f"{who}: {reason.en}".removeprefix(": "),
        zh=f"{who}:{reason.zh}".removeprefix(":"),
    )


def _next(born: date, today: date) -> date:
    """Give the next return of a day; of 29 February, the 28th where there is none."""
    for year in (today.year, today.year + 1):
        try:
            when = born.replace(year=year)
        except ValueError:
            when = date(year, 2, 28)
        if when >= today:
            break
    return when


def _date(value: object) -> date | None:
    """Read a date out of a field of the host's own, or None."""
    if not isinstance(value, str) or len(value) != len("2026-01-31"):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
