"""The page on connectors tells what is so: its plugin keeps every law, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from crmkit.connectors.csv.columns import Column
from crmkit.connectors.csv.settings import CsvSettings
from crmkit.contracts import connector
from crmkit.contracts.connector import CAPABILITIES, TYPES, SyncError
from crmkit.testing import ConnectorSuite
from crmkit.testing.connector_base import ConnectorLaws
from tests.pages import ROOT, blocks
from tests.testing.biting import run_pytest

PAGE = ROOT / "docs" / "connectors.md"
TEXT = PAGE.read_text("utf-8")


def rows(heading: str) -> list[str]:
    """Give the first cells of the table whose first heading is this one, word by word."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert table, heading
    cells = [line.split("|")[1] for line in table[1].splitlines()]
    return [word for cell in cells for word in re.findall(r"`(\w+)", cell)]


def test_the_connector_of_the_page_keeps_every_law(tmp_path: Path) -> None:
    """Its files, written out, pass the tests that the page shows."""
    for block in blocks(PAGE):
        if block.file and block.file.endswith("till.py"):
            (tmp_path / block.file).write_text(block.text, "utf-8")
    done = run_pytest("-W", "error", "-rs", str(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[5-6]\d passed", done.stdout, re.MULTILINE), done.stdout


def test_its_tables_are_complete() -> None:
    """Every capability, error, setting and type is told of, and none that is not."""
    assert set(rows("word")) == CAPABILITIES
    errors = {
        name
        for name, found in vars(connector).items()
        if isinstance(found, type) and issubclass(found, SyncError) and found is not SyncError
    }
    assert set(rows("raised")) == errors
    assert set(rows("setting")) == set(attrs.fields_dict(CsvSettings))
    for word in {*TYPES, *attrs.fields_dict(Column)} - {"other"}:
        assert f"`{word}`" in TEXT, word


def test_what_may_be_overridden_is_there() -> None:
    """The page names what an author may override, all of it, as the suite spells it."""
    named = rows("name")
    assert [name for name in named if not hasattr(ConnectorSuite, name)] == []
    hooks = {name for name in vars(ConnectorLaws) if not name.startswith("_")}
    own = {"connector", "contract", "match_of", "methods", "paged", "text_of"}
    assert hooks - set(named) == own
