"""A plugin's own settings reach it, checked, and a wrong one is a line that names the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import sleep
from types import SimpleNamespace

import attrs
import pytest

import crmkit
from crmkit.contracts.channel import Message
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import ChannelSpec, KindSpec, ReferenceSpec, Refusal, StoreSpec
from crmkit.errors import ConfigError, InvalidValueError, PluginError
from crmkit.plugins import PluginManager, hookimpl
from crmkit.plugins.registry import HOOKS
from crmkit.stores.memory import open_memory
from crmkit.testing.plugins import check_installed, manager_for

MESSAGE = Message(id="m1", customer_id="c1", purpose="care", text="a hawk")
UNTOLD = {"crmkit_settings", "crmkit_commands"}


@attrs.frozen(kw_only=True)
class Loft:
    """What the plugin of these tests is told."""

    kind: str
    whistle: Secret = attrs.field(default=Secret(""))
    feared: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Alone:
    """Settings that need no section."""

    bell: str = "coo"


def loft(**hooks: Callable[..., object]) -> SimpleNamespace:
    hooks = {"crmkit_settings": lambda: Loft, **hooks}
    return SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})


def manager_with(plugin: object) -> PluginManager:
    manager = PluginManager(discover=False)
    manager.register(plugin, "nest")
    return manager


def section(**settings: object) -> dict[str, object]:
    return {"plugins": {"nest": settings}}


def test_every_hook_may_ask_for_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is offered, asked and told comes with them; secrets from the environment too."""
    monkeypatch.setenv("WHISTLE", "feee")
    told: list[Loft] = []

    def refuse(messages: tuple[Message, ...], settings: Loft) -> list[Refusal]:
        words = settings.feared
        return [Refusal(one.id, "fear") for one in messages if one.text.endswith(words)]

    def hear(settings: Loft) -> None:
        told.append(settings)

    plugin = loft(
        crmkit_touchpoint_kinds=lambda settings: [KindSpec(name=settings.kind)],
        crmkit_touchpoints_recorded=hear,
        crmkit_refuse_send=refuse,
    )
    manager = manager_with(plugin)
    config = section(kind="flight", whistle="${WHISTLE}", feared=["hawk"])

    with crmkit.connect("memory://", plugins=manager, config=config) as crm:
        flight = {"id": "1", "kind": "flight", "at": "2026-05-01T10:00:00Z"}
        assert crm.capture([{**flight, "customer": {"tower": "7"}}], "tower").new == 1

        assert told == [Loft(kind="flight", whistle=Secret("feee"), feared=("hawk",))]
        assert manager.refuse_send([MESSAGE], "shop", {}) == {"m1": (Refusal("m1", "fear"),)}
        assert crm.plugins.settings_of("nest") is told[0]
    assert "feee" not in repr(told)


@pytest.mark.parametrize("hook", sorted(set(HOOKS) - UNTOLD))
def test_settings_are_an_argument_of_every_hook(hook: str) -> None:
    """A plugin that asks for them is right, whichever hook it implements."""
    manager_with(loft(**{hook: lambda settings: settings and None}))
    assert not manager_with(loft(**{hook: lambda settings: settings and None})).failures


def test_a_store_takes_its_settings_from_its_plugins() -> None:
    """They are there before the store is opened, which is what a CRM begins with."""
    opened: list[str] = []

    def stores(settings: Loft) -> list[StoreSpec]:
        def open_it(config: object) -> object:
            opened.append(settings.kind)
            return open_memory(config)

        return [StoreSpec(name="nest", open=open_it)]

    manager = manager_with(loft(crmkit_stores=stores))
    with crmkit.connect("nest://", plugins=manager, config=section(kind="flight")) as crm:
        assert crm.capture([], "tower").new == 0
    assert opened == ["flight"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"kin": "flight"}, "plugins.nest.kin: is no setting; did you mean 'kind'?"),
        ({"feared": []}, "plugins.nest.kind: is required"),
        ({"kind": 7}, "plugins.nest.kind: must be text, got 7"),
        ({"kind": "${NOWHERE_TO_BE_FOUND}"}, "plugins.nest.kind: the environment variable"),
    ],
)
def test_a_wrong_setting_is_told_when_the_crm_is_opened(
    settings: dict[str, object], line: str
) -> None:
    """It is one line that names the key, before anything relies on it."""
    with pytest.raises(ConfigError) as caught:
        crmkit.connect("memory://", plugins=manager_with(loft()), config=section(**settings))

    assert str(caught.value).startswith(line)


def test_what_needs_settings_and_has_none_costs_only_itself() -> None:
    """A plugin that was installed and never configured stops nothing that does not rest on it."""
    refusing = loft(
        crmkit_refuse_send=lambda messages, settings: [settings.kind, messages],
        crmkit_scores_changed=lambda settings: settings.kind,
        crmkit_stages_changed=lambda: None,
    )
    manager = manager_with(refusing)
    with crmkit.connect("memory://", plugins=manager) as crm:
        crm.plugins.scores_changed(["c1"], "default")
        crm.plugins.stages_changed([], "default")

        assert [failure.cause for failure in manager.failures] == [
            "ConfigError: plugins.nest.kind: is required"
        ]
        with pytest.raises(PluginError, match=r"plugins\.nest\.kind: is required; nothing is sent"):
            manager.refuse_send([MESSAGE], "default", {})


def test_settings_for_what_takes_none_are_a_mistake() -> None:
    """The line says where those of a channel, a connector and a runner stand."""
    plain = SimpleNamespace(crmkit_scores_changed=hookimpl(lambda: None))
    with pytest.raises(ConfigError, match=r"^plugins\.nest: takes no settings: a channel has"):
        crmkit.connect("memory://", plugins=manager_with(plain), config=section(kind="flight"))
    crmkit.connect("memory://", plugins=manager_with(plain), config=section()).close()


@pytest.mark.parametrize(
    "answer",
    [lambda: 1 / 0, lambda: dict, lambda: [Loft]],
    ids=["raises", "gives a class that declares nothing", "gives a list"],
)
def test_a_plugin_that_cannot_say_what_its_settings_are_is_named(
    answer: Callable[[], object],
) -> None:
    """The CRM opens; what asks for the settings fails and names the plugin and the hook."""
    plugin = SimpleNamespace(
        crmkit_settings=hookimpl(answer),
        crmkit_references=hookimpl(
            lambda settings: [ReferenceSpec(settings, repoint=print, export=print, erase=print)]
        ),
    )
    manager = manager_with(plugin)
    with crmkit.connect("memory://", plugins=manager, config=section(kind="flight")) as crm:
        ann = crm.customers.save(crmkit.Customer(name="Ann")).id
        with pytest.raises(PluginError, match="nest"):
            crm.customers.erase(ann, reason="the test says so")
    assert manager.failures[0].hook == "crmkit_settings"


def test_one_manager_has_one_set_of_settings() -> None:
    """Two configurations on one manager would tell one's plugins the other's settings."""
    manager = manager_with(loft())
    crmkit.connect("memory://", plugins=manager).close()
    crmkit.connect("memory://", plugins=manager, config=section(kind="flight")).close()
    crmkit.connect("memory://", plugins=manager, config=section(kind="flight")).close()
    crmkit.connect("memory://", plugins=manager).close()

    with pytest.raises(ConfigError, match="make another one"):
        crmkit.connect("memory://", plugins=manager, config=section(kind="walk"))
    assert manager.settings_of("nest") == Loft(kind="flight")
    with pytest.raises(PluginError, match="no plugin called 'owl' is loaded"):
        manager.settings_of("owl")


def test_threads_that_ask_at_once_wait_for_each_other_and_no_longer() -> None:
    """One tells listeners, one asks for channels, and both first need the settings just then."""
    telling, asking = Event(), Event()

    def listen_slowly() -> None:
        telling.set()
        asking.wait(5)

    def offer_slowly() -> list[ChannelSpec]:
        asking.set()
        sleep(0.1)  # until the other waits for the settings
        return []

    manager = PluginManager(discover=False)
    slow = {"crmkit_scores_changed": listen_slowly, "crmkit_channels": offer_slowly}
    manager.register(SimpleNamespace(**{k: hookimpl(v) for k, v in slow.items()}), "a")
    told = loft(
        crmkit_settings=lambda: Alone,
        crmkit_scores_changed=lambda settings: settings.bell,
        crmkit_channels=lambda settings: [ChannelSpec(name=settings.bell, open=dict)],
    )
    manager.register(told, "b")
    tell = Thread(target=manager.scores_changed, args=(["c1"], "default"), daemon=True)
    ask = Thread(target=manager.channels, daemon=True)
    tell.start()
    assert telling.wait(5)
    ask.start()
    for thread in (tell, ask):
        thread.join(5)
        assert not thread.is_alive()
    assert "coo" in manager.channels()
    assert manager.failures == ()


def test_a_plugins_own_tests_tell_it_its_settings(
    install: Callable[..., None], tmp_path: Path
) -> None:
    """Both ways to load a plugin for a test take a configuration."""
    code = """
        import attrs
        from crmkit.contracts.specs import KindSpec
        from crmkit.plugins import hookimpl

        @attrs.frozen
        class Loft:
            kind: str

        @hookimpl
        def crmkit_settings():
            return Loft

        @hookimpl
        def crmkit_touchpoint_kinds(settings):
            yield KindSpec(name=settings.kind)
    """
    install("crmkit-nest", code)
    (tmp_path / "crmkit.toml").write_text('[plugins.nest]\nkind = "flight"\n', "utf-8")

    with pytest.raises(AssertionError, match=r"plugins\.nest\.kind: is required"):
        check_installed("crmkit-nest")
    assert check_installed("crmkit-nest", section(kind="flight")).status == "ok"
    with crmkit.connect("memory://", config=tmp_path / "crmkit.toml") as crm:
        assert "flight" in crm.plugins.touchpoint_kinds()
    plugin = loft(crmkit_touchpoint_kinds=lambda settings: [KindSpec(name=settings.kind)])
    told = manager_for(plugin, config={"plugins": {"SimpleNamespace": {"kind": "walk"}}})
    assert "walk" in told.touchpoint_kinds()


def test_a_stores_config_needs_nothing_that_nobody_fills() -> None:
    """Its settings come by the hook: a class of its own would be opened without them."""
    with pytest.raises(InvalidValueError, match="settings of its own come from crmkit_settings"):
        StoreSpec(name="nest", open=open_memory, config=Loft)
