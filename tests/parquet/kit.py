"""A workspace whose log is exported, and what lies in the folder afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit.contracts.parquet import MANIFEST, open_log
from tests.capture.kit import NOW, purchase

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

TABLES = ("touchpoints", "decisions", "customers", "voids")
Rows = dict[str, list[tuple[Any, ...]]]


def opened(url: str = "memory://", **options: Any) -> crmkit.CRM:
    """Open a workspace with a clock that stands still."""
    return crmkit.connect(url, plugins=[], actor="lin", clock=lambda: NOW, **options)


def bought(number: int, who: str = "ann", **changes: Any) -> dict[str, Any]:
    """Give a purchase by somebody, who is known by his first name."""
    return purchase(number, customer={"email": f"{who}@example.com"}, **changes)


def captured(crm: crmkit.CRM, records: Iterable[Mapping[str, Any]], source: str = "shop") -> str:
    """Capture records, none of which is refused; give the run."""
    report = crm.capture(records, source)
    assert report.rejected == ()
    return report.run


def whose(crm: crmkit.CRM, who: str = "ann") -> str:
    """Give somebody's id."""
    found = crm.customers.find(email=f"{who}@example.com")
    assert found is not None
    return found.id


def content(folder: Path) -> Rows:
    """Give the rows of every table of an export, sorted."""
    manifest = open_log(folder, verify=True)
    found: Rows = {}
    for table in TABLES:
        rows = [row for path in manifest.paths(table) for row in rows_of(Path(path))]
        assert len(rows) == manifest.rows(table)
        found[table] = sorted(rows, key=repr)
    return found


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    """Give the rows of one file."""
    columns = pq.ParquetFile(path).read().to_pydict()
    return list(zip(*columns.values(), strict=True))


def afresh(crm: crmkit.CRM, folder: Path) -> Rows:
    """Give what an export to an empty folder holds."""
    crm.touchpoints.export_log(folder)
    return content(folder)


def files(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder, but for the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != f"{MANIFEST}.lock"
    }
