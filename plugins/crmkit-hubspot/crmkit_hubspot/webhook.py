"""Calls of HubSpot's webhook: the signature first, then which records to read again.

Wire: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
Only version 3 of the signature is taken: the older ones have no instant, so that a call could be
played again for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.contracts.connector import Hint
from crmkit.contracts.reading import posted, rows
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import base64_digest, fresh, header, refuse, same

_ENCODED = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""What HubSpot signs decoded; all other encoded characters stay as they are."""
_OBJECTS = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "ticket": "tickets",
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
    "0-5": "tickets",
    "0-27": "tasks",
    "0-46": "notes",
    "0-47": "meetings",
    "0-48": "calls",
    "0-49": "emails",
}
_GONE = ("deletion", "privacyDeletion")
_IDS = ("objectId", "primaryObjectId", "newObjectId", "fromObjectId")


def check_signature(  # noqa: PLR0913 - the parts of a call
    secret: Secret | None,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str,
    url: str,
    now: datetime,
) -> None:
    """Check that a call is HubSpot's own, and not older than five minutes.

    Raises:
        SignatureInvalid: it is not, or its timestamp is on either side too far from now.
    """
    if not secret:
        refuse("set client_secret: HubSpot signs with it")
    given = header(headers, "X-HubSpot-Signature-v3")
    stamp = header(headers, "X-HubSpot-Request-Timestamp")
    if not given or not stamp:
        refuse("it has no X-HubSpot-Signature-v3, or no X-HubSpot-Request-Timestamp")
    try:
        seconds = float(stamp) / 1000
    except ValueError:
        refuse("its timestamp is no number")
    fresh(seconds, now)
    decoded = _ENCODED.sub(lambda found: chr(int(found.group(1), 16)), url)
    expected = [
        base64_digest(
            secret.reveal(),
            (method.upper() + uri).encode("utf-8", "surrogatepass") + body + stamp.encode(),
        )
        for uri in (decoded, url)
    ]
    # Both are compared, so that the time tells nothing of which it was.
    if not any([same(given, one) for one in expected]):  # noqa: C419
        refuse("its signature is not HubSpot's")


def hints(body: bytes) -> Sequence[Hint]:
    """Give which records to read again, and which are said to be gone.

    Raises:
        InvalidValueError: the body is no JSON.
    """
    found = posted(body)
    grouped: dict[tuple[str, bool], dict[str, None]] = {}
    for event in rows(found if isinstance(found, list) else [found]):
        entity, gone = _about(event)
        for id_ in _named(event):
            grouped.setdefault((entity, gone), {})[id_] = None
    return [
        Hint(entity=entity, ids=tuple(ids), deleted=gone)
        for (entity, gone), ids in grouped.items()
        if entity
    ]


def _about(event: Mapping[str, Any]) -> tuple[str, bool]:
    """Tell the object of an event, and whether the record is said to be gone."""
    kind, _, what = str(event.get("subscriptionType") or event.get("eventType")).partition(".")
    if kind == "object":
        kind = str(event.get("objectTypeId") or "")
    return _OBJECTS.get(kind, kind if kind.startswith("2-") else ""), what in _GONE


def _named(event: Mapping[str, Any]) -> Iterator[str]:
    merged = event.get("mergedObjectIds")
    for value in (
        *(event.get(name) for name in _IDS),
        *(merged if isinstance(merged, list) else ()),
    ):
        if isinstance(value, (int, str)) and not isinstance(value, bool) and value != "":
            yield str(value)
