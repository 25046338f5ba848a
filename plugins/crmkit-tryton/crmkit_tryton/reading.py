"""What changed, in one order over the records and the rows that belong to them.

A change is an instant and an id: `Cursor(at, id)` is a place among them, whatever page it was read
in, and never expires. Records that bear one instant (a transaction gives all of its own the same)
are told apart by id. The rows of a party (its e-mail) are asked for by their own time and count as
changes of the party, since Tryton leaves the party's time as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Changes, Cursor, Remote
from crmkit_tryton import wire
from crmkit_tryton.model import Model
from crmkit_tryton.rpc import Rpc

_ROWS = 4  # rows of one kind that a party has, at most as a rule: read as many in one call
_LONGEST = 1000  # records in one call, which Tryton's own limit allows
Key = tuple[datetime, int]


@attrs.frozen
class Stream:
    """Changes of one model that are read in one call.

    Attributes:
        model: Whose.
        owner: Field with the id of the record they are changes of: ``id``, or ``party``.
        time: Field with the instant.
        only: What else holds for them.
    """

    model: Model
    owner: str
    time: str
    only: tuple[Any, ...] = ()

    def read(
        self, rpc: Rpc, cursor: Cursor | None, columns: Sequence[str], limit: int
    ) -> list[Mapping[str, Any]]:
        """Read the next rows behind a place, oldest first."""
        owner = "id" if self.owner == "id" else f"{self.owner}.id"
        domain = [*self.model.everything(), *self.only, *self._behind(cursor, owner)]
        order = [[self.time, "ASC"], [owner, "ASC"]]
        asked = list(dict.fromkeys([*columns, self.owner, self.time]))
        method = f"model.{self.model.name}.search_read"
        found: list[Mapping[str, Any]] = rpc.call(method, domain, 0, limit, order, asked)
        return found

    def _behind(self, cursor: Cursor | None, owner: str) -> list[Any]:
        """Give the domain of what is behind a place."""
        if cursor is None or cursor.at is None:
            return []
        at, everything = wire.moment(cursor.at), self.model.everything()
        if not cursor.id:
            return [[self.time, ">=", at]]
        later = [[self.time, ">", at], *everything]
        beside = [[self.time, "=", at], [owner, ">", int(cursor.id)], *everything]
        # Tryton leaves inactive records out of every list that does not itself speak of them, and
        # an OR that does must not let all of them through: so it asks for none of no value.
        silent = [["active", "in", []]] if everything else []
        return [["OR", *silent, later, beside]]

    def key(self, row: Mapping[str, Any]) -> Key | None:
        """Give the place of a row; None: it belongs to no record."""
        at = wire.instant(row.get(self.time))
        return None if at is None or not row.get(self.owner) else (at, int(row[self.owner]))


def streams(model: Model, owner: str = "id") -> Iterator[Stream]:
    """Give the streams of a model: one, or two where Tryton has no single time of change.

    Servers before 7.0 know only ``write_date``, which a record has from its first change on.
    """
    if "last_modified_at" in model.fields:
        yield Stream(model, owner, "last_modified_at")
        return
    yield Stream(model, owner, "write_date", (["write_date", "!=", None],))
    yield Stream(model, owner, "create_date", (["write_date", "=", None],))


@attrs.frozen
class Reader:
    """Reads pages of changes.

    Attributes:
        rpc: The server.
        model: The records' model.
        rows: Models of the rows that some of the fields are kept in.
        fields: Fields to read.
    """

    rpc: Rpc
    model: Model
    rows: Sequence[Model]
    fields: Sequence[str]

    def page(self, cursor: Cursor | None, size: int) -> Changes:
        """Read the next page behind a place, of so many records at most."""
        seen: dict[int, Mapping[str, Any]] = {}
        keys: set[Key] = set()
        horizon: Key | None = None  # behind it, a stream that was cut off may have more
        for stream, columns, limit in self._streams(size):
            found = stream.read(self.rpc, cursor, columns, limit)
            placed = [key for key in map(stream.key, found) if key is not None]
            if stream.model is self.model:
                seen.update((int(row["id"]), row) for row in found)
            if len(found) >= limit and placed:
                horizon = placed[-1] if horizon is None else min(horizon, placed[-1])
            keys.update(placed)
        sure = sorted(key for key in keys if horizon is None or key <= horizon)
        taken = sure[:size]
        if not taken:
            return Changes(records=(), cursor=cursor or Cursor(), now=self.rpc.now)
        last_at, last = taken[-1]
        return Changes(
            records=tuple(self._records(taken, seen)),
            cursor=Cursor(last_at, str(last)),
            more=horizon is not None or len(sure) > size,
            now=self.rpc.now,
        )

    def _streams(self, size: int) -> Iterator[tuple[Stream, Sequence[str], int]]:
        """Give what is read for a page, the columns of each, and how many rows."""
        for stream in streams(self.model):
            yield stream, self.model.columns(self.fields), size
        for model in self.rows:
            for stream in streams(model, "party"):
                yield stream, (), min(_LONGEST, size * _ROWS)

    def _records(self, keys: Sequence[Key], seen: Mapping[int, Mapping[str, Any]]) -> list[Remote]:
        """Give each record as it is now, at its newest change only; a later one is yet to come."""
        at = {number: moment for moment, number in keys}  # the later of two
        missing = [number for number in at if number not in seen]
        more = found(self.rpc, self.model, missing, self.model.columns(self.fields))
        rows = {**seen, **more}
        records = []
        for number, moment in at.items():
            if number not in rows:  # deleted between the calls
                records.append((moment, Remote(id=str(number), changed_at=moment, deleted=True)))
                continue
            record = self.model.remote(rows[number], self.fields)
            if record.changed_at is None or record.changed_at <= moment:
                records.append((moment, attrs.evolve(record, changed_at=moment)))
        return [record for _, record in sorted(records, key=lambda one: (one[0], int(one[1].id)))]


def found(
    rpc: Rpc, model: Model, numbers: Sequence[int], columns: Sequence[str]
) -> dict[int, Mapping[str, Any]]:
    """Read those of some records that exist, inactive ones too."""
    rows: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(numbers), _LONGEST):
        some = list(numbers[start : start + _LONGEST])
        domain = [["id", "in", some], *model.everything()]
        method = f"model.{model.name}.search_read"
        answer = rpc.call(method, domain, 0, None, [["id", "ASC"]], list(columns))
        rows.update((int(row["id"]), row) for row in answer)
    return rows
