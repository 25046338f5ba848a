"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit_sms.settings import AliyunSettings, TencentSettings, TwilioSettings


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer one channel a provider; none is imported before it is first opened."""
    yield ChannelSpec(
        name="aliyun-sms",
        open="crmkit_sms.aliyun.channel:AliyunSms",
        config=AliyunSettings,
        capabilities={"poll", "receive", "template"},
        thread_safe=True,
        summary="Text messages by Aliyun (阿里云短信), from approved templates.",
        identity="phone",
        limits=Limits(batch=100),
    )
    yield ChannelSpec(
        name="tencent-sms",
        open="crmkit_sms.tencent.channel:TencentSms",
        config=TencentSettings,
        capabilities={"poll", "receive", "template"},
        thread_safe=True,
        summary="Text messages by Tencent Cloud (腾讯云短信), from approved templates.",
        identity="phone",
        limits=Limits(batch=200),
    )
    yield ChannelSpec(
        name="twilio-sms",
        open="crmkit_sms.twilio.channel:TwilioSms",
        config=TwilioSettings,
        capabilities={"receive", "template"},
        thread_safe=True,
        summary="Text messages by Twilio, as text or from its content templates.",
        identity="phone",
        limits=Limits(batch=100, text=1600),
    )
