"""What crmkit itself brings, through the same hooks as everybody's plugins.

Stores and commands stand above plugins in the layers, so they are named by ``"module:attr"`` here,
and nothing is imported before somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.contracts.specs import CommandSpec, StoreSpec, load
from crmkit.plugins.marks import hookimpl


@hookimpl
def crmkit_stores() -> Iterable[StoreSpec]:
    """Offer the stores of the core."""
    specs: Iterable[StoreSpec] = load("crmkit.stores.opening:BUILT_IN")
    return specs


@hookimpl
def crmkit_commands() -> Iterable[CommandSpec]:
    """Offer the commands of the core."""
    specs: Iterable[CommandSpec] = load("crmkit.cli.commands:COMMANDS")
    return specs
