"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_whatsapp.settings import LONGEST, WhatsAppConfig


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer the channel type ``whatsapp``.

    80 messages a second are what a number may send at first. Messages go one by one, so a batch is
    small enough to end within a lease even where every call runs into its timeout.
    """
    yield ChannelSpec(
        name="whatsapp",
        open="crmkit_whatsapp.channel:WhatsAppChannel",
        config=WhatsAppConfig,
        identity="phone",
        capabilities=("receive", "session", "template"),
        limits=Limits(batch=8, per_second=80, text=LONGEST),
        thread_safe=True,
        summary="WhatsApp through Meta's Cloud API.",
    )
