"""Customers and a file, kept in step by the engine while a person edits the file by hand."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import crmkit
from crmkit.plugins import PluginManager

HEAD = "id,mail,full name,phone,level,score\n"
ROWS = (
    "1,ann@example.com,Ann,+8613800138000,3,\n",
    "2,wang@example.com,王芳,,,\n",
    ',zoe@example.com,"Zoë, ""Z""",,,\n',
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "customers.csv"
    file.write_text(HEAD + "".join(ROWS), "utf-8")
    return file


@pytest.fixture
def crm(tmp_path: Path, file: Path) -> Iterator[crmkit.CRM]:  # noqa: ARG001 - it must be there
    mapping = {
        "concept": "customers",
        "object": "customers",
        "match": "email",
        "fields": {
            "name": {"field": "full name"},
            "email": {"field": "mail"},
            "phone": {"field": "phone"},
            "attributes.level": {"field": "level"},
        },
    }
    section = {"type": "csv", "folder": str(tmp_path), "page_size": 2, "mapping": [mapping]}
    config = {"connectors": {"office": section}}
    plugins = PluginManager(discover=False)
    with crmkit.connect(f"sqlite:///{tmp_path}/shop.db", plugins=plugins, config=config) as crm:
        yield crm


def rows_of(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return {row["full name"]: row for row in csv.DictReader(text)}


def names(crm: crmkit.CRM) -> set[str]:
    return {customer.name or "" for customer in crm.customers.search().items}


@pytest.mark.row("R35")
def test_both_sides_are_equal_and_stay_so(crm: crmkit.CRM, file: Path) -> None:
    """What is there goes both ways, edits too; a second run writes nothing, not even the file."""
    crm.customers.save(
        crmkit.Customer(name="Li Lei", identities=(crmkit.Identity("email", "li@example.com"),))
    )
    assert [finding for finding in crm.sync.doctor("office") if finding.fatal] == []
    before = file.read_bytes()
    plan = crm.sync.plan("office")
    assert (len(plan.creates), file.read_bytes()) == (4, before)
    crm.sync.run("office")
    assert names(crm) == {"Ann", "王芳", 'Zoë, "Z"', "Li Lei"} == set(rows_of(file))
    assert all(row["id"] for row in rows_of(file).values())

    settled = file.read_bytes()
    report = crm.sync.run("office")
    assert (report.written, file.read_bytes()) == (0, settled)

    file.write_bytes(settled.replace("王芳".encode(), "王小芳".encode()))
    ann = crm.customers.find(email="ann@example.com")
    assert ann is not None
    crm.customers.save(attrs.evolve(ann, name="Anna"))
    crm.sync.run("office")
    assert names(crm) == {"Anna", "王小芳", 'Zoë, "Z"', "Li Lei"} == set(rows_of(file))
    settled = file.read_bytes()
    assert (crm.sync.run("office").written, file.read_bytes()) == (0, settled)


def test_a_row_that_was_taken_out_is_not_written_again(crm: crmkit.CRM, file: Path) -> None:
    """By default a customer whose row a person removed stays ours, and is not sent there again."""
    crm.sync.run("office")
    kept = [line for line in file.read_text("utf-8").splitlines(keepends=True) if "Ann" not in line]
    file.write_text("".join(kept), "utf-8")
    crm.sync.run("office")
    crm.sync.run("office")
    assert "Ann" in names(crm)
    assert set(rows_of(file)) == {"王芳", 'Zoë, "Z"'}


def test_a_broken_file_costs_nothing(crm: crmkit.CRM, file: Path) -> None:
    """Half a file stops the run and deletes nobody; when it is whole again, all goes on."""
    crm.sync.run("office")
    settled = file.read_bytes()
    file.write_bytes(settled[: len(settled) // 2 - 3])
    with pytest.raises(crmkit.errors.CrmkitError, match=r"customers\.csv"):
        crm.sync.run("office")
    assert len(names(crm)) == 3
    file.write_bytes(settled)
    assert crm.sync.run("office").written == 0
    assert file.read_bytes() == settled
