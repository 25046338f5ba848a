"""Receipts and replies as a ``webhook``'s other side posts them: JSON, one object or a list.

``type`` (or ``what``, as the contract calls it) is one of `DELIVERIES`; the rest are fields of
`Delivery` under their own names: of a receipt ``message_id`` (ours) or ``provider_id``, of a reply
``address`` and ``text``. ``at`` is ISO 8601 with an offset. Without an ``event_id`` the call's
``webhook-id`` is it. The fields may also stand in ``data``, beside ``type`` and ``timestamp``, as
Standard Webhooks proposes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.arguments import choice, flag, optional_text
from crmkit.clock import micros
from crmkit.contracts.channel import DELIVERIES, Delivery
from crmkit.contracts.reading import posted
from crmkit.errors import InvalidValueError

_MOST = 10_000


def deliveries(body: bytes, call: str) -> tuple[Sequence[Delivery], Sequence[str]]:
    """Read what a call brings, and say what of it cannot be understood.

    What is understood is given even so: the same event may come again, and is then known.

    Args:
        body: What was posted.
        call: The id of the call.

    Raises:
        InvalidValueError: the body is no JSON.
    """
    content = posted(body)
    items = content if isinstance(content, list) else [content]
    found, objections = [], []
    for place, item in enumerate(items[:_MOST]):
        try:
            found.append(_delivery(item, call if item is content else f"{call}#{place}"))
        except InvalidValueError as error:
            objections.append(f"[{place}]: {error}" if items is content else str(error))
    if len(items) > _MOST:
        objections.append(f"there are more than {_MOST} at once")
    return found, objections


def _delivery(item: object, event: str) -> Delivery:
    if not isinstance(item, Mapping):
        raise InvalidValueError("an event is an object", field="event")
    data = item.get("data")
    if isinstance(data, Mapping):
        item = {"at": item.get("timestamp"), "type": item.get("type"), **data}
    known: dict[str, Any] = {
        name: read(name, item[name]) for name, read in _FIELDS.items() if item.get(name) is not None
    }
    what = choice("type", item.get("type") or item.get("what"), DELIVERIES)
    if not any(known.get(name) for name in ("message_id", "provider_id", "address")):
        message = "message_id, provider_id or address must say what it is about"
        raise InvalidValueError(message, field="message_id")
    return Delivery(what=what, **{"event_id": event, **known})


def _instant(field: str, value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidValueError(f"{field} must be ISO 8601", field=field) from None
    micros(at, field)
    return at


_FIELDS: Mapping[str, Callable[[str, Any], object]] = {
    **dict.fromkeys(
        ("message_id", "provider_id", "event_id", "address", "text", "code", "reason"),
        optional_text,
    ),
    "permanent": flag,
    "machine": flag,
    "at": _instant,
}
