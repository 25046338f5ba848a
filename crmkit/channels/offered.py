"""What the core offers at ``crmkit_channels``."""

from __future__ import annotations

from crmkit.channels.console import ConsoleChannel
from crmkit.channels.email.settings import EmailSettings
from crmkit.channels.file import FileChannel, FileSettings
from crmkit.channels.task import TaskChannel, TaskSettings
from crmkit.channels.webhook import WebhookChannel, WebhookSettings
from crmkit.contracts.specs import ChannelSpec, Limits

BUILT_IN: tuple[ChannelSpec, ...] = (
    ChannelSpec(
        name="console",
        open=ConsoleChannel,
        capabilities={"subject", "html", "template"},
        thread_safe=True,
        summary="Prints messages instead of sending them.",
    ),
    ChannelSpec(
        name="email",
        open="crmkit.channels.email.channel:EmailChannel",
        config=EmailSettings,
        identity="email",
        capabilities={
            "subject",
            "html",
            "unsubscribe",
            "receive",
            "find",
            "poll",
            "meanwhile",
        },
        thread_safe=True,
        limits=Limits(batch=500),
        summary="E-mail by SMTP: one to one, with bounces, replies and one-click unsubscribing.",
    ),
    ChannelSpec(
        name="file",
        open=FileChannel,
        config=FileSettings,
        capabilities={"find", "resend", "subject", "html", "template"},
        limits=Limits(batch=500),
        thread_safe=True,
        summary="Appends messages to a mailbox (mbox) or to JSON Lines.",
    ),
    ChannelSpec(
        name="task",
        open=TaskChannel,
        config=TaskSettings,
        capabilities={"find", "resend", "person"},
        thread_safe=True,
        summary="A call, a visit or a gift by a colleague, in his calendar.",
    ),
    ChannelSpec(
        name="webhook",
        open=WebhookChannel,
        config=WebhookSettings,
        capabilities={"receive", "resend", "subject", "html", "template"},
        # one POST a message, each of which may take a whole timeout
        limits=Limits(batch=10),
        thread_safe=True,
        summary="Posts messages as signed JSON (Standard Webhooks) and reads receipts back.",
    ),
)
"""The channels of the core, offered through the same record as a plugin's."""
