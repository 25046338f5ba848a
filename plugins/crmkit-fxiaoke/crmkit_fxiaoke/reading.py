"""Records as crmkit sees them: changed ones, all of their ids, and chosen ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from crmkit.contracts.connector import Changes, Cursor, Ids, Remote, SyncAborted
from crmkit.contracts.reading import mapping
from crmkit_fxiaoke.objects import Objects, data_path, page_size
from crmkit_fxiaoke.places import Place
from crmkit_fxiaoke.platform import Platform, Refused
from crmkit_fxiaoke.queries import Queries, Row
from crmkit_fxiaoke.settings import FxiaokeConfig
from crmkit_fxiaoke.values import Values, instant, milliseconds

_GONE: Row = {}
_MADE = "made "  # before a place, where ids are enumerated by when their records were made


class Reading:
    """Reads records."""

    def __init__(
        self, platform: Platform, objects: Objects, config: FxiaokeConfig, values: Values
    ) -> None:
        """Read nothing yet."""
        self._platform, self._objects, self._config = platform, objects, config
        self._values, self._queries = values, Queries(platform, config)
        names = config.names
        self._together = True
        self._state = (names.life, names.deleted)
        self._times = (names.changed, names.created)

    def changes(self, entity: str, cursor: Cursor | None, fields: Sequence[str]) -> Changes:
        """Read the next page of what was changed; see `Connector.changes`."""
        given = cursor or Cursor()
        since = None if given.at is None else milliseconds(given.at)
        place = Place.read(given.token) or Place(since)
        changed = self._config.names.changed
        wanted = [*self._times, *self._state, *fields]
        page, after = self._queries.next(entity, changed, place, wanted)
        rows = sorted(page.rows, key=lambda one: self._queries.moment(one, changed))
        records = tuple(self.record(entity, one, fields) for one in rows)
        at = records[-1].changed_at if records else given.at
        last = records[-1].id if records else given.id
        token = after.token() if after else None
        behind = Cursor(at=at, id=last, token=token) if records or after else given
        return Changes(records=records, cursor=behind, more=after is not None, now=page.now)

    def ids(self, entity: str, after: str | None) -> Ids:
        """Read the next page of ids, void records left out."""
        if after is None or not after.startswith(_MADE):
            page = self._queries.ids(entity, after or "", self._state)
            if page is not None:
                last = str(page.rows[-1][self._config.names.id]) if page.full else None
                return Ids(self._living(page.rows), last)
            after = _MADE
        place = Place.read(after.removeprefix(_MADE)) or Place()
        made = self._config.names.created
        page, place_after = self._queries.next(entity, made, place, self._state)
        following = None if place_after is None else f"{_MADE}{place_after.token()}"
        return Ids(self._living(page.rows), following)

    def fetch(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> list[Remote]:
        """Read records by id; those that are void or gone come as deleted.

        One that the employee may not see is left out.
        """
        size = page_size(self._config, entity)
        wanted = list(dict.fromkeys(ids))
        found: list[Remote] = []
        for first in range(0, len(wanted), size):
            found += self._chosen(entity, wanted[first : first + size], fields)
        return found

    def record(self, entity: str, row: Row, fields: Sequence[str]) -> Remote:
        """Give a row as a record of crmkit's."""
        names = self._config.names
        id_, changed = str(row[names.id]), instant(row.get(names.changed))
        if self.void(row):
            return Remote(id=id_, changed_at=changed, deleted=True)
        kinds = self._objects.get(entity)
        values = {name: self._values.read(row.get(name), *kinds.kind(name)) for name in fields}
        created: datetime | None = instant(row.get(names.created))
        return Remote(id=id_, values=values, changed_at=changed, created_at=created)

    def void(self, row: Row) -> bool:
        """Tell whether a row is one that people have voided (作废)."""
        life, flag = row.get(self._config.names.life), row.get(self._config.names.deleted)
        return life in self._config.voided or flag in (True, "true", 1, "1")

    def _living(self, rows: Sequence[Row]) -> list[str]:
        return [str(one[self._config.names.id]) for one in rows if not self.void(one)]

    def _chosen(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Remote]:
        """Read a page of records; of one that cannot be read for other reasons nothing is said."""
        wanted = [*self._times, *self._state, *fields]
        rows: dict[str, Row] = {}
        try:
            if self._together:
                page = self._queries.chosen(entity, ids, wanted)
                rows = {str(one[self._config.names.id]): one for one in page.rows}
        except (Refused, SyncAborted):  # it may know no such filter, or stumble over it
            self._together = False
        for id_ in ids:
            # A row that is missing may have been filtered wrongly: nobody is called gone by that.
            row = rows.get(id_) or self._one(entity, id_)
            if row is _GONE:
                yield Remote(id=id_, deleted=True)
            elif row is not None:
                yield self.record(entity, row, fields)

    def _one(self, entity: str, id_: str) -> Row | None:
        """Read a record by itself; `_GONE` where there is none, None where it is not to be had."""
        asked = {"dataObjectApiName": entity, "objectDataId": id_}
        try:
            told = self._platform.call(data_path(entity, "get"), asked)
        except Refused as refused:
            said = refused.reason.lower()
            return _GONE if any(word in said for word in self._config.codes.gone_words) else None
        data = mapping(told.body.get("data"))
        found = mapping(data, "object_data") or data
        return {self._config.names.id: id_, **found} if found else _GONE
