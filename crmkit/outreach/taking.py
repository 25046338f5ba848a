"""What callers of outreach give, taken strictly: ids, values, names of channels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from crmkit.arguments import ID_LIMIT, instance, mapping, refuse, text, texts
from crmkit.capture.normalise import Normaliser
from crmkit.outreach.setup import Setup


def channel_name(name: object) -> str:
    """Take the name of a channel."""
    return text("channel", name, ID_LIMIT, least=1)


def address_of(
    setup: Setup, system: str, value: str, channel: str | None
) -> tuple[tuple[str, str], str | None]:
    """Take an address and the only channel it is about: the identity, spelled as it is kept."""
    kind = text("system", system, ID_LIMIT, least=1)
    written = text("value", value, ID_LIMIT, least=1)
    spelled = Normaliser(setup.region).key(kind, written)
    if spelled is None:
        refuse("value", f"must be an address of the kind {kind}", value)
    only = None if channel is None else setup.lines.get(channel_name(channel)).name
    return (kind, spelled), only


def ids_of(given: str | Iterable[str]) -> tuple[str, ...]:
    """Take one id or many."""
    return tuple(text("ids", one, ID_LIMIT, least=1) for one in texts("ids", given, ID_LIMIT))


def each_of(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, Any]]:
    """Take values for single customers, by id."""
    found = mapping("each", {} if given is None else given, "a mapping of ids to values")
    return {
        text("each", one, ID_LIMIT): dict(plain_of(f"each[{one!r}]", values))
        for one, values in found.items()
    }


def headers_of(headers: object) -> dict[str, str]:
    """Take the headers of a call, as this or that framework gives them.

    Names and values may be bytes; a value may be a list, which is one value with commas (RFC 9110,
    5.3); instead of a mapping, pairs will do, as ASGI has them.
    """
    pairs = [*headers] if isinstance(headers, list | tuple) else None
    if pairs is None or not all(isinstance(one, list | tuple) and len(one) == 2 for one in pairs):  # noqa: PLR2004 - a name and a value
        pairs = [*mapping("headers", headers, "a mapping").items()]
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        values = value if isinstance(value, list | tuple) else (value,)
        found.setdefault(_latin(name), []).extend(map(_latin, values))
    return {name: ", ".join(values) for name, values in found.items()}


def _latin(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def body_of(body: object) -> bytes:
    """Take the body of a call."""
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    if not isinstance(body, str):
        return instance("body", body, bytes, "bytes")
    try:
        return body.encode()
    except UnicodeEncodeError:
        refuse("body", "must be bytes, or text without lone surrogates", body)


def url_of(url: object) -> str:
    """Take the URL of a call; whoever calls writes it, its host too."""
    taken = text("url", url)
    try:
        _ = urlsplit(taken).port
    except ValueError as error:
        refuse("url", f"must be a URL: {error}", taken)
    return taken


def plain_of(field: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Take values that can be kept as JSON; days and amounts are kept as they are written."""
    values = dict(mapping(field, {} if given is None else given, "a mapping of names to values"))
    try:
        plain: dict[str, Any] = json.loads(json.dumps(values, default=_written, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        refuse(field, f"must be texts, numbers, days, or lists and mappings of them: {error}")
    return plain


def _written(value: object) -> str:
    if isinstance(value, (date, Decimal)):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")
