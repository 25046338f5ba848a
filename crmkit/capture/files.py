"""Records from files: CSV and JSON Lines, streamed, each bad line a `Rejection` with its number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from crmkit.capture.cells import EXACT, Compiler
from crmkit.capture.decoding import text_lines
from crmkit.capture.exact import Fault, show
from crmkit.capture.headers import check_known, exactly, lacking
from crmkit.capture.lines import Bad, Line
from crmkit.capture.mapping import Getter, Mapping, load_mapping
from crmkit.capture.objects import by_path, loosely, objects
from crmkit.capture.people import customer_maker
from crmkit.capture.plainly import customer_sections, record_sections
from crmkit.capture.records import record_maker, whole_maker
from crmkit.capture.rows import Row, by_name, table
from crmkit.model.touchpoint import Rejection

_JSON_NAMES = (".jsonl", ".ndjson", ".json")
_OBJECT = re.compile(r'\ufeff?\s*\{\s*["}]')
"""How a line begins that is an object of JSON, and no header of a table."""
_LATEST = 4_000  # customers of whom it is known which line they came from


@attrs.define
class Reading:
    """A file being read; iterate over it once.

    Attributes:
        skipped: Lines that the mapping left out so far, by reason.
        lines: Number of the last line that was read.
        source: Source of the records, where the mapping names one.
        lacking: What every record needs, and no column or constant of the mapping gives.
    """

    _rows: Iterator[Row | Bad]
    _make: Callable[[Any], Any]
    skips: list[tuple[Getter, str]] = attrs.field(factory=list)
    source: str | None = None
    lacking: tuple[str, ...] = ()
    skipped: Counter[str] = attrs.field(factory=Counter)
    lines: int = 0
    _latest: dict[int, int] = attrs.field(factory=dict)

    def __iter__(self) -> Iterator[Any]:
        """Give records (or customers), and a `Rejection` for each line that is none."""
        for row in self._rows:
            if isinstance(row, Bad):
                self.lines = row.line
                yield Rejection(row.text, row.field, f"line {row.line} {row.reason}")
                continue
            self.lines, cells = row
            try:
                if self._skips(cells):
                    continue
                made = self._make(cells)
            except Fault as fault:
                yield self._rejected(cells, fault)
                continue
            except Exception as error:  # noqa: BLE001 - an odd value costs one line
                yield self._rejected(cells, Fault("record", f"cannot be read: {show(error)}"))
                continue
            if type(made) is dict:
                made = Line(made)
                made.line = self.lines
            else:
                self._keep_line(made)
            yield made

    def placed(self, rejection: Rejection) -> Rejection:
        """Say which line one of the latest customers came from, who was refused afterwards.

        A record to capture bears its line itself.
        """
        line = self._latest.get(id(rejection.record))
        if line is None:
            return rejection
        return attrs.evolve(rejection, reason=f"line {line}: {rejection.reason}")

    def _keep_line(self, made: object) -> None:
        latest = self._latest
        latest.pop(id(made), None)  # of another, who is gone
        latest[id(made)] = self.lines
        if len(latest) > _LATEST:
            del latest[next(iter(latest))]

    def _rejected(self, cells: Any, fault: Fault) -> Rejection:
        raw = dict(cells) if isinstance(cells, dict) else list(cells)
        return Rejection(raw, fault.field, f"line {self.lines}: {fault.reason}")

    def _skips(self, cells: Any) -> bool:
        for test, reason in self.skips:
            if test(cells):
                self.skipped[reason] += 1
                return True
        return False


def read_touchpoints(path: Path | str, mapping: Mapping | Path | str | None = None) -> Reading:
    """Read records to capture from a CSV or JSON Lines file, plain or gzipped.

    Args:
        path: The file, or a pipe; JSON Lines where its name ends in ``.jsonl``, ``.ndjson`` or
            ``.json`` (or one of these and ``.gz``), or its first line is an object.
        mapping: Which column is what; None, or one without tables: columns (or keys of an object)
            are named like a record's keys, ``email``, ``phone`` and ``customer.<system>`` identify
            the customer.

    Returns:
        An iterator of dicts for ``crm.capture`` and of `Rejection`s, with the skipped lines
        counted.

    Raises:
        MappingError: the mapping does not fit the file's columns; `field` names what.
    """
    return _reading(Path(path), mapping, record_maker, record_sections, EXACT)


def read_customers(path: Path | str, mapping: Mapping | Path | str | None = None) -> Reading:
    """Read customers for ``crm.customers.save_all`` from a CSV or JSON Lines file.

    Args:
        path: The file, as for `read_touchpoints`.
        mapping: Which column is what; None, or one without tables: columns are named like a
            customer's fields, ``email``, ``phone`` and ``identities.<system>`` are keys, others are
            custom fields.

    Raises:
        MappingError: the mapping does not fit the file's columns; `field` names what.
    """
    return _reading(Path(path), mapping, customer_maker, customer_sections, frozenset())


def _reading(
    path: Path,
    given: Mapping | Path | str | None,
    maker: Callable[[Compiler], Callable[[Any], Any]],
    plain: Callable[[list[str] | None], dict[str, Any] | None],
    exact: frozenset[str],
) -> Reading:
    if given is None:
        mapping = Mapping()
    else:
        mapping = given if isinstance(given, Mapping) else load_mapping(given)
    lines = text_lines(path, mapping.encoding)
    header: list[str] | None = None
    column: Callable[[str], Getter] = by_path
    first = next(lines, "")  # which tells what a pipe holds, and a file of any other name
    lines = chain([first], lines)
    if path.name.removesuffix(".gz").endswith(_JSON_NAMES) or _OBJECT.match(first):
        rows = objects(lines, path.name)
    else:
        rows, header = table(lines, mapping.delimiter, path.name)
        column = by_name(header, path.name)
    sections = mapping.sections or plain(header)
    if header is not None and not mapping.sections:
        sections = exactly(check_known(sections, header, path.name))
    compiler = Compiler(attrs.evolve(mapping, sections=sections or {}), column)
    skips = [(compiler.test(rule), reason) for rule, reason in mapping.skips]
    make = maker(compiler) if sections is not None else whole_maker(compiler)
    if header is None:
        make = loosely(make, exact)
    missing = lacking(sections) if exact and sections is not None else ()
    return Reading(rows, make, skips, mapping.source, missing)
