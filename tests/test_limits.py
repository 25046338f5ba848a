"""Limits of a service: never more calls in any window, at once, or by an odd setting."""

from __future__ import annotations

import math
from threading import Barrier, Lock, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.contracts.limits import CallLimits, Pace


class Time:
    """A clock that sleeping moves, from any thread; it remembers how long it slept."""

    def __init__(self) -> None:
        self.now, self.lock = 1_000.0, Lock()
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            assert seconds > 0
            self.now += seconds
            self.slept.append(seconds)


def pace(**limits: Any) -> tuple[Pace, Time]:
    time = Time()
    return Pace(CallLimits(**limits), sleep=time.sleep, monotonic=time.monotonic), time


def most(instants: list[float], span: float) -> int:
    """Give the most calls that lie within any half-open window of a length."""
    return max(sum(at <= other < at + span for other in instants) for at in instants)


def test_a_burst_and_then_the_window():
    """A hundred calls follow each other at once, and the next waits until twenty seconds passed."""
    turns, time = pace(per_second=5, burst=100)
    made = []
    for _ in range(250):
        with turns.turn():
            made.append(time.now)
    assert most(made, 20.0) == 100
    assert made[99] == made[0]
    assert made[-1] - made[0] == pytest.approx(40, abs=0.01)
    assert CallLimits(per_second=5, burst=100).seconds(250) == 40


def test_a_call_that_arrives_late_counts_from_when_it_arrived():
    """A first call that is long on its way makes no window of more calls than allowed."""
    turns, time = pace(per_second=1, burst=3)
    arrived = []
    for way in (2.5, 0.0, 0.0, 0.0, 0.0, 0.0):
        with turns.turn():
            time.now += way
            arrived.append(time.now)
    assert most(arrived, 3.0) == 3


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from([0.3, 1.0, 2.0, 7.0]),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3), st.floats(0, 2)), min_size=2, max_size=30),
)
def test_no_window_holds_more(burst: int, per_second: float, calls: list[Any]):
    """However long calls are on their way, there and back, and whatever lies between them."""
    turns, time = pace(per_second=per_second, burst=burst)
    arrived = []
    for there, back, between in calls:
        with turns.turn():
            time.now += there
            arrived.append(time.now)
            time.now += back
        time.now += between
    assert most(arrived, burst / per_second - 1e-6) <= burst


def test_threads_share_a_window():
    """Many threads that begin at the same moment make no more calls than one would."""
    turns, time = pace(per_second=10, burst=5)
    made: list[float] = []
    start = Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(10):
            with turns.turn():
                made.append(time.now)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 80
    assert most(made, 0.5 - 1e-6) <= 5


def test_lanes_have_windows_of_their_own():
    """One interface that is used up holds no other back."""
    turns, time = pace(per_second=1)
    for lane in ("read", "write"):
        with turns.turn(lane):
            assert time.slept == []
    with turns.turn("read"):
        assert time.slept == [1.0]


def test_so_many_at_once():
    """No more calls are under way than the service takes at the same time."""
    turns, _ = pace(concurrent=3)
    lock, here, counts = Lock(), [0], []
    meet = Barrier(3)

    def work() -> None:
        for _ in range(4):
            with turns.turn():
                with lock:
                    here[0] += 1
                    counts.append(here[0])
                meet.wait(timeout=30)  # three at a time, or nobody goes on
                with lock:
                    here[0] -= 1

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(counts) == 3


def test_a_call_that_fails_gives_its_place_back():
    """What raised counts as a call, and holds no place for ever."""
    turns, time = pace(per_second=1, concurrent=1)
    for _ in range(3):
        with pytest.raises(RuntimeError), turns.turn():
            raise RuntimeError
    assert sum(time.slept) == pytest.approx(2.0, abs=0.01)


def test_without_limits_nobody_waits():
    """None means none."""
    turns, time = pace()
    for _ in range(1000):
        with turns.turn():
            pass
    assert time.slept == []
    assert CallLimits().window is None
    assert CallLimits().seconds(10**6) == 0


@pytest.mark.parametrize(
    ("limits", "window"),
    [
        ({"per_second": 10}, (10, 1.0)),
        ({"per_second": 2.5}, (3, 1.2)),
        ({"per_second": 0.5}, (1, 2.0)),
        ({"per_second": 5, "burst": 100}, (100, 20.0)),
    ],
)
def test_what_a_window_is(limits: dict[str, Any], window: tuple[int, float]):
    """Calls together, and the span in which they may be made."""
    assert CallLimits(**limits).window == window


@pytest.mark.parametrize(("calls", "seconds"), [(0, 0), (1, 0), (100, 0), (101, 20), (1000, 180)])
def test_the_least_time_of_many_calls(calls: int, seconds: float):
    """What a plan says before the run."""
    assert CallLimits(per_second=5, burst=100).seconds(calls) == seconds


@pytest.mark.parametrize("name", ["per_second", "burst", "per_day", "concurrent"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_absurd_limits_are_refused(name: str, value: Any):
    """Zero is no limit that anybody can keep, and endless is said by leaving it out."""
    with pytest.raises(ValueError, match=name):
        CallLimits(**{name: value})


@pytest.mark.parametrize("value", [-1, math.inf, math.nan])
def test_an_absurd_wait_is_refused(value: float):
    """Nobody waits for ever, nor backwards."""
    with pytest.raises(ValueError, match="wait"):
        CallLimits(wait=value)
