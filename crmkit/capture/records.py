"""Records of touchpoints, from rows: what the sections of a mapping make of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmkit.capture.cells import WRITTEN, Compiler
from crmkit.capture.fields import KNOWN
from crmkit.capture.mapping import Mapping, near
from crmkit.capture.plainly import FIELDS, whose
from crmkit.errors import MappingError

_TABLES = ("customer", "friend", "attributes")


def whole_maker(compiler: Compiler) -> Callable[[Any], dict[str, Any]]:
    """Take objects as they are, but for times and numbers that a mapping says how to read."""
    if compiler.mapping == Mapping():
        return whose
    read = compiler.section({name: {"column": name} for name in WRITTEN})
    return lambda row: whose(row | read(row))


def record_maker(compiler: Compiler) -> Callable[[Any], dict[str, Any]]:
    """Compile the sections of a touchpoint mapping.

    Raises:
        MappingError: a section or field is unknown.
    """
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
