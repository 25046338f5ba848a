"""Conditions of a mapping: which lines a case or a skip is meant for."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from crmkit.arguments import ID_LIMIT, show
from crmkit.capture.mapping import Getter, flag, listed, near, text
from crmkit.errors import MappingError

_KEYS = frozenset("column equals in starts ends matches empty below above not".split())
_MOST = 10**ID_LIMIT
Number = Callable[[Any], Decimal]
"""Reads a number as the file writes them; raises ArithmeticError for what is none."""
Test = Callable[[Any], bool]


def condition(spec: Any, column: Callable[[str], Getter], number: Number) -> Getter:
    """Compile a condition: a table whose every key must hold, or a list of which all must.

    Args:
        spec: ``{ column = "InvoiceNo", starts = "C" }``.
        column: Gives the getter of a column, by name.
        number: Reads a number, for ``below`` and ``above``.

    Raises:
        MappingError: a key is unknown or of a wrong type, no `column` is named, or nothing is
            asked of it; `field` is ``when`` or the key.
    """
    if isinstance(spec, list):
        all_of = [condition(one, column, number) for one in spec]
        return lambda row: all(test(row) for test in all_of)
    if not isinstance(spec, dict) or "column" not in spec:
        raise MappingError("a condition needs the `column` it looks at", field="when")
    for key in spec:
        if key not in _KEYS:
            message = f"unknown condition {key!r}{near(key, _KEYS)}"
            raise MappingError(message, field="when")
    get = column(text("column", spec["column"]))
    tests = [
        _test(key, value, number) for key, value in spec.items() if key not in ("column", "not")
    ]
    if not tests:
        message = "a condition asks something of its column, such as equals or empty"
        raise MappingError(message, field="when")
    wanted = not flag("not", spec.get("not", False))
    if len(tests) == 1:
        (only,) = tests
        return lambda row: only(get(row)) is wanted
    return lambda row: all(test(value) for value in [get(row)] for test in tests) is wanted


def cell_text(value: Any) -> str:
    """Give a cell as text; empty for one that is missing."""
    return value if type(value) is str else "" if value is None else str(value)


def _test(key: str, value: Any, number: Number) -> Test:
    """Compile what one key asks of a cell."""
    if key in ("below", "above"):
        return _compared(key, value, number)
    if key == "empty":
        wanted = flag(key, value)
        return lambda cell: (not cell_text(cell)) is wanted
    if key == "in":
        words = frozenset(map(_word, listed(key, value)))
        return lambda cell: cell_text(cell) in words
    if key == "matches":
        try:
            pattern = re.compile(text(key, value))
        except (re.error, OverflowError, RecursionError) as error:
            raise MappingError(f"matches is no pattern: {error}", field="when") from None
        return lambda cell: pattern.fullmatch(cell_text(cell)) is not None
    word = _word(value)
    tests: dict[str, Test] = {
        "equals": lambda cell: cell_text(cell) == word,
        "starts": lambda cell: cell_text(cell).startswith(word),
        "ends": lambda cell: cell_text(cell).endswith(word),
    }
    return tests[key]


def _word(value: Any) -> str:
    """Take what a cell is compared with: a text, or a number as one."""
    if isinstance(value, (str, bool, float)) or (type(value) is int and abs(value) < _MOST):
        return str(value)
    raise MappingError(f"a cell is compared with a text, got {show(value)}", field="when")


def _compared(key: str, value: Any, number: Number) -> Test:
    try:
        limit = number(value)
    except ArithmeticError:
        message = f"{key} must be a number as the file writes them, got {show(value)}"
        raise MappingError(message, field=key) from None
    below = key == "below"

    def compare(cell: Any) -> bool:
        try:
            found = number(cell)
        except ArithmeticError:
            return False  # what is no number is neither below nor above
        return found < limit if below else found > limit

    return compare
