"""Where a list goes on: what a cursor's token holds, and how a list was begun.

Zoho binds a page token to the question it belongs to, lets it end after 24 hours and after 100,000
records, and gives no more than 2,000 records by page number. Source: zoho/crm-oas, getRecords.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from crmkit.contracts.connector import Cursor

SECOND = timedelta(seconds=1)
BY_NUMBER = 2000
"""Records that a list gives by page number."""

Spot = int | str | None
"""A page by its number or its token; None: there is none."""


@attrs.frozen
class Place:
    """Where to go on.

    Attributes:
        since: What ``If-Modified-Since`` says; None: the list has every record.
        spots: The page, of each call that the fields are divided into.
        again: How often Zoho refused a token of this list.
    """

    since: str | None
    spots: tuple[Spot, ...]
    again: int = 0

    def token(self) -> str:
        """Write it as a cursor's token."""
        return json.dumps({"since": self.since, "spots": self.spots, "again": self.again})


def begun(cursor: Cursor | None, calls: int) -> Place:
    """Give the place where a list begins that holds all that changed at or after a cursor."""
    if cursor is None or cursor.at is None:
        return Place(None, (1,) * calls)
    return Place(stamp(cursor.at - SECOND), (1,) * calls)


def resumed(cursor: Cursor | None, calls: int) -> Place | None:
    """Give the place that a cursor's token holds; None: none, or one for other fields."""
    told = _told(cursor)
    spots = told.get("spots")
    if not isinstance(spots, list) or len(spots) != calls:
        return None
    since, again = told.get("since"), told.get("again")
    if not all(one is None or isinstance(one, (int, str)) for one in spots):
        return None
    text = since if isinstance(since, str) else None
    return Place(text, tuple(spots), again if isinstance(again, int) else 0)


def unbound(cursor: Cursor | None) -> Cursor:
    """Give the cursor of a list whose last page held nothing: the one given, without its page."""
    if cursor is None:
        return Cursor()
    return attrs.evolve(cursor, token=None) if "spots" in _told(cursor) else cursor


def stamp(at: datetime) -> str:
    """Write an instant for ``If-Modified-Since``: whole seconds, rounded down.

    Nobody says whether Zoho gives what bears that very second, so a list begins one before.
    """
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _told(cursor: Cursor | None) -> Mapping[str, Any]:
    try:
        told = json.loads(cursor.token) if cursor is not None and cursor.token else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
