"""What data or configuration rely on does not vanish silently with its plugin."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from crmkit.contracts.specs import KindSpec, ReferenceSpec
from crmkit.errors import PluginError
from crmkit.plugins import PluginManager, hookimpl
from crmkit.plugins.declarations import remember

FLIGHT = hookimpl(lambda: [KindSpec(name="flight")])
FEATHERS = hookimpl(
    lambda: [ReferenceSpec(name="feathers", repoint=print, export=print, erase=print)]
)
BROKEN = hookimpl(lambda: 1 / 0)
REMEMBERED = {
    "kinds": {"flight": "pigeon"},
    "references": {"feathers": "pigeon"},
    "refusals": {"pigeon:pigeon": "pigeon"},
}


def manager_with(**hooks: object) -> PluginManager:
    manager = PluginManager(discover=False)
    if hooks:
        manager.register(SimpleNamespace(**hooks), name="pigeon")
    return manager


def test_what_is_declared_can_be_remembered_as_json():
    """The mapping goes through the database and back, and then nothing is missing."""
    manager = manager_with(
        crmkit_touchpoint_kinds=FLIGHT,
        crmkit_references=FEATHERS,
        crmkit_refuse_send=hookimpl(lambda: []),  # noqa: PIE807 - a class cannot carry the mark
    )

    remembered = json.loads(json.dumps(remember({}, manager.declared())))

    assert remembered == {**REMEMBERED, "indicators": {}}
    manager.require_kinds(["flight", "purchase"], remembered)
    manager.require_references(remembered)
    manager.require_refusals(remembered)


@pytest.mark.parametrize(
    ("require", "what"),
    [
        (lambda m: m.require_kinds(["flight"], REMEMBERED), "nothing is scored"),
        (lambda m: m.require_references(REMEMBERED), "nothing is merged, exported or erased"),
        (lambda m: m.refuse_send([], "shop", REMEMBERED), "nothing is sent"),
    ],
    ids=["kinds", "references", "refusals"],
)
def test_a_plugin_that_is_gone_stops_what_relied_on_it(
    require: Callable[[PluginManager], object], what: str
):
    """The error names the distribution that declared it, and what stands still."""
    with pytest.raises(PluginError, match=f"{what}.*pigeon.*install it again") as caught:
        require(manager_with())

    assert caught.value.distribution == "pigeon"


@pytest.mark.parametrize(
    ("hook", "require"),
    [
        ("crmkit_touchpoint_kinds", lambda m: m.require_kinds(["flight"], REMEMBERED)),
        ("crmkit_references", lambda m: m.require_references(REMEMBERED)),
    ],
    ids=["kinds", "references"],
)
def test_a_plugin_that_raises_stops_it_with_the_cause(
    hook: str, require: Callable[[PluginManager], object]
):
    """The error tells the hook and the exception, not only that something is missing."""
    with pytest.raises(PluginError, match=f"pigeon.*{hook}.*ZeroDivisionError") as caught:
        require(manager_with(**{hook: BROKEN}))

    assert caught.value.hook == hook


def test_a_plugin_that_cannot_load_stops_it_with_the_cause(install: Callable[..., None]):
    """One that declared a kind once and no longer imports is named with its ImportError."""
    install("crmkit-pigeon", "import feathers_of_lead", version="0.3")
    remembered = {"kinds": {"flight": "crmkit-pigeon"}}

    with pytest.raises(PluginError, match=r"crmkit-pigeon 0\.3.*feathers_of_lead"):
        PluginManager().require_kinds(["flight"], remembered)


def test_a_restriction_does_not_lift_the_need(
    install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    """``CRMKIT_PLUGINS=`` keeps a plugin out, and what its data needs still stops."""
    install("crmkit-pigeon")
    monkeypatch.setenv("CRMKIT_PLUGINS", "")

    with pytest.raises(PluginError, match=r"crmkit-pigeon.*restriction"):
        PluginManager().require_references({"references": {"feathers": "crmkit-pigeon"}})


def test_references_that_raise_stop_even_when_never_heard_of():
    """Nobody knows what data a plugin keeps whose declaration raises: erasing must not go on."""
    with pytest.raises(PluginError, match="nothing is merged, exported or erased"):
        manager_with(crmkit_references=BROKEN).require_references({})


def test_a_kind_nobody_ever_declared_names_the_suspects(install: Callable[..., None]):
    """Without a memory the error lists the plugins that could not be asked."""
    install("crmkit-pigeon", "import feathers_of_lead")

    with pytest.raises(PluginError, match=r"'flight', which no plugin declares.*crmkit-pigeon"):
        PluginManager().require_kinds(["flight"], {})


def test_a_model_may_rely_on_an_indicator():
    """Scoring stops where the model names a plugin's indicator that is gone."""
    with pytest.raises(PluginError, match="indicator 'flights', which crmkit-pigeon declared"):
        manager_with().require_indicators(["flights"], {"indicators": {"flights": "crmkit-pigeon"}})


def test_the_kinds_of_the_core_need_no_plugin():
    """Only what a plugin declared can be missing."""
    manager_with().require_kinds(["purchase", "visit"], {})


def test_memory_is_added_to():
    """A plugin that is gone stays remembered; a name that moved is its new owner's."""
    before = {"kinds": {"flight": "crmkit-pigeon", "dive": "crmkit-duck"}}

    after = remember(before, {"kinds": {"dive": "crmkit-swan"}})

    assert after["kinds"] == {"flight": "crmkit-pigeon", "dive": "crmkit-swan"}
