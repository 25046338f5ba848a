"""What was archived: the search never shows it, a list of its own does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.contracts.connector import Changes, Cursor, Remote
from crmkit.contracts.reading import mapping, text
from crmkit_hubspot.api import Api, refused, whole
from crmkit_hubspot.records import Shape, listed, merged_ids
from crmkit_hubspot.schemas import BATCH, MERGED
from crmkit_hubspot.values import instant, millis

_FINE, _BAD = range(200, 300), 400


@attrs.frozen
class Archive:
    """Reads one object's records by list and by id.

    Attributes:
        api: The account.
        shape: How its records look.
        size: Records in a page.
    """

    api: Api
    shape: Shape
    size: int

    def page(self, cursor: Cursor) -> Changes:
        """Read the next page of the archive; the list has no order that a cursor could use.

        So it is read whole each time, and the cursor moves when its end is reached.
        """
        after, newest = _place(cursor)
        params = {
            "archived": "true",
            "limit": str(min(self.size, BATCH)),
            "properties": MERGED,
        }
        path = self.api.objects(self.shape.entity)
        answer = self.api.ask("GET", path, params={**params, "after": after} if after else params)
        if after and answer.status == _BAD:  # the place is none any more: from the beginning
            return self.page(Cursor(at=cursor.at))
        if answer.status not in _FINE:
            refused(answer, path)
        told = whole(answer, path)
        found = [gone for one in listed(told) for gone in self._gone(one)]
        times = [one.changed_at for one in found if one.changed_at is not None]
        newest = max([*times, newest] if newest else times, default=None)
        since = cursor.at
        fresh = [
            one for one in found if not since or one.changed_at is None or one.changed_at >= since
        ]
        fresh.sort(key=lambda one: millis(one.changed_at) if one.changed_at else 0)
        records = self._whither(fresh)
        following = text(mapping(told, "paging", "next").get("after"))
        if following and following != after:
            token = json.dumps([following, newest.isoformat() if newest else None])
            return Changes(
                records=records, cursor=Cursor(at=since, token=token), more=True, now=answer.now
            )
        at = max(one for one in (since, newest) if one) if since or newest else None
        return Changes(records=records, cursor=Cursor(at=at), now=answer.now)

    def read(
        self, ids: Sequence[str], asked: Sequence[str], *, needed: bool = True
    ) -> dict[str, dict[str, Any]]:
        """Read records by id, at most `BATCH`; one that went into another gives the other one.

        Args:
            ids: Which.
            asked: Their properties to read.
            needed: A refusal is an error; else it gives none.

        Raises:
            SyncAborted: HubSpot refuses it.
        """
        body = {"properties": [*asked], "inputs": [{"id": one} for one in ids]}
        path = self.api.objects(self.shape.entity, "batch/read")
        answer = self.api.ask("POST", path, body)
        if answer.status not in _FINE:
            if not needed or mapping(answer.data).get("category") == "OBJECT_NOT_FOUND":
                return {}
            refused(answer, path)
        found: dict[str, dict[str, Any]] = {}
        for one in listed(whole(answer, path)):
            for id_ in (str(one.get("id")), *merged_ids(one)):
                found.setdefault(id_, one)
        return {id_: found[id_] for id_ in ids if id_ in found}

    def _gone(self, told: Mapping[str, Any]) -> list[Remote]:
        """Give an archived record, behind those that went into it: no change told of them."""
        at = instant(told.get("archivedAt")) or self.shape.changed(told)
        made, id_ = instant(told.get("createdAt")), str(told["id"])
        merged = [
            Remote(id=one, changed_at=at, deleted=True, merged_into=id_) for one in merged_ids(told)
        ]
        return [*merged, Remote(id=id_, changed_at=at, created_at=made, deleted=True)]

    def _whither(self, gone: list[Remote]) -> tuple[Remote, ...]:
        """Say of each which record it went into, where it was merged."""
        records: list[Remote] = []
        for start in range(0, len(gone), BATCH):
            some = gone[start : start + BATCH]
            found = self.read(list(dict.fromkeys(one.id for one in some)), [MERGED], needed=False)
            for one in some:
                into = str(found[one.id]["id"]) if one.id in found else one.id
                records.append(one if into == one.id else attrs.evolve(one, merged_into=into))
        return tuple(records)


def _place(cursor: Cursor) -> tuple[str, Any]:
    """Read where the list goes on, and the newest instant that it told until there."""
    try:
        after, newest = json.loads(cursor.token or "")
    except (ValueError, TypeError):
        return "", None
    return str(after), instant(newest) if newest else None
