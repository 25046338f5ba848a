"""A dispatcher that is killed anywhere: nobody gets a message twice, and none is lost."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import pytest

import crmkit
from crmkit.contracts.tables import TOUCHPOINT
from tests.outreach.forks import Killed, Work
from tests.outreach.sink import email, enter, fill, later, lines, opened, taken

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
PEOPLE = 11
POINTS = 100
slow = pytest.mark.slow("kills a hundred dispatchers")


def live(begin: Work, folder: Path, lives: int, on_unknown: str, thread_safe: bool = True) -> None:
    """Do all that a host does: mend what others left, enter everybody, send."""
    sink = folder / "sink"
    url = f"sqlite:///{folder / 'crm.db'}"
    how = {"on_unknown": on_unknown, "thread_safe": thread_safe, "batch": 5}
    with opened(url, sink, clock=later(lives), **how) as crm:
        begin()
        crm.outreach.reconcile()
        if on_unknown == "hold":  # what the channel did not find, a person looks up
            there = {line[0] for line in lines(sink)}
            for row in crm.outreach.ledger(state="unknown"):
                crm.outreach.settle(row.id, sent=row.id in there, by="lin")
        enter(crm, [f"c{number}" for number in range(PEOPLE)])
        crm.outreach.dispatch()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a workspace that is about to write to everybody."""
    folder = tmp_path_factory.mktemp("ready")
    with opened(f"sqlite:///{folder / 'crm.db'}", folder / "sink") as crm:
        fill(crm, PEOPLE)
    return folder


@pytest.fixture(scope="module")
def steps(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Give how many places there are at which it can be killed."""
    folder = tmp_path_factory.mktemp("steps") / "copy"
    shutil.copytree(ready, folder)
    return Killed(partial(live, folder=folder, lives=0, on_unknown="resend")).steps()


def assert_each_got_one(crm: crmkit.CRM, sink: Path) -> None:
    """Compare the sink, the ledger and what is known of the customers."""
    assert taken(sink) == Counter((email(number), "tea") for number in range(PEOPLE))
    rows = crm.outreach.ledger()
    assert {(row.customer_id, row.state) for row in rows} == {
        (f"c{number}", "accepted") for number in range(PEOPLE)
    }
    assert len(rows) == PEOPLE
    with crm.session.store.read() as reader:
        told = Counter(row[4] for row in reader.scan(TOUCHPOINT) if row[6] == "message_out")
    assert told == Counter(f"c{number}" for number in range(PEOPLE))


@pytest.mark.parametrize(
    "point",
    [pytest.param(n, marks=() if n % 13 == 7 else slow) for n in range(POINTS)],
)
def test_a_dispatcher_killed_anywhere(ready: Path, steps: int, tmp_path: Path, point: int):
    """Wherever it is killed, the next one leaves every customer with one message, and all known.

    Every third time the one who comes to mend it is killed as well.
    """
    folder = tmp_path / "copy"
    shutil.copytree(ready, folder)
    lot = Random(point)
    on_unknown = ("resend", "hold")[point % 2]
    lives = 0
    for _ in range(2 if point % 3 == 1 else 1):
        how = {"on_unknown": on_unknown, "thread_safe": point % 4 < 2}
        life = partial(live, folder=folder, lives=lives, **how)
        Killed(life).at(1 + int((point + lot.random()) * steps / POINTS))
        point = lot.randrange(POINTS)
        lives += 1
    live(lambda: None, folder, lives, on_unknown)
    with opened(f"sqlite:///{folder / 'crm.db'}", folder / "sink") as crm:
        assert_each_got_one(crm, folder / "sink")
