"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_esp.settings import MailgunConfig, SendGridConfig, SesConfig

_USES = ("html", "receive", "subject", "template", "unsubscribe")
# Messages go one by one: a batch ends within a lease even where every call runs into its timeout.
_BATCH = 8


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer the channel types ``mailgun``, ``sendgrid`` and ``ses``."""
    yield ChannelSpec(
        name="mailgun",
        open="crmkit_esp.mailgun:MailgunChannel",
        config=MailgunConfig,
        identity="email",
        capabilities=(*_USES, "find"),
        limits=Limits(batch=_BATCH),
        thread_safe=True,
        summary="E-mail through Mailgun.",
    )
    yield ChannelSpec(
        name="sendgrid",
        open="crmkit_esp.sendgrid:SendGridChannel",
        config=SendGridConfig,
        identity="email",
        capabilities=_USES,
        limits=Limits(batch=_BATCH),
        thread_safe=True,
        summary="E-mail through Twilio SendGrid.",
    )
    yield ChannelSpec(
        name="ses",
        open="crmkit_esp.ses:SesChannel",
        config=SesConfig,
        identity="email",
        capabilities=_USES,
        limits=Limits(batch=_BATCH, per_second=14),  # what an account may at first
        thread_safe=True,
        summary="E-mail through Amazon SES.",
    )
