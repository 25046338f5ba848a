"""A runner of a plugin that breaks: one error that names it, and nothing else stays behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from typing import Any

import pytest

import crmkit
from crmkit import PluginError, StoreError, hookimpl
from crmkit.contracts.runner import Job, Runner
from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Writer
from crmkit.jobs.ticking import keep_ticking
from tests.jobs.kit import hands


class Breaking(Runner):
    """Breaks at one of its calls, with an error that holds a password."""

    def __init__(self, where: str) -> None:
        self._where = where

    def _at(self, where: str) -> None:
        if where == self._where:
            raise OSError("nobody answers at\namqp://lin:hunter2@queue/shop")

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:  # noqa: ARG002
        self._at("submit")

    def work(
        self,
        run: Callable[[Job], object],  # noqa: ARG002
        *,
        until_idle: bool = False,  # noqa: ARG002
        stop: Event | None = None,  # noqa: ARG002
    ) -> None:
        self._at("work")

    def close(self) -> None:
        self._at("close")


def _opened(give: Callable[[Any], Any]) -> crmkit.CRM:
    class Plugin:
        @hookimpl
        def crmkit_runners(self) -> Iterable[RunnerSpec]:
            yield RunnerSpec(name="breaking", open=give)

    config = {"runner": {"type": "breaking"}}
    crm = crmkit.connect("memory://", config=config, clock=hands(), plugins=[])
    crm.plugins.register(Plugin())
    return crm


def _named(error: PluginError) -> None:
    assert (error.plugin, error.hook) == ("Plugin", "crmkit_runners")
    assert "hunter2" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("where", "call"),
    [
        pytest.param("submit", lambda jobs: jobs.submit("advance"), id="submit"),
        pytest.param("submit", lambda jobs: jobs.tick(), id="tick"),
        pytest.param("work", lambda jobs: jobs.work(until_idle=True), id="work"),
    ],
)
def test_what_a_runner_raises_names_its_plugin(where: str, call: Callable[[Any], object]):
    """Whatever it raises is one PluginError without a password."""
    with _opened(lambda _: Breaking(where)) as crm, pytest.raises(PluginError) as caught:
        call(crm.jobs)
    _named(caught.value)


def test_what_is_no_runner_names_its_plugin():
    """A function that forgets to give its runner is told as such."""
    with _opened(lambda _: None) as crm, pytest.raises(PluginError) as caught:
        crm.jobs.submit("advance")
    _named(caught.value)


def test_a_runner_that_cannot_be_closed_keeps_nothing_open():
    """The error names its plugin, and the store is closed all the same."""
    crm = _opened(lambda _: Breaking("close"))
    crm.jobs.submit("advance")
    with pytest.raises(PluginError) as caught:
        crm.close()
    _named(caught.value)
    with pytest.raises(StoreError, match="closed"):
        crm.customers.search()


def test_the_clock_is_looked_at_again_whatever_a_look_raised(caplog: pytest.LogCaptureFixture):
    """A worker whose ticker had ended would do nothing more, and say nothing of it."""
    ended, looks = Event(), []

    def tick() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            raise RuntimeError("odd")
        ended.set()

    ended.wait = lambda _timeout=None: ended.is_set()  # type: ignore[method-assign,assignment]
    keep_ticking(tick, ended)
    assert looks == [0, 1]
    assert "odd" in caplog.text
