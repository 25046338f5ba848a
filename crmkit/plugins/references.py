"""The functions by which a plugin's own data about customers is reached: all of them, or nothing.

A listener that fails costs only itself. These are relied on: one that fails stops what relied on
it, and the error names the plugin, the function and the cause.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from crmkit.contracts.specs import ReferenceSpec
from crmkit.plugins.calls import Calls, done
from crmkit.plugins.records import Plugin

HOOK = "crmkit_references"

_STOPS = {
    "repoint": "both are one customer in crmkit, but what this plugin keeps is not handed over: "
    "mend it, then merge the two again",
    "unmerge": "the merge stands: mend the plugin, then take it back again",
    "export": "nothing is exported without it: mend the plugin",
    "erase": "crmkit erases nobody before every plugin has: mend it, then erase again",
}
"""What it means that one of the functions failed."""


def guarded(spec: ReferenceSpec, plugin: Plugin, calls: Calls) -> ReferenceSpec:
    """Give a reference whose functions raise a PluginError where they fail, whatever they raise."""

    def guard(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: str, **named: str) -> Any:
            hook = f"{HOOK} ({name} of {spec.name})"
            return calls.demand(plugin, hook, partial(function, *arguments, **named), _STOPS[name])

        return call

    return attrs.evolve(
        spec,
        repoint=guard("repoint", partial(_carried_out, spec.repoint)),
        export=guard("export", partial(_as_json, spec.export)),
        erase=guard("erase", partial(_carried_out, spec.erase)),
        unmerge=spec.unmerge and guard("unmerge", partial(_carried_out, spec.unmerge)),
    )


def _carried_out(function: Callable[..., Any], *arguments: str, **named: str) -> None:
    """Call a function that does something; raises as `done`."""
    done(function(*arguments, **named))


def _as_json(export: Callable[..., Any], *arguments: str, **named: str) -> Any:
    """Give what a plugin exports, which must be something that can be handed on.

    Raises:
        TypeError: it holds something that JSON has no word for.
        ValueError: it holds itself, or a number that is none.
    """
    kept = export(*arguments, **named)
    json.dumps(kept, allow_nan=False)
    return kept
