"""Headers of files without a mapping: columns named like fields, or a hint at what went wrong."""

from __future__ import annotations

from typing import Any

from crmkit.capture.exact import show
from crmkit.errors import MappingError

_CATCH_ALL = frozenset({"attributes", "custom"})
_OTHER_MARKS = {";": '";"', "\t": r'"\t"', "|": '"|"'}
_TOLD = 4


def check_known(sections: Any, header: list[str], file: str) -> dict[str, Any]:
    """Refuse a file of which no column means anything: most likely its header is missing.

    Args:
        sections: Where each column goes.
        header: The columns.
        file: The file's name.

    Returns:
        The sections.

    Raises:
        MappingError: it says what the first line is, and what to do; `field` is ``header``.
    """
    found: dict[str, Any] = sections
    if any(section for name, section in found.items() if name not in _CATCH_ALL):
        return found
    told = ", ".join(map(show, header[:_TOLD])) + (", ..." if len(header) > _TOLD else "")
    message = f"{file}: no column is named like a field of crmkit; the first line is {told}"
    raise MappingError(f"{message}. {_advice(header)}", field="header")


def lacking(sections: dict[str, Any]) -> tuple[str, ...]:
    """Name what every record needs and no column or constant gives."""
    fields = sections.get("fields") or {}
    missing = [name for name in ("id", "kind", "at") if name not in fields]
    return (*missing, *(() if sections.get("customer") else ("customer",)))


def exactly(sections: dict[str, Any]) -> dict[str, Any]:
    """Name the columns as such: without a mapping ``{x}`` and ``a: b`` are no templates."""
    return {
        name: {key: {"column": value[1:-1]} for key, value in section.items()}
        if isinstance(section, dict)
        else section
        for name, section in sections.items()
    }


def _advice(header: list[str]) -> str:
    """Say what to do about a header that means nothing."""
    mark = next((mark for mark in _OTHER_MARKS if len(header) == 1 and mark in header[0]), None)
    if mark is not None:
        return (
            f"Are its columns separated by {_OTHER_MARKS[mark]}? Then write a mapping (--map) with "
            f"the line delimiter = {_OTHER_MARKS[mark]}"
        )
    if {"id", "at"} <= {name.lower() for name in header}:
        return "Names are compared letter by letter: write them small"
    return (
        "Is the header missing? Then put a line such as id,kind,at,email before it. Otherwise "
        "write a mapping (--map), which says what each column is"
    )
