"""A dispatcher that is killed anywhere while it sends real letters, whose copies are archived."""

from __future__ import annotations

import mailbox
import os
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

import crmkit
from crmkit.plugins import PluginManager
from tests.channels.email_server import MailServer, wait_for
from tests.outreach.forks import Killed, Work
from tests.outreach.sink import NOW, email, enter, fill, later

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
PEOPLE = 11
POINTS = 40
ARCHIVE = "archive@shop.example"
slow = pytest.mark.slow("kills forty dispatchers that send letters")


class Post(MailServer):
    """Files the blind copies of what it took, once nobody speaks to it any more."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.speaking = 0
        self._filed = 0
        super().__init__()

    def _serve(self, sock: socket.socket) -> None:
        with self.lock:
            self.speaking += 1
        try:
            super()._serve(sock)
        finally:
            with self.lock:
                self.speaking -= 1

    def file(self, folder: Path) -> None:
        """Deliver to the archive what came since the last time."""
        wait_for(lambda: not self.speaking)
        box = mailbox.Maildir(folder)
        for one in self.taken[self._filed :]:
            assert ARCHIVE in one.to
            box.add(one.data)
        self._filed = len(self.taken)

    def reached(self) -> Counter[str]:
        """Count the letters by whom they went to."""
        return Counter(to for one in self.taken for to in one.to if to != ARCHIVE)


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.close()


def opened(folder: Path, post: Post, lives: int) -> crmkit.CRM:
    """Open the workspace; its one channel sends by the post, over one connection."""
    mail = {
        "type": "email",
        "host": "127.0.0.1",
        "port": post.port,
        "sender": "shop@shop.example",
        "archive": f"maildir:{folder / 'archive'}",
        "archive_address": ARCHIVE,
        "connections": 1,
        "on_unknown": "resend",
    }
    config = {
        "channels": {"mail": mail},
        "outreach": {"basis": {"care": "opt_out"}, "batch": 5},
    }
    plugins = PluginManager(discover=False, strict=True)
    url = f"sqlite:///{folder / 'crm.db'}"
    return crmkit.connect(url, plugins=plugins, clock=later(lives), config=config)


def live(begin: Work, folder: Path, post: Post, lives: int) -> None:
    """Do all that a host does: mend what others left, enter everybody, send."""
    with opened(folder, post, lives) as crm:
        begin()
        crm.outreach.reconcile()
        enter(crm, [f"c{number}" for number in range(PEOPLE)], channel="mail")
        crm.outreach.dispatch()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a workspace that is about to write to everybody."""
    folder = tmp_path_factory.mktemp("ready")
    mailbox.Maildir(folder / "archive")
    with crmkit.connect(f"sqlite:///{folder / 'crm.db'}", plugins=[], clock=lambda: NOW) as crm:
        fill(crm, PEOPLE)
    return folder


@pytest.fixture(scope="module")
def steps(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Give how many places there are at which it can be killed."""
    folder = tmp_path_factory.mktemp("steps") / "copy"
    shutil.copytree(ready, folder)
    post = Post()
    found = Killed(partial(live, folder=folder, post=post, lives=0)).steps()
    wait_for(lambda: not post.speaking)
    assert post.reached().total() == PEOPLE
    post.close()
    return found


@pytest.mark.parametrize(
    "point", [pytest.param(n, marks=() if n % 20 == 15 else slow) for n in range(POINTS)]
)
def test_letters_of_a_dispatcher_killed_anywhere(
    ready: Path, steps: int, post: Post, tmp_path: Path, point: int
):
    """Every customer gets one letter, for the next dispatcher finds the copies in the archive."""
    folder = tmp_path / "copy"
    shutil.copytree(ready, folder)
    place = 1 + int((point + Random(point).random()) * steps / POINTS)
    Killed(partial(live, folder=folder, post=post, lives=0)).at(place)
    post.file(folder / "archive")
    live(lambda: None, folder, post, 1)
    assert post.reached() == Counter(email(number) for number in range(PEOPLE))
    with opened(folder, post, 1) as crm:
        states = [row.state for row in crm.outreach.ledger()]
        told = [one.kind for n in range(PEOPLE) for one in crm.touchpoints.of(f"c{n}")]
    assert (states, told) == (["accepted"] * PEOPLE, ["message_out"] * PEOPLE)
