"""The hooks by which a plugin offers something, once, before anything of it is used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmkit.plugins.marks import hookspec

if TYPE_CHECKING:
    from crmkit.contracts.specs import (
        ChannelSpec,
        CommandSpec,
        ConnectorSpec,
        EngineSpec,
        KindSpec,
        ReferenceSpec,
        RunnerSpec,
        StoreSpec,
    )
    from crmkit.model.lifecycle import StageRule
    from crmkit.model.value import Indicator


@hookspec
def crmkit_stores(settings: Any) -> Iterable[StoreSpec]:  # type: ignore[empty-body]
    """Offer places to keep the data.

    Called: once, when a store is first asked for. Must not connect to anything.
    Combined: by name, which is the scheme of the URLs; a name offered twice is a PluginError naming
        both distributions, and a built-in one keeps its name.
    On error: only this plugin's stores are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import StoreSpec
        >>> @hookimpl
        ... def crmkit_stores():
        ...     yield StoreSpec(name="nest", open="crmkit_nest:NestStore")
        >>> [spec.name for spec in crmkit_stores()]
        ['nest']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_channels(settings: Any) -> Iterable[ChannelSpec]:  # type: ignore[empty-body]
    """Offer ways to reach a customer.

    Called: once, when a channel is first asked for. Must not connect to anything.
    Combined: by name; a name offered twice is a PluginError naming both distributions.
    On error: only this plugin's channels are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import ChannelSpec
        >>> @hookimpl
        ... def crmkit_channels():
        ...     yield ChannelSpec(name="pigeon", identity="loft", open="crmkit_pigeon:Pigeon")
        >>> [spec.identity for spec in crmkit_channels()]
        ['loft']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_connectors(settings: Any) -> Iterable[ConnectorSpec]:  # type: ignore[empty-body]
    """Offer external CRMs that are kept in step.

    Called: once, when a connector is first asked for. Must not connect to anything.
    Combined: by name; a name offered twice is a PluginError naming both distributions.
    On error: only this plugin's connectors are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import ConnectorSpec
        >>> @hookimpl
        ... def crmkit_connectors():
        ...     yield ConnectorSpec(name="ledger", open="crmkit_ledger:Ledger")
        >>> [spec.name for spec in crmkit_connectors()]
        ['ledger']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_runners(settings: Any) -> Iterable[RunnerSpec]:  # type: ignore[empty-body]
    """Offer task queues that do the work in other processes.

    Called: once, when a runner is first asked for. Must not connect to anything.
    Combined: by name; a name offered twice is a PluginError naming both distributions.
    On error: only this plugin's runners are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import RunnerSpec
        >>> @hookimpl
        ... def crmkit_runners():
        ...     yield RunnerSpec(name="flock", open="crmkit_flock:Flock")
        >>> [spec.name for spec in crmkit_runners()]
        ['flock']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_engines(settings: Any) -> Iterable[EngineSpec]:  # type: ignore[empty-body]
    """Offer engines that sum the whole log up, where ``crmkit rebuild --engine NAME`` asks for one.

    Called: once, when an engine is first asked for. Must not connect to anything.
    Combined: by name; a name offered twice is a PluginError naming both distributions.
    On error: only this plugin's engines are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import EngineSpec
        >>> @hookimpl
        ... def crmkit_engines():
        ...     yield EngineSpec(name="flight", open="crmkit_flight:Flight")
        >>> [spec.name for spec in crmkit_engines()]
        ['flight']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_indicators(settings: Any) -> Iterable[Indicator]:  # type: ignore[empty-body]
    """Offer indicators that a value model may use by name.

    Called: once, when a model that names an indicator is first loaded.
    Combined: by name; offered twice, or by the default model too, is a PluginError naming both.
    On error: only this plugin's indicators are missing; where the model in force uses one, scoring
        stops with a PluginError that names the plugin.

    Example:
        >>> from datetime import timedelta
        >>> from crmkit import Indicator, hookimpl
        >>> @hookimpl
        ... def crmkit_indicators():
        ...     yield Indicator(
        ...         "flights", ("flight",), "count", half_life=timedelta(days=90), weight=1
        ...     )
        >>> [indicator.name for indicator in crmkit_indicators()]
        ['flights']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_touchpoint_kinds(settings: Any) -> Iterable[KindSpec]:  # type: ignore[empty-body]
    """Declare kinds of touchpoint beside those of the core.

    Called: once, when the first record is captured or the first score is asked for.
    Combined: by name; a name offered twice, or one of the core, is a PluginError naming both.
    On error: records of this plugin's kinds are rejected, with a reason that names it where they
        were known before, and others captured; scoring stops with a PluginError that names it.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import KindSpec
        >>> @hookimpl
        ... def crmkit_touchpoint_kinds():
        ...     yield KindSpec(name="flight", en="Flight", zh="飞行")
        >>> [kind.zh for kind in crmkit_touchpoint_kinds()]
        ['飞行']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_stage_rules(settings: Any) -> Iterable[StageRule]:  # type: ignore[empty-body]
    """Offer rules that move customers from stage to stage.

    Called: once, before the stages are first advanced.
    Combined: by name, in whose order they are tried after those of the configuration; a name
        offered twice is a PluginError naming both distributions.
    On error: only this plugin's rules are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import StageRule, hookimpl
        >>> @hookimpl
        ... def crmkit_stage_rules():
        ...     flown = {"days_since.flight": {"max": 7}}
        ...     yield StageRule(name="homing", to="won_back", since=("churned",), when=flown)
        >>> [rule.to for rule in crmkit_stage_rules()]
        ['won_back']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Offer commands of the ``crmkit`` program.

    Called: once, when the program starts; a command itself is imported when it is run.
    Combined: by name; a name offered twice is a PluginError naming both distributions.
    On error: only this plugin's commands are missing; ``crmkit plugins`` says why.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import CommandSpec
        >>> @hookimpl
        ... def crmkit_commands():
        ...     yield CommandSpec(name="coo", command="crmkit_pigeon:coo", summary="Say coo.")
        >>> [command.summary for command in crmkit_commands()]
        ['Say coo.']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_references(settings: Any) -> Iterable[ReferenceSpec]:  # type: ignore[empty-body]
    """Declare data about customers that the plugin keeps itself.

    Called: once, before the first merge, export or erasure.
    Combined: by name, all of them; a name offered twice is a PluginError naming both distributions.
    On error: merging, exporting and erasing stop with a PluginError that names it: data would be
        left behind; so they do where a function of the reference raises.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.specs import ReferenceSpec
        >>> feathers = {}
        >>> @hookimpl
        ... def crmkit_references():
        ...     yield ReferenceSpec(
        ...         name="feathers",
        ...         repoint=lambda keep, drop, workspace: None,
        ...         export=lambda customer_id, workspace: feathers.get(customer_id),
        ...         erase=lambda customer_id, workspace: feathers.pop(customer_id, None),
        ...     )
        >>> [reference.name for reference in crmkit_references()]
        ['feathers']

    .. versionadded:: 0.1
    """
