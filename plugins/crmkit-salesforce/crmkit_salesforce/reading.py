"""What changed, what was deleted, which ids there are, and records by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crmkit.contracts.connector import Changes, Cursor, Ids, Remote
from crmkit.contracts.reading import instant
from crmkit_salesforce.api import same_id
from crmkit_salesforce.queries import (
    Page,
    Queries,
    Token,
    among,
    chunks,
    mark_of,
    select,
)
from crmkit_salesforce.shapes import BATCH, Shape, quoted

STAMP = "SystemModstamp"
_MANY = 1000  # fields of one query, at most; their length ends it earlier


class Reading:
    """Reads one object of one organisation."""

    def __init__(self, queries: Queries, shape: Shape, overlap: float) -> None:
        """Ask nothing yet; `overlap` is how many seconds late a record may be committed."""
        self._queries, self._shape, self._overlap = queries, shape, timedelta(seconds=overlap)
        self._entity = shape.entity
        # Salesforce archives old activities: they exist, but only some queries show them.
        self._archived = shape.entity in ("Task", "Event")

    def changes(self, cursor: Cursor | None, fields: Sequence[str]) -> Changes:
        """Read the next page of records that are there, oldest change first."""
        first, *others = self._divided(fields)
        page, cursor = self._next(cursor, first, [], deleted=False)
        joined = self._joined(page.rows, others)
        records = [
            self._remote(row, fields, joined)
            for row in page.rows
            if not others or row.get("Id") in joined  # else it was deleted this very moment
        ]
        return _given(page, cursor, records)

    def deleted(self, cursor: Cursor | None) -> Changes:
        """Read the next page of deleted records, as far as the recycle bin has them."""
        fields = ["Id", STAMP, *self._known("IsDeleted", "MasterRecordId")]
        page, cursor = self._next(cursor, fields, ["IsDeleted = true"], deleted=True)
        gone = [row for row in page.rows if row.get("IsDeleted") is not False]
        return _given(page, cursor, [_gone(str(row.get("Id")), row) for row in gone])

    def ids(self, after: str | None) -> Ids:
        """Enumerate every id, those of archived activities among them."""
        mark = mark_of("ids", self._entity)
        last, _, text = (after or "").partition(" ")
        token = Token.read(text, mark)
        page = None if token is None else self._queries.more(token)
        if page is None:
            where = ["IsDeleted = false"] if self._archived else []
            where += [f"Id > {quoted(last)}"] if last else []
            soql = select(self._entity, ["Id"], where, "Id")
            page = self._queries.ask(soql, mark, deleted=self._archived)
        found = [str(row.get("Id")) for row in page.rows]
        if page.token is None:
            return Ids(found)
        return Ids(found, f"{found[-1] if found else last} {page.token.spelled()}")

    def fetch(self, ids: Sequence[str], fields: Sequence[str]) -> list[Remote]:
        """Read records by id; those that are gone come as deleted."""
        found = self._by_id(ids, fields)
        missing = [one for one in dict.fromkeys(ids) if same_id(one) not in found]
        gone = {}
        names = ["Id", STAMP, *self._known("MasterRecordId")]
        for part in chunks([quoted(one) for one in missing], BATCH):
            soql = select(self._entity, names, [among(part)])
            for row in self._queries.every(soql, deleted=True):
                gone[same_id(str(row.get("Id")))] = row
        records = [found[same_id(one)] for one in dict.fromkeys(ids) if same_id(one) in found]
        return records + [_gone(one, gone.get(same_id(one), {})) for one in missing]

    def _by_id(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Remote]:
        first, *others = self._divided(fields)
        found = {}
        names = [*first, "IsDeleted"] if self._archived else first
        for part in chunks([quoted(one) for one in dict.fromkeys(ids)], BATCH):
            soql = select(self._entity, names, [among(part)])
            rows = self._queries.every(soql, deleted=self._archived)
            read = [row for row in rows if not row.get("IsDeleted")]
            joined = self._joined(read, others)
            for row in read:
                found[same_id(str(row.get("Id")))] = self._remote(row, fields, joined)
        return found

    def _next(
        self,
        cursor: Cursor | None,
        fields: Sequence[str],
        where: list[str],
        *,
        deleted: bool,
    ) -> tuple[Page, Cursor]:
        """Go on with the cursor's query; ask it anew where there is none, or it is dead."""
        cursor = cursor or Cursor()
        mark = mark_of(self._entity, *where, *fields)
        token = Token.read(cursor.token, mark)
        page = None if token is None else self._queries.more(token)
        if page is not None:
            return page, cursor
        at = cursor.at
        if at is not None and cursor.token is not None:
            at -= self._overlap  # the dead query may be hours old, and did not show late commits
        if at is not None:
            # Conditions know whole seconds; what is older in the same one is left out again below.
            where.append(f"{STAMP} >= {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        soql = select(self._entity, fields, where, f"{STAMP}, Id")
        page = self._queries.ask(soql, mark, deleted=deleted)
        if at is not None:
            page.rows[:] = [row for row in page.rows if not _older(row, at)]
        return page, cursor

    def _divided(self, fields: Sequence[str]) -> list[list[str]]:
        """Divide the fields into as few queries as they fit in; the first one has the instants."""
        wanted = dict.fromkeys(["Id", STAMP, *self._known("CreatedDate"), *fields])
        first, *others = chunks([*wanted], _MANY)
        return [first, *(["Id", *more] for more in others)]

    def _joined(
        self, read: Sequence[Mapping[str, Any]], others: Sequence[Sequence[str]]
    ) -> dict[str, dict[str, Any]]:
        """Read the fields that had no room, of the records of a page."""
        joined: dict[str, dict[str, Any]] = {}
        ids = [quoted(str(row.get("Id"))) for row in read] if others else []
        for fields in others:
            for part in chunks(ids, BATCH):
                soql = select(self._entity, fields, [among(part)])
                for row in self._queries.every(soql, deleted=self._archived):
                    joined.setdefault(str(row.get("Id")), {}).update(row)
        return joined

    def _known(self, *names: str) -> list[str]:
        """Give those fields of the system's that the object has."""
        return [name for name in names if name in self._shape.fields]

    def _remote(
        self,
        row: Mapping[str, Any],
        fields: Sequence[str],
        joined: Mapping[str, Mapping[str, Any]],
    ) -> Remote:
        id_ = str(row.get("Id"))
        whole = {**joined.get(id_, {}), **row}
        return Remote(
            id=id_,
            values={name: self._shape.canonical(name, whole.get(name)) for name in fields},
            changed_at=instant(row.get(STAMP)),
            created_at=instant(row.get("CreatedDate")),
        )


def _gone(id_: str, row: Mapping[str, Any]) -> Remote:
    into = row.get("MasterRecordId")
    return Remote(
        id=id_,
        changed_at=instant(row.get(STAMP)),
        deleted=True,
        merged_into=into if isinstance(into, str) and into else None,
    )


def _older(row: Mapping[str, Any], at: datetime) -> bool:
    changed = instant(row.get(STAMP))
    return changed is not None and changed < at


def _given(page: Page, cursor: Cursor, records: Sequence[Remote]) -> Changes:
    """Give a page with the place behind it, which is never later than what was surely seen."""
    at = page.settled([one.changed_at for one in records if one.changed_at is not None])
    at = cursor.at if at is None or (cursor.at and at < cursor.at) else at
    last = records[-1].id if records else cursor.id
    token = None if page.token is None else page.token.spelled()
    return Changes(
        records=tuple(records),
        cursor=Cursor(at=at, id=last, token=token),
        more=page.token is not None,
        now=page.now,
    )
