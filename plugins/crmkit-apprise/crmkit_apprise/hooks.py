"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_apprise.settings import CustomerConfig, StaffConfig

NETWORKS = (
    "line",
    "matrix",
    "qq",
    "signal",
    "slack",
    "telegram",
    "threema",
    "viber",
    "wxpusher",
    "x",
)
"""Networks whose members are customers: each has a channel type, and customers an identity of its
name. Whatever else Apprise knows goes by the type ``apprise``, with the identity ``apprise``."""
# A service waits 4 s to connect and 4 s for an answer: a batch ends well within a lease. Apprise's
# own throttle is per object, and there is one a message; so it is crmkit that keeps the pace.
_LIMITS = Limits(batch=20, per_second=1)


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer ``apprise``, ``apprise.NETWORK`` for each network, and ``apprise.staff``."""
    for network in (None, *NETWORKS):
        yield ChannelSpec(
            name=f"apprise.{network}" if network else "apprise",
            open="crmkit_apprise.channel:AppriseChannel",
            config=CustomerConfig,
            identity=network or "apprise",
            capabilities=("subject",),
            limits=_LIMITS,
            thread_safe=True,
            summary=f"{network or 'Anything'} through Apprise.",
        )
    yield ChannelSpec(
        name="apprise.staff",
        open="crmkit_apprise.channel:AppriseChannel",
        config=StaffConfig,
        capabilities=("staff", "subject"),
        limits=_LIMITS,
        thread_safe=True,
        summary="Alerts to colleagues through Apprise.",
    )
