"""Opening a log: an exported folder on DuckDB or Spark, or crmkit's own tables in PostgreSQL."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import ibis

from crmkit import ConfigError
from crmkit.contracts.parquet import (
    CUSTOMERS,
    DECISIONS,
    TOUCHPOINTS,
    VOIDS,
    Manifest,
)
from crmkit_ibis.addresses import is_postgresql, open_database, open_folder
from crmkit_ibis.dialects import DIALECTS
from crmkit_ibis.log import Log, Table, in_micros
from crmkit_ibis.schemas import SCHEMAS

Source = Any
"""A folder, the URL of a PostgreSQL database, or a connection that Ibis has opened."""

ENGINES = {"duckdb": "duckdb", "postgresql": "postgres", "spark": "pyspark"}
"""What users call the engines, and what Ibis does."""
_EXTRAS = {"postgresql": "crmkit-ibis[postgres]", "spark": "crmkit-ibis[spark]"}


def open_source(source: Source, engine: Any = "duckdb", workspace: str = "default") -> Log:
    """Open a log.

    Args:
        source: A folder that ``crmkit export --log`` wrote; or where crmkit's own tables are: the
            URL of a PostgreSQL database, or a connection to one that Ibis has opened.
        engine: ``duckdb`` or ``spark``, for a folder; or a connection of Ibis to use for it.
        workspace: Whose log, where the source holds several.

    Raises:
        ConfigError: no such engine, its package is missing, or it has no such tables; a URL that
            is not PostgreSQL's, or leads nowhere. None shows the URL: it may hold a password.
        ExportError: the folder holds no finished export.
    """
    if isinstance(source, Log):
        return source
    if isinstance(source, (str, os.PathLike)):
        text = str(source)
        if is_postgresql(text):
            return of_tables(connect("postgresql", text), workspace)
        return of_folder(open_folder(text), engine)
    return of_tables(source, workspace)


def connect(engine: str, url: str | None = None) -> Any:
    """Open a connection of an engine's own.

    Raises:
        ConfigError: there is no such engine, or what it needs is not installed; or the URL is
            wrong.
    """
    if engine not in ENGINES:
        message = f"there is no engine {engine!r}: one of {', '.join(ENGINES)}"
        raise ConfigError(message, key="engine")
    try:
        backend = getattr(import_module("ibis"), ENGINES[engine])
        if url is not None:
            return backend.from_connection(open_database(url))
        return backend.connect(_session()) if engine == "spark" else backend.connect()
    except (ImportError, AttributeError) as error:
        needed = _EXTRAS.get(engine, "crmkit-ibis")
        message = f"engine {engine!r} needs a package ({error}): pip install '{needed}'"
        raise ConfigError(message, key="engine") from error


def _session() -> Any:
    """Give the Spark session of this process, or a local one on all its processors."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra

    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    builder = SparkSession.builder.appName("crmkit")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


# -- an exported folder --------------------------------------------------------------------


def of_folder(manifest: Manifest, engine: Any = "duckdb") -> Log:
    """Open an exported folder by its manifest; raises as `open_source`."""
    connection = connect(engine) if isinstance(engine, str) else engine
    dialect = DIALECTS.get(connection.name)
    if dialect is None or dialect.name == "postgres":
        message = f"engine {connection.name!r} cannot read a folder: use duckdb or spark"
        raise ConfigError(message, key="engine")

    def read(table: str, *instants: str) -> Table:
        found = _read(connection, manifest.paths(table), table)
        return in_micros(found, dialect, *instants)

    return Log(
        connection,
        dialect,
        touchpoints=read(TOUCHPOINTS),
        decisions=read(DECISIONS, "at"),
        customers=read(CUSTOMERS),
        voids=read(VOIDS) if manifest.rows(VOIDS) else None,
        reached=round(manifest.exported.timestamp() * 1_000_000),
    )


def _read(connection: Any, paths: list[str], table: str) -> Table:
    """Read the files that the manifest names, and no others that may lie there."""
    if not paths:
        return ibis.memtable([], schema=SCHEMAS[table])
    if connection.name == "duckdb":
        return connection.read_parquet(paths, hive_partitioning=False)
    name = ibis.util.gen_name(f"crmkit_{table}")
    connection._session.read.parquet(*paths).createOrReplaceTempView(name)  # noqa: SLF001
    return connection.table(name)


# -- crmkit's own tables -------------------------------------------------------------------


def of_tables(connection: Any, workspace: str = "default") -> Log:
    """Open the tables that crmkit keeps in a database; raises as `open_source`."""
    dialect = DIALECTS.get(connection.name)
    if dialect is None or dialect.name != "postgres":
        message = f"engine {connection.name!r} holds no tables of crmkit's: give it a folder"
        raise ConfigError(message, key="engine")
    if "crmkit_workspace" not in connection.list_tables():
        message = "the database holds no tables of crmkit's: is it the right one?"
        raise ConfigError(message, key="engine")
    named = connection.table("crmkit_workspace")
    found = connection.to_pyarrow(named.filter(named.name == workspace).id).to_pylist()
    number = found[0] if found else -1

    def table(name: str) -> Table:
        whole = connection.table(f"crmkit_{name}")
        return whole.filter(whole.workspace == number).drop("workspace")

    fed = table("fed")
    return Log(
        connection,
        dialect,
        touchpoints=table("touchpoint"),
        decisions=table("decision"),
        customers=table("customer"),
        voids=table("void"),
        fed=fed.filter(fed.void.isnull()),
        standings=table("standing"),
    )
