"""What was deleted: the feed of deletions, and deleting.

Source: zoho/crm-oas, getDeletedRecords and deleteRecords. The feed has page numbers alone, and
nobody says in which order it is: its cursor moves on only behind the last page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import attrs

from crmkit.contracts.connector import Changes, Cursor, Remote, Result
from crmkit.contracts.exchange import Answer
from crmkit.contracts.reading import loaded, mapping, rows
from crmkit_zoho.api import NOTHING, Api, code_of, refused
from crmkit_zoho.places import SECOND, stamp
from crmkit_zoho.reading import Reader, listed
from crmkit_zoho.refusals import FATAL, result
from crmkit_zoho.shapes import BATCH
from crmkit_zoho.values import instant

_BAD = 400


@attrs.frozen
class _Turn:
    """A page of the feed: since when, which, and the newest deletion of the pages before."""

    since: str | None
    page: int = 1
    newest: str | None = None

    def token(self) -> str:
        return json.dumps(attrs.asdict(self))


class Deletions:
    """Reads the feed of deletions, and deletes; safe to use from several threads."""

    def __init__(self, api: Api, reader: Reader) -> None:
        """Call nobody yet."""
        self._api, self._reader = api, reader

    def deleted(self, module: str, cursor: Cursor | None) -> Changes:
        """Read the next page of deletions, as the contract has it."""
        given = cursor or Cursor()
        turn = _turn(given)
        params = {"type": "all", "per_page": str(self._api.config.page_size)}
        if turn.page > 1:
            params["page"] = str(turn.page)
        headers = {} if turn.since is None else {"If-Modified-Since": turn.since}
        what = f"to tell which {module} were deleted"
        answer = self._api.read(f"{module}/deleted", params, headers, what=what)
        found = {} if answer.status in NOTHING else listed(answer, f"deleted {module}")
        told = sorted(
            (
                Remote(id=id_, changed_at=instant(one.get("deleted_time")), deleted=True)
                for id_, one in found.items()
            ),
            key=lambda one: stamp(one.changed_at) if one.changed_at else "",
        )
        seen = [at for at in (instant(turn.newest), *(one.changed_at for one in told)) if at]
        newest = max(seen, default=None)
        more = bool(told and mapping(answer.data, "info").get("more_records"))
        if more:
            onward = _Turn(turn.since, turn.page + 1, None if newest is None else stamp(newest))
            after = attrs.evolve(given, token=onward.token())
        else:
            after = _behind(given, newest)
        return Changes(records=tuple(told), cursor=after, more=more, now=answer.now)

    def delete(self, module: str, ids: Sequence[str]) -> list[Result]:
        """Delete records; one that is gone already is ``unchanged``."""
        results: list[Result] = []
        for start in range(0, len(ids), BATCH):
            results += self._delete(module, ids[start : start + BATCH])
        return results

    def _delete(self, module: str, ids: Sequence[str]) -> list[Result]:
        params = {"ids": ",".join(ids), "wf_trigger": "false"}
        answer = self._api.call("DELETE", module, params=params)
        if answer.status >= _BAD and code_of(answer) in FATAL:
            raise refused(answer, f"to delete {module}")
        results = _told(answer, ids)
        doubtful = [id_ for id_ in ids if results[id_].done is None]
        if doubtful:  # Zoho's words for what is gone already are those for a wrong id
            gone = {one.id for one in self._reader.fetch(module, doubtful, ()) if one.deleted}
            for id_ in gone:
                results[id_] = Result(key=id_, remote_id=id_, done="unchanged")
        return [results[id_] for id_ in ids]


def _told(answer: Answer, ids: Sequence[str]) -> dict[str, Result]:
    """Give what an answer says of each id, by the id it names, else by its place."""
    items = rows(answer.data, "data")
    named = {str(mapping(item, "details").get("id")): item for item in items}
    found = {}
    for number, id_ in enumerate(ids):
        placed = items[number] if len(items) == len(ids) else mapping(answer.data)
        item = named.get(id_, placed)
        good = item.get("status") == "success"
        found[id_] = (
            Result(key=id_, remote_id=id_, done="deleted") if good else result(id_, item, id_)
        )
    return found


def _turn(cursor: Cursor) -> _Turn:
    told = mapping(loaded(cursor.token or ""))
    since, page, newest = told.get("since"), told.get("page"), told.get("newest")
    if isinstance(page, int) and page > 1:
        return _Turn(
            since if isinstance(since, str) else None,
            page,
            newest if isinstance(newest, str) else None,
        )
    return _Turn(None if cursor.at is None else stamp(cursor.at - SECOND))


def _behind(given: Cursor, newest: datetime | None) -> Cursor:
    if newest is None or (given.at is not None and newest <= given.at):
        return attrs.evolve(given, token=None)
    return Cursor(newest)
