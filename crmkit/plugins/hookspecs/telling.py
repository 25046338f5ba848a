"""The hooks by which a plugin is told what it must know, asked before a send, and told after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crmkit.plugins.marks import hookspec

if TYPE_CHECKING:
    from crmkit.contracts.channel import Delivery, Message
    from crmkit.contracts.connector import Synced
    from crmkit.contracts.specs import Refusal
    from crmkit.model.lifecycle import Move
    from crmkit.model.touchpoint import Touchpoint


@hookspec
def crmkit_settings() -> type:  # type: ignore[empty-body]
    """Name the attrs class of the plugin's own settings, under ``[plugins.NAME]``.

    NAME is the plugin's, as ``crmkit plugins`` lists it. Every other hook of the plugin but
    ``crmkit_commands`` may then take them as its argument `settings`.

    Called: once for a configuration, when a CRM is opened or another hook first takes `settings`.
    Combined: not at all: a plugin's settings are its own.
    On error: a wrong setting is a ConfigError that names it, when the CRM is opened; where one is
        missing, or this raises, the hooks that take `settings` fail, and only they.

    Example:
        >>> import attrs
        >>> from crmkit import hookimpl
        >>> from crmkit.contracts.settings import Secret
        >>> @attrs.frozen(kw_only=True)
        ... class PigeonSettings:
        ...     loft: str
        ...     whistle: Secret = Secret("")
        >>> @hookimpl
        ... def crmkit_settings():
        ...     return PigeonSettings
        >>> crmkit_settings().__name__
        'PigeonSettings'

    .. versionadded:: 0.1
    """


@hookspec
def crmkit_refuse_send(  # type: ignore[empty-body]
    messages: Sequence[Message], workspace: str, settings: Any
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


@hookspec
def crmkit_touchpoints_recorded(
    touchpoints: Sequence[Touchpoint], workspace: str, settings: Any
) -> None:
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
def crmkit_scores_changed(customer_ids: Sequence[str], workspace: str, settings: Any) -> None:
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
def crmkit_stages_changed(moves: Sequence[Move], workspace: str, settings: Any) -> None:
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
def crmkit_receipts(deliveries: Sequence[Delivery], workspace: str, settings: Any) -> None:
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
def crmkit_synced(synced: Synced, workspace: str, settings: Any) -> None:
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
