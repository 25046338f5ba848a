"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_dingtalk.settings import DingTalkConfig


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer the robot of a group; its texts have no limit here, since longer ones are cut."""
    yield ChannelSpec(
        name="dingtalk-bot",
        open="crmkit_dingtalk.bot:DingTalkBot",
        config=DingTalkConfig,
        capabilities=("staff", "receive"),
        limits=Limits(batch=20, per_second=20 / 60),
        thread_safe=True,
        summary="Alerts to colleagues, through the robot of a DingTalk group.",
    )
