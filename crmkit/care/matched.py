"""Matching: for each customer who was cared for, those most like him who were not.

Whoever is cared for was chosen since he had fallen, and who has fallen tends to rise again by
himself. So a match must have stood where he stood and have moved as he had moved: score, its change
and the revenue of the quarter before, and how long he is known are compared, within the same tier,
each in units of its spread (nearest neighbours, with replacement; see Stuart, Statistical Science
25:1, 2010).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import pstdev
from typing import NamedTuple

NEAREST = 5
"""Matches of each customer: one alone is mostly chance, many are less alike."""


class Likeness(NamedTuple):
    """What two customers are alike by.

    Attributes:
        tier: Tier by rank; only within one tier is matched.
        figures: Score, its change, logarithms of revenue and of the time he is known: each
            compared in units of its spread.
    """

    tier: str
    figures: tuple[float, ...]


_Place = tuple[tuple[float, ...], str]
"""Scaled figures, and whose they are."""


def match(
    cared: Mapping[str, Likeness], others: Mapping[str, Likeness], nearest: int = NEAREST
) -> dict[str, list[str]]:
    """Give each cared-for customer's matches, the most alike first, then by id.

    Somebody whose tier has nobody else in it has none, and is not among the keys.
    """
    spreads = [
        pstdev(values) or 1.0
        for values in zip(
            *(one.figures for one in (*cared.values(), *others.values())), strict=True
        )
    ]
    by_tier: dict[str, list[_Place]] = defaultdict(list)
    for customer, one in others.items():
        by_tier[one.tier].append((_scaled(one.figures, spreads), customer))
    for places in by_tier.values():
        places.sort()
    found = {}
    for customer, one in cared.items():
        near = _nearest(by_tier[one.tier], _scaled(one.figures, spreads), nearest)
        if near:
            found[customer] = near
    return found


def _nearest(places: Sequence[_Place], place: tuple[float, ...], count: int) -> list[str]:
    """Give the nearest of places that are ordered by their first figure.

    They are gone through from the nearest first figure outwards, on both sides, until that alone
    is further off than everything found.
    """
    middle = bisect_left(places, (place,))
    upwards = range(middle, len(places))
    downwards = range(middle - 1, -1, -1)
    found: list[tuple[float, str]] = []
    for side in (upwards, downwards):
        for number in side:
            other, name = places[number]
            if len(found) == count and (other[0] - place[0]) ** 2 > found[-1][0]:
                break
            insort(found, (sum((a - b) ** 2 for a, b in zip(place, other, strict=True)), name))
            del found[count:]
    return [name for _, name in found]


def _scaled(figures: tuple[float, ...], spreads: list[float]) -> tuple[float, ...]:
    return tuple(figure / spread for figure, spread in zip(figures, spreads, strict=True))
