"""Everybody's facts at one instant: a column a fact, made when it is first asked for."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isnan, nan

import attrs

from crmkit.clock import DAY
from crmkit.lifecycle.columns import Columns
from crmkit.lifecycle.facts import COUNTED, OPEN_FACTS, PLAIN, SINCE, Column
from crmkit.lifecycle.roster import Roster
from crmkit.lifecycle.signals import Signals
from crmkit.lifecycle.tiers import NAMES, tier_held
from crmkit.value.kinds import KindRules, kind_of
from crmkit.value.state import NEVER, State


@attrs.frozen(slots=False, eq=False)
class Frame:
    """What is known of everybody at one instant.

    Attributes:
        columns: The measured columns.
        roster: Who everybody is.
        signals: What the log tells.
        kind_rules: Thresholds of the kinds of customer.
        held: Tiers held until now, by id.
        given: Columns that are taken as they are, by fact.
    """

    columns: Columns
    roster: Roster
    signals: Signals
    kind_rules: KindRules = attrs.field(factory=KindRules)
    held: Mapping[str, str | None] = attrs.field(factory=dict)
    given: Mapping[str, Column] = attrs.field(factory=dict)
    _made: dict[str, Column] = attrs.field(
        default=attrs.Factory(lambda self: dict(self.given), takes_self=True), init=False
    )

    @property
    def at(self) -> int:
        """The instant."""
        return self.columns.at

    @property
    def ids(self) -> Sequence[str]:
        """Everybody's root id, ordered."""
        return self.columns.ids

    @cached_property
    def ranks(self) -> array[int]:
        """Everybody's rank, 1 the best."""
        return self.columns.ranks()

    @cached_property
    def tiers(self) -> list[str]:
        """Everybody's tier, held still; those who came later count for nothing in it."""
        count, held = len(self.ids) - len(self.columns.unknown), self.held
        return [
            tier_held(held.get(customer), rank, count) if rank <= count else NAMES[-1]
            for customer, rank in zip(self.ids, self.ranks, strict=True)
        ]

    @cached_property
    def unexpected(self) -> array[float]:
        """Everybody's change without what his rhythm explains."""
        return self.columns.unexpected()

    @cached_property
    def kinds(self) -> list[str]:
        """Everybody's kind (R140)."""
        columns, research = self.columns, self.roster.said["research"]
        state = State([])  # a kind asks a state only when he was last heard of
        found = []
        for place, customer in enumerate(columns.ids):
            own, gap = columns.own[place], columns.gap[place]
            state.own = NEVER if isnan(own) else int(own)
            kind = kind_of(
                self.kind_rules,
                state,
                columns.at,
                None if isnan(gap) else gap,
                self.tiers[place],
                (columns.delta[place], self.unexpected[place]),
                research.get(customer),
            )
            found.append(kind.name)
        return found

    def column(self, fact: str) -> Column:
        """Give the column of a fact, as `crmkit.lifecycle.facts` describes it."""
        if fact not in self._made:
            self._made[fact] = self._make(fact)
        return self._made[fact]

    def _make(self, fact: str) -> Column:
        if fact in PLAIN:
            return PLAIN[fact](self.columns)
        if fact == "unexpected":
            return self.unexpected
        if fact == "tier":
            return self.tiers
        if fact == "kind":
            return self.kinds
        if fact in self.roster.said:
            said = self.roster.said[fact]
            return [said.get(customer) for customer in self.ids]
        return array("d", self._counts(fact))

    def _counts(self, fact: str) -> list[float]:
        at, signals = self.at, self.signals
        if fact in OPEN_FACTS:
            counts = [0.0] * len(self.ids)
            places = {customer: place for place, customer in enumerate(self.ids)}
            for customer, story in signals.stories.items():
                if customer in places:
                    counts[places[customer]] = len(story.open(at, OPEN_FACTS[fact]))
            return counts
        if fact.startswith(COUNTED):
            kind = fact.removeprefix(COUNTED)
            return [signals.count(kind, customer, at) for customer in self.ids]
        kind = fact.removeprefix(SINCE)
        newest = (signals.newest(kind, customer, at) for customer in self.ids)
        return [nan if when is None else (at - when) // DAY for when in newest]
