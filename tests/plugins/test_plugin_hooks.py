"""Every hook is documented, tested, and reaches a plugin."""

from __future__ import annotations

import doctest
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

import crmkit
from crmkit.contracts.channel import Delivery, Message
from crmkit.contracts.connector import Synced
from crmkit.contracts.specs import (
    ChannelSpec,
    CommandSpec,
    ConnectorSpec,
    EngineSpec,
    KindSpec,
    ReferenceSpec,
    Refusal,
    RunnerSpec,
    StoreSpec,
)
from crmkit.errors import PluginError
from crmkit.model.lifecycle import Move, StageRule
from crmkit.model.touchpoint import Touchpoint
from crmkit.model.value import Indicator
from crmkit.plugins import PluginManager, hookimpl, hookspecs
from crmkit.plugins.registry import HOOKS
from crmkit.testing.plugins import manager_for

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"

# hook -> the record a plugin gives, and how crmkit asks for it
OFFERED = {
    "crmkit_stores": (StoreSpec(name="nest", open=dict), PluginManager.stores),
    "crmkit_channels": (ChannelSpec(name="nest", open=dict), PluginManager.channels),
    "crmkit_connectors": (ConnectorSpec(name="nest", open=dict), PluginManager.connectors),
    "crmkit_runners": (RunnerSpec(name="nest", open=dict), PluginManager.runners),
    "crmkit_engines": (EngineSpec(name="nest", open=dict), PluginManager.engines),
    "crmkit_indicators": (
        Indicator("nest", ("visit",), "count", half_life=timedelta(days=9), weight=1),
        PluginManager.indicators,
    ),
    "crmkit_touchpoint_kinds": (KindSpec(name="nest"), PluginManager.touchpoint_kinds),
    "crmkit_stage_rules": (
        StageRule(name="nest", to="churned", when={"purchases": {"max": 0}}),
        PluginManager.stage_rules,
    ),
    "crmkit_commands": (CommandSpec(name="nest", command="x:y"), PluginManager.commands),
    "crmkit_references": (
        ReferenceSpec(name="nest", repoint=print, export=print, erase=print),
        PluginManager.references,
    ),
}
MESSAGE = Message(id="m1", customer_id="c1", purpose="care")
# hook -> its first argument, what it carries, and how crmkit tells it
TOLD = {
    "crmkit_touchpoints_recorded": (
        "touchpoints",
        [Touchpoint(id="1", kind="visit", at=NOW, customer="c1")],
        PluginManager.touchpoints_recorded,
    ),
    "crmkit_scores_changed": ("customer_ids", ["c1"], PluginManager.scores_changed),
    "crmkit_stages_changed": (
        "moves",
        [
            Move(
                customer_id="c1",
                what="stage",
                before=None,
                after="churned",
                at=NOW,
                recorded_at=NOW,
                rule="r",
                reason="",
            )
        ],
        PluginManager.stages_changed,
    ),
    "crmkit_receipts": ("deliveries", [Delivery(what="opened")], PluginManager.receipts),
    "crmkit_synced": ("synced", Synced(connector="nest"), PluginManager.synced),
}
ASKED = {"crmkit_refuse_send", "crmkit_settings"}


def plugin(hook: str, implementation: Callable[..., object]) -> SimpleNamespace:
    return SimpleNamespace(**{hook: hookimpl(implementation)})


def listening(argument: str, heard: list) -> object:
    """Make a listener that takes both arguments of a hook by name."""
    names: dict = {"heard": heard}
    exec(f"def listen({argument}, workspace): heard.append(({argument}, workspace))", names)
    return names["listen"]


def test_every_hook_stands_in_a_table_here():
    """A hook that is added without a test fails here."""
    assert set(HOOKS) == set(OFFERED) | set(TOLD) | ASKED


@pytest.mark.parametrize("hook", OFFERED)
def test_a_record_that_is_offered_arrives(hook: str):
    """The typed method gives the plugin's own record, by its name."""
    record, ask = OFFERED[hook]
    manager = PluginManager(discover=False, strict=True)
    manager.register(plugin(hook, lambda: [record]))

    assert ask(manager)["nest"] is record


@pytest.mark.parametrize("hook", TOLD)
def test_what_is_told_arrives_whole(hook: str):
    """The plugin gets the batch itself, and whose workspace it is."""
    argument, batch, tell = TOLD[hook]
    heard: list = []
    manager = PluginManager(discover=False, strict=True)
    manager.register(plugin(hook, listening(argument, heard)))

    tell(manager, batch, "shop")

    whole = tuple(batch) if isinstance(batch, list) else batch
    assert heard == [(whole, "shop")]
    assert manager.hears(hook)


@pytest.mark.parametrize("hook", TOLD)
def test_a_listener_that_raises_stops_nobody(hook: str, caplog: pytest.LogCaptureFixture):
    """The others hear it, the caller goes on, and the second time is not logged again."""
    argument, batch, tell = TOLD[hook]
    heard: list = []
    manager = PluginManager(discover=False)
    manager.register(plugin(hook, listening(argument, heard)), name="a")
    manager.register(plugin(hook, lambda: 1 / 0), name="m")
    manager.register(plugin(hook, lambda: (_ for _ in ()).throw(SystemExit)), name="n")
    manager.register(plugin(hook, listening(argument, heard)), name="z")

    tell(manager, batch, "shop")
    tell(manager, batch, "shop")

    assert len(heard) == 4
    assert [(f.plugin, f.hook) for f in manager.failures] == [("m", hook), ("n", hook)]
    assert len(caplog.records) == 2


def test_nobody_listening_is_known():
    """The engine need not gather what nobody hears."""
    assert not PluginManager(discover=False).hears("crmkit_scores_changed")


def test_every_reason_not_to_send_is_kept():
    """Two plugins refuse one message, one refuses the other: all three reasons come back."""
    manager = PluginManager(discover=False, strict=True)
    hawk = Refusal("m1", "hawk about")
    rain = [Refusal("m1", "rain"), Refusal("m2", "rain")]
    other = attrs.evolve(MESSAGE, id="m2")
    manager.register(
        plugin("crmkit_refuse_send", lambda messages: [hawk] if messages else []), name="b"
    )
    manager.register(
        plugin("crmkit_refuse_send", lambda workspace: iter(rain if workspace == "shop" else ())),
        name="a",
    )
    manager.register(plugin("crmkit_refuse_send", lambda: None), name="c")

    refused = manager.refuse_send([MESSAGE, other], "shop", manager.declared())

    assert refused == {"m1": (rain[0], hawk), "m2": (rain[1],)}


@pytest.mark.parametrize(
    "answer",
    [
        lambda: 1 / 0,
        lambda: ["m1"],
        lambda: {"m1": "rain"},
        lambda: [Refusal("m7", "rain")],
        lambda messages: [Refusal(messages[0], "rain")],
        lambda: [Refusal("m1", 7)],
    ],
    ids=[
        "raises",
        "gives ids",
        "gives a dict",
        "refuses what it was not asked",
        "gives the message for its id",
        "gives no words",
    ],
)
def test_nothing_is_sent_past_a_refuser_that_fails(answer: Callable[..., object]):
    """One that raises, or answers something else, stops the send and is named."""
    manager = PluginManager(discover=False)
    manager.register(plugin("crmkit_refuse_send", answer), name="weather")

    with pytest.raises(PluginError, match=r"weather.*nothing is sent") as caught:
        manager.refuse_send([MESSAGE], "shop", {})

    assert (caught.value.plugin, caught.value.hook) == ("weather", "crmkit_refuse_send")


def test_nobody_takes_the_messages_out_of_anothers_sight():
    """One plugin that empties what it is asked about does not silence the next one's refusal."""
    manager = PluginManager(discover=False)
    manager.register(plugin("crmkit_refuse_send", lambda messages: messages.clear()), name="a")
    manager.register(plugin("crmkit_refuse_send", lambda: [Refusal("m1", "rain")]), name="b")

    with pytest.raises(PluginError, match="nothing is sent while 'a'"):
        manager.refuse_send([MESSAGE], "shop", {})


@pytest.mark.parametrize("hook", [hook for hook in TOLD if hook != "crmkit_synced"])
def test_nobody_takes_what_is_told_from_another(hook: str):
    """A listener that empties its batch fails by itself, and the next one hears all of it."""
    argument, batch, tell = TOLD[hook]
    heard: list = []
    manager = PluginManager(discover=False)
    names: dict = {}
    exec(f"def empty({argument}): {argument}.clear()", names)
    manager.register(plugin(hook, names["empty"]), name="a")
    manager.register(plugin(hook, listening(argument, heard)), name="b")

    tell(manager, list(batch), "shop")

    assert heard == [(tuple(batch), "shop")]
    assert [failure.plugin for failure in manager.failures] == ["a"]


async def _promise() -> None:
    """Do nothing before somebody awaits it."""


def _lazily() -> Iterator[None]:
    yield


async def _promise_lazily() -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize("listener", [_promise, _lazily, _promise_lazily])
@pytest.mark.parametrize("hook", TOLD)
def test_a_listener_that_only_promises_is_named(hook: str, listener: Callable[..., object]):
    """Async functions and generators do nothing by being called: that is told, not passed over."""
    _, batch, tell = TOLD[hook]
    manager = PluginManager(discover=False)
    manager.register(plugin(hook, listener), name="lazy")

    tell(manager, batch, "shop")

    (failure,) = manager.failures
    assert (failure.plugin, failure.hook) == ("lazy", hook)
    assert "without async or yield" in failure.cause


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_an_author_must_know(hook: str):
    """When it is called, how answers combine, what an error costs, an example, since when."""
    text = getattr(hookspecs, hook).__doc__
    for part in ("Called: ", "Combined: ", "On error: ", "Example:", ".. versionadded:: "):
        assert part in text, f"{hook} does not say {part!r}"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hooks_example_runs(hook: str):
    """The example of a docstring is a doctest, it passes, and is a plugin that crmkit takes."""
    text = getattr(hookspecs, hook).__doc__
    example = doctest.DocTestParser().get_doctest(text, {}, hook, None, 0)
    assert doctest.DocTestRunner(verbose=False).run(example, clear_globs=False).failed == 0
    manager = manager_for(SimpleNamespace(**{hook: example.globs[hook]}))
    with crmkit.connect("memory://", plugins=manager) as crm:
        crm.lifecycle.advance()
    assert manager.failures == ()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_stands_on_the_authors_page(hook: str):
    """``docs/plugins.md`` has a row for every hook, and for none that is not."""
    rows = re.findall(r"^\| `(crmkit_\w+)\(?", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert hook in rows
    assert set(rows) == set(HOOKS)
