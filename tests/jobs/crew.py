"""Workers in processes of their own, ``crmkit work``, some of whom are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Self

import crmkit
from tests.jobs.day import HOURS, SETTLING, Day, environment, holders, is_idle

PATIENCE = 120.0
_SPAN = 0.8
"""Seconds of an hour's work, within which somebody is killed."""


class Crew:
    """So many workers on one shop; a killed one is replaced."""

    def __init__(self, day: Day, size: int) -> None:
        """Start them."""
        self._day = day
        self._log = (day.folder / "workers.log").open("ab")
        self.busy = 0
        self._workers = [self._start() for _ in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._workers:
            one.kill()
            one.wait()
        self._log.close()

    def kill(self, crm: crmkit.CRM, number: int) -> None:
        """Kill a worker, one that is at work if there is any, and start another in its place."""
        with crm.session.store.read() as reader:
            at_work = holders(reader)
        busy = [n for n, one in enumerate(self._workers) if at_work[one.pid]]
        number = busy[number % len(busy)] if busy else number
        self._workers[number].send_signal(signal.SIGKILL)
        self._workers[number].wait()
        self.busy += bool(busy)
        self._workers[number] = self._start()

    def end(self) -> list[int]:
        """Tell everybody to stop; give how they ended."""
        for one in self._workers:
            one.terminate()
        return [one.wait(PATIENCE) for one in self._workers]

    def _start(self) -> subprocess.Popen[bytes]:
        words = ["--config", str(self._day.config), "--no-plugins", "work"]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.shifted", str(self._day.clock), *words],
            cwd=Path(__file__).parents[2],
            env=environment(),
            stdout=self._log,
            stderr=self._log,
        )


def worked_by_many(day: Day, kills: int, seed: int, hours: int = HOURS) -> tuple[object, int]:
    """Let a day pass with two workers, who are killed at random moments.

    Gives what the day came to, and how many of the killed were at work on a job.
    """
    lot = Random(seed)
    when = [(lot.randrange(hours), lot.uniform(0, _SPAN), lot.randrange(2)) for _ in range(kills)]
    with day.open() as crm:
        day.begin(crm)
        with Crew(day, 2) as crew:
            for hour in range(hours + SETTLING):
                day.set(hour)
                if hour < hours:
                    day.happens(crm, hour)
                crm.jobs.tick()
                began = time.monotonic()
                for _, offset, number in sorted(one for one in when if one[0] == hour):
                    time.sleep(max(0.0, began + offset - time.monotonic()))
                    crew.kill(crm, number)
                while not is_idle(crm):
                    assert time.monotonic() < began + PATIENCE, "the jobs of an hour are not done"
                    time.sleep(0.02)
            assert {*crew.end()} <= {0, -signal.SIGTERM}  # one that had only begun
        return day.comes_to(crm), crew.busy
