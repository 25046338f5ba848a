"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_feishu.settings import FeishuConfig


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer the bot of a group; its texts have no limit here, since longer ones are cut."""
    yield ChannelSpec(
        name="feishu-bot",
        open="crmkit_feishu.bot:FeishuBot",
        config=FeishuConfig,
        capabilities=("staff",),
        limits=Limits(batch=100, per_second=100 / 60),
        thread_safe=True,
        summary="Alerts to colleagues, through the bot of a Feishu or Lark group.",
    )
