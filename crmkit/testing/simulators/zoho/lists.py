"""What a simulated Zoho lets one read: lists by page and by token, single records, deletions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import attrs

from crmkit.testing.simulators.base import Answer, Call
from crmkit.testing.simulators.book import Entry
from crmkit.testing.simulators.zoho.state import Refused, State

FIELDS, PAGE, PAGES, TOKENS = 50, 200, 2000, 100_000
"""Names in ``fields``; records of a page; records by page number; records by token."""
TOKEN_HOLDS = timedelta(hours=24)
_SECOND = timedelta(seconds=1)
_BOUND = ("fields", "per_page", "sort_by", "sort_order")


@attrs.frozen
class _Place:
    bound: tuple[str, ...]
    offset: int
    until: datetime


@attrs.define
class Lists:
    """Reads; a page token stands for an offset, so that what changes meanwhile moves records.

    Attributes:
        state: What is read.
        by_token: Whether pages name the token of the next; without it, 2,000 records are all.
        by_ids: Whether ``ids`` chooses records; without it, it is passed over.
    """

    state: State
    by_token: bool = True
    by_ids: bool = True
    _tokens: dict[str, _Place] = attrs.field(factory=dict)
    _numbers: count[int] = attrs.field(factory=lambda: count(1))
    _kept: dict[tuple[Any, ...], tuple[int, datetime | None, list[Entry]]] = attrs.field(
        factory=dict
    )

    def expire(self) -> None:
        """Let every page token end."""
        self._tokens = {
            token: attrs.evolve(place, until=self.state.book.now() - _SECOND)
            for token, place in self._tokens.items()
        }

    def listed(self, module: str, call: Call) -> Answer:
        """Answer ``GET /{module}``."""
        names = self._fields(module, call.query)
        since = _since(call)
        if "ids" in call.query and self.by_ids:
            wanted = call.query["ids"].split(",")
            found = [self.state.book.get(module, one) for one in wanted[:PAGE]]
            entries = [entry for entry in found if entry is not None]
            return self._page(module, names, entries, {"page": 1, "more_records": False})
        size = _number(call.query, "per_page", PAGE)
        bound = (module, *(call.query.get(name, "") for name in _BOUND), str(since))
        offset = self._offset(call.query, size, bound)
        entries = self._sorted(module, call.query, since)
        if not entries and since is not None:
            return Answer(status=304)
        chosen = entries[offset : offset + size]
        more = len(entries) > offset + size
        token = self._token(bound, offset + size) if more and self.by_token else None
        until = self.state.time(self.state.book.now() + TOKEN_HOLDS) if more else None
        info = {
            "per_page": size,
            "page": offset // size + 1,
            "more_records": more,
            "next_page_token": token,
            "previous_page_token": None,
            "page_token_expiry": until,
            "sort_by": call.query.get("sort_by", "id"),
            "sort_order": call.query.get("sort_order", "desc"),
        }
        return self._page(module, names, chosen, info)

    def one(self, module: str, id_: str, call: Call) -> Answer:
        """Answer ``GET /{module}/{id}``."""
        columns = self.state.columns(module)
        names = self._fields(module, call.query) if "fields" in call.query else tuple(columns)
        if not id_.isdigit():
            raise Refused("INVALID_DATA", "the id given seems to be invalid", param_name="id")
        entry = self.state.book.get(module, id_)
        return self._page(module, names, [entry] if entry else [], {})

    def deleted(self, module: str, call: Call) -> Answer:
        """Answer ``GET /{module}/deleted``, newest first."""
        self.state.columns(module)
        since, size = _since(call), _number(call.query, "per_page", PAGE)
        kept = self.state.book.changed(module, deleted=True)
        entries = [entry for entry in kept if self._new(entry.deleted, since)][::-1]
        if not entries:
            return Answer(status=204 if since is None else 304)
        page = _number(call.query, "page", 1 << 30) if "page" in call.query else 1
        by = self.state.person(next(iter(self.state.users), ""))
        items = [
            {
                "id": entry.id,
                "display_name": str(entry.values.get("Last_Name") or "") or None,
                "type": "recycle",
                "deleted_time": self.state.time(entry.deleted or entry.changed),
                "deleted_by": by,
                "created_by": by,
            }
            for entry in entries[(page - 1) * size : page * size]
        ]
        more = len(entries) > page * size
        info = {"per_page": size, "count": len(items), "page": page, "more_records": more}
        return Answer({"data": items, "info": info}) if items else Answer(status=204)

    def _page(
        self, module: str, names: tuple[str, ...], entries: list[Entry], info: Mapping[str, Any]
    ) -> Answer:
        if not entries:
            return Answer(status=204)
        data = [self.state.row(module, entry, names) for entry in entries]
        return Answer(
            {"data": data, "info": {**info, "count": len(data)}} if info else {"data": data}
        )

    def _fields(self, module: str, query: Mapping[str, str]) -> tuple[str, ...]:
        self.state.columns(module)
        names = tuple(name for name in query.get("fields", "").split(",") if name)
        if not names:
            raise Refused(
                "REQUIRED_PARAM_MISSING",
                "One of the expected parameter is missing",
                param_name="fields",
            )
        if len(names) > FIELDS:
            raise Refused(
                "LIMIT_EXCEEDED", "maximum limit exceeded", param_name="fields", limit=FIELDS
            )
        return names

    def _offset(self, query: Mapping[str, str], size: int, bound: tuple[str, ...]) -> int:
        if "page_token" not in query:
            page = _number(query, "page", 1 << 30) if "page" in query else 1
            if page * size > PAGES:
                message = "You can only get the first 2000 records without using page_token param"
                raise Refused("DISCRETE_PAGINATION_LIMIT_EXCEEDED", message, limit=PAGES)
            return (page - 1) * size
        if "page" in query:
            both = [{"param_name": "page"}, {"param_name": "page_token"}]
            raise Refused("AMBIGUITY_DURING_PROCESSING", ambiguity_due_to=both)
        place = self._tokens.get(query["page_token"])
        if place is None or place.bound != bound:
            raise Refused("TOKEN_BOUND_DATA_MISMATCH", param_name="page_token")
        if place.until < self.state.book.now():
            raise Refused("EXPIRED_VALUE", "the page token is expired", param_name="page_token")
        if place.offset >= TOKENS:
            raise Refused("PAGINATION_LIMIT_EXCEEDED", param_name="page_token")
        return place.offset

    def _token(self, bound: tuple[str, ...], offset: int) -> str:
        token = f"c8582xx9e7c7{next(self._numbers):08x}"
        self._tokens[token] = _Place(bound, offset, self.state.book.now() + TOKEN_HOLDS)
        return token

    def _sorted(self, module: str, query: Mapping[str, str], since: datetime | None) -> list[Entry]:
        by = query.get("sort_by", "id")
        if by not in ("id", "Created_Time", "Modified_Time"):
            supported = ["id", "Created_Time", "Modified_Time"]
            raise Refused("INVALID_DATA", param_name="sort_by", supported_values=supported)
        down = query.get("sort_order", "desc") != "asc"
        book, asked = self.state.book, (module, by, down, since)
        writes, until, entries = self._kept.get(asked, (-1, None, []))
        if writes != book.writes or (until is not None and until <= book.now()):
            found = (one for one in book.changed(module) if self._new(one.changed, since))
            entries = list(found) if by == "Modified_Time" else sorted(found, key=_order(by))
            hidden = [one.hidden for one in book.of(module).values() if one.hidden is not None]
            until = min((at for at in hidden if at > book.now()), default=None)
            entries = entries[::-1] if down else entries
            self._kept = {asked: (book.writes, until, entries)}
        return entries

    def _new(self, at: datetime | None, since: datetime | None) -> bool:
        if at is None or since is None:
            return True
        at = at.replace(microsecond=0)
        return at >= since if self.state.inclusive else at > since


def _order(by: str) -> Any:
    if by == "id":
        return lambda entry: (len(entry.id), entry.id)
    return lambda entry: (entry.created, entry.id)


def _since(call: Call) -> datetime | None:
    text = call.headers.get("if-modified-since")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None  # an HTTP date, which Zoho does not read
    if at is None or at.tzinfo is None:
        raise Refused("INVALID_DATA", "invalid data", header_name="If-Modified-Since")
    return at


def _number(query: Mapping[str, str], name: str, most: int) -> int:
    text = query.get(name, str(most))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise Refused(
            "PATTERN_NOT_MATCHED",
            "Please check whether the input values are correct",
            param_name=name,
        )
    return int(text)
