"""What is done to a value of a mapping once it is there: turned, replaced, put in its place."""

from __future__ import annotations

from typing import Any

from crmkit.capture.exact import Fault, number, show
from crmkit.capture.mapping import Getter
from crmkit.capture.numbers import written
from crmkit.errors import MappingError


def negated(get: Getter, field: str) -> Getter:
    """Turn the sign of a number."""

    def negate(row: Any) -> Any:
        value = get(row)
        if value is None:
            return None
        found = number(field, value)
        try:
            return written(found.copy_negate() if found else found)
        except ArithmeticError:
            raise Fault(field, f"has too many digits: {show(value)}") from None

    return negate


def as_json(get: Getter) -> Getter:
    """Turn a number that was worked out, which is text, into one of JSON: the nearest float."""

    def convert(row: Any) -> Any:
        value = get(row)
        return value if value is None else float(value) if "." in value else int(value)

    return convert


def replaced(get: Getter, words: Any) -> Getter:
    """Put other values in the place of some."""
    if not isinstance(words, dict):
        raise MappingError("replace must be a table of old and new values", field="replace")

    def replace(row: Any) -> Any:
        value = get(row)
        return words.get(value, value) if isinstance(value, str) else value

    return replace


def otherwise(get: Getter, default: Any) -> Getter:
    """Put a value where there is none."""

    def choose(row: Any) -> Any:
        value = get(row)
        return default if value is None else value

    return choose
