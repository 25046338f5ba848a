"""Rows that are no lines of a file: what a mapping makes of them, one by one, in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from crmkit.capture.cells import EXACT, Compiler
from crmkit.capture.exact import Fault, show
from crmkit.capture.mapping import Getter, load_mapping
from crmkit.capture.mapping import Mapping as Columns
from crmkit.capture.objects import Precise, by_path, loosely
from crmkit.capture.people import customer_maker
from crmkit.capture.plainly import customer_sections
from crmkit.capture.records import record_maker, whole_maker
from crmkit.capture.templates import Piece
from crmkit.errors import MappingError
from crmkit.model.touchpoint import Rejection


@attrs.frozen
class Mapped:
    """A mapping made ready for rows; call it with each. Safe to use from several threads.

    Attributes:
        source: Source of the records, where the mapping names one.
        columns: Columns that the mapping asks for; empty: it has no tables, and takes all.
        local: Those of them that instants without an offset are read from: the mapping says in
            which zone.
    """

    _make: Callable[[Any], Any]
    _skips: tuple[Getter, ...]
    source: str | None
    columns: frozenset[str]
    local: frozenset[str]

    def __call__(self, row: Mapping[str, Any]) -> Any:
        """Give the record or `Customer` that a row makes.

        Args:
            row: Values by column: those of JSON, or dates, times, UUIDs and `Decimal`s.

        Returns:
            A `Rejection` of the row where it makes none; None where the mapping leaves it out.
        """
        try:
            plain = _plain(row)
            if any(test(plain) for test in self._skips):
                return None
            return self._make(plain)
        except Fault as fault:
            return Rejection(row, fault.field, fault.reason)
        except Exception as error:  # noqa: BLE001 - an odd value costs one row
            return Rejection(row, "record", f"cannot be read: {show(error)}")


def map_touchpoints(mapping: Path | str | dict[str, Any] | None = None) -> Mapped:
    """Make a mapping ready for rows from elsewhere than a file, to be given to ``crm.capture``.

    Args:
        mapping: A TOML file, or the same as a dict, as for ``crmkit import --map``; what it says
            of delimiters and encodings means nothing here. None, or one without tables: columns
            are named like a record's keys, ``email``, ``phone`` and ``customer.<system>`` identify
            the customer.

    Raises:
        MappingError: the mapping makes no sense, or counts rows by ``{#}``, which have no order.

    Example:
        >>> import crmkit
        >>> made = crmkit.map_touchpoints({"fields": {"id": "{No}", "kind": "visit"}})
        >>> made({"No": 7, "Room": "blue"})
        {'id': 7, 'kind': 'visit'}
    """
    return _mapped(mapping, record_maker, None, EXACT)


def map_customers(mapping: Path | str | dict[str, Any] | None = None) -> Mapped:
    """Make a mapping ready for rows from elsewhere, to be given to ``crm.customers.save_all``.

    Args:
        mapping: As for ``crmkit import --customers --map``; None, or one without tables: columns
            are named like a customer's fields, ``email``, ``phone`` and ``identities.<system>``
            are keys.

    Raises:
        MappingError: the mapping makes no sense, or counts rows by ``{#}``.
    """
    return _mapped(mapping, customer_maker, customer_sections(None), frozenset())


def _mapped(
    given: Path | str | dict[str, Any] | None,
    maker: Callable[[Compiler], Callable[[Any], Any]],
    plain: dict[str, Any] | None,
    exact: frozenset[str],
) -> Mapped:
    read = Columns() if given is None else load_mapping(given)
    compiler = _Unordered(attrs.evolve(read, sections=read.sections or plain or {}), by_path)
    compiler.column = compiler.ask
    skips = tuple(compiler.test(rule) for rule, _ in read.skips)
    make = maker(compiler) if compiler.mapping.sections else whole_maker(compiler)
    columns = frozenset(compiler.asked if read.sections else ())
    return Mapped(loosely(make, exact), skips, read.source, columns, frozenset(compiler.local))


@attrs.define
class _Unordered(Compiler):
    """Compiles a mapping for rows that come in any order, and notes which columns it asks for."""

    asked: list[str] = attrs.field(factory=list)
    local: set[str] = attrs.field(factory=set)

    def ask(self, name: str) -> Getter:
        self.asked.append(name)
        return by_path(name)

    def value(self, spec: Any, field: str) -> Getter:
        before = len(self.asked)
        found = super().value(spec, field)
        own = isinstance(spec, dict) and "timezone" in spec
        if field == "at" and (own or self.mapping.zone is not None):
            self.local.update(self.asked[before:])
        return found

    def _counted(self, template: str, _parts: list[Piece]) -> Getter:
        message = f"{{#}} counts the lines of a file; rows have no order: {template!r}"
        raise MappingError(message, field=template)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row as a line of JSON would: dates as text, and a mark where a number is exact."""
    made = {name: _written(value) for name, value in row.items()}
    odd = any(isinstance(value, (Decimal, dict, list)) for value in made.values())
    return Precise(made) if odd else made


def _written(value: Any) -> Any:
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {name: _written(one) for name, one in value.items()}
    return [_written(one) for one in value] if isinstance(value, list) else value
