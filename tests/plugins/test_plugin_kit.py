"""What plugin authors are given to test with works, and says where a plugin is wrong."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from crmkit import CRM
from crmkit.contracts.specs import ChannelSpec, KindSpec
from crmkit.errors import PluginError
from crmkit.model.touchpoint import Touchpoint
from crmkit.plugins import PluginManager, hookimpl
from crmkit.testing.plugins import check_installed, manager_for

pytest_plugins = ["crmkit.testing.fixtures"]


HEARD: list[str] = []


@hookimpl
def hear(touchpoints: list[Touchpoint], workspace: str) -> None:
    HEARD.extend(f"{workspace} {touchpoint.kind}" for touchpoint in touchpoints)


@pytest.fixture
def plugin() -> object:
    return SimpleNamespace(
        crmkit_channels=hookimpl(lambda: [ChannelSpec(name="pigeon", open=dict)]),
        crmkit_touchpoint_kinds=hookimpl(lambda: [KindSpec(name="flight")]),
        crmkit_touchpoints_recorded=hear,
    )


def test_the_fixture_holds_the_plugin(plugin_manager: PluginManager) -> None:
    """An author overrides `plugin`, and `plugin_manager` offers what it offers."""
    assert "pigeon" in plugin_manager.channels()


def test_the_fixture_is_a_whole_crm(crm: CRM) -> None:
    """In it, a plugin's kind of touchpoint is captured, and its listener hears of it."""
    HEARD.clear()
    flight = {"id": "f-1", "kind": "flight", "at": "2026-05-01T10:00:00+08:00"}

    report = crm.capture([{**flight, "customer": {"email": "wang@example.com"}}], "tower")

    assert (report.new, report.rejected) == (1, ())
    assert HEARD == ["default flight"]


def test_the_kit_holds_nothing_that_is_installed(install: Callable[..., None]) -> None:
    """A plugin's tests do not change with what else is installed."""
    install("crmkit-dove")

    assert "dove" not in manager_for().channels()


@pytest.mark.parametrize(
    "hooks",
    [
        {"crmkit_chanels": hookimpl(lambda: [])},  # noqa: PIE807 - a class cannot carry the mark
        {"crmkit_channels": hookimpl(lambda: ["pigeon"])},
        {"crmkit_channels": hookimpl(lambda: 1 / 0)},
    ],
    ids=["misspelt", "another record", "raises"],
)
def test_a_wrong_plugin_fails_its_own_tests(hooks: dict[str, object]) -> None:
    """What a user's crmkit would only report is an error here."""
    with pytest.raises(PluginError, match="crmkit_cha"):
        manager_for(SimpleNamespace(**hooks))


def test_an_assertion_in_a_listener_fails_the_test() -> None:
    """A plugin's own assert is not swallowed while it is tested."""

    @hookimpl
    def crmkit_scores_changed(customer_ids: list[str]) -> None:
        assert customer_ids == []

    manager = manager_for(SimpleNamespace(crmkit_scores_changed=crmkit_scores_changed))

    with pytest.raises(PluginError) as caught:
        manager.scores_changed(["c1"], "default")
    assert isinstance(caught.value.__cause__, AssertionError)


def test_an_installed_plugin_is_looked_at_as_installed(install: Callable[..., None]) -> None:
    """Its entry point is found, and its row tells version and hooks; others do not matter."""
    install("crmkit-dove", version="2.0")
    install("crmkit-broken", "raise RuntimeError")

    row = check_installed("crmkit-dove")

    assert (row.version, row.hooks) == ("2.0", ("crmkit_channels",))
    with pytest.raises(AssertionError, match="RuntimeError"):
        check_installed("crmkit-broken")
    with pytest.raises(AssertionError, match="not installed"):
        check_installed("crmkit-swan")
