"""Every hook of crmkit. Implement any of them in a module and mark it with ``@crmkit.hookimpl``.

Arguments that are not needed may be left out. Hooks that offer something give an iterable of
records; those that tell get a batch after the commit, at best once: else read ``crm.changes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from crmkit.plugins.marks import hookspec

if TYPE_CHECKING:
    from crmkit.contracts.channel import Delivery, Message
    from crmkit.contracts.connector import Synced
    from crmkit.contracts.specs import (
        ChannelSpec,
        CommandSpec,
        ConnectorSpec,
        EngineSpec,
        KindSpec,
        ReferenceSpec,
        Refusal,
        RunnerSpec,
        StoreSpec,
    )
    from crmkit.model.lifecycle import Move, StageRule
    from crmkit.model.touchpoint import Touchpoint
    from crmkit.model.value import Indicator

# -- what a plugin offers --------------------------------------------------------------


@hookspec
def crmkit_stores() -> Iterable[StoreSpec]:  # type: ignore[empty-body]
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
def crmkit_channels() -> Iterable[ChannelSpec]:  # type: ignore[empty-body]
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
def crmkit_connectors() -> Iterable[ConnectorSpec]:  # type: ignore[empty-body]
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
def crmkit_runners() -> Iterable[RunnerSpec]:  # type: ignore[empty-body]
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
def crmkit_engines() -> Iterable[EngineSpec]:  # type: ignore[empty-body]
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
def crmkit_indicators() -> Iterable[Indicator]:  # type: ignore[empty-body]
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
def crmkit_touchpoint_kinds() -> Iterable[KindSpec]:  # type: ignore[empty-body]
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
def crmkit_stage_rules() -> Iterable[StageRule]:  # type: ignore[empty-body]
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
def crmkit_references() -> Iterable[ReferenceSpec]:  # type: ignore[empty-body]
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


# -- what a plugin is asked ------------------------------------------------------------


@hookspec
def crmkit_refuse_send(  # type: ignore[empty-body]
    messages: Sequence[Message], workspace: str
) -> Iterable[Refusal]:
    """Refuse messages that are about to be sent; give nothing where all may go.

    Called: with each batch that is prepared, for previews and dry runs too, without what the gate
        refused. Caps are counted later: one that passes may have to wait, and is asked about again.
    Combined: one refusal is enough, every reason is recorded; nobody can overrule one.
    On error: nothing is sent, and a PluginError names the plugin; so where a refusal names no
        message that was asked about.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.channel import Message
        >>> from crmkit.contracts.specs import Refusal
        >>> @hookimpl
        ... def crmkit_refuse_send(messages):
        ...     for message in messages:
        ...         if "hawk" in message.text:
        ...             yield Refusal(message.id, "frightens pigeons")
        >>> about = Message(id="m1", customer_id="c1", to="loft 7", purpose="care", text="a hawk!")
        >>> [refusal.reason for refusal in crmkit_refuse_send([about])]
        ['frightens pigeons']

    .. versionadded:: 0.1
    """


# -- what a plugin is told -------------------------------------------------------------


@hookspec
def crmkit_touchpoints_recorded(touchpoints: Sequence[Touchpoint], workspace: str) -> None:
    """Hear of touchpoints that are new in the log; the `customer` of each is his id.

    Called: after the commit, in batches, at best once; in the thread that captured them.
    Combined: every plugin hears it; what is returned is ignored.
    On error: the others hear it all the same, nothing is undone, and it is logged once.

    Example:
        >>> from crmkit import hookimpl
        >>> seen = []
        >>> @hookimpl
        ... def crmkit_touchpoints_recorded(touchpoints):
        ...     seen.extend(touchpoint.kind for touchpoint in touchpoints)
        >>> crmkit_touchpoints_recorded([])
        >>> seen
        []

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_scores_changed(customer_ids: Sequence[str], workspace: str) -> None:
    """Hear whose value score was changed by what happened; fading alone changes nothing.

    Called: after the commit, in batches, at best once; ask ``crm.value.score`` for the scores.
    Combined: every plugin hears it; what is returned is ignored.
    On error: the others hear it all the same, nothing is undone, and it is logged once.

    Example:
        >>> from crmkit import hookimpl
        >>> stale = set()
        >>> @hookimpl
        ... def crmkit_scores_changed(customer_ids, workspace):
        ...     stale.update((workspace, customer_id) for customer_id in customer_ids)
        >>> crmkit_scores_changed(["c1"], "default")
        >>> stale
        {('default', 'c1')}

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_stages_changed(moves: Sequence[Move], workspace: str) -> None:
    """Hear of customers who came to another stage or tier.

    Called: after the commit, in batches, at best once.
    Combined: every plugin hears it; what is returned is ignored.
    On error: the others hear it all the same, nothing is undone, and it is logged once.

    Example:
        >>> from crmkit import hookimpl
        >>> lost = []
        >>> @hookimpl
        ... def crmkit_stages_changed(moves):
        ...     lost.extend(move.customer_id for move in moves if move.after == "churned")
        >>> crmkit_stages_changed([])
        >>> lost
        []

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_receipts(deliveries: Sequence[Delivery], workspace: str) -> None:
    """Hear what became of messages: delivered, bounced, opened, unsubscribed, answered.

    Called: after the commit, in batches, at best once; again where a provider tells it again.
    Combined: every plugin hears it; what is returned is ignored.
    On error: the others hear it all the same, nothing is undone, and it is logged once.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.channel import Delivery
        >>> bounced = []
        >>> @hookimpl
        ... def crmkit_receipts(deliveries):
        ...     bounced.extend(d.message_id for d in deliveries if d.what == "bounced")
        >>> crmkit_receipts([Delivery(what="bounced", message_id="m1")])
        >>> bounced
        ['m1']

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_synced(synced: Synced, workspace: str) -> None:
    """Hear that an external CRM was brought in step.

    Called: after each run of ``crm.sync.run`` that changed anything, at best once.
    Combined: every plugin hears it; what is returned is ignored.
    On error: the others hear it all the same, nothing is undone, and it is logged once.

    Example:
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.connector import Synced
        >>> @hookimpl
        ... def crmkit_synced(synced):
        ...     print(synced.connector, synced.created)
        >>> crmkit_synced(Synced(connector="ledger", created=3))
        ledger 3

    .. versionadded:: 0.1
    """
