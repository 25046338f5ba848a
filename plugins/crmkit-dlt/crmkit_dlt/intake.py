"""The way of rows into crmkit: which table is what, one open workspace, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from crmkit import CRM, CrmkitError
from crmkit_dlt.columns import Reader, customer_reader, touchpoint_reader
from crmkit_dlt.happened import Happenings
from crmkit_dlt.people import People
from crmkit_dlt.report import LoadReport, OnReject, Tally
from crmkit_dlt.rows import Shape
from crmkit_dlt.tables import Customers, Ignored, Table, Touchpoints, UnmappedTableError


class RowsRejectedError(CrmkitError):
    """Rows could not be taken, and the load is strict; the others of the batch are in."""


class Intake:
    """Takes rows, from as many threads as dlt has.

    Args:
        connect: Opens the workspace, when rows first come.
        tables: What each table is.
        strict: Rejected rows fail the load, once the rest of their batch is in.
        on_reject: Told of each rejected row; None: the first of each table are logged.
        owned: The workspace is closed between loads.

    Raises:
        MappingError: a mapping makes no sense.
    """

    def __init__(
        self,
        connect: Callable[[], CRM],
        tables: Mapping[str, Table],
        *,
        strict: bool,
        on_reject: OnReject | None,
        owned: bool,
    ) -> None:
        self._connect = connect
        self._tables = tables
        self._strict = strict
        self._owned = owned
        self._tally = Tally(on_reject)
        self._lock = Lock()
        self._crm: CRM | None = None
        self._readers: dict[str, Reader] = {}
        self._takers: dict[str, Happenings | People] = {}
        for name, table in tables.items():
            if isinstance(table, Touchpoints):
                reader = touchpoint_reader(table)
                source = table.source or reader.source or name
                self._takers[name] = Happenings(reader, source)
            elif isinstance(table, Customers):
                reader = customer_reader(table)
                self._takers[name] = People(reader, table.on_delete == "erase")
            else:
                continue
            self._readers[name] = reader

    @property
    def report(self) -> LoadReport:
        """What became of the rows so far, by table."""
        return self._tally.report()

    def check(self, tables: Iterable[Mapping[str, Any]]) -> None:
        """Hold dlt's schema against what was said of the tables; open the workspace.

        Raises:
            UnmappedTableError: of some nobody said what they are.
            MappingError: a mapping does not fit its table.
            StoreError: the database cannot be opened.
        """
        shapes = [Shape.of(table) for table in tables]
        unknown = {shape.name for shape in shapes} - set(self._tables)
        if unknown:
            raise UnmappedTableError(unknown, self._tables)
        for shape in shapes:
            if shape.name in self._readers:
                self._readers[shape.name].check(shape, strict=self._strict)
        self._open()

    def take(self, items: list[dict[str, Any]], table: Mapping[str, Any]) -> None:
        """Take one batch of rows of one table.

        Raises:
            UnmappedTableError: nobody said what the table is.
            RowsRejectedError: rows were rejected, and the load is strict.
            StoreError: the database failed; the batch is to be delivered again.
        """
        shape = Shape.of(table)
        told = self._tables.get(shape.name)
        if told is None:
            raise UnmappedTableError([shape.name], self._tables)
        if isinstance(told, Ignored):
            return
        outcome = self._takers[shape.name].take(self._open(), items, shape)
        outcome.counts["rows"] = len(items)
        self._tally.add(shape.name, outcome)
        if self._strict and outcome.rejected:
            first, more = outcome.rejected[0], len(outcome.rejected) - 1
            also = f" (and {more} more)" if more else ""
            raise RowsRejectedError(
                f"table {shape.name!r}: a row was rejected: {first.field} {first.reason}{also}. "
                "Nothing is lost: mend the mapping or the row, and run the pipeline again"
            )

    def _open(self) -> CRM:
        with self._lock:
            if self._crm is None:
                self._crm = self._connect()
            return self._crm

    def close(self) -> None:
        """Log the counts, and close the workspace where it is the destination's own."""
        self._tally.tell()
        with self._lock:
            crm, self._crm = self._crm, None
            if crm is not None and self._owned:
                crm.close()
