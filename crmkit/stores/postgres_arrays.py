"""Lists of keys, spelt as PostgreSQL spells an array.

psycopg goes through a list value by value, in Python, and takes fifty times as long.
"""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.contracts.store import Value


def array(values: Sequence[Value]) -> str | list[Value]:
    """Give what a parameter is bound to that is cast to an array: texts, or whole numbers.

    Anything else, which keys hardly ever are, is left to psycopg.
    """
    try:
        return _of_numbers(values) if type(values[0]) is int else _of_texts(values)
    except TypeError:
        return list(values)


def _of_numbers(values: Sequence[Value]) -> str:
    return f"{{{','.join(map(int.__repr__, values))}}}"


def _of_texts(values: Sequence[Value]) -> str:
    """Quote every text; only quotes and backslashes mean anything between quotes."""
    between = '","'
    joined = between.join(values)  # type: ignore[arg-type]
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        escaped = (str(value).replace("\\", r"\\").replace('"', r"\"") for value in values)
        joined = between.join(escaped)
    return f'{{"{joined}"}}'
