"""Which plugins load can be restricted, and every call can be watched."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from crmkit.plugins import PluginManager
from crmkit.plugins.records import MISSING, OFF


@pytest.fixture(autouse=True)
def _two(install: Callable[..., None]) -> None:
    install("crmkit-dove")
    install("crmkit-loft")


def loaded(manager: PluginManager) -> set[str]:
    return set(manager.channels()) & {"dove", "loft"}


@pytest.mark.parametrize(
    ("only", "environment", "expected"),
    [
        (None, None, {"dove", "loft"}),
        (["dove"], None, {"dove"}),
        (["crmkit_Loft"], None, {"loft"}),
        ("dove, loft", None, {"dove", "loft"}),
        ([], None, set()),
        (None, "dove", {"dove"}),
        (None, " crmkit-dove , loft ", {"dove", "loft"}),
        (None, "", set()),
        (["dove"], "loft", set()),
        (["dove", "loft"], "loft", {"loft"}),
    ],
)
def test_only_what_is_allowed_loads(
    monkeypatch: pytest.MonkeyPatch,
    only: list[str] | str | None,
    environment: str | None,
    expected: set[str],
):
    """By entry point or distribution, from the caller and the environment, whichever is less."""
    if environment is not None:
        monkeypatch.setenv("CRMKIT_PLUGINS", environment)

    assert loaded(PluginManager(only)) == expected


def test_what_is_kept_out_is_not_imported(install: Callable[..., None]):
    """A plugin that would break is harmless while it is kept out, and the report says why."""
    install("crmkit-broken", "raise RuntimeError")

    manager = PluginManager(["dove"])

    rows = {row.name: row for row in manager.report()}
    assert rows["broken"].status == rows["loft"].status == OFF
    assert manager.failures == ()


def test_what_is_asked_for_and_not_there_is_told():
    """A misspelt name in ``CRMKIT_PLUGINS`` shows in the report."""
    manager = PluginManager(["dove", "pigeon"])

    assert loaded(manager) == {"dove"}
    assert [row.name for row in manager.report() if row.status == MISSING] == ["pigeon"]
    assert str(manager.failures[0]) == "plugin 'pigeon' failed: asked for, but not installed"


def test_without_plugins_the_built_in_ones_stay():
    """``--no-plugins`` still opens a database."""
    assert "sqlite" in PluginManager([]).stores()


def test_tracing_prints_each_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Hook, plugin and duration go to stderr, a line a call; nothing goes to stdout."""
    monkeypatch.setenv("CRMKIT_TRACE_PLUGINS", "1")

    PluginManager().channels()

    out, err = capsys.readouterr()
    assert out == ""
    for called in ("load crmkit-dove:dove", "crmkit_channels crmkit-loft:loft"):
        assert re.search(rf"^crmkit: {called} \d+\.\d\d ms$", err, re.MULTILINE)


def test_a_slow_plugin_is_seen(
    install: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """Where start-up takes long, the trace and the report tell which plugin it is."""
    install("crmkit-slow", "import time; time.sleep(0.05)\nfrom crmkit_dove import crmkit_channels")
    monkeypatch.setenv("CRMKIT_TRACE_PLUGINS", "1")

    rows = {row.name: row for row in PluginManager().report()}

    assert rows["slow"].seconds >= 0.05 > rows["loft"].seconds
    took = re.search(r"load crmkit-slow:slow (\S+) ms", capsys.readouterr().err)
    assert float(took[1]) >= 50


@pytest.mark.parametrize("value", ["", "0"])
def test_tracing_is_off_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
):
    """An empty variable and 0 mean no."""
    monkeypatch.setenv("CRMKIT_TRACE_PLUGINS", value)

    PluginManager().channels()

    assert capsys.readouterr().err == ""
