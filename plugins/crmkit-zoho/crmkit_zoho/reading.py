"""Reading a module: pages of what changed, and records by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Changes, Cursor, Remote, SyncAborted
from crmkit.contracts.exchange import Answer, said_of
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import identified
from crmkit_zoho.api import NOTHING, Api, code_of, refused
from crmkit_zoho.places import BY_NUMBER, Place, Spot, begun, resumed, unbound
from crmkit_zoho.shapes import BATCH, Shapes
from crmkit_zoho.values import instant, read

FIELDS = 50
"""Names that one call may ask for."""
STAMPS = ("Modified_Time", "Created_Time")
_BAD = 400
_OLD = ("EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH", "INVALID_DATA")
_FULL = ("PAGINATION_LIMIT_EXCEEDED", "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
_GONE = ("INVALID_DATA", "RECORD_NOT_FOUND", "RESOURCE_NOT_FOUND", "NO_CONTENT")
_PATIENCE = 3  # tokens of one list that Zoho may refuse


class _Stale(Exception):  # noqa: N818 - the list begins anew
    """A page token holds no more, or the pages are at their end."""

    def __init__(self, answer: Answer, *, full: bool) -> None:
        super().__init__()
        self.answer, self.full = answer, full


@attrs.frozen
class _Page:
    rows: Mapping[str, Mapping[str, Any]]
    following: Spot = None
    more: bool = False
    now: datetime | None = None


class Reader:
    """Reads modules; safe to use from several threads."""

    def __init__(self, api: Api, shapes: Shapes) -> None:
        """Read nothing yet."""
        self._api, self._shapes = api, shapes

    def changes(self, module: str, cursor: Cursor | None, fields: Sequence[str]) -> Changes:
        """Read the next page of changes, as the contract has it."""
        calls = _calls(fields)
        place = resumed(cursor, len(calls)) or begun(cursor, len(calls))
        try:
            return self._changes(module, cursor, place, calls, fields)
        except _Stale as stale:
            anew = self._anew(module, cursor, place, stale)
            return self._changes(module, cursor, anew, calls, fields)

    def fetch(self, module: str, ids: Sequence[str], fields: Sequence[str]) -> list[Remote]:
        """Read records by id; those that are gone come as ``deleted``."""
        found: dict[str, dict[str, Any]] = {id_: {} for id_ in ids}
        for start in range(0, len(found), BATCH):
            asked = list(found)[start : start + BATCH]
            for names in _calls(fields):
                kept = self._by_ids(module, [one for one in asked if one in found], names)
                for id_ in asked:
                    if id_ not in kept:
                        found.pop(id_, None)
                    elif id_ in found:
                        found[id_].update(kept[id_])
        types = self._shapes.of(module).types
        return [
            _remote(types, id_, found[id_], fields)
            if id_ in found
            else Remote(id=id_, deleted=True)
            for id_ in dict.fromkeys(ids)
        ]

    def _changes(
        self,
        module: str,
        cursor: Cursor | None,
        place: Place,
        calls: list[list[str]],
        fields: Sequence[str],
    ) -> Changes:
        """Read one page; each further call of its fields is joined by id."""
        pages = [
            self._list(module, names, place.since, spot)
            for names, spot in zip(calls, place.spots, strict=True)
        ]
        first = pages[0]
        whole = dict(first.rows)
        for names, page in zip(calls[1:], pages[1:], strict=True):
            moved = [id_ for id_ in whole if id_ not in page.rows]
            rest = {**page.rows, **(self._by_ids(module, moved, names) if moved else {})}
            for id_ in list(whole):
                if id_ in rest:
                    whole[id_] = {**rest[id_], **whole[id_]}
                else:
                    del whole[id_]  # deleted between two calls
        types = self._shapes.of(module).types
        records = tuple(_remote(types, id_, row, fields) for id_, row in whole.items())
        last = _last(cursor, first.rows)
        if not first.more:
            after = last if first.rows else unbound(cursor)
            return Changes(records=records, cursor=after, now=first.now)
        again = place.again if cursor is not None and last.at == cursor.at else 0
        following = Place(place.since, tuple(page.following for page in pages), again)
        if first.following is None:
            following = self._onward(module, last, place)
        after = attrs.evolve(last, token=following.token())
        return Changes(records=records, cursor=after, more=True, now=first.now)

    def _onward(self, module: str, last: Cursor, place: Place) -> Place:
        """Begin anew at the last record, where the pages of a list are at their end."""
        anew = begun(attrs.evolve(last, token=None), len(place.spots))
        if anew.since is None or (place.since is not None and anew.since <= place.since):
            message = f"more {module} were changed in one second than Zoho CRM gives in one list"
            raise SyncAborted(message)
        return anew

    def _anew(self, module: str, cursor: Cursor | None, place: Place, stale: _Stale) -> Place:
        """Begin anew at a cursor whose token was refused."""
        if stale.full and cursor is not None:
            return self._onward(module, cursor, place)
        if place.again >= _PATIENCE:
            raise refused(stale.answer, f"the next page of {module}")
        at = None if cursor is None else attrs.evolve(cursor, token=None)
        return attrs.evolve(begun(at, len(place.spots)), again=place.again + 1)

    def _list(self, module: str, names: Sequence[str], since: str | None, spot: Spot) -> _Page:
        if spot is None:  # the other calls' pages reach further: what is missing is read by id
            return _Page({})
        size = self._api.config.page_size
        params = {
            "fields": ",".join(names),
            "per_page": str(size),
            "sort_by": "Modified_Time",
            "sort_order": "asc",
        }
        if isinstance(spot, str):
            params["page_token"] = spot
        elif spot > 1:
            params["page"] = str(spot)
        headers = {} if since is None else {"If-Modified-Since": since}
        answer = self._api.get(module, params, headers)
        if answer.status in NOTHING:
            return _Page({}, now=answer.now)
        if answer.status >= _BAD:
            code = code_of(answer)
            if code in _FULL or (isinstance(spot, str) and code in _OLD):
                raise _Stale(answer, full=code in _FULL)
            raise refused(answer, f"to list {module}")
        found = listed(answer, module)
        info = mapping(answer.data, "info")
        more = bool(info.get("more_records"))
        return _Page(found, _following(info, spot, size) if more else None, more, answer.now)

    def _by_ids(
        self, module: str, ids: Sequence[str], names: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        """Read records by id in as few calls as can be; those that are gone are missing."""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(ids), BATCH):
            asked = ids[start : start + BATCH]
            params = {"fields": ",".join(names), "ids": ",".join(asked)}
            answer = self._api.get(module, params)
            if answer.status in NOTHING:
                continue
            kept = {} if answer.status >= _BAD else listed(answer, module)
            more = mapping(answer.data, "info").get("more_records")
            if answer.status >= _BAD or more or not kept.keys() <= set(asked):
                kept = self._each(module, asked, names)
            found.update(kept)
        return found

    def _each(
        self, module: str, ids: Sequence[str], names: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        """Read records one by one, where one wrong id spoils the call for all."""
        found: dict[str, Mapping[str, Any]] = {}
        for id_ in ids:
            answer = self._api.get(f"{module}/{id_}", {"fields": ",".join(names)})
            if answer.status in NOTHING or (answer.status >= _BAD and code_of(answer) in _GONE):
                continue
            if answer.status >= _BAD:
                raise refused(answer, f"to read {module} {id_}")
            found.update(listed(answer, module))
        return found


def _remote(
    types: Mapping[str, str], id_: str, row: Mapping[str, Any], fields: Sequence[str]
) -> Remote:
    values = {
        name: id_ if name == "id" else read(types.get(name, "other"), row.get(name))
        for name in fields
    }
    return Remote(
        id=id_,
        values=values,
        changed_at=instant(row.get("Modified_Time")),
        created_at=instant(row.get("Created_Time")),
    )


def _calls(fields: Sequence[str]) -> list[list[str]]:
    """Divide fields into what single calls may ask for; the first asks for the instants, too."""
    names = list(dict.fromkeys((*STAMPS, *(name for name in fields if name != "id"))))
    return [names[start : start + FIELDS] for start in range(0, len(names), FIELDS)]


def listed(answer: Answer, module: str) -> dict[str, Mapping[str, Any]]:
    """Give an answer's records by id, in its order.

    Raises:
        SyncAborted: it gives none, or one without an id.
    """
    if not isinstance(mapping(answer.data).get("data"), list):
        told = f"Zoho CRM answers {answer.status} without any data{said_of(answer)}"
        raise SyncAborted(f"{told} where {module} are due")
    found = identified(rows(answer.data, "data"), "id", f"Zoho CRM: {module}")
    return {str(row["id"]): row for row in found}


def _following(info: Mapping[str, Any], spot: Spot, size: int) -> Spot:
    token = info.get("next_page_token")
    if isinstance(token, str) and token:
        return token
    page = spot + 1 if isinstance(spot, int) else 0
    return page if page and page * size <= BY_NUMBER else None


def _last(cursor: Cursor | None, found: Mapping[str, Mapping[str, Any]]) -> Cursor:
    """Give the cursor behind the newest of the records; before them where they tell no instant."""
    told = [(at, id_) for id_, row in found.items() if (at := instant(row.get("Modified_Time")))]
    if not told:
        return cursor or Cursor()
    at, id_ = max(told, key=lambda one: one[0])
    if cursor is not None and cursor.at is not None and at < cursor.at:
        return attrs.evolve(cursor, token=None)  # the list began before the cursor
    return Cursor(at, id_)
