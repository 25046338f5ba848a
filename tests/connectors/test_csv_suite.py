"""Every law of a connector, held by ``csv`` with a person at a spreadsheet on its other side."""

# ruff: noqa: A002 - a record has an id
from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crmkit.connectors.offered import BUILT_IN
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite, People

SCHEMA = """
[fields.name]
required = true
[fields.score]
type = "number"
[fields.vip]
type = "flag"
[fields.born]
type = "date"
[fields.seen]
type = "instant"
[fields.tags]
type = "list"
[fields.tier]
type = "choice"
choices = ["key", "core", "客户"]
"""


class Spreadsheet(People):
    """Somebody who opens the file, changes a cell and saves it, all cells quoted."""

    def __init__(self, file: Path) -> None:
        self._file, self._ids = file, count(1)

    def _read(self) -> dict[str, dict[str, str]]:
        with self._file.open(encoding="utf-8", newline="") as text:
            return {row["id"]: row for row in csv.DictReader(text)}

    def _save(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        with self._file.open(encoding="utf-8", newline="") as text:
            names = list(csv.DictReader(text).fieldnames or ())
        names += [name for row in rows.values() for name in row if name not in names]
        names = list(dict.fromkeys(names))
        with self._file.open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, names, quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(rows.values())

    def add(self, values: Mapping[str, Any]) -> str:
        rows, key = self._read(), f"p{next(self._ids)}"
        rows[key] = {"id": key, **values}
        self._save(rows)
        return key

    def edit(self, id: str, values: Mapping[str, Any]) -> None:
        rows = self._read()
        rows[id] |= values
        self._save(rows)

    def remove(self, id: str) -> None:
        rows = self._read()
        del rows[id]
        self._save(rows)

    def look(self, id: str) -> Mapping[str, Any] | None:
        row = self._read().get(id)
        return row and {name: cell.removeprefix("'") for name, cell in row.items()}

    def ids(self) -> set[str]:
        return set(self._read())

    @contextmanager
    def together(self) -> Iterator[None]:
        yield  # all that is found at one look bears one instant


class TestCsv(ConnectorSuite):
    match = "email"
    text = "name"
    breaks = "note"

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        return BUILT_IN[0]

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Mapping[str, Any]:
        (tmp_path / "customers.csv").write_text("id,email,name,note\n")
        (tmp_path / "customers.schema.toml").write_text(SCHEMA, "utf-8")
        return {"folder": str(tmp_path)}

    @pytest.fixture
    def people(self, tmp_path: Path) -> People:
        return Spreadsheet(tmp_path / "customers.csv")
