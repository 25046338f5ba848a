"""Answers are merged by name, whatever order plugins load in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmkit
from crmkit.contracts.specs import ChannelSpec, KindSpec, StoreSpec
from crmkit.errors import PluginError
from crmkit.model.value import Indicator
from crmkit.plugins import PluginManager, hookimpl
from crmkit.testing.plugins import manager_for
from crmkit.value.models import default_model


def offering(*names: str) -> SimpleNamespace:
    """Give a plugin that offers channels of these names."""

    @hookimpl
    def crmkit_channels() -> list[ChannelSpec]:
        return [ChannelSpec(name=name, open=dict, summary=f"of {names}") for name in names]

    return SimpleNamespace(crmkit_channels=crmkit_channels)


@given(st.permutations([("a", "x"), ("b",), ("c", "d"), ("e", "x")]))
def test_the_order_of_registration_changes_nothing(order: list[tuple[str, ...]]):
    """Any order gives the same channels, in the same order, and the same dispute."""
    manager = PluginManager(discover=False)
    for names in order:
        manager.register(offering(*names), name=f"plugin-{names[0]}")

    built_in = PluginManager(discover=False).channels()
    assert [name for name in manager.channels() if name not in built_in] == [*"abcde"]
    assert list(manager.channels()) == sorted(manager.channels())
    with pytest.raises(PluginError, match="by both plugin-a and plugin-e"):
        manager.open_channel("x")


def test_a_plugin_that_offers_a_name_twice_is_told_so():
    """There is no other to uninstall: the line says that it is the plugin's own mistake."""
    manager = PluginManager(discover=False)
    manager.register(offering("loft", "loft"), name="dove")

    with pytest.raises(PluginError, match=r"'loft' is offered twice by dove: one name, one record"):
        manager.open_channel("loft")


def test_a_name_offered_twice_names_both_distributions(install: Callable[..., None]):
    """Neither is picked silently; everything else of both works, and both rows tell."""
    same = """
        from crmkit.contracts.specs import ChannelSpec
        from crmkit.plugins import hookimpl

        @hookimpl
        def crmkit_channels() -> list[ChannelSpec]:
            return [ChannelSpec(name=name, open=dict) for name in ("pigeon", __name__[7:])]
    """
    install("crmkit-dove", same, version="1.2")
    install("crmkit-loft", same, version="3.4")

    manager = PluginManager()

    assert set(manager.channels()) == {"dove", "loft"} | set(PluginManager(()).channels())
    with pytest.raises(PluginError, match=r"both crmkit-dove 1\.2 and crmkit-loft 3\.4"):
        manager.open_channel("pigeon")
    causes = {row.distribution: row.cause for row in manager.report()}
    assert "crmkit-loft 3.4" in causes["crmkit-dove"]
    assert "crmkit-dove 1.2" in causes["crmkit-loft"]


def test_a_built_in_name_stays_built_in():
    """A plugin cannot take over where everybody's data is kept."""
    impostor = hookimpl(lambda: [StoreSpec(name="sqlite", open=dict)])
    manager = PluginManager(discover=False)
    manager.register(SimpleNamespace(crmkit_stores=impostor), name="impostor")

    assert manager.store("sqlite").target is not dict
    cause = "the store 'sqlite' is one of crmkit's own: choose another name"
    assert manager.failures[0].cause == cause
    assert manager.failures[0].plugin == "impostor"


def test_a_kind_of_the_core_cannot_be_declared_again():
    """What ``purchase`` means is fixed; the plugin's other kinds count."""
    kinds = hookimpl(lambda: [KindSpec(name="purchase"), KindSpec(name="flight")])
    manager = PluginManager(discover=False)
    manager.register(SimpleNamespace(crmkit_touchpoint_kinds=kinds), name="pigeon")

    assert list(manager.touchpoint_kinds()) == ["flight"]
    assert "'purchase' is one of crmkit's own" in manager.failures[0].cause


def test_an_indicator_of_the_core_cannot_be_offered_again():
    """A clash with the default model is told like any other, and the rest of the plugin counts."""
    mine = [
        Indicator(name, ("visit",), "count", half_life=timedelta(days=9), weight=1)
        for name in (default_model().indicators[0].name, "flights")
    ]
    plugin = SimpleNamespace(crmkit_indicators=hookimpl(lambda: mine))
    manager = PluginManager(discover=False)
    manager.register(plugin, name="pigeon")
    cause = f"the indicator '{mine[0].name}' is one of crmkit's own: choose another name"

    with crmkit.connect("memory://", plugins=manager) as crm:
        names = [indicator.name for indicator in crm.value.model().indicators]
        assert names == [*(own.name for own in default_model().indicators), "flights"]
        crm.customers.save(crmkit.Customer(name="Ann"))
        assert len(list(crm.value.scores())) == 1
    (row,) = [row for row in manager.report() if row.name == "pigeon"]
    assert (row.status, row.cause) == ("partly", f"crmkit_indicators: {cause}")
    manager.require_indicators([mine[0].name], {"indicators": {mine[0].name: "pigeon"}})
    with pytest.raises(PluginError, match=cause):
        manager_for(plugin)


def test_an_unknown_name_suggests_the_nearest():
    """A typing error in a channel's name is seen from the error alone."""
    manager = PluginManager(discover=False)
    manager.register(offering("pigeon"))

    with pytest.raises(PluginError, match="did you mean 'pigeon'"):
        manager.open_channel("pigoen")


def test_a_plugin_registered_later_is_heard():
    """Registering asks everybody anew."""
    manager = PluginManager(discover=False)
    assert "late" not in manager.channels()

    manager.register(offering("late"))

    assert "late" in manager.channels()


def test_hooks_are_asked_once():
    """A registration hook may be dear: its answer is kept."""
    asked = []
    manager = PluginManager(discover=False)
    manager.register(SimpleNamespace(crmkit_channels=hookimpl(lambda: asked.append(1))))

    manager.channels()
    manager.report()
    manager.channels()

    assert asked == [1]


def test_what_is_offered_cannot_be_changed():
    """The mapping is read-only: no caller can slip a channel in."""
    with pytest.raises(TypeError):
        PluginManager(discover=False).channels()["mine"] = None
