"""JSON Lines: an object a line, with numbers that are exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crmkit.capture.lines import NOT_TEXT, Bad, is_text
from crmkit.capture.mapping import Getter


def objects(lines: Iterator[str]) -> Iterator[tuple[int, Any] | Bad]:
    """Give the objects of a JSON Lines file, each with the number of its line."""
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


def by_path(name: str) -> Getter:
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
