"""What changed since an instant: by the search, page after page, and none of them missed.

Wire: https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm. Pages go by
instants, never by HubSpot's own offsets: those end at 10,000, and a record that changes between
two pages would move another one to a page that was read already. A page that is all one instant
is read by id within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Cursor, SyncAborted
from crmkit.contracts.reading import mapping
from crmkit_hubspot.api import NAME, Api
from crmkit_hubspot.records import Shape, listed
from crmkit_hubspot.schemas import stamp
from crmkit_hubspot.values import millis, moment

BEHIND = "behind"
"""Token of a cursor behind all records of its instant."""


@attrs.frozen
class Page:
    """One page as HubSpot gave it.

    Attributes:
        found: Its records, whole JSON objects.
        cursor: Place behind them.
        more: Whether another page waits.
        now: HubSpot's clock.
    """

    found: list[dict[str, Any]]
    cursor: Cursor
    more: bool
    now: datetime | None


@attrs.frozen
class Window:
    """Reads one object's changes.

    Attributes:
        api: The account.
        shape: How its records look.
        asked: Properties to read.
        size: Records in a page.
    """

    api: Api
    shape: Shape
    asked: list[str]
    size: int

    def page(self, cursor: Cursor) -> Page:
        """Read the page behind `cursor`.

        Raises:
            SyncAborted: HubSpot refuses it, or gives what goes round in circles.
        """
        since = 0 if cursor.at is None else millis(cursor.at)
        if cursor.token == BEHIND:
            return self._by_instant(cursor, since, "GT")
        if cursor.id.isdigit():
            return self._by_id(since, cursor.id)
        return self._by_instant(cursor, since, "GTE")

    def _by_instant(self, cursor: Cursor, since: int, operator: str) -> Page:
        name = stamp(self.shape.entity)
        told, now = self._search([_filter(name, operator, since)], name)
        found = listed(told)
        if not found or not _more(told):
            newest = max((moment(self._at(one)) for one in found), default=cursor.at)
            at = max(newest, cursor.at) if newest and cursor.at else newest
            return Page(found, Cursor(at=at), more=False, now=now)
        last = self._at(found[-1])
        if self._at(found[0]) >= last:
            return self._by_id(last, "0")
        if last <= since:
            raise SyncAborted(f"{NAME} gives changes before the instant that was asked for")
        # Of the last instant the next page may hold more: it is read there, from its beginning.
        whole = [one for one in found if self._at(one) < last]
        return Page(whole, Cursor(at=moment(last)), more=True, now=now)

    def _by_id(self, instant: int, after: str) -> Page:
        """Read on within one instant, which more records may bear than any page takes."""
        name = stamp(self.shape.entity)
        filters = [_filter(name, "EQ", instant), _filter("hs_object_id", "GT", after)]
        told, now = self._search(filters, "hs_object_id")
        found, at = listed(told), moment(instant)
        if not found or not _more(told):
            return Page(found, Cursor(at=at, id=after, token=BEHIND), more=True, now=now)
        last = str(found[-1]["id"])
        if not last.isdigit() or int(last) <= int(after):
            raise SyncAborted(f"{NAME} gives the same records of one instant again and again")
        return Page(found, Cursor(at=at, id=last), more=True, now=now)

    def _search(
        self, filters: list[dict[str, str]], sort: str
    ) -> tuple[Mapping[str, Any], datetime | None]:
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [sort],  # a name alone is the ascending order
            "properties": self.asked,
            "limit": self.size,
        }
        path = self.api.objects(self.shape.entity, "search")
        told, answer = self.api.read("POST", path, body, search=True)
        return told, answer.now

    def _at(self, told: Mapping[str, Any]) -> int:
        at = self.shape.changed(told)
        if at is None:
            raise SyncAborted(f"{NAME}: record {told.get('id')} has no instant of its last change")
        return millis(at)


def _filter(name: str, operator: str, value: int | str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _more(told: Mapping[str, Any]) -> bool:
    return bool(mapping(told, "paging", "next").get("after"))
