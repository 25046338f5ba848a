"""The engine behind ``crmkit rebuild --engine ibis:duckdb``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crmkit import ConfigError
from crmkit.contracts.engine import (
    REVENUE,
    Engine,
    EngineConfig,
    Folding,
    Seen,
    Source,
    Summary,
    Tally,
)
from crmkit_ibis.addresses import is_postgresql, open_folder
from crmkit_ibis.folding import MARK, NUMBERS, fold
from crmkit_ibis.log import Log
from crmkit_ibis.opening import ENGINES, of_folder, open_source

_ROWS = 4096


class IbisEngine(Engine):
    """Sums the log up on DuckDB or Spark, from an exported folder; on PostgreSQL, where it lies."""

    def __init__(self, config: EngineConfig) -> None:
        """Open what is to be read.

        Raises:
            ConfigError: there is no such backend, its package is missing, or it has no log; the
                database's URL is wrong, which no error shows.
            ExportError: the folder holds no finished export.
        """
        backend = config.backend or "duckdb"
        if backend not in ENGINES:
            message = f"engine 'ibis' has no backend {backend!r}: one of {', '.join(ENGINES)}"
            raise ConfigError(message, key="engine")
        if backend == "postgresql":
            if not is_postgresql(config.url or ""):
                message = "ibis:postgresql reads crmkit's own tables, and the database is another"
                raise ConfigError(message, key="engine")
            self._source = Source(workspace=config.workspace)
            self._log: Log = open_source(config.url, workspace=config.workspace)
            return
        if config.log is None:
            message = f"ibis:{backend} reads an exported log: name its folder (--log DIR)"
            raise ConfigError(message, key="log")
        manifest = open_folder(config.log)
        self._source = Source(
            workspace=manifest.workspace, watermark=manifest.watermark, cursor=manifest.cursor
        )
        self._log = of_folder(manifest, backend)

    def source(self) -> Source:
        """Tell what is read."""
        return self._source

    def summaries(self, folding: Folding) -> Iterator[Summary]:
        """Run one expression over the log, and give its rows as they come."""
        table = fold(self._log, folding)
        count = len(folding.model.indicators)
        for batch in self._log.batches(table, _ROWS):
            columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
            for row in zip(*columns.values(), strict=True):
                yield _summary(dict(zip(columns, row, strict=True)), count)

    def close(self) -> None:
        """Let the connection go; a Spark session may be the host's, and is left to its process."""
        if self._log.dialect.name != "pyspark":
            self._log.connection.disconnect()


def _summary(row: dict[str, Any], count: int) -> Summary:
    return Summary(
        customer=row["root"],
        first=row["first"],
        newest=row["newest"],
        recorded=row["recorded"],
        contact=row["contact"],
        own=row["own"],
        revenue=row["revenue"] or 0.0,
        tallies=tuple(_tally(row, place) for place in range(count)),
        foreign=tuple(_foreign(row, count)),
        seen=tuple(
            _seen(place, text) for place in range(count) for text in row.get(f"seen{place}") or ()
        ),
        bought=tuple(row["bought"] or ()),
    )


def _tally(row: dict[str, Any], place: int) -> Tally:
    n, chance, a, b, ref, last = (row.get(f"{name}{place}") for name in NUMBERS)
    return Tally(n or 0, chance or 0, a or 0.0, b or 0.0, ref, last)


def _seen(place: int, text: str) -> Seen:
    at, _, value = text.partition(MARK)
    return Seen(place, value[1:] if value[0] == "s" else float(value[1:]), int(at))


def _foreign(row: dict[str, Any], count: int) -> Iterator[tuple[int, str, Tally]]:
    for text in row.get(f"foreign{REVENUE}") or ():
        code, n, a = text.split(MARK)
        yield REVENUE, code, Tally(n=int(n), a=float(a))
    for place in range(count):
        for text in row.get(f"foreign{place}") or ():
            code, n, a, b, ref, last = text.split(MARK)
            yield place, code, Tally(int(n), 0, float(a), float(b), int(ref), int(last))
