"""Aliyun's receipts (SmsReport) and replies (SmsUp), pushed or fetched: the entries are the same.

Formats: help.aliyun.com/document_detail/101867.html and /101847.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmkit.contracts.channel import Delivery
from crmkit_sms.carriers import instant, reply, report
from crmkit_sms.numbers import e164


def deliveries(entries: Iterable[Mapping[str, Any]]) -> list[Delivery]:
    """Read entries; one that is neither a report nor a reply is left out."""
    return [found for found in map(_read, entries) if found is not None]


def _read(entry: Mapping[str, Any]) -> Delivery | None:
    address = e164(str(entry.get("phone_number") or ""))
    if "success" in entry:
        return report(
            good=str(entry["success"]).lower() == "true",
            provider_id=str(entry.get("biz_id") or ""),
            message_id=str(entry.get("out_id") or ""),
            address=address,
            at=instant(entry.get("report_time")),
            code=str(entry.get("err_code") or ""),
            reason=str(entry.get("err_msg") or ""),
        )
    if "content" in entry and address:
        own = str(entry.get("sequence_id") or "")
        return reply(address, str(entry["content"]), instant(entry.get("send_time")), own)
    return None
