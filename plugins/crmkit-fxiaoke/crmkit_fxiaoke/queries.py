"""One page of ``data/query``, and the order in which pages are read so that nothing is missed.

Pages go by key: each begins at the instant of the last record, so a record that changes meanwhile
only moves to a later page. Where more records bear one instant than a page holds, those are read
by `Names.id`, as the vendor's page on deep paging has it. Where the platform refuses that, by
offset, from the start again whenever their number shrank: only then may one have been passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.connector import SyncAborted
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import identified
from crmkit_fxiaoke.objects import data_path, page_size
from crmkit_fxiaoke.places import Place
from crmkit_fxiaoke.platform import NAME, Platform, Refused
from crmkit_fxiaoke.settings import FxiaokeConfig

Row = Mapping[str, Any]
Filter = tuple[str, str, list[str]]


@attrs.frozen
class Page:
    """Rows of one call.

    Attributes:
        rows: As they came.
        full: As many as one call gives: there may be more.
        now: The platform's clock.
        total: How many there are, where that was asked for.
    """

    rows: Sequence[Row]
    full: bool
    now: datetime | None
    total: int = 0


class Queries:
    """Reads pages of records."""

    def __init__(self, platform: Platform, config: FxiaokeConfig) -> None:
        """Read nothing yet."""
        self._platform, self._config = platform, config
        self._by_id = True

    def next(
        self, entity: str, by: str, place: Place, fields: Iterable[str]
    ) -> tuple[Page, Place | None]:
        """Read the page at a place.

        Args:
            entity: Which object.
            by: The instant that orders them: `Names.changed` or `Names.created`.
            place: Where to go on.
            fields: Fields to read.

        Returns:
            The page, and the place of the next one; None: that was the last.
        """
        wanted = [by, *fields]
        if not place.within:
            return self._from(entity, by, place, wanted)
        if place.id is not None and self._by_id:
            found = self._behind(entity, by, place, wanted)
            if found is not None:
                return found
            self._by_id = False
        return self._counted(entity, by, place, wanted)

    def ids(self, entity: str, after: str, fields: Iterable[str]) -> Page | None:
        """Read the page of records behind an id; None: the platform cannot read by id."""
        if not self._by_id:
            return None
        page = self._ordered(entity, [], after, fields)
        self._by_id = page is not None
        return page

    def chosen(self, entity: str, ids: Sequence[str], fields: Iterable[str]) -> Page:
        """Read records by id, as many as fit a page; raises `Refused`."""
        operators, names = self._config.operators, self._config.names
        return self.page(entity, [(names.id, operators.among, list(ids))], None, fields)

    def page(
        self,
        entity: str,
        filters: Sequence[Filter],
        order: str | None,
        fields: Iterable[str],
        offset: int | None = None,
    ) -> Page:
        """Make one call of ``data/query``; raises `Refused`."""
        limit = page_size(self._config, entity)
        names = self._config.names
        wanted = dict.fromkeys((names.id, *fields))
        info = {
            "limit": limit,
            "offset": offset or 0,
            "filters": [
                {"field_name": name, "field_values": values, "operator": operator}
                for name, operator, values in filters
            ],
            "orders": [{"fieldName": order, "isAsc": True}] if order else [],
            "fieldProjection": list(wanted),
        }
        told = self._platform.call(
            data_path(entity, "query"),
            {
                "dataObjectApiName": entity,
                "find_explicit_total_num": offset is not None,
                "search_query_info": info,
            },
        )
        found = identified(listed(told.body), names.id, f"{NAME}: {entity}")
        # What the platform took for the limit counts: a smaller one would look like the end.
        said = mapping(told.body.get("data"))
        taken = said.get("limit")
        if isinstance(taken, int) and 0 < taken < limit:
            limit = taken
        total = said.get("total")
        return Page(found, len(found) >= limit, told.now, total if isinstance(total, int) else 0)

    def _from(
        self, entity: str, by: str, place: Place, fields: Sequence[str]
    ) -> tuple[Page, Place | None]:
        at_least = self._config.operators.at_least
        filters = [] if place.at is None else [(by, at_least, [str(place.at)])]
        page = self._sure(entity, filters, by, fields)
        if not page.full:
            return page, None
        times = [self.moment(one, by) for one in page.rows]
        if times != sorted(times):
            raise SyncAborted(f"{NAME}: it does not give {entity} in the order of {by}")
        if times[0] == times[-1]:
            return page, Place(times[-1], id="")
        return page, Place(times[-1])

    def _behind(
        self, entity: str, by: str, place: Place, fields: Sequence[str]
    ) -> tuple[Page, Place | None] | None:
        same = [(by, self._config.operators.equal, [str(place.at)])]
        page = self._ordered(entity, same, place.id or "", fields)
        if page is None:
            return None
        if not page.full:
            return page, Place((place.at or 0) + 1)
        return page, Place(place.at, id=str(page.rows[-1][self._config.names.id]))

    def _counted(
        self, entity: str, by: str, place: Place, fields: Sequence[str]
    ) -> tuple[Page, Place | None]:
        same = [(by, self._config.operators.equal, [str(place.at)])]
        offset = place.offset or 0
        page = self._sure(entity, same, self._config.names.id, fields, offset)
        if offset and page.total < place.total:
            return page, Place(place.at, offset=0)
        if not page.full:
            return page, Place((place.at or 0) + 1)
        return page, Place(
            place.at, offset=offset + page_size(self._config, entity), total=page.total
        )

    def _ordered(
        self, entity: str, filters: Sequence[Filter], after: str, fields: Iterable[str]
    ) -> Page | None:
        """Read the records behind an id; None where the platform cannot."""
        name = self._config.names.id
        behind = [(name, self._config.operators.more, [after])] if after else []
        try:
            page = self.page(entity, [*filters, *behind], name, fields)
        except (Refused, SyncAborted):  # or it stumbles over ids that are no numbers
            return None
        ids = [str(one[name]) for one in page.rows]
        by_length = sorted(ids, key=lambda one: (len(one), one))
        return page if after not in ids and ids in (sorted(ids), by_length) else None

    def _sure(
        self,
        entity: str,
        filters: Sequence[Filter],
        order: str,
        fields: Iterable[str],
        offset: int | None = None,
    ) -> Page:
        try:
            return self.page(entity, filters, order, fields, offset)
        except Refused as refused:
            message = f"{NAME}: {entity} cannot be read: {refused.reason} ({refused.code})"
            raise SyncAborted(message) from refused

    def moment(self, row: Row, by: str) -> int:
        """Give the instant of a row, in milliseconds since 1970."""
        try:
            return int(row[by])
        except (KeyError, TypeError, ValueError):
            what = f"{row.get(self._config.names.id)} has no instant in {by}"
            raise SyncAborted(f"{NAME}: the record {what}") from None


def listed(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of an answer, which may stand in it in four ways."""
    data = body.get("data")
    if isinstance(data, list):
        return rows(data)
    for where in (mapping(data), body):
        if isinstance(where.get("dataList"), list):
            return rows(where["dataList"])
    return [dict(data)] if isinstance(data, Mapping) and "_id" in data else []
