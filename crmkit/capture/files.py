"""Records from files: CSV and JSON Lines, streamed, each bad line a `Rejection` with its number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from crmkit.capture.cells import Compiler
from crmkit.capture.exact import Fault
from crmkit.capture.fields import KNOWN
from crmkit.capture.lines import NOT_TEXT, Bad, Cells, Line, is_text, text_lines
from crmkit.capture.mapping import Getter, Mapping, load_mapping, near
from crmkit.capture.people import customer_maker
from crmkit.capture.plainly import FIELDS, customer_sections, record_sections, whose
from crmkit.errors import MappingError
from crmkit.model.touchpoint import Rejection

Row = tuple[int, Any]
"""A line's number, and its cells or its object."""
_JSON_NAMES = (".jsonl", ".ndjson", ".json")


@attrs.define
class Reading:
    """A file being read; iterate over it once.

    Attributes:
        skipped: Lines that the mapping left out so far, by reason.
        lines: Number of the last line that was read.
        source: Source of the records, where the mapping names one.
    """

    _rows: Iterator[Row | Bad]
    _make: Callable[[Any], Any]
    skips: list[tuple[Getter, str]] = attrs.field(factory=list)
    source: str | None = None
    skipped: Counter[str] = attrs.field(factory=Counter)
    lines: int = 0

    def __iter__(self) -> Iterator[Any]:
        """Give records (or customers), and a `Rejection` for each line that is none."""
        for row in self._rows:
            if isinstance(row, Bad):
                self.lines = row.line
                yield Rejection(row.text, "record", f"line {row.line} {row.reason}")
                continue
            self.lines, cells = row
            try:
                if self._skips(cells):
                    continue
                made = self._make(cells)
            except Fault as fault:
                raw = dict(cells) if isinstance(cells, dict) else list(cells)
                yield Rejection(raw, fault.field, f"line {self.lines}: {fault.reason}")
                continue
            if type(made) is dict:
                made = Line(made)
                made.line = self.lines
            yield made

    def _skips(self, cells: Any) -> bool:
        for test, reason in self.skips:
            if test(cells):
                self.skipped[reason] += 1
                return True
        return False


def read_touchpoints(path: Path | str, mapping: Mapping | Path | str | None = None) -> Reading:
    """Read records to capture from a CSV or JSON Lines file, plain or gzipped.

    Args:
        path: The file; its name ends in ``.csv``, ``.jsonl`` or either with ``.gz``.
        mapping: Which column is what; None: columns (or keys of an object) are named like a
            record's keys, ``email``, ``phone`` and ``customer.<system>`` identify the customer.

    Returns:
        An iterator of dicts for ``crm.capture`` and of `Rejection`s, with the skipped lines
        counted.

    Raises:
        MappingError: the mapping does not fit the file's columns; `field` names what.
    """
    return _reading(Path(path), mapping, _record_maker, record_sections)


def read_customers(path: Path | str, mapping: Mapping | Path | str | None = None) -> Reading:
    """Read customers for ``crm.customers.save_all`` from a CSV or JSON Lines file.

    Args:
        path: The file, as for `read_touchpoints`.
        mapping: Which column is what; None: columns are named like a customer's fields,
            ``email``, ``phone`` and ``identities.<system>`` are keys, others are custom fields.

    Raises:
        MappingError: the mapping does not fit the file's columns; `field` names what.
    """
    return _reading(Path(path), mapping, customer_maker, customer_sections)


def _reading(
    path: Path,
    given: Mapping | Path | str | None,
    maker: Callable[[Compiler], Callable[[Any], Any]],
    plain: Callable[[list[str] | None], dict[str, Any] | None],
) -> Reading:
    mapping = given if isinstance(given, Mapping) or given is None else load_mapping(given)
    lines = text_lines(path, mapping.encoding if mapping else None)
    if any(path.name.removesuffix(".gz").endswith(ending) for ending in _JSON_NAMES):
        rows, header = json_rows(lines), None
    else:
        rows, header = _table(lines, mapping.delimiter if mapping else ",", path)
    if mapping is None:
        sections = plain(header)
        if sections is None:
            return Reading(rows, whose)
        mapping = Mapping(sections=sections)
    compiler = Compiler(mapping, _by_path if header is None else _by_name(header))
    skips = [(compiler.test(rule), reason) for rule, reason in mapping.skips]
    return Reading(rows, maker(compiler), skips, mapping.source)


# -- rows ----------------------------------------------------------------------------------


def _table(
    lines: Iterator[str], delimiter: str, path: Path
) -> tuple[Iterator[Row | Bad], list[str]]:
    """Read the header; give the rows that have as many cells as it."""
    rows = iter(Cells(lines, delimiter))
    first = next(rows, None)
    if first is None:
        message = f"{path.name} is empty: its first line must name the columns"
        raise MappingError(message, field="header")
    if isinstance(first, Bad):
        raise MappingError(f"{path.name}: the header {first.reason}", field="header")
    header = [name.strip() for name in first[1]]
    twice = next((name for name in header if header.count(name) > 1 and name), None)
    if twice is not None:
        raise MappingError(f"{path.name}: the column {twice!r} stands twice", field=twice)
    return _even(rows, len(header)), header


def _even(rows: Iterator[Row | Bad], width: int) -> Iterator[Row | Bad]:
    for row in rows:
        if not isinstance(row, Bad) and len(row[1]) != width:
            line, cells = row
            reason = f"has {len(cells)} columns, the header has {width}"
            yield Bad(line, ",".join(cells)[:1_000], reason)
        else:
            yield row


def json_rows(lines: Iterator[str]) -> Iterator[Row | Bad]:
    """Give the objects of a JSON Lines file."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if not is_text(line):
            text = line[:1_000].encode(errors="surrogateescape").decode(errors="backslashreplace")
            yield Bad(number, text.rstrip(), NOT_TEXT)
            continue
        try:
            found = json.loads(line, parse_float=_exact)
        except (ValueError, RecursionError) as error:
            yield Bad(number, line[:1_000].rstrip(), f"is no JSON: {error}")
            continue
        if isinstance(found, dict):
            yield number, found
        else:
            yield Bad(number, line[:1_000].rstrip(), "is no JSON object {...}")


def _exact(text: str) -> float | Decimal:
    """Read a number as a float where that is the same number, else exactly."""
    number = float(text)
    exact = Decimal(text)
    return number if Decimal(repr(number)) == exact else exact


def _by_name(header: list[str]) -> Callable[[str], Getter]:
    places = {name: place for place, name in enumerate(header)}

    def column(name: str) -> Getter:
        if name not in places:
            raise MappingError(f"there is no column {name!r}{near(name, places)}", field=name)
        place = places[name]
        return lambda row: row[place].strip() or None

    return column


def _by_path(name: str) -> Getter:
    """Give the getter of a key, or of keys inside keys: ``customer.email``."""
    path = name.split(".")

    def get(row: Any) -> Any:
        found = row.get(name)
        if found is None:
            found = row
            for key in path:
                found = found.get(key) if isinstance(found, dict) else None
        return (found.strip() or None) if isinstance(found, str) else found

    return get


# -- records -------------------------------------------------------------------------------


def _record_maker(compiler: Compiler) -> Callable[[Any], dict[str, Any]]:
    """Compile the sections of a touchpoint mapping."""
    sections = compiler.mapping.sections
    fields = sections.get("fields", {})
    for name in fields:
        if name not in FIELDS:
            raise MappingError(f"fields: unknown field {name!r}{near(name, KNOWN)}", field=name)
    wrong = next((name for name in sections if name not in {"fields", *_TABLES}), None)
    if wrong is not None:
        raise MappingError(f"{wrong} belongs to a mapping of customers", field=wrong)
    make = compiler.section(fields)
    whom = sections.get("customer")
    by_id = compiler.value(whom, "customer") if isinstance(whom, str) else None
    tables = [
        (name, compiler.section(sections[name], name))
        for name in _TABLES
        if isinstance(sections.get(name), dict)
    ]

    def record(row: Any) -> dict[str, Any]:
        made = make(row)
        if by_id is not None:
            made["customer"] = by_id(row)
        for name, build in tables:
            if found := build(row):
                made[name] = found
        return made

    return record


_TABLES = ("customer", "friend", "attributes")
