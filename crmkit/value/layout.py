"""A value model, compiled: where each indicator's sums stand and what each kind adds to them.

The layout's id depends only on what the sums mean (kinds, measures, fields, half-lives), so
that new weights, scales or rates need no rebuild, and a state row under another id is refolded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b
from struct import Struct

import attrs

from crmkit.clock import span
from crmkit.model.touchpoint import NEGATIVE_KINDS, OUTBOUND_KINDS, TWO_WAY_KINDS
from crmkit.model.value import MONEY_FIELDS, Indicator, ValueModel

REVENUE = 0
"""Where a state's sums keep purchases less returns, undecayed, in the model's currency."""
FORMAT = 2
"""Version of the packed state; rows of the one before are taken over: `crmkit.value.former`."""

FAR_PAST = -9.0e18
"""Reference time of a sum that nothing was added to yet, in microseconds."""
_SLOTS = {
    "count": ("a", "ref"),
    "sum": ("a", "ref", "last"),
    "breadth": (),
    "recency": ("ref",),
    "mean": ("a", "b", "ref"),
    "rate": ("n", "a", "b", "ref"),
}
SHARING = ("count", "recency")
"""Measures that every touchpoint of their kinds moves on: those of the same kinds share a `ref`."""


@attrs.frozen
class Slots:
    """Where one indicator's numbers stand in a state's `sums`; -1: it has no such number.

    Attributes:
        indicator: The indicator.
        place: Its position in the model.
        per_us: Half-lives a microsecond: the decay's exponent factor.
        n: How many successes a rate has, whose `ref` may be a chance's.
        chance: How many gave the chance; a rate's own `ref` tells that.
        a: Decayed sum (of 1, of the field, of successes).
        b: Decayed count (mean) or decayed count of chances (rate).
        ref: Instant that `a` and `b` refer to: the newest one's, and `FAR_PAST` before there is
            any. Indicators that count all touchpoints of the same kinds share it.
        last: Newest touchpoint's own instant, where `ref` may be a return's purchase's.
        tag: Number of the breadth indicator among its like.
        money: Whether the field is money.
    """

    indicator: Indicator
    place: int
    per_us: float
    n: int = -1
    chance: int = -1
    a: int = -1
    b: int = -1
    ref: int = -1
    last: int = -1
    tag: int = -1
    money: bool = False

    @property
    def any(self) -> tuple[int, float]:
        """A place, and what it exceeds once a touchpoint counts; a breadth has none."""
        return (self.n, 0.0) if self.n >= 0 else (self.ref, FAR_PAST)

    @property
    def any_chance(self) -> tuple[int, float] | None:
        """The same of what gave the chance; None: no chance is needed."""
        if self.indicator.measure == "rate":
            return self.ref, FAR_PAST
        return (self.chance, 0.0) if self.chance >= 0 else None


@attrs.frozen(slots=False)
class Kinds:
    """What crmkit must know of the touchpoint kinds in force, core's and plugins'.

    Attributes:
        outbound: Kinds that the firm does, not the customer.
        two_way: Kinds that are contact between two people.
        negative: Kinds that take revenue back, and may name their purchase under ``of``.
    """

    outbound: frozenset[str] = OUTBOUND_KINDS
    two_way: frozenset[str] = TWO_WAY_KINDS
    negative: frozenset[str] = NEGATIVE_KINDS


CORE_KINDS = Kinds()


@attrs.frozen(slots=False, eq=False)
class Layout:
    """A model with the places of its sums."""

    model: ValueModel
    kinds: Kinds = CORE_KINDS

    @cached_property
    def slots(self) -> tuple[Slots, ...]:
        """One `Slots` an indicator, in the model's order."""
        placed: list[Slots] = []
        width, tags = 1, 0  # the revenue stands before them
        newest: dict[frozenset[str], int] = {}
        for place, indicator in enumerate(self.model.indicators):
            measure = indicator.measure
            names = () if indicator.within else _SLOTS[measure]
            if indicator.opportunity and measure != "rate":
                names = (*names, "chance")
            places: dict[str, int] = {}
            for name in names:
                alike = newest if name == "ref" and measure in SHARING else {}
                places[name] = alike.setdefault(frozenset(indicator.kinds), width)
                width += places[name] == width
            is_breadth = measure == "breadth"
            placed.append(
                Slots(
                    indicator,
                    place,
                    1.0 / span(indicator.half_life),
                    **places,
                    tag=tags if is_breadth else -1,
                    money=measure in ("sum", "mean") and indicator.field in MONEY_FIELDS,
                )
            )
            tags += is_breadth
        return tuple(placed)

    @cached_property
    def zero(self) -> list[float]:
        """The sums of somebody nothing is known of."""
        width = 1 + max(max(s.n, s.chance, s.a, s.b, s.ref, s.last, 0) for s in self.slots)
        zero = [0.0] * width
        for slots in self.slots:
            for place in (slots.ref, slots.last):
                if place >= 0:
                    zero[place] = FAR_PAST
        return zero

    @cached_property
    def packed(self) -> Callable[..., bytes]:
        """Packs sums as a state's row keeps them: doubles, one after the other."""
        return Struct(f"={len(self.zero)}d").pack

    @cached_property
    def packed_zero(self) -> bytes:
        """The sums of somebody nothing is known of, packed."""
        return self.packed(*self.zero)

    @cached_property
    def id(self) -> int:
        """A number that is equal exactly where the sums mean the same."""
        return self.id_of(FORMAT)

    def id_of(self, version: int) -> int:
        """Give the id of states of this model that were packed in some version of the format."""
        meaning = repr(
            (
                version,
                self.model.currency,
                sorted(self.kinds.outbound),
                sorted(self.kinds.two_way),
                sorted(self.kinds.negative),
                [
                    (
                        sorted(i.kinds),
                        i.measure,
                        span(i.half_life),
                        i.field,
                        sorted(i.opportunity),
                        i.within,
                        sorted((kind, float(value)) for kind, value in i.defaults.items()),
                    )
                    for i in self.model.indicators
                ],
            )
        )
        return int.from_bytes(blake2b(meaning.encode(), digest_size=7).digest(), "big")

    @cached_property
    def sources(self) -> tuple[frozenset[str], ...]:
        """For each indicator the kinds that feed it: what it counts and what gives the chance."""
        return tuple(frozenset(i.kinds) | frozenset(i.opportunity) for i in self.model.indicators)
