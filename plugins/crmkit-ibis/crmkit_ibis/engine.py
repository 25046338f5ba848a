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
Columns = dict[str, list[Any]]
"""Of a batch, by name."""


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
            yield from _summaries(columns, batch.num_rows, count)

    def close(self) -> None:
        """Let the connection go; a Spark session may be the host's, and is left to its process."""
        if self._log.dialect.name != "pyspark":
            self._log.connection.disconnect()


def _summaries(columns: Columns, rows: int, count: int) -> Iterator[Summary]:
    """Give the rows of a batch, of which each indicator's columns are read at one go."""
    tallies = [_tallies(columns, place, rows) for place in range(count)]
    seen = [
        (place, columns[f"seen{place}"], columns[f"when{place}"])
        for place in range(count)
        if f"seen{place}" in columns
    ]
    foreign = {name: values for name, values in columns.items() if name.startswith("foreign")}
    for row in range(rows):
        yield Summary(
            customer=columns["root"][row],
            first=columns["first"][row],
            newest=columns["newest"][row],
            recorded=columns["recorded"][row],
            contact=columns["contact"][row],
            own=columns["own"][row],
            revenue=columns["revenue"][row] or 0.0,
            tallies=tuple([one[row] for one in tallies]),
            foreign=tuple(_foreign({name: values[row] for name, values in foreign.items()}, count)),
            seen=tuple([one for at, what, when in seen for one in _seen(at, what[row], when[row])]),
            bought=tuple(columns["bought"][row] or ()),
        )


def _tallies(columns: Columns, place: int, rows: int) -> list[Tally]:
    nothing = [None] * rows
    given = [columns.get(f"{name}{place}", nothing) for name in NUMBERS]
    return [
        Tally(n or 0, chance or 0, a or 0.0, b or 0.0, ref, last)
        for n, chance, a, b, ref, last in zip(*given, strict=True)
    ]


def _seen(place: int, shown: list[str] | None, when: list[int] | None) -> list[Seen]:
    return [
        Seen(place, float(value[1:]) if value[0] == MARK else value, at)
        for value, at in zip(shown or (), when or (), strict=True)
    ]


def _foreign(row: dict[str, Any], count: int) -> Iterator[tuple[int, str, Tally]]:
    for text in row.get(f"foreign{REVENUE}") or ():
        code, n, a = text.split(MARK)
        yield REVENUE, code, Tally(n=int(n), a=float(a))
    for place in range(count):
        for text in row.get(f"foreign{place}") or ():
            code, n, a, b, ref, last = text.split(MARK)
            yield place, code, Tally(int(n), 0, float(a), float(b), int(ref), int(last))
