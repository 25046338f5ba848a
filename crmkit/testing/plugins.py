"""Testing a plugin: a manager that holds nothing but it, and a look at it as it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.config import Config
from crmkit.lifecycle.rules import offered_rules
from crmkit.plugins.manager import PluginManager
from crmkit.plugins.records import OK, PluginRow


def manager_for(*plugins: object, config: Mapping[str, Any] | None = None) -> PluginManager:
    """Give a manager with crmkit's own plugins and these, and nothing that is installed.

    It is strict: where a plugin does anything wrong (a misspelt hook, another record, an exception)
    the call that met it raises a PluginError, with the original exception as its cause.

    Args:
        plugins: Modules or objects whose functions are marked with ``hookimpl``.
        config: A configuration with their sections, ``{"plugins": {"crmkit_pigeon": {...}}}``: a
            module that is no entry point is called by its own name.

    Raises:
        PluginError: one of them is wrong.
        ConfigError: a setting is wrong.
    """
    manager = PluginManager(discover=False, strict=True)
    for plugin in plugins:
        manager.register(plugin)
    manager.configure(Config.load(config))
    manager.report()  # asks every hook that offers something
    offered_rules(manager)
    return manager


def check_installed(name: str, config: Mapping[str, Any] | None = None) -> PluginRow:
    """Load one installed plugin as a user's crmkit would, ask every hook, and give its row.

    Args:
        name: Its distribution, or the name of its entry point.
        config: A configuration with its section, ``{"plugins": {"pigeon": {...}}}``.

    Raises:
        AssertionError: it is not installed, cannot be loaded, or one of its hooks fails.
        ConfigError: a setting is wrong.
    """
    manager = PluginManager([name])
    manager.configure(Config.load(config))
    offered_rules(manager)
    rows = [row for row in manager.report()[1:] if row.status != "off"]
    assert [row.status for row in rows] == [OK], f"{name}: " + "; ".join(  # noqa: S101
        f"{row.status}: {row.cause}" for row in rows
    )
    return rows[0]
