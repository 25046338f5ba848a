"""``SendSms``: up to 200 numbers a call, if template and values are the same, and a code for each.

Format: cloud.tencent.com/document/product/382/55981.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.contracts.answers import plain
from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.http import Reply
from crmkit_sms.contents import Ready
from crmkit_sms.tencent.codes import CODES
from crmkit_sms.tencent.interface import said

_AT_ONCE = 200


def calls(ready: Iterable[Ready]) -> list[dict[str, Ready]]:
    """Share messages out among calls; each is a mapping from number to message.

    A call has one template with one set of values, and numbers of the mainland or of elsewhere
    (Tencent refuses both together). Two customers with one number go by two calls: the answer tells
    them apart by nothing else.
    """
    open_calls: dict[tuple[Any, ...], list[dict[str, Ready]]] = {}
    for one in ready:
        template = one.template
        values = tuple(template.values.values()) if template else ()
        code = template.code if template else ""
        same = open_calls.setdefault((code, one.signature, values, one.number.mainland), [])
        free = (call for call in same if one.number.e164 not in call and len(call) < _AT_ONCE)
        call = next(free, None)
        if call is None:
            call = {}
            same.append(call)
        call[one.number.e164] = one
    return [call for same in open_calls.values() for call in same]


def parameters(call: Mapping[str, Ready], app_id: str) -> dict[str, Any]:
    """Write a call as Tencent wants it; our id goes along where there is only one."""
    first, *others = call.values()
    template = first.template
    written: dict[str, Any] = {
        "PhoneNumberSet": list(call),
        "SmsSdkAppId": app_id,
        "TemplateId": template.code if template else "",
        "SignName": first.signature,
        "TemplateParamSet": list(template.values.values()) if template else [],
    }
    if not others:
        written["SessionContext"] = first.message.id
    return written


def receipts(
    call: Mapping[str, Ready], reply: Reply, clock: Callable[[], datetime]
) -> list[Receipt]:
    """Read what became of each message of a call.

    Args:
        call: What was sent, by number.
        reply: The answer.
        clock: Gives now.
    """
    response, code, why = said(reply)
    messages = {number: ready.message for number, ready in call.items()}
    if code:
        return [CODES.error(message, code, why, reply, clock) for message in messages.values()]
    listed = response.get("SendStatusSet")
    if not isinstance(listed, list):
        return [plain(message, reply, clock) for message in messages.values()]
    told: dict[str, list[Mapping[str, Any]]] = {}
    for one in listed:
        if isinstance(one, dict):
            told.setdefault(str(one.get("PhoneNumber")), []).append(one)
    return [_receipt(message, told.get(number, ())) for number, message in messages.items()]


def _receipt(message: Message, told: Sequence[Mapping[str, Any]]) -> Receipt:
    if len(told) != 1:
        return Receipt.unknown(message, f"the answer names its number {len(told)} times")
    (status,) = told
    code = str(status.get("Code") or "")
    if code.lower() == "ok":
        return Receipt.accepted(message, str(status.get("SerialNo") or "") or None)
    return CODES.error(message, code or "UnknownError", status.get("Message"))
