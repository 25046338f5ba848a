"""A workbook's file, looked at before anything parses it: small, and nothing but a workbook."""

from __future__ import annotations

import io
import json
import os
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any, NoReturn

import attrs

from crmkit.arguments import show
from crmkit.care.forms.layout import GRID
from crmkit.care.forms.workbook import MARK, openpyxl
from crmkit.errors import InvalidValueError

FILE_LIMIT = 10_000_000
"""Bytes of a file that is read at all."""
UNPACKED_LIMIT = 40_000_000
"""Bytes of everything in it."""
PARTS_LIMIT = 2_000
ROWS, COLUMNS, CELLS = 2_000, 4 * GRID, 400_000
"""Where cells and merged cells of a sheet may lie, and how many there may be."""

Fault = tuple[str, str, str]
"""Sheet, cell and what is wrong there; both empty where it is the whole file."""

Place = tuple[int, int]
"""Row and column, from 1."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FORBIDDEN = (
    ("vbaproject", "holds macros (VBA)"),
    ("macrosheets", "holds macros (Excel 4)"),
    ("externallinks", "holds links to other files"),
    ("activex", "holds ActiveX controls"),
    ("embeddings", "holds embedded files"),
    ("connections.xml", "holds connections to other data"),
    ("querytables", "holds connections to other data"),
)
_EXTERNAL = re.compile(rb"<[^<>]*TargetMode\s*=\s*[\"']External[\"'][^<>]*>")
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_PLACED = re.compile(rb"<(?:[^\s<>:/]+:)?(?:c|mergeCell|comment|hyperlink)\s[^<>]*>")
_PLACE = re.compile(rb"\br(?:ef)?\s*=\s*[\"']([^\"']*)[\"']")
_CORNER = re.compile(rb"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def refuse(faults: list[Fault]) -> NoReturn:
    """Raise the one error that names all of a file's faults."""
    told = [
        f"{sheet}!{cell}: {why}" if cell else f"{sheet}: {why}" if sheet else why
        for sheet, cell, why in faults
    ]
    many = f"{len(told)} faults in the form:\n" if len(told) > 1 else "the form: "
    raise InvalidValueError(many + "\n".join(told), field="file", faults=tuple(faults))


@attrs.frozen
class Cell:
    """A cell that is not empty: what it holds, as which type, and how it shows it."""

    value: Any
    type: str
    look: str


@attrs.frozen
class Paper:
    """One sheet as it is read.

    Attributes:
        name: Its name.
        cells: By row and column; only those that hold something.
        merged: By the first cell's row and column, the last one's.
    """

    name: str
    cells: dict[Place, Cell]
    merged: dict[Place, Place]


def opened(file: object) -> tuple[dict[str, Paper | None], dict[str, Any]]:
    """Open a workbook that was made from a form, and give its sheets with what it says of itself.

    Args:
        file: Path, bytes, or a file opened for reading bytes.

    Returns:
        The sheets by name, None for one that has no cells; and the document property.

    Raises:
        InvalidValueError: it is no XLSX file, too large, encrypted, damaged, holds macros or links,
            or was not made by `render_form`.
        CrmkitError: openpyxl is not installed.
    """
    package = openpyxl()
    data = _read(file)
    why = _flaw(data)
    if why:
        _whole(f"the file {why}")
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            warnings.simplefilter("ignore")  # of what openpyxl leaves out: nothing we look at
            # Read-only, it looks at nothing but cells, and never at pictures, comments or links.
            book = package.load_workbook(io.BytesIO(data), read_only=True)
            mark = json.loads(book.custom_doc_props[MARK].value)
            sheets = {sheet.title: _paper(sheet, archive) for sheet in book.worksheets}
            names = {name: sheets.get(name) for name in book.sheetnames}
            book.close()
    except KeyError:
        _whole("the file is no form made by crmkit: take one that `render` gave, and fill it in")
    except Exception as error:  # noqa: BLE001 - whatever a damaged file does to a parser
        _whole(f"the file is damaged, or no workbook: {show(error)}")
    if not isinstance(mark, dict):
        _whole("the file's document property was changed: take a new form")
    return names, mark


def _paper(sheet: Any, archive: zipfile.ZipFile) -> Paper:
    """Read a sheet; of how cells are merged only the file itself tells."""
    sheet.reset_dimensions()  # which the file may give as it likes
    cells = {
        (cell.row, cell.column): Cell(cell.value, cell.data_type, str(cell.number_format))
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    merged = {}
    content = archive.read(sheet._worksheet_path)  # noqa: SLF001 - nothing else names its part
    for tag in _PLACED.finditer(content):
        if b"mergeCell" in tag[0]:
            for found in _PLACE.finditer(tag[0]):
                first, *rest = filter(None, map(_corner, found[1].split(b":", 1)))
                merged[first] = rest[0] if rest else first
    return Paper(sheet.title, cells, merged)


def _whole(why: str) -> NoReturn:
    refuse([("", "", why)])


def _read(file: object) -> bytes:
    """Give a file's bytes, no more of them than may be read."""
    try:
        if isinstance(file, (str, os.PathLike)):
            with Path(file).open("rb") as stream:
                data: Any = stream.read(FILE_LIMIT + 1)
        elif isinstance(file, (bytes, bytearray, memoryview)):
            data = bytes(file)
        else:
            data = file.read(FILE_LIMIT + 1)  # type: ignore[attr-defined]
    except (OSError, ValueError) as error:
        _whole(f"the file cannot be read: {error}")
    except (AttributeError, TypeError):
        _whole(f"file must be a path, bytes or a file opened for bytes, got {show(file)}")
    if not isinstance(data, bytes):
        _whole(f"file must be opened for bytes (mode 'rb'), got {show(data)}")
    return data


def _flaw(data: bytes) -> str:
    """Say why a file is not even unpacked; empty where it can be."""
    if len(data) > FILE_LIMIT:
        return f"is larger than {FILE_LIMIT:,} bytes"
    if data.startswith(_OLE):
        return "is encrypted, or an old .xls: save it as .xlsx without a password"
    if not data.startswith(_ZIP):
        return "is no XLSX workbook"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _flaw_of_parts(archive)
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError) as error:
        return f"is damaged: {error}"
    except Exception as error:  # noqa: BLE001 - zlib and its like have errors of their own
        return f"is damaged: {show(error)}"


def _flaw_of_parts(archive: zipfile.ZipFile) -> str:
    parts = archive.infolist()
    if len(parts) > PARTS_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
        return f"unpacks to more than {UNPACKED_LIMIT:,} bytes or {PARTS_LIMIT:,} parts"
    if len({part.filename for part in parts}) < len(parts):
        return "is damaged: two of its parts have one name"
    for part in parts:
        name = part.filename.lower()
        if part.flag_bits & 1:
            return "is encrypted: save it without a password"
        for word, why in _FORBIDDEN:
            if word in name:
                return why
        why = _flaw_of_part(name, archive.read(part))
        if why:
            return why
    return "" if "[Content_Types].xml" in archive.namelist() else "is no XLSX workbook"


def _flaw_of_part(name: str, content: bytes) -> str:
    """Look for what a parser must not meet; hyperlinks, which spreadsheets make, do no harm."""
    if name == "[content_types].xml" and b"macroenabled" in content.lower():
        return "is a workbook with macros: save it as .xlsx"
    if name.endswith((".xml", ".rels", ".vml")) and (b"\0" in content or _DECLARED.search(content)):
        return "declares a document type or another encoding, as no workbook does"
    if name.endswith(".rels"):
        for found in _EXTERNAL.finditer(content):
            if b"/hyperlink" not in found[0]:
                return "holds links to other files"
    covered = 0
    for tag in _PLACED.finditer(content):
        for found in _PLACE.finditer(tag[0]):
            corners = [_corner(place) for place in found[1].split(b":", 1)]
            first, last = corners[0], corners[-1]
            if first is None or last is None:
                return f"has something at {show(found[1].decode('latin-1'))}, far outside any form"
            covered += (abs(last[0] - first[0]) + 1) * (abs(last[1] - first[1]) + 1)
    return "covers more cells than any form" if covered > CELLS else ""


def _corner(place: bytes) -> Place | None:
    """Give row and column of a cell; None where it lies outside any form."""
    found = _CORNER.fullmatch(place)
    if not found:
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + letter - ord("A") + 1
    row = int(found[2])
    return (row, column) if row <= ROWS and column <= COLUMNS else None
