"""One DuckDB, a Spark session where there is one, and a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from typing import Any

import ibis
import pytest

pytest_plugins = ["crmkit.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Pass over what is Ibis's own: it calls DuckDB by names of before DuckDB 2."""
    for name in ("fetch_arrow_table", "fetch_arrow_reader", "fetch_record_batch"):
        config.addinivalue_line("filterwarnings", f"ignore:{name}:DeprecationWarning")


@pytest.fixture(scope="session")
def duck() -> Any:
    """Give a DuckDB in memory that all tests share."""
    return ibis.duckdb.connect()


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
