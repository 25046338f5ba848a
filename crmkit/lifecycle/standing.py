"""STANDING rows: where everybody stands, and when whose next contact is due."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isnan, nan
from typing import Any

import attrs

from crmkit.clock import DAY
from crmkit.contracts.decisions import decisions
from crmkit.contracts.meta import read_fact
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import STANDING
from crmkit.lifecycle.cadence import queued, weigh
from crmkit.lifecycle.columns import TOLD
from crmkit.lifecycle.contacts import (
    Appointment,
    appointments,
    latest,
    next_contact,
    touched_before,
    whole,
)
from crmkit.lifecycle.frame import Frame
from crmkit.lifecycle.world import Guide, World

_AT = STANDING.position["at"]
_WEIGHT, _DAY, _IDEAL, _WORST, _QUEUE = (
    STANDING.position[name] for name in ("weight", "day", "ideal", "worst", "queue")
)
ADVANCED = "advance"
"""Name of the META row that says what the standings rest on."""
LISTED_SINCE = "listed_since"
"""Key among a row's `facts`: the instant that put an account on the list, where it lies on the day
that `advance` ran on: a list is as of the instant its day begins."""
_NO_CONTACT: Row = (None, 0.0, None, None, None, None, None)


@attrs.frozen
class Accounts:
    """Everybody's next contact; those who belong to an organisation are seen as one.

    Attributes:
        frame: Everybody's facts.
        contacts: Newest touch by place, as of the instant the day began.
        agreed: What people decided, by root.
        day: The day, counted from 1970.
        begins: The instant it begins.
    """

    world: World
    guide: Guide
    frame: Frame
    contacts: Sequence[float]
    agreed: Mapping[str, Appointment]
    day: int
    begins: int

    def speakers(self, places: Sequence[int]) -> tuple[int, int, int]:
        """Give whose value counts for an account, who fell most unexpectedly, and who rose most."""
        if len(places) == 1:
            return places[0], places[0], places[0]
        return (
            min(places, key=self.frame.ranks.__getitem__),
            min(places, key=self.frame.unexpected.__getitem__),
            max(places, key=self.frame.columns.delta.__getitem__),
        )

    def _listed_since(self, places: Sequence[int]) -> float:
        """Give the instant that put an account on the list; NaN where nothing has yet."""
        columns = self.frame.columns
        known = columns.first if self.guide.policy.settings.prospects else columns.first_purchase
        return min((one for place in places if not isnan(one := known[place])), default=nan)

    def facts(self, places: Sequence[int]) -> str | None:
        """Give what else an item tells, as JSON: why it moved, and what several come to as one."""
        columns = self.frame.columns
        best, fallen, risen = self.speakers(places)
        unexpected, delta = self.frame.unexpected[fallen], columns.delta[risen]
        facts: dict[str, Any] = {}
        if (since := self._listed_since(places)) >= self.begins:
            facts[LISTED_SINCE] = since
        if unexpected <= -TOLD or delta >= TOLD:
            facts["causes"] = columns.causes.get(fallen, ())
            if risen != fallen:
                falls = (one for one in facts["causes"] if one[1] < 0)
                rises = (one for one in columns.causes.get(risen, ()) if one[1] > 0)
                facts["causes"] = (*falls, *rises)
        if len(places) > 1:
            total = columns.total[best]
            facts["account"] = {"total": total, "delta": delta, "unexpected": unexpected}
        return json.dumps(facts) if facts else None

    def queue(self, account: str, places: Sequence[int], old: Row | None) -> Row:
        """Give the columns from queue to due of one account, made up of these customers."""
        columns, guide, world = self.frame.columns, self.guide, self.world
        firsts = [first for place in places if not isnan(first := columns.first[place])]
        if (
            not firsts
            or account in world.roster.left_out
            or world.held.has_ended(account)
            or not (guide.policy.settings.prospects or any(columns.purchases[p] for p in places))
        ):
            return _NO_CONTACT
        opened = world.signals.open((columns.ids[place] for place in places), self.begins - 1)
        if old is not None and old[_DAY] == self.day and old[_QUEUE] is not None:
            weight, ideal, worst = old[_WEIGHT], old[_IDEAL], old[_WORST]  # settled for today
        else:
            best, fallen, _ = self.speakers(places)
            ideal, worst = guide.policy.intervals[self.frame.tiers[best]]
            fall = self.frame.unexpected[fallen]
            weight = weigh(columns.total[best], fall, is_open=bool(opened))
        contact, due = next_contact(
            guide.policy,
            ideal,
            latest([whole(self.contacts[place]) for place in places]),
            int(min(firsts)),
            min(opened, default=None),
            self.agreed.get(account),
        )
        queue = queued(due, ideal, worst, self.begins + DAY)
        return queue, weight, self.day, contact, ideal, worst, due


def read_note(reader: Reader) -> dict[str, Any]:
    """Read what the last `advance` noted; empty where there was none."""
    note: dict[str, Any] = json.loads(read_fact(reader, ADVANCED) or "{}")
    return note


def standing_rows(reader: Reader, guide: Guide, world: World, frame: Frame, day: int) -> list[Row]:
    """Work out everybody's row from a frame, with the next contact as of the day's beginning."""
    columns, roster, held = frame.columns, world.roster, world.held
    settled = guide.policy.gives(read_note(reader).get("policy"))
    begins = guide.policy.begins(day)
    accounts = Accounts(
        world,
        guide,
        frame,
        _contacts(reader, world, frame, begins),
        by_root(appointments(decisions(reader, "agenda"), begins), roster.roots),
        day,
        begins,
    )
    places = {customer: place for place, customer in enumerate(frame.ids)} if roster.parents else {}
    belong: dict[str, list[int]] = {}
    for customer in roster.parents:
        if customer in places:
            belong.setdefault(roster.account(customer), []).append(places[customer])
    rows: list[Row] = []
    for place, customer in enumerate(frame.ids):
        account = roster.account(customer) if customer in roster.parents else customer
        old = world.rows.get(customer) if settled else None
        owner = roster.owners.get(customer)
        everybody = [place, *belong.get(customer, ())]
        if account != customer:
            queue = _NO_CONTACT
        else:
            queue = accounts.queue(customer, everybody, old)
            if customer in accounts.agreed:
                owner = accounts.agreed[customer].whose(owner, queue[3])
        row: Row = (
            customer,
            frame.at,
            frame.ranks[place],
            columns.total[place],
            columns.delta[place],
            frame.unexpected[place],
            *held.of(customer),
            frame.kinds[place],
            account,
            owner,
            *queue,
            accounts.facts(everybody),
        )
        rows.append(row)
    return rows


def changed(rows: Iterable[Row], old: Mapping[str, Row]) -> list[Row]:
    """Give the rows that say anything new."""
    return [
        row
        for row in rows
        if (before := old.get(row[0])) is None or row[_AT + 1 :] != before[_AT + 1 :]
    ]


def by_root(agreed: Mapping[str, Appointment], roots: Mapping[str, str]) -> dict[str, Appointment]:
    """Hand what was decided about merged ids to the keeper; his own goes first."""
    found = {customer: one for customer, one in agreed.items() if customer not in roots}
    for customer, one in agreed.items():
        if customer in roots:
            found.setdefault(roots[customer], one)
    return found


def _contacts(reader: Reader, world: World, frame: Frame, begins: int) -> Sequence[float]:
    """Give everybody's newest touch before the day began; today's are looked behind in the log."""
    contacts = frame.columns.contact
    late = [place for place, contact in enumerate(contacts) if contact >= begins]
    if not late:
        return contacts
    ids = frame.ids
    kinds = world.basis.layout.kinds
    before = touched_before(reader, [ids[place] for place in late], kinds, begins)
    found = contacts[:]
    for place in late:
        found[place] = before.get(ids[place], float("nan"))
    return found
