"""Other programs read the folder as it lies, and several exports lie well together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import crmkit
from crmkit.contracts.parquet import open_log
from crmkit.parquet import packing, sorting
from tests.parquet.kit import afresh, bought, captured, content, opened, pa, pq, whose

MONTHS = [f"202{year}-{month:02}-03T12:00:00Z" for year in (4, 5) for month in range(1, 13)]


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    with opened() as made:
        captured(made, [bought(n, f"p{n % 5}", at=at) for n, at in enumerate(MONTHS * 3)])
        yield made


def test_duckdb_reads_it_by_its_folders(crm: crmkit.CRM, tmp_path: Path):
    """Year and month are columns; so a query reads the months alone that it asks for."""
    duckdb = pytest.importorskip("duckdb")
    crm.touchpoints.export_log(tmp_path)
    log = f"'{tmp_path}/touchpoints/**/*.parquet'"
    found = duckdb.sql(
        f"""SELECT count(*), sum(amount::DECIMAL(18, 2)), any_value(typeof("at"))
        FROM {log} WHERE year = 2025 AND month = 3"""
    ).fetchall()
    assert found == [(3, 3 * 880, "TIMESTAMP WITH TIME ZONE")]
    joined = duckdb.sql(
        f"""SELECT root, count(*) FROM {log} t JOIN '{tmp_path}/customers.parquet' c
        ON c.id = t.customer WHERE t.seq NOT IN (SELECT touchpoint FROM '{tmp_path}/voids.parquet')
        GROUP BY root"""
    ).fetchall()
    assert len(joined) == 5
    assert sum(count for _, count in joined) == 72


def test_pandas_reads_it(crm: crmkit.CRM, tmp_path: Path):
    """A folder of one log at a time."""
    pandas = pytest.importorskip("pandas")
    crm.touchpoints.export_log(tmp_path)
    frame = pandas.read_parquet(tmp_path / "touchpoints", filters=[("year", "==", 2024)])
    assert len(frame) == 36
    assert frame["at"].min() == datetime(2024, 1, 3, 12, tzinfo=UTC)


def test_a_manifest_lists_the_files_by_table(crm: crmkit.CRM, tmp_path: Path):
    """With what stands in them."""
    made = crm.touchpoints.export_log(tmp_path)
    manifest = open_log(str(tmp_path))
    assert manifest.workspace == crm.session.store.workspace
    assert manifest.watermark == made.watermark
    assert len(manifest.files) == made.files
    assert manifest.rows("touchpoints") == 72
    assert len(manifest.paths("touchpoints")) == 24
    assert all(Path(path).is_file() for path in manifest.paths("customers"))


def test_rows_of_a_file_are_sorted_by_customer(crm: crmkit.CRM, tmp_path: Path):
    """What is summed by customer lies together."""
    crm.touchpoints.export_log(tmp_path)
    for path in open_log(tmp_path).paths("touchpoints"):
        columns = pq.ParquetFile(path).read(["customer", "seq"]).to_pydict()
        keys = list(zip(columns["customer"], columns["seq"], strict=True))
        assert keys == sorted(keys)


def test_many_small_files_are_joined(crm: crmkit.CRM, tmp_path: Path):
    """A month never has more than the rule allows, and loses nothing."""
    folder = tmp_path / "log"
    most = 0
    for number in range(100, 100 + 2 * packing.MANY + 3):
        captured(crm, [bought(number, at="2026-05-01T00:00:00Z")])
        crm.touchpoints.export_log(folder)
        paths = [path for path in open_log(folder).paths("touchpoints") if "year=2026" in path]
        most = max(most, len(paths))
    assert most == packing.MANY
    assert content(folder) == afresh(crm, tmp_path / "fresh")


def test_no_more_rows_wait_than_are_allowed(
    crm: crmkit.CRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Many months at once: the fullest are written before their time, and joined at the end."""
    held = []
    monkeypatch.setattr(sorting, "_WAITING_ROWS", 10)
    monkeypatch.setattr("crmkit.parquet.arrow.BATCH", 7)
    take = sorting.Sorter.take

    def watched(self: sorting.Sorter, rows: object) -> None:
        take(self, rows)
        held.append(self._rows)

    monkeypatch.setattr(sorting.Sorter, "take", watched)
    crm.touchpoints.export_log(tmp_path / "log")
    assert max(held) == 10
    assert content(tmp_path / "log") == afresh(crm, tmp_path / "fresh")


def test_large_texts_make_small_files(
    crm: crmkit.CRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Memory is counted in bytes as well as in rows."""
    monkeypatch.setattr(sorting, "PART_BYTES", 100_000)
    monkeypatch.setattr(sorting, "_WAITING_BYTES", 100_000)
    monkeypatch.setattr("crmkit.parquet.arrow.BATCH", 2)
    captured(crm, [bought(n, text="x" * 40_000) for n in range(100, 106)])
    crm.touchpoints.export_log(tmp_path / "log")
    paths = [path for path in open_log(tmp_path / "log").paths("touchpoints") if "=2026" in path]
    assert len(paths) == 2
    assert sum(pa.parquet.ParquetFile(path).metadata.num_rows for path in paths) == 6


def test_a_row_of_an_open_transaction_is_not_lost(tmp_path: Path):
    """What is committed after the export, though it began before, comes with the next one."""
    folder = tmp_path / "log"
    with opened(f"sqlite:///{tmp_path}/shop.db") as crm:
        captured(crm, [bought(1)])
        store = crm.session.store
        with store.write() as writer:
            first = writer.sequence(1)
            done = threading.Thread(target=crm.touchpoints.export_log, args=(folder,))
            done.start()
            done.join()
            row = (first, "note", None, 0, None, "late", "{}")
            from crmkit.contracts.tables import DECISION  # noqa: PLC0415

            writer.append(DECISION, [row])
        assert open_log(folder).watermark < first
        assert crm.touchpoints.export_log(folder).rows == 1
        assert content(folder) == afresh(crm, tmp_path / "fresh")


def test_a_merge_and_its_end_rewrite_no_log(crm: crmkit.CRM, tmp_path: Path):
    """They are decisions, and stand in the files of customers."""
    crm.touchpoints.export_log(tmp_path)
    merge = crm.customers.merge(whose(crm, "p0"), whose(crm, "p1"), reason="same")
    assert crm.touchpoints.export_log(tmp_path).rewritten == 0
    crm.customers.unmerge(merge.id)
    assert crm.touchpoints.export_log(tmp_path).rewritten == 0
