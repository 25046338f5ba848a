"""A broken plugin costs only itself, and is named."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import crmkit
from crmkit.errors import PluginError
from crmkit.plugins import PluginManager
from crmkit.plugins.records import FAILED, OK, PARTLY
from crmkit.testing.plugins import check_installed

HEAD = """
    import pluggy
    from crmkit.contracts.specs import ChannelSpec, StoreSpec
    from crmkit.plugins import hookimpl
"""

# what is wrong, its module, the entry point, words of the cause
AT_LOADING = {
    "raises": ("raise RuntimeError('no feathers')", "", "RuntimeError: no feathers"),
    "exits": ("import sys; sys.exit('bye')", "", "SystemExit: bye"),
    "own BaseException": (
        "class Hawk(BaseException): pass\nraise Hawk('swoop')",
        "",
        "Hawk: swoop",
    ),
    "needs what is not there": (
        "import feathers_of_lead",
        "",
        "No module named 'feathers_of_lead'",
    ),
    "no Python": ("def (", "", "SyntaxError"),
    "no such attribute": ("", "crmkit_broken:nest", "AttributeError"),
    "an entry point that is none": ("", "crmkit broken!", ""),
    "a class": ("class Nest: pass", "crmkit_broken:Nest", "name the module"),
    "misspelt": (
        HEAD + "    @hookimpl\n    def crmkit_chanels(): return []",
        "",
        "crmkit_chanels is no hook of crmkit; did you mean 'crmkit_channels'?",
    ),
    "an argument too many": (
        HEAD + "    @hookimpl\n    def crmkit_channels(crm): return []",
        "",
        "crm",
    ),
    "unmarked": ("def crmkit_channels(): return []", "", "put @crmkit.hookimpl above it"),
    "another project's mark": (
        HEAD + "    @pluggy.HookimplMarker('crm')\n    def crmkit_channels(): return []",
        "",
        "put @crmkit.hookimpl above it",
    ),
    "empty": ("", "", "implements no hook"),
    "a wrapper": (
        HEAD + "    @hookimpl(wrapper=True)\n    def crmkit_channels(): return (yield)",
        "",
        "is a wrapper",
    ),
}

AT_THE_HOOK = {
    "raises": ("raise RuntimeError('no feathers')", "RuntimeError: no feathers"),
    "exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "own BaseException": ("raise type('Hawk', (BaseException,), {})('swoop')", "Hawk: swoop"),
    "raises half way": (
        "yield ChannelSpec(name='half', open=dict); raise RuntimeError('half')",
        "RuntimeError: half",
    ),
    "another record": (
        "yield StoreSpec(name='nest', open=dict)",
        "must give ChannelSpec, gave StoreSpec",
    ),
    "a dict": ("return {'name': 'pigeon'}", "must give an iterable of ChannelSpec, gave dict"),
    "one record": (
        "return ChannelSpec(name='one', open=dict)",
        "must give an iterable of ChannelSpec, gave ChannelSpec",
    ),
    "another version": (
        "yield ChannelSpec(name='new', open=dict, api_version=2)",
        "'new' was written for version 2 of the contracts, this crmkit has 1",
    ),
    "limits that are none": (
        "yield ChannelSpec(name='limited', open=dict, limits=7)",
        "(got 7 that is a <class 'int'>).",
    ),
    "no name": ("yield ChannelSpec(name='Big Pigeon', open=dict)", "must start with a letter"),
}


def in_hook(body: str) -> str:
    return HEAD + f"    @hookimpl\n    def crmkit_channels():\n        {body}"


@pytest.mark.parametrize("wrong", AT_LOADING)
def test_a_plugin_that_cannot_load_costs_only_itself(
    install: Callable[..., None], wrong: str, caplog: pytest.LogCaptureFixture
):
    """Its row names it and the cause, it is logged in one line, and its neighbours work."""
    code, entry, cause = AT_LOADING[wrong]
    install("crmkit-broken", code, version="0.3", entry=entry)
    install("crmkit-able")
    install("crmkit-zealous")

    manager = PluginManager()

    with caplog.at_level(logging.WARNING):
        assert {"able", "zealous"} <= set(manager.channels())
        rows = {row.distribution: row for row in manager.report()}
    broken = rows.pop("crmkit-broken")
    assert (broken.name, broken.version, broken.status) == ("broken", "0.3", FAILED)
    assert cause in broken.cause
    assert "\n" not in broken.cause
    assert {row.status for row in rows.values()} == {OK}
    assert len(caplog.records) == 1
    assert "crmkit-broken 0.3" in caplog.text


@pytest.mark.parametrize("wrong", AT_THE_HOOK)
def test_a_hook_that_fails_costs_only_its_own_answer(
    install: Callable[..., None], wrong: str, caplog: pytest.LogCaptureFixture
):
    """Nothing of a bad answer is used, hook and cause are named, its neighbours are heard."""
    body, cause = AT_THE_HOOK[wrong]
    install("crmkit-broken", in_hook(body), version="0.3")
    install("crmkit-able")
    install("crmkit-zealous")

    manager = PluginManager()

    assert set(manager.channels()) >= {"able", "zealous"}
    assert not {"half", "one", "new", "nest"} & set(manager.channels())
    manager.channels()
    row = next(row for row in manager.report() if row.distribution == "crmkit-broken")
    assert row.status == PARTLY
    assert row.cause.startswith("crmkit_channels: ")
    assert cause in row.cause
    assert "Attribute(" not in row.cause
    assert [f.hook for f in manager.failures] == ["crmkit_channels"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("opened", ["lambda _: None", "lambda _: exit(3)", "'nowhere:Nest'"])
def test_a_plugin_that_cannot_be_opened_is_named(install: Callable[..., None], opened: str):
    """What opens nothing, ends the program or cannot be imported is the plugin's error."""
    install("crmkit-broken", in_hook(f"yield ChannelSpec(name='bare', open={opened})"))

    with pytest.raises(PluginError, match="crmkit-broken") as caught:
        PluginManager().open_channel("bare")

    assert (caught.value.plugin, caught.value.hook) == ("broken", "crmkit_channels")


RULES = (
    HEAD
    + """
    from crmkit.model.lifecycle import StageRule

    @hookimpl
    def crmkit_stage_rules():
        once = {"purchases": {"min": 1}}
        yield StageRule(name="sound", to="friend", when={"touchpoints.visit": {"min": 1}})
        yield StageRule(name="wrong", RULE)
"""
)


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        (
            "to='vip', when={'nests': {'min': 1}}",
            'when.nests is no fact; of a kind there are "touch',
        ),
        ("to='vip', when={'purchase': {'min': 1}}", "is no fact; did you mean 'purchases'?"),
        ("to='vip', when={'gap': {'least': 1}}", "must hold min, max, is or in"),
        ("to='upgrade', since=('churned',), when=once", "no way leads from churned to upgrade"),
        ("to='ended', when=once", "must not end a relationship"),
    ],
)
def test_a_rule_that_makes_no_sense_costs_only_itself(
    install: Callable[..., None], rule: str, cause: str
):
    """Stages go by all other rules, the plugin's own too, and `report` says what is wrong."""
    install("crmkit-ruled", RULES.replace("RULE", rule))

    with crmkit.connect("memory://") as crm:
        visit = {"kind": "visit", "at": datetime.now(UTC), "customer": {"email": "ann@x.org"}}
        crm.capture([{"id": "1", **visit}], "desk")
        ann = crm.customers.find(email="ann@x.org")
        assert ann is not None
        assert crm.lifecycle.advance().stages == 1
        assert crm.lifecycle.stage(ann.id).rule == "sound"
        row = next(row for row in crm.plugins.report() if row.distribution == "crmkit-ruled")
    assert row.status == PARTLY
    assert row.cause is not None
    assert row.cause.startswith("crmkit_stage_rules: ModelError: stage rule 'wrong'")
    assert cause in row.cause
    with pytest.raises(AssertionError, match=cause):
        check_installed("crmkit-ruled")


def test_the_error_names_the_broken_plugin(install: Callable[..., None]):
    """Who asks for what a broken plugin would have brought is told which plugin, and why."""
    install("crmkit-pigeon", "import feathers_of_lead", version="0.3")

    with pytest.raises(PluginError, match="no plugin offers the channel 'pigeon'") as caught:
        PluginManager().open_channel("pigeon")

    assert "crmkit-pigeon 0.3" in str(caught.value)
    assert "No module named 'feathers_of_lead'" in str(caught.value)


def test_ctrl_c_is_not_contained(install: Callable[..., None]):
    """The user's own interruption goes through."""
    install("crmkit-slow", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        PluginManager().channels()


def test_what_breaks_while_opening_is_the_plugins(install: Callable[..., None]):
    """An exception of a plugin's own code while it is opened names its distribution."""
    code = in_hook("yield ChannelSpec(name='pigeon', open='crmkit_pigeon:fly')")
    install("crmkit-pigeon", code + "\n    def fly(config): return 1 / 0")

    with pytest.raises(PluginError, match=r"crmkit-pigeon 1\.0.*ZeroDivisionError") as caught:
        PluginManager().open_channel("pigeon")

    assert (caught.value.plugin, caught.value.hook) == ("pigeon", "crmkit_channels")


def test_unreadable_metadata_does_not_stop_the_others(install: Callable[..., None], tmp_path: Path):
    """A damaged installation is still loaded where it can be, and harms nobody."""
    install("crmkit-able")
    install("crmkit-damaged")
    (tmp_path / "crmkit_damaged-1.0.dist-info" / "METADATA").unlink()

    assert "able" in PluginManager().channels()


def test_nothing_is_imported_before_the_first_question(install: Callable[..., None]):
    """Making a manager is cheap: a plugin that would break has not been touched yet."""
    install("crmkit-broken", "raise RuntimeError")

    assert PluginManager().failures == ()


def test_the_report_is_plain_data(install: Callable[..., None]):
    """Rows go over JSON as they are."""
    install("crmkit-able", version="2.1")

    rows = [row.to_dict() for row in PluginManager().report()]

    able = next(row for row in rows if row["distribution"] == "crmkit-able")
    assert json.loads(json.dumps(able))["hooks"] == ["crmkit_channels"]
    assert (able["version"], able["status"], able["cause"]) == ("2.1", "ok", None)


def test_crmkits_own_come_first_in_the_report(install: Callable[..., None]):
    """The built-in plugin is a row like the others, and offers the stores through the same hook."""
    install("aardvark")

    first, *others = PluginManager().report()

    assert first.distribution == "crmkit"
    assert "aardvark" in {row.distribution for row in others}
    assert "crmkit_stores" in first.hooks


def test_strict_raises_at_once(install: Callable[..., None]):
    """In a plugin's own tests a failure is an error, with the original one behind it."""
    install("crmkit-broken", "raise RuntimeError('no feathers')")

    with pytest.raises(PluginError, match="no feathers") as caught:
        PluginManager(strict=True).channels()

    assert isinstance(caught.value.__cause__, RuntimeError)
