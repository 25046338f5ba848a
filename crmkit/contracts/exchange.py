"""One call of a service and its answer, and the words in which a service says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.http import Reply

_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,120})", re.IGNORECASE)
_LONGEST = 500
"""Characters of one word of a service's that are repeated."""


@attrs.frozen(kw_only=True)
class Request:
    """One call to make.

    Attributes:
        method: ``GET``, ``POST``...
        url: Whole.
        params: Put into the query, each encoded once.
        headers: Beside those of HTTP itself.
        json: Sent as JSON; None: nothing is.
        body: Sent as it is, instead of `json`.
    """

    method: str = "POST"
    url: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    json: Any = None
    body: bytes | str | None = None


@attrs.frozen(kw_only=True)
class Answer:
    """What the service said.

    Attributes:
        status: HTTP status.
        headers: Read one with `crmkit.contracts.signatures.header`.
        data: The body read as JSON; None where it is empty, or an error that is no JSON.
        body: The body.
    """

    status: int
    headers: Mapping[str, str]
    data: Any
    body: bytes

    @property
    def now(self) -> datetime | None:
        """The service's own clock, as the header ``Date`` has it."""
        return self.reply.now

    @property
    def reply(self) -> Reply:
        """The answer as it came."""
        return Reply(self.status, self.headers, self.body)


def garbled(reply: Reply) -> str:
    """Say what came where JSON was due."""
    title = _TITLE.search(reply.body)
    if title:
        words = " ".join(title.group(1).decode("utf-8", "replace").split())
        return f"a page {words!r} where JSON is due"
    what = "an HTML page" if reply.body.lstrip()[:1] == b"<" else "half a JSON, or none"
    return f"{what} where JSON is due ({len(reply.body)} bytes)"


def said_of(answer: Answer) -> str:
    """Give the service's own words for what is wrong."""
    found = answer.data if isinstance(answer.data, Mapping) else {}
    if isinstance(answer.data, list) and answer.data and isinstance(answer.data[0], Mapping):
        found = answer.data[0]
    names = ("code", "errorCode", "error", "message", "errorMessage", "error_description")
    said = [
        str(found[name])[:_LONGEST] for name in names if isinstance(found.get(name), (str, int))
    ]
    return f" ({', '.join(said)})" if said else ""
