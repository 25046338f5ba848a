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
from crmkit.contracts.tables import CUSTOMER, DECISION, TOUCHPOINT, VOID, Table
from crmkit.model.log import LogExport
from crmkit.parquet.arrow import arrow, batches, schema
from crmkit.parquet.drafting import Draft
from crmkit.parquet.folder import opened
from crmkit.parquet.packing import pack
from crmkit.parquet.sorting import Sorter
from crmkit.stores.sql.schema import VERSION

Step = Callable[[int], object]
"""Told how many rows were read so far."""
LOGS = {TOUCHPOINTS: TOUCHPOINT, DECISIONS: DECISION}
_RECORDED = {TOUCHPOINT.name: "recorded", DECISION.name: "at"}


def export_log(
    store: Store, folder: Path, now: int, *, verify: bool = False, step: Step | None = None
) -> LogExport:
    """Bring a folder up to the store's two logs.

    Args:
        store: The workspace.
        folder: Made where it is not there.
        now: The clock's instant, in microseconds since 1970.
        verify: Read every file of the export before, and write the damaged ones anew.
        step: Told now and then how many rows were read.

    Raises:
        ConfigError: pyarrow is not installed.
        ExportError: the folder is another's, is being exported to, or cannot be written to; the
            export before is as it was.
        StoreError: the database failed; the export before is as it was.
    """
    arrow()
    with opened(folder, store.workspace) as found, store.read() as reader:
        before = found
        if before is not None and (
            any(damaged(before, verify=verify)) or _erased_since(reader, before.watermark)
        ):
            before = attrs.evolve(before, watermark=0)
        return Export(store, reader, folder, before, now, step or (lambda _: None)).run()


@attrs.define
class Export:
    """One export under way."""

    store: Store
    reader: Reader
    folder: Path
    before: Manifest | None
    now: int
    step: Step
    rows: int = 0

    def run(self) -> LogExport:
        """Write all, and let it count."""
        before = self.before
        since, until = (before.watermark if before else 0), self.reader.watermark()
        number = (before.number if before else 0) + 1
        draft = Draft(self.folder, number, list(before.files if before else ()))
        if not since:
            for one in tuple(draft.kept):
                draft.drop(one)
        try:
            self._derived(draft, until)
            for name, table in LOGS.items():
                sorter = Sorter(draft, table, name)
                rows = self.reader.scan(table, by=("seq",), low=since + 1, high=until)
                for batch in batches(rows, schema(table)):
                    sorter.take(batch)
                    self.rows += batch.num_rows
                    self.step(self.rows)
                sorter.finish()
                pack(draft, sorter)
            manifest = Manifest(
                folder=self.folder,
                workspace=self.store.workspace,
                schema=VERSION,
                watermark=until,
                exported=instant(self.now),
                number=number,
                newest={table.name: newest(self.reader, table, until) for table in LOGS.values()},
                files=draft.files,
            )
            draft.commit(manifest)
        except BaseException:
            draft.discard()
            raise
        logs = sum(one.table in LOGS for one in draft.gone)
        return LogExport(rows=self.rows, files=len(manifest.files), watermark=until, rewritten=logs)

    def _derived(self, draft: Draft, until: int) -> None:
        """Write what follows from the logs, whole."""
        for name, rows, form in (
            (
                CUSTOMERS,
                self.reader.scan(CUSTOMER, columns=("id", "root")),
                schema(CUSTOMER, ("id", "root")),
            ),
            (VOIDS, self._voids(until), schema(VOID)),
        ):
            for one in [one for one in draft.kept if one.table == name]:
                draft.drop(one)
            with draft.writing(name, draft.whole(name), form) as file:
                for batch in batches(rows, form):
                    file.write(batch)

    def _voids(self, until: int) -> Iterator[Row]:
        """Give what was taken back by a decision that is among those that are exported."""
        place = VOID.position["decision"]
        return (row for row in self.reader.scan(VOID) if row[place] <= until)


def _erased_since(reader: Reader, watermark: int) -> bool:
    """Tell whether anybody was erased behind a place in the commit order."""
    erasures = reader.scan(
        DECISION, by=("kind", "seq"), equal=("erase",), low=watermark + 1, limit=1
    )
    return any(erasures)


def newest(reader: Reader, table: Table, until: int) -> tuple[int, int]:
    """Give the seq of a log's newest row, and when it was recorded; zeros where it has none."""
    columns = ("seq", _RECORDED[table.name])
    rows = reader.scan(table, by=("seq",), high=until, reverse=True, limit=1, columns=columns)
    seq, recorded = next(rows, (0, 0))
    return seq, recorded
