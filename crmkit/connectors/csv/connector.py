"""The connector: pages of what changed, and rows that are written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from crmkit.clock import Clock, instant, micros, system_clock
from crmkit.connectors.csv.cells import bare, value_of
from crmkit.connectors.csv.settings import CsvSettings
from crmkit.connectors.csv.table import Table, View
from crmkit.connectors.csv.writing import Batch
from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Field,
    Finding,
    Ids,
    Remote,
    Result,
    RetryLater,
    Schema,
    SyncAborted,
    SyncError,
    Upsert,
)

_FIRST = ("customers", "contacts")
_TRIES = 5
_AFTER = 5.0


class CsvConnector(Connector):
    """Keeps a folder of CSV files in step.

    Rows that a person removed come among the changes, as deleted; `ids` finds them even where
    what was remembered of the folder is lost.
    """

    overlap = 0.0  # nothing is ever written behind a cursor

    def __init__(self, config: CsvSettings, clock: Clock = system_clock) -> None:
        """Take the settings; nothing is read before it is asked for."""
        self._config, self._clock = config, clock
        self._tables: dict[str, Table] = {}
        self._order: tuple[object, list[tuple[int, str]]] = (None, [])

    def entities(self) -> Sequence[str]:
        """Name the files of the folder, customers first."""
        folder = Path(self._config.folder).expanduser()
        try:
            found = {path.name for path in folder.iterdir() if path.is_file()}
        except OSError as error:
            raise SyncAborted(f"{folder}: {error.strerror or error}") from error
        endings = (".csv", ".schema.toml")
        names = {
            name.removesuffix(ending) for name in found for ending in endings if _is(name, ending)
        }
        return sorted(names, key=lambda name: (name not in _FIRST, name))

    def schema(self, entity: str) -> Schema:
        """Describe a file: its header, and what the schema beside it says."""
        table = self._table(entity)
        with table.held():
            return table.schema(table.look())

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read the next page of rows that were seen to change or go, oldest first, then by id."""
        view, schema = self._look(entity)
        shown = _chosen(schema, fields)
        order = self._ordered(view)
        start = cursor or Cursor()
        place = 0
        if start.at is not None:
            at = micros(start.at)
            place = bisect_right(order, (at, start.id)) if start.id else bisect_left(order, (at,))
        page = order[place : place + schema.page]
        return Changes(
            records=tuple(self._remote(view, key, shown) for _, key in page),
            cursor=Cursor(instant(page[-1][0]), page[-1][1]) if page else start,
            more=len(order) > place + len(page),
            now=self._clock(),
        )

    def ids(self, entity: str, after: str | None) -> Ids:
        """Enumerate the ids of all rows."""
        view, schema = self._look(entity)
        ids = sorted(view.rows)
        place = 0 if after is None else bisect_right(ids, after)
        page = ids[place : place + schema.page]
        return Ids(page, page[-1] if len(ids) > place + len(page) else None)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read rows by id."""
        view, schema = self._look(entity)
        shown = _chosen(schema, fields)
        return [
            self._remote(view, key, shown) if key in view.rows else Remote(id=key, deleted=True)
            for key in dict.fromkeys(ids)
        ]

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write rows, the file once; those that cannot be written are refused alone."""
        return self._write(entity, lambda batch: [batch.write(record) for record in records])

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Take rows out of the file."""
        return self._write(entity, lambda batch: [batch.delete(key) for key in ids])

    def check(self) -> Sequence[Finding]:
        """Read every file, and look whether the folder can be written to."""
        try:
            entities = self.entities()
        except SyncError as error:
            return [Finding(what=str(error), remedy="make the folder, or mend the setting folder")]
        found = []
        for entity in entities:
            try:
                self.schema(entity)
            except SyncError as error:
                found.append(Finding(what=str(error), remedy=f"mend the file of {entity}"))
        return found

    def _table(self, entity: str) -> Table:
        if entity not in self.entities():
            message = f"there is neither {entity}.csv nor {entity}.schema.toml"
            raise SyncAborted(f"{self._config.folder}: {message}")
        if entity not in self._tables:
            self._tables[entity] = Table(entity, self._config, self._clock)
        return self._tables[entity]

    def _look(self, entity: str) -> tuple[View, Schema]:
        table = self._table(entity)
        with table.held():
            view = table.look()
            return view, table.schema(view)

    def _ordered(self, view: View) -> list[tuple[int, str]]:
        known, order = self._order
        if known is not view:
            order = sorted(
                (at, key) for part in (view.changed, view.gone) for key, at in part.items()
            )
            self._order = (view, order)
        return order

    def _write(self, entity: str, do: Any) -> Sequence[Result]:
        table = self._table(entity)
        with table.held():
            for _ in range(_TRIES):
                view = table.look()
                batch = Batch(view, table.schema(view), self._config)
                results: list[Result] = do(batch)
                if not batch.touched:
                    return results
                if table.replaced(view, batch.header, batch.rows):
                    changed = table.look().changed
                    return [
                        _dated(result, changed.get(result.remote_id or "")) for result in results
                    ]
        message = f"{entity}.csv changes all the time: somebody is writing it"
        raise RetryLater(message, after=_AFTER)

    def _remote(self, view: View, key: str, shown: Sequence[Field]) -> Remote:
        row = view.rows.get(key)
        if row is None:
            return Remote(id=key, deleted=True, changed_at=instant(view.gone[key]))
        cells = ((field, row.get(field.name, "")) for field in shown)
        return Remote(
            id=key,
            values={
                field.name: value_of(bare(cell) if self._config.guard else cell, field.type)
                for field, cell in cells
            },
            changed_at=instant(view.changed[key]),
        )


def _is(name: str, ending: str) -> bool:
    return name.endswith(ending) and not name.startswith(".") and name != ending


def _chosen(schema: Schema, names: Sequence[str]) -> list[Field]:
    fields = {field.name: field for field in schema.fields}
    for name in names:
        if name not in fields:
            raise SyncAborted(f"{schema.entity}.csv has no column {name!r}")
    return [fields[name] for name in names]


def _dated(result: Result, at: int | None) -> Result:
    wrote = result.done in ("created", "updated")
    return attrs.evolve(result, changed_at=instant(at)) if wrote and at is not None else result
