"""Reading what came in without trusting its shape: JSON, forms, texts and instants.

What a call holds may be anything, although it is rightly signed: a provider changes his format, or
somebody plays with him. A part that is missing or of another kind is empty, and a body that is
nothing at all is an `InvalidValueError`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from crmkit.contracts.lines import written
from crmkit.errors import InvalidValueError


def loaded(body: bytes | str) -> Any:
    """Read JSON; None where it is none, or nested so deep that reading it would do harm."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def posted(body: bytes) -> Any:
    """Read the JSON object or list that a call of a webhook must bring.

    Raises:
        InvalidValueError: it brings neither.
    """
    found = loaded(body)
    if not isinstance(found, (dict, list)):
        message = "the body of the call is no JSON object or list"
        raise InvalidValueError(message, field="body")
    return found


def mapping(value: Any, *names: str) -> Mapping[str, Any]:
    """Give a section of a JSON value, down a path of names; empty where there is none.

    Example:
        >>> mapping({"a": {"b": {"c": 1}}}, "a", "b"), mapping([1], "a")
        ({'c': 1}, {})
    """
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def rows(value: Any, *names: str) -> list[dict[str, Any]]:
    """Give the sections of a list, down a path of names; nothing else that is in it.

    Example:
        >>> rows({"found": [{"id": 1}, 2]}, "found")
        [{'id': 1}]
    """
    if names:
        value = mapping(value, *names[:-1]).get(names[-1])
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    r"""Give a text as a database can hold it; None for an empty one, and for anything else.

    Example:
        >>> text("Yes\0!"), text(""), text(7)
        ('Yes!', None, None)
    """
    return clean(value) or None if isinstance(value, str) else None


def clean(value: str) -> str:
    """Leave NUL out of a text, and replace halves of letters, which JSON can spell."""
    return written(value.replace("\0", ""))


def instant(value: Any) -> datetime | None:
    """Read seconds since 1970, or ISO 8601 with an offset; None where it is neither."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else None
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def form(content_type: str, body: bytes) -> dict[str, str]:
    """Read a posted form, urlencoded or multipart; files are left out.

    Args:
        content_type: What the call's header says.
        body: Its body.
    """
    if not content_type.lower().startswith("multipart/"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    from email import policy  # noqa: PLC0415 - few calls need it
    from email.parser import BytesParser  # noqa: PLC0415

    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    fields = {}
    for part in BytesParser(policy=policy.HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:
            content = part.get_payload(decode=True)
            fields[name] = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return fields
