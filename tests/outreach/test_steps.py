"""Work done a little at a time, beside a channel."""

from __future__ import annotations

import pytest

from crmkit.outreach.steps import Beside, Steps, finished, nothing


def counting(found: list[int], upto: int, fails: bool = False) -> Steps[str]:
    """Note a number each step."""
    for number in range(upto):
        found.append(number)
        yield
    if fails:
        raise LookupError("it failed")
    return "done"


def test_all_of_it_at_once():
    """What it comes to is given; nothing comes to nothing."""
    found: list[int] = []
    assert finished(counting(found, 3)) == "done"
    assert found == [0, 1, 2]
    assert finished(nothing()) is None


def test_one_step_after_the_other():
    """The second begins where the first is done; who is asked once more has nothing."""
    found: list[int] = []
    work = Beside(counting(found, 2), counting(found, 1))
    assert [work() for _ in range(5)] == [True, True, True, False, False]
    assert found == [0, 1, 0]


def test_what_fails_is_told_at_the_end():
    """The channel hears nothing of it, and what should have come after is left."""
    found: list[int] = []
    work = Beside(counting(found, 1, fails=True), counting(found, 5))
    assert [work(), work(), work()] == [True, False, False]
    with pytest.raises(LookupError):
        work.finish()
    assert found == [0]
