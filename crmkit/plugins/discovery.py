"""Which plugins are installed, and which of them may load."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from inspect import isclass
from time import perf_counter
from typing import Any

import attrs

from crmkit.errors import PluginError
from crmkit.plugins.calls import Calls
from crmkit.plugins.marks import GROUP
from crmkit.plugins.records import Failure, Plugin

RESTRICT = "CRMKIT_PLUGINS"


@attrs.frozen
class Restriction:
    """The names of entry points or distributions that may load; None: every one."""

    names: frozenset[str] | None = None

    @classmethod
    def of(cls, names: Iterable[str] | None) -> Restriction:
        """Join what the caller asked for with what the environment allows.

        A variable that is set and empty allows none, like ``--no-plugins``.
        """
        if isinstance(names, str):
            names = names.split(",")
        allowed = None if names is None else _normal(names)
        environment = os.environ.get(RESTRICT)
        if environment is not None:
            also = _normal(environment.split(","))
            allowed = also if allowed is None else allowed & also
        return cls(allowed)

    def allows(self, plugin: Plugin) -> bool:
        """Tell whether a plugin may load, by its own name or its distribution's."""
        return self.names is None or bool(self.names & _normal((plugin.name, plugin.distribution)))

    def unmet(self, found: Iterable[Plugin]) -> list[str]:
        """Name what was asked for and is not installed."""
        there = _normal(name for p in found for name in (p.name, p.distribution))
        return sorted((self.names or frozenset()) - there)


def _normal(names: Iterable[str]) -> frozenset[str]:
    """Bring names to the form in which distributions compare (PEP 503)."""
    return frozenset(re.sub(r"[-_.]+", "-", n.strip()).lower() for n in names if n.strip())


def installed() -> list[tuple[Plugin, EntryPoint]]:
    """List the entry points of the group, without importing any."""
    found = [(_described(point), point) for point in entry_points(group=GROUP)]
    return sorted(found, key=lambda pair: pair[0].key)


def _described(point: EntryPoint) -> Plugin:
    """Tell where an entry point comes from; a damaged installation may not know its own name."""
    distribution = point.dist
    name = version = ""
    if distribution is not None:
        try:
            name, version = distribution.metadata["Name"] or "", distribution.version or ""
        except Exception:  # noqa: BLE001 - unreadable metadata is the plugin's fault, not ours
            name = ""
    return Plugin(name=point.name, distribution=name or "(unknown)", version=version)


def load(plugin: Plugin, point: EntryPoint, calls: Calls) -> Plugin | Failure:
    """Import what one entry point names."""
    start = perf_counter()
    target = calls.call(plugin, None, lambda: _target(point))
    if isinstance(target, Failure):
        return target
    return attrs.evolve(plugin, target=target, seconds=perf_counter() - start)


def _target(point: EntryPoint) -> Any:
    target = point.load()
    if isclass(target):
        message = f"{point.value} is a class: name the module, or an object made from it"
        raise PluginError(message, plugin=point.name, hook=None, cause=message)
    return target
