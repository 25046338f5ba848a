"""The engine behind ``crmkit rebuild --engine ibis:duckdb``."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import ConfigError
from crmkit.contracts.engine import Engine, EngineConfig, Folding, Source, Summaries
from crmkit_ibis.addresses import is_postgresql, open_folder
from crmkit_ibis.folding import fold
from crmkit_ibis.log import Log
from crmkit_ibis.opening import ENGINES, of_folder, open_source
from crmkit_ibis.summaries import summaries_of

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

    def summaries(self, folding: Folding) -> Iterator[Summaries]:
        """Run one expression over the log, and give its rows as they come."""
        for batch in self._log.batches(fold(self._log, folding), _ROWS):
            yield summaries_of(batch, folding.model)

    def close(self) -> None:
        """Let the connection go; a Spark session may be the host's, and is left to its process."""
        if self._log.dialect.name != "pyspark":
            self._log.connection.disconnect()
