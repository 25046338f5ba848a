"""One export: what is newer than the one before, what was erased since, and the derived files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from crmkit.clock import instant
from crmkit.contracts.parquet import (
    CUSTOMERS,
    DECISIONS,
    TOUCHPOINTS,
    VOIDS,
    Manifest,
    damaged,
)
from crmkit.contracts.store import Reader, Row, Store
from crmkit.contracts.tables import CUSTOMER, DECISION, TOUCHPOINT, VOID
from crmkit.model.log import LogExport
from crmkit.parquet.arrow import arrow, batches, schema
from crmkit.parquet.drafting import Draft
from crmkit.parquet.folder import opened
from crmkit.parquet.history import Line, check_same, erased_since, newest
from crmkit.parquet.mending import Living, forget, remake
from crmkit.parquet.packing import pack
from crmkit.parquet.sorting import Sorter
from crmkit.stores.sql.schema import VERSION

Step = Callable[[int], object]
"""Told how many rows were read so far."""
_LOGS = {TOUCHPOINTS: TOUCHPOINT, DECISIONS: DECISION}


def export_log(  # noqa: PLR0913 - what is exported, where to, and how
    store: Store,
    folder: Path,
    now: int,
    *,
    line_of: Callable[[Reader], Line],
    verify: bool = False,
    step: Step | None = None,
) -> LogExport:
    """Bring a folder up to the store's two logs.

    Args:
        store: The workspace.
        folder: Made where it is not there.
        now: The clock's instant, in microseconds since 1970.
        line_of: Gives the restores that led to the store's log.
        verify: Read every file of the export before, and write the damaged ones anew.
        step: Told now and then how many rows were read.

    Raises:
        ConfigError: pyarrow is not installed.
        ExportError: the folder is another's, is being exported to, or cannot be written to; the
            export before is as it was. Or the new export counts, and what is left of the one
            before could not be tidied up, which the message then says.
        StoreError: the database failed; the export before is as it was.
    """
    arrow()
    with opened(folder, store.workspace, VERSION) as before, store.read() as reader:
        draft = Draft(folder, before.number + 1, list(before.files))
        export = _Export(reader, line_of(reader), before, draft, step or (lambda _: None))
        try:
            return export.run(now, verify=verify)
        except BaseException:
            draft.discard()
            raise


@attrs.define
class _Export:
    """An export under way.

    Attributes:
        reader: The store, as it is in this instant.
        line: The restores that led to its log.
        before: What the folder holds.
        draft: What it will hold.
        step: Told how many rows were read.
        rows: How many were.
    """

    reader: Reader
    line: Line
    before: Manifest
    draft: Draft
    step: Step
    rows: int = 0

    def run(self, now: int, *, verify: bool) -> LogExport:
        """Write all of it, and let it count."""
        until, since = self.reader.watermark(), self.before.watermark
        erased = erased_since(self.reader, since)
        if self.before.schema == VERSION:
            check_same(self.reader, self.before, self.line, erased=erased)
        else:  # rows may have changed with the tables: all of them are read
            for one in self.before.files:
                self.draft.drop(one)
            since, erased = 0, False
        broken = {(one.table, one.month) for one in damaged(self.before, verify=verify)}
        alive = Living(self.reader, _LOGS.values(), since) if erased else None
        for name, table in _LOGS.items():
            sorter = Sorter(self.draft, table, name)
            remake(self.draft, self.reader, sorter, {month for of, month in broken if of == name})
            if alive is not None:
                forget(self.draft, self.reader, sorter, alive)
            self._add(sorter, since + 1, until)
            pack(self.draft, sorter)
        self._derive(until)
        manifest = attrs.evolve(
            self.before,
            schema=VERSION,
            watermark=until,
            cursor=self.line.cursor(until),
            exported=instant(now),
            number=self.draft.number,
            newest=newest(self.reader, until),
            files=self.draft.files,
        )
        replaced = sum(one.table in _LOGS for one in self.draft.gone)
        self.draft.commit(manifest)
        return LogExport(
            rows=self.rows, files=len(manifest.files), watermark=until, rewritten=replaced
        )

    def _add(self, sorter: Sorter, first: int, last: int) -> None:
        """Write the rows of a log that are newer than the export before."""
        rows = self.reader.scan(sorter.table, by=("seq",), low=first, high=last)
        for batch in batches(rows, schema(sorter.table)):
            sorter.take(batch)
            self.rows += batch.num_rows
            self.step(self.rows)
        sorter.finish()

    def _derive(self, until: int) -> None:
        """Write what follows from the logs, whole."""
        leads = ("id", "root")
        for name, rows, form in (
            (CUSTOMERS, self.reader.scan(CUSTOMER, columns=leads), schema(CUSTOMER, leads)),
            (VOIDS, self._voids(until), schema(VOID)),
        ):
            for one in [one for one in self.draft.kept if one.table == name]:
                self.draft.drop(one)
            with self.draft.writing(name, self.draft.whole(name), form) as file:
                for batch in batches(rows, form):
                    file.write(batch)

    def _voids(self, until: int) -> Iterator[Row]:
        """Give what was taken back by a decision that is exported: a later one holds not yet."""
        place = VOID.position["decision"]
        return (row for row in self.reader.scan(VOID) if row[place] <= until)
