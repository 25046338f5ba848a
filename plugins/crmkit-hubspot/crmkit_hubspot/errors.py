"""What HubSpot says is wrong: of a whole call, or of single records of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.contracts.exchange import Answer
from crmkit.contracts.reading import loaded, mapping, rows, text

_BAD = 400
_TRACES = ("objectWriteTraceId", "objectWriteTraceIds")
_IDS = ("ids", "id", "objectId", "fromObjectId", "fromId")


@attrs.frozen
class Error:
    """One refusal.

    Attributes:
        code: HubSpot's category.
        reason: Its words.
        field: The property at fault, where it is named.
        traces: Trace ids of the records it is about.
        ids: Their ids.
    """

    code: str
    reason: str
    field: str | None
    traces: frozenset[str]
    ids: frozenset[str]


def errors_of(answer: Answer) -> list[Error]:
    """Give the errors of single records that a 207 lists, or the one of a whole call."""
    told = mapping(answer.data)
    if answer.status >= _BAD:
        return [_read({**told, "message": text(told.get("message")) or f"HTTP {answer.status}"})]
    return [_read(one) for one in rows(told, "errors")]


def _read(told: Mapping[str, Any]) -> Error:
    context, details = mapping(told, "context"), rows(told, "errors")
    message, listed = _unfolded(text(told.get("message")) or "")
    words = [message, *(_worded(one) for one in listed or details)]
    said = [one for one in dict.fromkeys(words) if one]
    named = _named(context, details) or next((text(one.get("name")) for one in listed), None)
    return Error(
        code=text(told.get("category")) or text(told.get("code")) or "error",
        reason=": ".join(said) or "HubSpot gives no reason",
        field=named,
        traces=_listed({**told, **context}, _TRACES),
        ids=_listed(context, _IDS),
    )


def _unfolded(message: str) -> tuple[str, list[dict[str, Any]]]:
    """Take a message and the list in JSON at its end apart."""
    place = message.find("[{")
    listed = rows(loaded(message[place:])) if place >= 0 else []
    return (message[:place].rstrip(" :"), listed) if listed else (message, [])


def _worded(detail: Mapping[str, Any]) -> str:
    """Word one detail, with the property that it is about before it."""
    said, name = text(detail.get("message")) or "", text(detail.get("name"))
    return f"{name}: {said}" if name and name not in said else said


def _named(context: Mapping[str, Any], details: list[dict[str, Any]]) -> str | None:
    """Find the property at fault, wherever this kind of error names it."""
    for place in (context, *(mapping(one, "context") for one in details)):
        for name in ("propertyName", "properties", "property"):
            if listed := _listed(place, (name,)):
                return min(listed)
    for one in details:
        if where := text(one.get("in")):
            return where
    return None


def _listed(place: Mapping[str, Any], names: tuple[str, ...]) -> frozenset[str]:
    """Give the texts under any of the names, whether they are one or a list of them."""
    found: set[str] = set()
    for name in names:
        value = place.get(name)
        several = value if isinstance(value, list) else [value]
        found |= {str(one) for one in several if isinstance(one, (str, int)) and one != ""}
    return frozenset(found)
