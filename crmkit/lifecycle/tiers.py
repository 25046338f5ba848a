"""Holding tiers still: nobody flips daily because two neighbours changed places.

A tier is left only once the rank lies beyond its cut by more than a tenth of that cut. Of 1,000
customers 200 are key or core: who is core stays so down to rank 220, and who is below enters from
rank 179 on. Below ten ranks a tenth is less than one, and the cut itself decides.
"""

from __future__ import annotations

from functools import lru_cache

from crmkit.model.value import TIERS
from crmkit.value.ranking import cuts

NAMES = tuple(name for name, _ in TIERS)


@lru_cache(maxsize=8)
def _cuts(count: int) -> tuple[int, ...]:
    return tuple(cuts(count).values())


def tier_by_rank(rank: int, count: int) -> str:
    """Give the tier of a rank (1 the best) among so many."""
    return next(name for name, cut in zip(NAMES, _cuts(count), strict=True) if rank <= cut)


def tier_held(held: str | None, rank: int, count: int) -> str:
    """Give the tier of somebody who held `held` until now."""
    if held not in NAMES:
        return tier_by_rank(rank, count)
    cut = _cuts(count)
    place = NAMES.index(held)
    for better in range(place):
        if _risen(rank, cut[better]):
            return NAMES[better]
    while place + 1 < len(NAMES) and 10 * (rank - cut[place]) > cut[place]:
        place += 1
    return NAMES[place]


def _risen(rank: int, cut: int) -> bool:
    """Tell whether a rank from below has crossed a cut by more than its tenth."""
    if cut < 10:  # noqa: PLR2004 - a tenth is less than one rank
        return rank <= cut
    return 10 * (cut - rank) > cut
