"""The interval of an effect: chance is not called proven, and an effect that is there is found."""

from __future__ import annotations

from random import Random

import pytest

from crmkit.care.certainty import Change, interval

TRIALS = 400


def heavy(draw: Random) -> float:
    """Give a change of money as shops see it: most small, a few very large, either way."""
    return draw.lognormvariate(4, 1.5) - draw.lognormvariate(4, 1.5)


def chance(
    seed: int, cared: int, others: int, nearest: int = 5, added: float = 0.0
) -> list[Change]:
    """Give the changes of customers to whom care did `added`, matched with some of all others."""
    draw = Random(seed)
    theirs = {f"o{number}": heavy(draw) for number in range(others)}
    return [
        Change(
            heavy(draw) + added, {name: theirs[name] for name in draw.sample([*theirs], nearest)}
        )
        for _ in range(cared)
    ]


@pytest.mark.row("R135", "R136")
@pytest.mark.parametrize(
    ("cared", "others", "nearest"),
    [(10, 6, 5), (10, 40, 5), (5, 40, 5), (6, 200, 5), (40, 8, 5), (30, 30, 1), (12, 5, 1)],
)
def test_of_a_hundred_intervals_ninety_five_hold_the_effect(cared: int, others: int, nearest: int):
    """Also where ten are compared with the same six, and where five are all there are."""
    tried = [interval(chance(seed, cared, others, nearest, added=50.0)) for seed in range(TRIALS)]
    found = [one for one in tried if one is not None]
    assert len(found) > TRIALS / 2
    assert sum(not low <= 50 <= high for low, high in found) / len(found) <= 0.07


def test_an_effect_that_is_there_is_found():
    found = [interval(chance(seed, 60, 200, added=800.0)) or (0.0, 0.0) for seed in range(50)]
    assert sum(low > 0 for low, _ in found) >= 45


def test_too_few_on_either_side_say_nothing():
    assert interval(chance(1, 4, 40)) is None
    assert interval(chance(1, 40, 4, 4)) is None
    assert interval(chance(1, 5, 5)) is not None


def test_the_order_does_not_matter_and_what_never_varies_has_no_width():
    changes = chance(7, 20, 9)
    assert interval(changes[::-1]) == interval(changes)
    alike = [Change(3.0, {f"o{number}": 1.0}) for number in range(5)]
    assert interval(alike) == (2.0, 2.0)


def test_who_is_compared_with_one_other_only_is_as_unsure_as_the_rest():
    """Of a match of one nobody can say how far chance moves him: it is taken from the others."""
    own = [5.0, -3.0, 8.0, 1.0, -6.0, 2.0]
    shared = [Change(one, {f"o{number // 2}": 0.0}) for number, one in enumerate([*own, *own])]
    apart = [Change(one, {f"o{number}": 0.0}) for number, one in enumerate([*own, *own])]
    (low, high), (near, far) = interval(shared) or (0, 0), interval(apart) or (0, 0)
    assert high - low > far - near
