"""Whoever is erased is taken out of every file that holds him, and the other files stay."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import crmkit
from crmkit.contracts.parquet import open_log
from tests.parquet.kit import afresh, bought, captured, content, files, opened, rows_of, whose

SECRET = "SECRETTEXT about the fees"


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    with opened() as made:
        yield made


def parts(folder: Path) -> set[str]:
    return {one.path for one in open_log(folder).files if "/" in one.path}


def held(folder: Path) -> str:
    """Give all that any file of the folder holds, decompressed, and what they are called."""
    found = [repr(rows_of(path)) for path in sorted(folder.rglob("*.parquet"))]
    plain = [data for name, data in files(folder).items() if not name.endswith(".parquet")]
    return repr([*found, plain, sorted(files(folder))])


def exported(crm: crmkit.CRM, folder: Path, *secrets: str) -> None:
    """Export, and see that nothing of what was erased is left, nor that of others gone."""
    crm.touchpoints.export_log(folder)
    found = held(folder)
    assert [one for one in secrets if one in found] == []
    assert content(folder) == afresh(crm, folder.with_name("fresh"))


def test_only_the_files_that_held_him_are_written_again(crm: crmkit.CRM, tmp_path: Path):
    """Months in which he did nothing are as they were."""
    folder = tmp_path / "log"
    may = [bought(n, "bob", at=f"2026-05-0{n}T00:00:00Z") for n in range(1, 6)]
    april = [bought(n, "ann", at=f"2026-04-{n}T00:00:00Z", text=SECRET) for n in range(10, 15)]
    captured(crm, [*may, *april, bought(7, "bob", at="2026-04-02T00:00:00Z")])
    crm.touchpoints.export_log(folder)
    before, ann = parts(folder), whose(crm)
    assert SECRET in held(folder)
    assert ann in held(folder)
    crm.customers.erase(ann, reason="asked")
    exported(crm, folder, SECRET, "ann@example.com", "o-10")
    kept = parts(folder) & before
    assert {path.split("/")[2] for path in kept} == {"month=05"}
    assert len(open_log(folder).paths("touchpoints")) == 2


def test_a_month_that_was_his_alone_goes(crm: crmkit.CRM, tmp_path: Path):
    """Its folder, too."""
    folder = tmp_path / "log"
    captured(crm, [bought(1, "bob"), bought(2, "ann", at="2024-02-02T00:00:00Z")])
    crm.touchpoints.export_log(folder)
    crm.customers.erase(whose(crm), reason="asked")
    exported(crm, folder)
    assert not (folder / "touchpoints" / "year=2024").exists()


def test_a_friend_is_taken_out_of_the_records_of_others(crm: crmkit.CRM, tmp_path: Path):
    """The record stays, without whom it named."""
    folder = tmp_path / "log"
    captured(crm, [bought(1), bought(2, "bob")])
    friend = {"kind": "referral", "friend": {"email": "ann@example.com"}, "amount": None}
    captured(crm, [bought(3, "bob", **friend, currency=None)])
    crm.touchpoints.export_log(folder)
    crm.customers.erase(whose(crm), reason="asked")
    exported(crm, folder, "ann@example.com")
    assert len(content(folder)["touchpoints"]) == 2


def test_he_is_taken_out_of_documents_about_others(crm: crmkit.CRM, tmp_path: Path):
    """Decisions keep what a document said: they are read again."""
    folder = tmp_path / "log"
    named = {"customer": {"email": "ann@example.com", "name": "Ann Appleton"}}
    captured(crm, [bought(2, "bob"), bought(1) | named])
    sale = {"amount": "5", "currency": "CNY", "owner": "lin", "closes": date(2026, 7, 1)}
    made = crm.funnel.open(whose(crm, "bob"), name="tea", **sale)
    crm.funnel.note(made.id, "wait for Ann Appleton, ann@example.com")
    crm.touchpoints.export_log(folder)
    assert "Ann Appleton" in held(folder)
    crm.customers.erase(whose(crm), reason="asked")
    exported(crm, folder, "Ann Appleton", "ann@example.com")
    assert "wait for (erased)" in held(folder)


def test_a_record_that_became_his_after_the_export(crm: crmkit.CRM, tmp_path: Path):
    """The file holds its former revision under somebody else, who knows nothing of it."""
    folder = tmp_path / "log"
    captured(crm, [bought(1, "bob", text=SECRET), bought(2, "bob"), bought(3)])
    crm.touchpoints.export_log(folder)
    theirs = {"customer": {"email": "ann@example.com"}}
    crm.touchpoints.correct("shop", "o-1", theirs, reason="it was hers")
    crm.customers.erase(whose(crm), reason="asked")
    exported(crm, folder, SECRET, "ann@example.com")


def test_what_was_erased_before_the_first_export(crm: crmkit.CRM, tmp_path: Path):
    """It never comes into a file, and the next export writes no file again for it."""
    folder = tmp_path / "log"
    captured(crm, [bought(1), bought(2, "bob")])
    crm.customers.erase(whose(crm), reason="asked")
    exported(crm, folder, "ann@example.com")
    assert crm.touchpoints.export_log(folder).rewritten == 0


def test_the_newest_rows_were_erased(crm: crmkit.CRM, tmp_path: Path):
    """By them the database is told from another: they may be missing for that reason alone."""
    folder = tmp_path / "log"
    captured(crm, [bought(1, "bob"), bought(2)])
    crm.touchpoints.export_log(folder)
    crm.customers.erase(whose(crm), reason="asked")
    exported(crm, folder, "ann@example.com")
    with crm.session.store.write() as writer:  # nobody but a restored backup does so
        from crmkit.contracts.tables import TOUCHPOINT  # noqa: PLC0415

        writer.delete(TOUCHPOINT, [(whose(crm, "bob"),)], by=("customer",))
    with pytest.raises(crmkit.ExportError, match="restored from a backup"):
        crm.touchpoints.export_log(folder)


def test_places_that_nobody_stood_at_take_no_memory(crm: crmkit.CRM, tmp_path: Path):
    """A database restored elsewhere leaves out a thousand million places, each time it is."""
    folder = tmp_path / "log"
    for number, who in enumerate(("bob", "ann", "eve")):
        captured(crm, [bought(number, who, text=f"{SECRET} {who}")])
        with crm.session.store.write() as writer:
            writer.sequence(10**9)
    captured(crm, [bought(9, "bob")])
    crm.touchpoints.export_log(folder)
    crm.customers.erase(whose(crm), reason="asked")
    tracemalloc.start()
    exported(crm, folder, f"{SECRET} ann", "ann@example.com")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 << 20
    assert f"{SECRET} eve" in held(folder)
