"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_wecom.settings import WeComBotConfig, WeComConfig


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer both; the bot's texts have no limit here, since longer ones are cut."""
    yield ChannelSpec(
        name="wecom",
        open="crmkit_wecom.customers:WeCom",
        config=WeComConfig,
        capabilities=("person", "poll", "receive"),
        identity="wecom",
        limits=Limits(batch=50, text=4000, unit="bytes"),
        thread_safe=True,
        summary="Messages to customers in WeCom, which a colleague confirms.",
    )
    yield ChannelSpec(
        name="wecom-bot",
        open="crmkit_wecom.bot:WeComBot",
        config=WeComBotConfig,
        capabilities=("staff",),
        limits=Limits(batch=20, per_second=20 / 60),
        thread_safe=True,
        summary="Alerts to colleagues, through the bot of a WeCom group.",
    )
