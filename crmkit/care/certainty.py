"""How sure the mean effect is: its 95 % interval, for few customers and for shared matches.

Ten customers who were cared for may all be compared with the same six others: what chance did to
those six then stands in all ten effects alike, and no resampling of the ten would show it. So the
variance of the mean is that of independent effects plus what two effects have in common by the
others they share (Abadie and Imbens, Econometrica 74:1, 2006), and the interval is Student's with
the degrees of freedom that those two parts leave (Welch and Satterthwaite).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from statistics import fmean, variance
from typing import NamedTuple

ENOUGH = 5
"""Below so many compared customers, or different others, nothing is said of an interval."""
_STUDENT = (1.95996, 2.37227, 2.82250, 2.55585, 1.58953)
"""Student's quantile at 97.5 % in powers of 1 / freedom: Abramowitz and Stegun, 26.7.5."""


class Change(NamedTuple):
    """How one customer's figure changed since his care began, and that of his matches meanwhile.

    Attributes:
        own: His own change.
        others: That of each of his matches, by root id; one or more.
    """

    own: float
    others: Mapping[str, float]

    @property
    def effect(self) -> float:
        """What care added: his own change less the mean change of his matches."""
        return self.own - fmean(self.others.values())


def interval(changes: Sequence[Change]) -> tuple[float, float] | None:
    """Give the 95 % interval of the mean effect; None where there are too few to say.

    The order of the changes does not matter.
    """
    count = len(changes)
    others = len({name for one in changes for name in one.others})
    if count < ENOUGH or others < ENOUGH:
        return None
    effects = [one.effect for one in changes]
    middle, spread = fmean(effects), variance(effects)
    alone, shared = spread / count, _shared(changes, spread)
    whole = alone + shared
    if not whole:
        return middle, middle
    freedom = whole**2 / (alone**2 / (count - 1) + shared**2 / (others - 1))
    half = sqrt(whole) * sum(term / freedom**power for power, term in enumerate(_STUDENT))
    return middle - half, middle + half


def _shared(changes: Sequence[Change], spread: float) -> float:
    """Give the mean covariance of two effects: what chance did to the others whom they share.

    How far chance moves one of the others is told by his distance from the rest of each match he
    is in; of who is nobody's match but alone, by what it is on average.
    """
    weights: dict[str, list[float]] = defaultdict(list)
    squares: dict[str, list[float]] = defaultdict(list)
    for one in changes:
        size, middle = len(one.others), fmean(one.others.values())
        for name, change in one.others.items():
            weights[name].append(1 / size)
            if size > 1:
                squares[name].append((change - middle) ** 2 * size / (size - 1))
    known = {name: fmean(found) for name, found in squares.items()}
    usual = fmean(known.values()) if known else spread
    together = fsum(
        (fsum(parts) ** 2 - fsum(part**2 for part in parts)) * known.get(name, usual)
        for name, parts in weights.items()
    )
    return max(together, 0.0) / (len(changes) * (len(changes) - 1))
