"""What holds for any file, any cell and any edits by hand: on whatever hypothesis makes up."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.connectors.csv.cells import bare, cell_of, guarded, value_of
from crmkit.connectors.csv.connector import CsvConnector
from crmkit.connectors.csv.settings import CsvSettings
from crmkit.connectors.csv.sheet import Sheet, parse, render
from crmkit.contracts.connector import Cursor, SyncAborted, Upsert
from crmkit.contracts.settings import structure

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NASTY = st.text(st.sampled_from("a=+-@'\t\r\n\";, 1中é\ufeff"), max_size=8)
CELL = TEXT | NASTY
NAMES = st.lists(CELL.filter(bool), min_size=2, max_size=4, unique=True)


@given(st.data(), NAMES, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.sampled_from(",;\t|"))
def test_a_file_comes_back_cell_by_cell(
    data: st.DataObject, header: list[str], mark: bool, ending: str, delimiter: str
) -> None:
    """Whatever stands in the cells, and whatever divides them."""
    row = st.lists(CELL, min_size=len(header), max_size=len(header)).filter(any)
    rows = data.draw(st.lists(row, max_size=4))
    if header[0].startswith("\ufeff") and not mark:
        mark = True  # else it would be taken for the mark itself
    written = Sheet(header=tuple(header), rows=rows, mark=mark, ending=ending)
    found = parse(render(written, delimiter), "any.csv", delimiter)
    assert (found.header, found.rows, found.mark) == (written.header, rows, mark)


@given(CELL)
def test_a_guarded_text_comes_back(text: str) -> None:
    """An apostrophe of ours is taken off, one of somebody else's stays."""
    assert bare(guarded(text)) == text


@given(st.lists(CELL, min_size=1, max_size=4))
def test_a_list_comes_back(texts: list[str]) -> None:
    """Whatever its elements hold."""
    assert value_of(cell_of(texts, "list"), "list") == texts


@given(
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
)
def test_a_number_comes_back(number: Any) -> None:
    """Exactly, as a spreadsheet would write it."""
    cell = cell_of(number, "number")
    assert Decimal(str(value_of(cell, "number"))) == Decimal(str(number))
    assert "E" not in cell.upper()


@given(st.binary(max_size=60) | TEXT.map(str.encode))
def test_any_bytes_are_a_file_or_named(data: bytes) -> None:
    """Nothing that stands in a file raises anything but what stops a run."""
    raised = ""
    try:
        parse(data, "any.csv", ",")
    except SyncAborted as error:
        raised = str(error)
    assert raised.startswith("any.csv") or not raised


ROWS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["x", "y", "=z"]))


@settings(max_examples=30)
@given(st.lists(st.tuples(ROWS, st.booleans()), max_size=8))
def test_what_is_read_since_a_cursor_is_what_was_edited(
    edits: list[tuple[dict[str, str], bool]],
) -> None:
    """After any edits by hand, with any process reading, each change comes once, none is missed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "customers.csv")
        config = structure(CsvSettings, {"folder": folder, "page_size": 1})
        connector, cursor = CsvConnector(config), None
        known: dict[str, str] = {}
        for rows, anew in edits:
            lines = [f"{key},{name}\n" for key, name in rows.items()]
            file.write_text("id,name\n" + "".join(lines), "utf-8")
            connector = CsvConnector(config) if anew else connector
            came: dict[str, str | None] = {}
            more = True
            while more:
                page = connector.changes("customers", cursor, fields=["name"])
                came |= {one.id: one.values.get("name") for one in page.records}
                cursor, more = page.cursor, page.more
            gone = dict.fromkeys(known.keys() - rows.keys())
            assert came == {k: v for k, v in rows.items() if known.get(k) != v} | gone
            known = rows


@pytest.mark.parametrize("page_size", [1, 7])
def test_our_own_writes_and_edits_by_hand_are_told_apart_by_their_instants(
    page_size: int, tmp_path: Path
) -> None:
    """What a write says of its instant is what the row bears until somebody changes it."""
    (tmp_path / "customers.csv").write_text("id,name\n1,Ann\n2,Bob\n", "utf-8")
    config = CsvSettings(folder=str(tmp_path), page_size=page_size)
    connector = CsvConnector(config)
    cursor: Cursor | None = None
    more = True
    while more:
        page = connector.changes("customers", cursor, fields=["name"])
        cursor, more = page.cursor, page.more
    (result,) = connector.upsert(
        "customers", [Upsert(key="a", remote_id="2", values={"name": "Bea"})]
    )
    (found,) = connector.changes("customers", cursor, fields=["name"]).records
    assert (found.id, found.changed_at) == ("2", result.changed_at)
    assert attrs.evolve(found, changed_at=None).values == {"name": "Bea"}
