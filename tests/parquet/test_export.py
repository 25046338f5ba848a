"""An export of the logs: what is in its files, and what the next one adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.clock import micros
from crmkit.contracts.parquet import open_log
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import DECISION, TOUCHPOINT, VOID, Table
from tests.parquet.kit import afresh, bought, captured, content, files, opened, pq, whose

STORES = ["memory://", "sqlite:///{folder}/shop.db"]


@pytest.fixture(params=STORES, ids=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(request.param).format(folder=tmp_path)


def test_the_files_hold_the_rows_of_the_store(url: str, tmp_path: Path):
    """Every touchpoint and decision, column by column as the store has it."""
    folder = tmp_path / "log"
    odd = {
        "amount": "1" * 17 + ".50" + "7" * 60,
        "text": "好 \U0001f600",
        "attributes": {"a": [1, None]},
    }
    with opened(url) as crm:
        captured(crm, [bought(n) for n in range(40)] + [bought(99, "bob", **odd)])
        crm.touchpoints.correct("shop", "o-1", {"amount": "5"}, reason="typo")
        crm.touchpoints.export_log(folder)
        with crm.session.store.read() as reader:
            expected = {
                "touchpoints": plain(reader, TOUCHPOINT),
                "decisions": plain(reader, DECISION),
                "voids": plain(reader, VOID),
            }
    found = content(folder)
    for table, names in (("touchpoints", TOUCHPOINT), ("decisions", DECISION), ("voids", VOID)):
        instants = [p for p, one in enumerate(names.names) if one in ("at", "recorded")]
        rows = [
            tuple(micros(v) if p in instants else v for p, v in enumerate(r)) for r in found[table]
        ]
        assert sorted(rows) == expected[table]
    assert len(found["touchpoints"]) == 42
    assert len(found["voids"]) == 1


def plain(reader: Reader, table: Table) -> list[Row]:
    return sorted(reader.scan(table))


def test_files_lie_by_month_of_utc(tmp_path: Path):
    """The month is that of the instant in UTC, whatever the offset it was told in."""
    with opened() as crm:
        at = ("2026-05-01T07:59:59+08:00", "2026-05-01T08:00:00+08:00", "1900-01-02T00:00:00+00:00")
        captured(crm, [bought(n, at=one) for n, one in enumerate(at)])
        crm.touchpoints.export_log(tmp_path)
    assert {tuple(Path(p).parts[-3:-1]) for p in open_log(tmp_path).paths("touchpoints")} == {
        ("year=1900", "month=01"),
        ("year=2026", "month=04"),
        ("year=2026", "month=05"),
    }


def test_the_next_export_adds_files_and_leaves_the_others(url: str, tmp_path: Path):
    """Only what is newer than the watermark is read; no file of a log is written again."""
    folder = tmp_path / "log"
    with opened(url) as crm:
        captured(crm, [bought(n) for n in range(10)])
        first = crm.touchpoints.export_log(folder)
        before = files(folder)
        captured(crm, [bought(n, "bob") for n in range(10, 13)])
        second = crm.touchpoints.export_log(folder)
        assert (first.rows, first.rewritten) == (10, 0)
        assert (second.rows, second.rewritten) == (3, 0)
        assert second.watermark > first.watermark
        after = files(folder)
        parts = {path for path in before if "/" in path}
        assert parts
        assert {path: after[path] for path in parts} == {path: before[path] for path in parts}
        assert content(folder) == afresh(crm, tmp_path / "fresh")
        third = crm.touchpoints.export_log(folder)
        assert (third.rows, third.files) == (0, second.files)


def test_customers_lead_where_the_merges_lead(tmp_path: Path):
    """A merge rewrites no touchpoint: the file of customers says where their ids lead."""
    folder = tmp_path / "log"
    with opened() as crm:
        captured(crm, [bought(1), bought(2, "bob")])
        crm.touchpoints.export_log(folder)
        ann, bob = whose(crm), whose(crm, "bob")
        merge = crm.customers.merge(ann, bob, reason="same")
        crm.touchpoints.export_log(folder)
        assert dict(content(folder)["customers"]) == {ann: ann, bob: ann}
        crm.customers.unmerge(merge.id)
        crm.touchpoints.export_log(folder)
        assert dict(content(folder)["customers"]) == {ann: ann, bob: bob}


def test_whoever_was_erased_is_in_no_file(url: str, tmp_path: Path):
    """Nor do the others lose anything."""
    folder = tmp_path / "log"
    with opened(url) as crm:
        captured(crm, [bought(n, "ann") for n in range(5)] + [bought(9, "bob")])
        crm.touchpoints.export_log(folder)
        crm.customers.erase(whose(crm), reason="asked")
        made = crm.touchpoints.export_log(folder)
        assert made.rewritten > 0
        found = content(folder)
        assert [row[TOUCHPOINT.position["id"]] for row in found["touchpoints"]] == ["o-9"]
        assert found == afresh(crm, tmp_path / "fresh")


def test_an_empty_log_is_exported(tmp_path: Path):
    """There is nothing in it, and it can be opened."""
    with opened() as crm:
        made = crm.touchpoints.export_log(tmp_path / "new" / "log")
    assert (made.rows, made.watermark) == (0, 0)
    assert all(rows == [] for rows in content(tmp_path / "new" / "log").values())


def test_lasting_names_lead_to_the_newest(tmp_path: Path):
    """``customers.parquet`` and ``voids.parquet`` are read by whoever asks no manifest."""
    with opened() as crm:
        for number in range(3):
            captured(crm, [bought(number, f"p{number}")])
            crm.touchpoints.export_log(tmp_path)
    assert pq.ParquetFile(tmp_path / "customers.parquet").metadata.num_rows == 3
    assert (tmp_path / "voids.parquet").exists()
    assert len([name for name in files(tmp_path) if name.startswith("customers")]) == 2
