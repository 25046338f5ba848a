"""What crmkit itself brings, through the same hooks as everybody's plugins.

All of it stands above plugins in the layers, so it is named by ``"module:attr"`` here, and nothing
is imported before somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.contracts.specs import (
    ChannelSpec,
    CommandSpec,
    ConnectorSpec,
    KindSpec,
    RunnerSpec,
    StoreSpec,
    load,
)
from crmkit.model.touchpoint import KINDS
from crmkit.model.value import Indicator
from crmkit.plugins.marks import hookimpl


@hookimpl
def crmkit_stores() -> Iterable[StoreSpec]:
    """Offer the stores of the core."""
    specs: Iterable[StoreSpec] = load("crmkit.stores.opening:BUILT_IN")
    return specs


@hookimpl
def crmkit_channels() -> Iterable[ChannelSpec]:
    """Offer the channels of the core."""
    specs: Iterable[ChannelSpec] = load("crmkit.channels.offered:BUILT_IN")
    return specs


@hookimpl
def crmkit_connectors() -> Iterable[ConnectorSpec]:
    """Offer the connectors of the core."""
    specs: Iterable[ConnectorSpec] = load("crmkit.connectors.offered:BUILT_IN")
    return specs


@hookimpl
def crmkit_runners() -> Iterable[RunnerSpec]:
    """Offer the runners of the core."""
    specs: Iterable[RunnerSpec] = load("crmkit.runners.offered:BUILT_IN")
    return specs


@hookimpl
def crmkit_commands() -> Iterable[CommandSpec]:
    """Offer the commands of the core."""
    specs: Iterable[CommandSpec] = load("crmkit.cli.commands:COMMANDS")
    return specs


def own_names(kind: type) -> frozenset[str]:
    """Give the names that are crmkit's own, of what it offers by no hook: no plugin takes them.

    Args:
        kind: Of which records: a name of a touchpoint kind may well be one of a channel.
    """
    if kind is KindSpec:
        return frozenset(KINDS)
    if kind is Indicator:
        model = load("crmkit.value.models:default_model")()
        return frozenset(indicator.name for indicator in model.indicators)
    return frozenset()
