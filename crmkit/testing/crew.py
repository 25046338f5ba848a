"""Workers in processes of their own, ``crmkit work``, to whom something happens during a day.

Some are killed, or their database goes away: what the day comes to is the same as without.
"""

# ruff: noqa: S101, S311 - a law is an assertion, and no lot is a secret
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Self

import crmkit
from crmkit.crm import CRM
from crmkit.testing.day import HOURS, SETTLING, Day
from crmkit.testing.day_outcome import outcome
from crmkit.testing.postgres_server import Server

PATIENCE = 120.0
"""Seconds that the jobs of an hour may take."""
_SPAN = 0.8
"""Seconds of an hour's work, within which somebody is killed."""


class Crew:
    """So many workers on one shop; a killed one is replaced.

    Attributes:
        log: What they printed.
        size: How many there are.
    """

    def __init__(self, day: Day, size: int) -> None:
        """Start them."""
        self._day = day
        self.log = day.folder / "workers.log"
        self._at_work = day.folder / "at-work"
        self._at_work.mkdir()
        self._out = self.log.open("ab")
        self.size = size
        self._workers = [self._start() for _ in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._workers:
            one.kill()
            one.wait()
        self._out.close()

    def at_work(self) -> Counter[int]:
        """Count the jobs that are being done, by process."""
        return Counter(int(path.suffix[1:]) for path in self._at_work.iterdir())

    def kill(self, number: int) -> bool:
        """Kill a worker, one that is at work if there is any; tell whether it was.

        Another is started in its place.
        """
        at_work = self.at_work()
        busy = [n for n, one in enumerate(self._workers) if at_work[one.pid]]
        number = busy[number % len(busy)] if busy else number % len(self._workers)
        self._workers[number].send_signal(signal.SIGKILL)
        self._workers[number].wait()
        self._workers[number] = self._start()
        return bool(busy)

    def end(self) -> None:
        """Tell everybody to stop, and see that they do so in order."""
        for one in self._workers:
            one.terminate()
        codes = {one.wait(PATIENCE) for one in self._workers}
        assert codes <= {0, -signal.SIGTERM}, self.log.read_text("utf-8")  # one had only begun

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(crmkit.__file__).parents[1])
        words = [str(self._day.clock), str(self._at_work), "--config", str(self._day.config)]
        return subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
            [sys.executable, "-m", "crmkit.testing.crew_worker", *words, "work"],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
                "CRMKIT_PLUGINS": ",".join(self._day.plugins),
            },
            stdout=self._out,
            stderr=self._out,
        )


Disturbance = Callable[[Crew, int], object]
"""Called in each hour of the day, while the crew is at work."""


class Killing:
    """Kills workers at random moments of a day.

    Attributes:
        kills: How many.
        busy: How many of the killed were at work on a job.
    """

    def __init__(self, kills: int, seed: int, hours: int = HOURS) -> None:
        """Draw the moments."""
        lot = Random(seed)
        self.kills, self.busy = kills, 0
        self._when = sorted(
            (lot.randrange(hours), lot.uniform(0, _SPAN), lot.randrange(2)) for _ in range(kills)
        )

    def __call__(self, crew: Crew, hour: int) -> None:
        """Kill whoever is to be killed in this hour."""
        began = time.monotonic()
        for of, offset, number in self._when:
            if of == hour:
                time.sleep(max(0.0, began + offset - time.monotonic()))
                self.busy += crew.kill(number)


class Restarting:
    """Has the database crash amid the jobs of an hour, and come back once every worker said so.

    Attributes:
        told: How often they said so, which is to be once each.
    """

    def __init__(self, server: Server, away: str, hour: int = 1) -> None:
        """Do nothing yet.

        Args:
            server: The database's.
            away: What a worker prints when it finds its queue away.
            hour: Of the day.
        """
        self._server, self._away, self._hour = server, away, hour
        self.told = 0

    def __call__(self, crew: Crew, hour: int) -> None:
        """Crash it, in its hour."""
        self.told = self._count(crew)
        if hour != self._hour:
            return
        _until(crew.at_work, 2.0)
        self._server.stop("immediate")
        try:
            said = _until(lambda: self._count(crew) >= crew.size, PATIENCE)
            assert said, crew.log.read_text("utf-8")
            time.sleep(_SPAN)  # in which they look again and again
        finally:
            self._server.start()

    def _count(self, crew: Crew) -> int:
        return crew.log.read_text("utf-8").count(self._away)


def _until(seen: Callable[[], object], seconds: float) -> bool:
    """Wait until something is seen; tell whether it was."""
    end = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def worked_alone(day: Day, hours: int = HOURS) -> dict[str, Any]:
    """Let a day pass with one worker in this process, whom nobody disturbs."""
    with day.open() as crm:
        day.begin(crm)
        for hour in range(hours + SETTLING):
            day.set(hour)
            if hour < hours:
                day.happens(crm, hour)
            crm.jobs.work(until_idle=True)
            assert day.is_idle(crm)
        return outcome(day, crm)


def worked_by_many(day: Day, disturbed: Disturbance, hours: int = HOURS) -> dict[str, Any]:
    """Let a day pass with two workers, to whom something happens."""
    with day.open() as crm:
        day.begin(crm)
        with Crew(day, 2) as crew:
            for hour in range(hours + SETTLING):
                day.set(hour)
                if hour < hours:
                    day.happens(crm, hour)
                crm.jobs.tick()
                disturbed(crew, hour)
                _settle(day, crm, crew)
            crew.end()
        return outcome(day, crm)


def _settle(day: Day, crm: CRM, crew: Crew) -> None:
    """Wait until the jobs of an hour are done."""
    done = _until(lambda: day.is_idle(crm), PATIENCE)
    assert done, f"the jobs of an hour are not done:\n{crew.log.read_text('utf-8')}"


def assert_same(undisturbed: dict[str, Any], disturbed: dict[str, Any]) -> None:
    """Compare both ends of the day, part by part; nobody got a message twice."""
    assert set(disturbed) == set(undisturbed)
    for part, found in undisturbed.items():
        assert disturbed[part] == found, f"{part}: {_difference(found, disturbed[part])}"
    assert set(disturbed["sent"].values()) == {1}
    assert {state for *_, state in disturbed["messages"]} == {"accepted"}


def _difference(undisturbed: Any, disturbed: Any) -> str:
    """Say what one day has and the other has not."""
    if not isinstance(undisturbed, Counter | list):
        return f"{disturbed}, undisturbed {undisturbed}"
    one, other = Counter(undisturbed), Counter(disturbed)
    return f"lost {sorted(one - other, key=str)}, more {sorted(other - one, key=str)}"
