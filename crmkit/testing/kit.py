"""What the suites of opened plugins share: calls that come in, capabilities, secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import attrs
import pytest

from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import OpenedSpec

STRANGE = (b"", b"{}", b"[]", b"null", b'"x"', b"<a/>", b"\xff\x00", b"a=1&a=2", b"[[[[" * 5000)
"""Bodies that no webhook brings."""


@attrs.frozen(kw_only=True)
class Incoming:
    """A call of the provider's webhook, as `receive` gets it.

    Attributes:
        headers: Headers of the call.
        body: Its body, as it came.
        method: HTTP method.
        url: The whole address that was called.
    """

    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"
    url: str = ""


class Forgeries:
    """How a call is spoiled; both may be overridden."""

    def forged(self, call: Incoming) -> Incoming:
        """Change what was signed; override it where the body is not part of that."""
        for place in reversed(range(len(call.body))):
            if chr(call.body[place]).isalnum():
                other = b"1" if call.body[place : place + 1] == b"0" else b"0"
                body = call.body[:place] + other + call.body[place + 1 :]
                return attrs.evolve(call, body=body)
        pytest.skip("the call has no body to change: override `forged`")

    def unsigned(self, call: Incoming) -> Incoming:
        """Take the signature off; override it where it stands in the body."""
        kept = {k: v for k, v in call.headers.items() if k.lower() == "content-type"}
        bare = attrs.evolve(call, headers=kept, url=call.url.partition("?")[0])
        if bare == call:
            pytest.skip("the signature stands in the body: override `unsigned`")
        return bare


def needs(spec: OpenedSpec[Any], capability: str) -> None:
    """Skip the law where the spec does not say that it can do that."""
    if capability not in spec.capabilities:
        pytest.skip(f"the spec does not declare the capability {capability!r}")


def secrets(configured: Any) -> list[str]:
    """Give the texts of all secrets in the settings, those long enough to be told apart."""
    if isinstance(configured, Secret):
        text = configured.reveal() if configured else ""
        return [text] if len(text) > 3 else []  # noqa: PLR2004 - "key" stands in many words
    if attrs.has(type(configured)):
        fields = attrs.fields(type(configured))
        return [s for field in fields for s in secrets(getattr(configured, field.name))]
    if isinstance(configured, Mapping):
        return [text for value in configured.values() for text in secrets(value)]
    if isinstance(configured, (tuple, list, frozenset, set)):
        return [text for value in configured for text in secrets(value)]
    return []


def spellings(text: str) -> tuple[bytes, ...]:
    """Give the ways in which a text may stand on the wire: escaped by JSON, by a URL, or not."""
    escaped = (text, json.dumps(text)[1:-1], quote(text, safe=""), quote_plus(text))
    return tuple(spelt.encode() for spelt in escaped)


def inside(opened: object) -> dict[str, Any]:
    """Give the attributes of an opened object, whether it keeps them in a dict or in slots."""
    slots = [name for cls in type(opened).__mro__ for name in getattr(cls, "__slots__", ())]
    kept = {name: getattr(opened, name) for name in slots if hasattr(opened, name)}
    return {**kept, **getattr(opened, "__dict__", {})}
