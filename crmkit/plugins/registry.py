"""Registered plugins: pluggy holds them, and each is checked by itself before it counts."""

from __future__ import annotations

from importlib.metadata import version
from threading import RLock
from typing import Any

import pluggy

from crmkit.contracts.settings import nearest
from crmkit.plugins import discovery, hookspecs
from crmkit.plugins.calls import Calls
from crmkit.plugins.marks import PROJECT
from crmkit.plugins.records import (
    FAILED,
    MISSING,
    OFF,
    OK,
    PARTLY,
    Failure,
    Plugin,
    PluginRow,
)

HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("crmkit_")))


class Registry:
    """Knows which plugins there are; calls none of their hooks."""

    def __init__(self, restriction: discovery.Restriction, calls: Calls) -> None:
        """Know the hooks, and no plugin yet."""
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._restriction = restriction
        self._calls = calls
        self._plugins: dict[str, Plugin] = {}
        self._others: list[PluginRow] = []
        self._lock = RLock()

    def discover(self) -> None:
        """Load the installed entry points one at a time; a broken one costs only itself."""
        found = discovery.installed()
        for plugin, point in found:
            if not self._restriction.allows(plugin):
                self._others.append(_row(plugin, OFF, "kept out by the restriction on plugins"))
                continue
            loaded = discovery.load(plugin, point, self._calls)
            if isinstance(loaded, Failure) or not self.add(loaded):
                failures = self._calls.of(plugin)
                cause = "; ".join(failure.cause for failure in failures)
                self._others.append(_row(plugin, FAILED, cause))
        for name in self._restriction.unmet([plugin for plugin, _ in found]):
            absent = Plugin(name=name, distribution="")
            failure = self._calls.failed(absent, None, "asked for, but not installed")
            self._others.append(_row(absent, MISSING, failure.cause))

    def add(self, plugin: Plugin) -> bool:
        """Register one plugin; tell whether it was right, and forget it where not."""
        with self._lock:
            done = self._calls.call(plugin, None, lambda: self._register(plugin))
            if isinstance(done, Failure):
                if self._pluggy.has_plugin(plugin.key):  # pluggy keeps one it stumbled over
                    self._pluggy.unregister(name=plugin.key)
                return False
            self._plugins[plugin.key] = plugin
            self._plugins = dict(sorted(self._plugins.items()))
            return True

    def _register(self, plugin: Plugin) -> None:
        """Hand the plugin to pluggy and look at what pluggy lets pass.

        Raises:
            ValueError: it has a misspelt hook, one without a mark, a wrapper, or none at all.
        """
        self._pluggy.register(plugin.target, plugin.key)
        mine = self._pluggy.get_hookcallers(plugin.target) or []
        for caller in mine:
            if not caller.has_spec():
                message = f"{caller.name} is no hook of crmkit{nearest(caller.name, HOOKS)}"
                raise ValueError(message)
            for impl in caller.get_hookimpls():
                if impl.plugin is plugin.target and (impl.wrapper or impl.hookwrapper):
                    message = f"{caller.name} is a wrapper: hooks of crmkit are not wrapped"
                    raise ValueError(message)
        marked = {caller.name for caller in mine}
        for name in HOOKS:
            if name not in marked and callable(getattr(plugin.target, name, None)):
                message = f"{name} is not marked: put @crmkit.hookimpl above it"
                raise ValueError(message)
        if not marked:
            message = "it implements no hook: mark a function with @crmkit.hookimpl"
            raise ValueError(message)

    def implementations(self, hook: str) -> list[tuple[Plugin, Any]]:
        """Give a hook's implementations in the order of the plugins' names, never as loaded."""
        with self._lock:
            found = {
                impl.plugin_name: impl for impl in getattr(self._pluggy.hook, hook).get_hookimpls()
            }
            return [(p, found[key]) for key, p in self._plugins.items() if key in found]

    def loaded(self) -> list[Plugin]:
        """Give the plugins in the order they are called in."""
        return list(self._plugins.values())

    def rows(self) -> tuple[PluginRow, ...]:
        """Give a row for every plugin, built-in ones first."""
        own: list[PluginRow] = []
        others = list(self._others)
        for plugin in self._plugins.values():
            causes = [f"{f.hook}: {f.cause}" for f in self._calls.of(plugin)]
            status = PARTLY if causes else OK
            row = _row(plugin, status, "; ".join(causes) or None, self._hooks(plugin))
            (own if plugin.builtin else others).append(row)
        return (*own, *sorted(others, key=lambda row: (row.distribution, row.name)))

    def _hooks(self, plugin: Plugin) -> tuple[str, ...]:
        callers = self._pluggy.get_hookcallers(plugin.target) or []
        return tuple(sorted(caller.name for caller in callers))


def own_version() -> str:
    """Give crmkit's version; empty where it runs from a folder that was never installed."""
    try:
        return version(PROJECT)
    except ModuleNotFoundError:  # PackageNotFoundError is one
        return ""


def _row(plugin: Plugin, status: str, cause: str | None, hooks: tuple[str, ...] = ()) -> PluginRow:
    return PluginRow(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        hooks=hooks,
        status=status,
        cause=cause,
        seconds=plugin.seconds,
    )
