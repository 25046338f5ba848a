"""Tencent's receipts and replies, fetched and pushed: two spellings of the same.

Formats: cloud.tencent.com/document/product/382/55980 and /55979 (fetched), /59178 and /68704
(pushed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmkit.contracts.channel import Delivery
from crmkit_sms.carriers import instant, reply, report
from crmkit_sms.numbers import e164


def pushed(entries: Iterable[Mapping[str, Any]]) -> list[Delivery]:
    """Read what a callback brings; an entry that is neither report nor reply is left out."""
    return [found for found in map(_pushed, entries) if found is not None]


def fetched_report(status: Mapping[str, Any]) -> Delivery:
    """Read an entry of ``PullSmsSendStatusSet``."""
    return report(
        good=status.get("ReportStatus") == "SUCCESS",
        provider_id=str(status.get("SerialNo") or ""),
        message_id=str(status.get("SessionContext") or ""),
        address=e164(str(status.get("PhoneNumber") or "")),
        at=instant(status.get("UserReceiveTime")),
        code=str(status.get("Description") or ""),
        reason=str(status.get("Description") or ""),
    )


def fetched_reply(found: Mapping[str, Any]) -> Delivery:
    """Read an entry of ``PullSmsReplyStatusSet``."""
    return reply(
        e164(str(found.get("PhoneNumber") or "")),
        str(found.get("ReplyContent") or ""),
        instant(found.get("ReplyTime")),
    )


def _pushed(entry: Mapping[str, Any]) -> Delivery | None:
    address = e164(str(entry.get("mobile") or ""), str(entry.get("nationcode") or ""))
    if "report_status" in entry:
        return report(
            good=entry["report_status"] == "SUCCESS",
            provider_id=str(entry.get("sid") or ""),
            message_id=None,
            address=address,
            at=instant(entry.get("user_receive_time")),
            code=str(entry.get("errmsg") or ""),
            reason=str(entry.get("description") or ""),
        )
    if "text" in entry and address:
        return reply(address, str(entry["text"]), instant(entry.get("time")))
    return None
