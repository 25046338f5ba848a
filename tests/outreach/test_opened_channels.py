"""Opened channels: one for each thread that needs one, and none of a parent process's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

import crmkit
from crmkit.contracts.channel import Channel, Message, Receipt
from crmkit.contracts.specs import ChannelSpec
from crmkit.plugins import PluginManager, hookimpl
from tests.many.test_many import together
from tests.outreach.forks import in_processes
from tests.outreach.sink import NOW, enter, fill, plugins


class Wire(Channel):
    """Notes by whom it is used, and whether two use it at once."""

    made: list[Wire]

    def __init__(self, config: None = None) -> None:  # noqa: ARG002 - it takes none
        """Note where it was opened."""
        self.used: set[tuple[int, int]] = set()
        self.busy = threading.Lock()
        self.closed: list[int] = []
        self.made.append(self)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Take them, unless another thread is at it."""
        assert self.busy.acquire(blocking=False)
        try:
            self.used.add((os.getpid(), threading.get_ident()))
            return [Receipt.accepted(one) for one in messages]
        finally:
            self.busy.release()

    def close(self) -> None:
        """Note which process closes it."""
        self.closed.append(os.getpid())


@pytest.fixture(params=[True, False], ids=["safe", "unsafe"])
def thread_safe(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def crm(thread_safe: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a workspace with messages to send by a `Wire`."""
    monkeypatch.setattr(Wire, "made", [], raising=False)

    class Offer:
        @hookimpl
        def crmkit_channels(self) -> Iterable[ChannelSpec]:
            yield ChannelSpec(name="wire", identity="email", open=Wire, thread_safe=thread_safe)

    config = {"outreach": {"basis": {"care": "opt_out"}}}
    made = crmkit.connect("memory://", plugins=plugins(Offer()), clock=lambda: NOW, config=config)
    ids = fill(made, 60)
    for number in range(4):
        enter(made, ids[15 * number : 15 * number + 15], f"tea {number}", channel="wire")
    yield made
    made.close()


def test_threads_share_a_channel_only_where_it_says_so(crm: crmkit.CRM, thread_safe: bool):
    """One that is not safe to use from several threads is opened in each, and all are closed."""
    wait = threading.Barrier(4)

    def use() -> None:
        lines = crm.outreach.setup.lines
        wire = lines.open("wire")
        assert lines.open("wire") is wire
        wait.wait()  # all live at once: no thread has the number of one that ended

    together([use] * 4)
    assert len(Wire.made) == (1 if thread_safe else 4)
    crm.outreach.setup.lines.close()
    assert [one.closed for one in Wire.made] == [[os.getpid()]] * len(Wire.made)


@pytest.mark.parametrize("thread_safe", [False])
def test_threads_dispatch(crm: crmkit.CRM):
    """Several threads of one process send side by side."""
    together([crm.outreach.dispatch] * 4)
    assert {row.state for row in crm.outreach.ledger()} == {"accepted"}
    assert all(len(one.used) <= 1 for one in Wire.made)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_opens_its_own(crm: crmkit.CRM):
    """A child neither uses nor closes what its parent opened, even while a thread was opening."""
    lines = crm.outreach.setup.lines
    parents = lines.open("wire")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with lines._lock:
            held.set()
            release.wait()

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    held.wait()

    def child() -> None:
        mine = lines.open("wire")
        assert mine is not parents
        crm.outreach.setup.lines.close()
        assert (mine.closed, parents.closed) == ([os.getpid()], [])

    in_processes(child, child)
    release.set()
    holder.join()
    assert lines.open("wire") is parents


def test_a_channel_that_cannot_be_closed_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """The next one is closed all the same, the host goes on, and the plugin is named."""
    closed: list[str] = []
    monkeypatch.setattr(Wire, "made", [], raising=False)

    class Stuck(Wire):
        def close(self) -> None:
            raise SystemExit(3)

    class Loose(Wire):
        def close(self) -> None:
            closed.append("loose")

    class Offer:
        @hookimpl
        def crmkit_channels(self) -> Iterable[ChannelSpec]:
            yield ChannelSpec(name="stuck", open=Stuck)
            yield ChannelSpec(name="loose", open=Loose)

    offered = PluginManager(discover=False)
    offered.register(Offer())
    with crmkit.connect("memory://", plugins=offered) as crm:
        for name in ("stuck", "loose"):
            crm.outreach.setup.lines.open(name)

    assert closed == ["loose"]
    (failure,) = offered.failures
    assert (failure.hook, failure.cause) == ("crmkit_channels", "SystemExit: 3")
    assert "SystemExit: 3" in caplog.text
