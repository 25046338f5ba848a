"""Several at once on one ledger: nothing goes twice, nothing is left, and caps hold over all."""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from crmkit.capture.tombstones import VARIABLE
from crmkit.model.outreach import Counts
from tests.many.test_many import together
from tests.outreach.forks import in_processes
from tests.outreach.sink import email, enter, fill, lines, opened, taken
from tests.postgres import database

PEOPLE = 12
OCCASIONS = 4
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a workspace of customers who were never written to."""
    monkeypatch.setenv(VARIABLE, "outside of every database")
    url = f"sqlite:///{tmp_path / 'crm.db'}" if request.param == "sqlite" else database()
    with opened(url, tmp_path / "sink") as crm:
        fill(crm, PEOPLE)
    return url


@pytest.fixture
def sink(tmp_path: Path) -> Path:
    return tmp_path / "sink"


def everything(url: str, sink: Path, **settings: object) -> list[str]:
    """Enter a message on each occasion for everybody; give the ids."""
    ids = [f"c{number}" for number in range(PEOPLE)]
    with opened(url, sink, **settings) as crm:
        for number in range(OCCASIONS):
            enter(crm, ids, f"tea {number}")
    return ids


def send(url: str, sink: Path, **settings: object) -> None:
    """Dispatch by a connection of one's own."""
    with opened(url, sink, batch=5, thread_safe=True, **settings) as crm:
        crm.outreach.dispatch()


ALL = Counter((email(who), f"tea {n}") for who in range(PEOPLE) for n in range(OCCASIONS))


def assert_all_went(url: str, sink: Path) -> None:
    """Everybody got each message once, and the ledger knows it."""
    assert taken(sink) == ALL
    with opened(url, sink) as crm:
        states = Counter(row.state for row in crm.outreach.ledger())
        assert states == {"accepted": ALL.total()}
        assert crm.outreach.dispatch() == Counts()


def test_processes_send_each_message_once(url: str, sink: Path):
    """Four dispatchers at once: between them all of it goes, and none of it twice."""
    everything(url, sink)
    in_processes(*[partial(send, url, sink)] * 4)
    assert_all_went(url, sink)


def test_threads_send_each_message_once(url: str, sink: Path):
    """Threads that share one connection to the workspace do so too."""
    everything(url, sink)
    with opened(url, sink, batch=5) as crm:
        together([crm.outreach.dispatch] * 4)
    assert_all_went(url, sink)


@pytest.mark.row("R37")
def test_caps_hold_over_all_processes(url: str, sink: Path):
    """Nobody gets more than the cap allows, whoever sends; the rest waits and says why."""
    caps = {"all": {"max": 2, "per": "day"}}
    everything(url, sink, caps=caps)
    in_processes(*[partial(send, url, sink, caps=caps)] * 4)
    assert Counter(to for _, to, _, _ in lines(sink)) == {email(n): 2 for n in range(PEOPLE)}
    with opened(url, sink) as crm:
        found = Counter((row.state, row.reason) for row in crm.outreach.ledger())
    waiting = PEOPLE * (OCCASIONS - 2)
    assert found == {("accepted", None): 2 * PEOPLE, ("planned", "cap"): waiting}


def test_the_same_occasion_is_entered_once(url: str, sink: Path):
    """Of processes that enter the same messages at once each customer keeps one row."""
    in_processes(*[partial(everything, url, sink)] * 3)
    with opened(url, sink) as crm:
        rows = crm.outreach.ledger()
        assert Counter((row.customer_id, row.occasion) for row in rows) == {
            (f"c{who}", f"tea {n}"): 1 for who in range(PEOPLE) for n in range(OCCASIONS)
        }
        crm.outreach.dispatch()
    assert taken(sink) == ALL


def test_the_same_receipts_are_heard_once(url: str, sink: Path):
    """A provider who tells the same to two processes at once is heard once."""
    with opened(url, sink) as crm:
        enter(crm, [f"c{number}" for number in range(PEOPLE)])
        crm.outreach.dispatch()
        told = [
            {"what": what, "message_id": row.id, "event_id": f"{what}-{row.id}"} | more
            for row in crm.outreach.ledger()
            for what, more in (
                ("delivered", {}),
                ("opened", {}),
                ("complained", {}),
                ("replied", {"address": f"{row.customer_id}@example.com", "text": "no more tea"}),
            )
        ]

    def hear() -> None:
        with opened(url, sink) as crm:
            for start in range(0, len(told), 16):
                crm.outreach.receive("sink", {}, json.dumps(told[start : start + 16]))

    in_processes(hear, hear)
    with opened(url, sink) as crm:
        assert {row.state for row in crm.outreach.ledger()} == {"complained"}
        for number in range(PEOPLE):
            told_of = [
                (one.kind, (one.attributes or {}).get("receipt"))
                for one in crm.touchpoints.of(f"c{number}")
            ]
            assert Counter(told_of) == {
                ("message_out", None): 1,
                ("note", "delivered"): 1,
                ("note", "opened"): 1,
                ("note", "complained"): 1,
                ("message_in", None): 1,
            }
