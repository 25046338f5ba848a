"""Testing a plugin: a manager that holds nothing but it, and a look at it as it is installed."""

from __future__ import annotations

from crmkit.lifecycle.rules import offered_rules
from crmkit.plugins.manager import PluginManager
from crmkit.plugins.records import OK, PluginRow


def manager_for(*plugins: object) -> PluginManager:
    """Give a manager with crmkit's own plugins and these, and nothing that is installed.

    It is strict: where a plugin does anything wrong (a misspelt hook, another record, an exception)
    the call that met it raises a PluginError, with the original exception as its cause.

    Args:
        plugins: Modules or objects whose functions are marked with ``hookimpl``.
    """
    manager = PluginManager(discover=False, strict=True)
    for plugin in plugins:
        manager.register(plugin)
    manager.report()  # asks every hook that offers something
    offered_rules(manager)
    return manager


def check_installed(name: str) -> PluginRow:
    """Load one installed plugin as a user's crmkit would, ask every hook, and give its row.

    Args:
        name: Its distribution, or the name of its entry point.

    Raises:
        AssertionError: it is not installed, cannot be loaded, or one of its hooks fails.
    """
    manager = PluginManager([name])
    offered_rules(manager)
    rows = [row for row in manager.report()[1:] if row.status != "off"]
    assert [row.status for row in rows] == [OK], f"{name}: " + "; ".join(  # noqa: S101
        f"{row.status}: {row.cause}" for row in rows
    )
    return rows[0]
