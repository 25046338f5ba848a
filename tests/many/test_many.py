"""Several at once on one database come to what one alone does; whoever follows misses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

import crmkit
from crmkit.contracts.tables import CUSTOMER, DECISION, TOUCHPOINT
from tests import mariadb, mariadb_server, postgres
from tests.many.picture import Picture, picture
from tests.many.work import PARTS, Share, ticking
from tests.pages import ROOT

SHARES = 4


ON_MARIADB = pytest.param(
    mariadb,
    id="mariadb",
    marks=[
        pytest.mark.slow("many at once on a second server"),
        pytest.mark.skipif(bool(mariadb_server.missing()), reason=mariadb_server.missing()),
    ],
)


@pytest.fixture(params=[pytest.param(postgres, id="postgresql"), ON_MARIADB])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.param.database())


def opened(url: str, began: float = 0) -> crmkit.CRM:
    return crmkit.connect(url, plugins=[], clock=ticking(began or time.time()))


@cache
def alone(shares: int) -> tuple[Picture, dict[str, float], int]:
    """Give what it comes to where one does all the shares, one after the other."""
    with opened("memory://") as crm:
        works = [Share(crm, number, shares) for number in range(shares)]
        for part in PARTS:
            for work in works:
                getattr(work, part)()
        return *picture(crm), sum(work.new for work in works)


def came_to_the_same(crm: crmkit.CRM, shares: int, new: int) -> None:
    """Compare with one who did it alone, and the states with the log they come from."""
    whole, figures = picture(crm)
    wanted, right, count = alone(shares)
    for what, found in wanted.items():
        assert whole[what] == found, what
    assert figures == pytest.approx(right, rel=1e-9, abs=1e-9)
    assert new == count  # each record was new to exactly one
    crm.value.rebuild()
    assert picture(crm)[1] == pytest.approx(right, rel=1e-9, abs=1e-9)


# -- processes -----------------------------------------------------------------------------


class Processes:
    """Processes that each do a share, and one that follows."""

    def __init__(self, url: str, shares: int) -> None:
        names = [*map(str, range(shares)), "follow"]
        command = [sys.executable, "-W", "error", "-m", "tests.many.worker", url]
        began = str(time.time())
        self.all = [
            subprocess.Popen(
                [*command, name, str(shares), began],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for name in names
        ]

    def do(self, part: str) -> None:
        """Let all of them do a part at once; wait until they have."""
        for process in self.all[:-1]:
            assert process.stdin is not None
            process.stdin.write(f"{part}\n")
            process.stdin.flush()
        for process in self.all[:-1]:
            assert process.stdout is not None
            assert process.stdout.readline() == "done\n", self.end(process)

    @staticmethod
    def end(process: subprocess.Popen[str]) -> Any:
        """End a process and give what it tells at the end."""
        told, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
        assert error == ""
        return json.loads(told)


@pytest.fixture
def processes(url: str) -> Iterator[Processes]:
    started = Processes(url, SHARES)
    yield started
    for process in started.all:
        process.kill()
        process.communicate()


def test_processes(url: str, processes: Processes) -> None:
    """Nothing is lost or doubled, nobody meets an error, and the follower has seen every change."""
    for part in PARTS:
        processes.do(part)
    new = sum(processes.end(process) for process in processes.all[:-1])
    seen = processes.end(processes.all[-1])
    with opened(url) as crm:
        followed_all(crm, seen)
        came_to_the_same(crm, SHARES, new)


def followed_all(crm: crmkit.CRM, seen: list[list[Any]]) -> None:
    """Compare what a follower saw with the logs, and with where the customers stand."""
    places = [entry[0] for entry in seen]
    assert places == sorted(set(places))
    with crm.session.store.read() as reader:
        touchpoints = [
            [row[0], "touchpoint", row[4], row[1], row[2]]
            for row in reader.scan(TOUCHPOINT, by=("seq",))
        ]
        decisions = [[row[0], "decision", row[2]] for row in reader.scan(DECISION)]
        customers = [[row[1], "customer", row[0]] for row in reader.scan(CUSTOMER)]
    assert [entry for entry in seen if entry[1] == "touchpoint"] == touchpoints
    assert [entry for entry in seen if entry[1] == "decision"] == decisions
    for entry in customers:
        assert entry in seen


# -- threads -------------------------------------------------------------------------------


def together(works: list[Callable[[], object]]) -> None:
    """Run functions at once, each in a thread; raise what one of them raised."""
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for failure in failures:
        raise failure


def test_threads(url: str) -> None:
    """The same with eight threads of one process that share one connection to the workspace."""
    with opened(url) as crm:
        works = [Share(crm, number, 8) for number in range(8)]
        for part in PARTS:
            together([getattr(work, part) for work in works])
        came_to_the_same(crm, 8, sum(work.new for work in works))


# -- forks ---------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forks(url: str) -> None:
    """Parent and children go on with the connection that was open before; so do their threads."""
    with opened(url) as crm:
        works = [Share(crm, number, 2) for number in range(2)]
        works[0].take(crm.capture(list(works[0].records())[:50], source="shop"))
        for part in PARTS[:2]:
            told, tell = os.pipe()
            child = os.fork()
            if not child:
                code = 1
                try:
                    getattr(works[1], part)()
                    os.write(tell, str(works[1].new).encode())
                    code = 0
                except BaseException:  # noqa: BLE001 - nobody else tells what it was
                    os.write(2, traceback.format_exc().encode())
                finally:
                    os._exit(code)
            getattr(works[0], part)()
            os.close(tell)
            with os.fdopen(told) as pipe:
                works[1].new = int(pipe.read() or 0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        for part in PARTS[2:]:
            together([getattr(work, part) for work in works])
        came_to_the_same(crm, 2, sum(work.new for work in works))
