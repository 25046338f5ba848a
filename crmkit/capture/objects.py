"""JSON Lines: an object a line, with numbers that are exact."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from crmkit.arguments import show
from crmkit.capture.decoding import flaw, readable
from crmkit.capture.exact import DEPTH_LIMIT, Fault
from crmkit.capture.lines import Bad
from crmkit.capture.mapping import Getter
from crmkit.errors import MappingError


class Precise(dict[str, Any]):
    """An object with a number in it that is not the same as a float."""

    __slots__ = ()


class _Twice(Exception):  # noqa: N818 - it is caught where it is raised
    """A key stands twice in one object; nobody knows which value is meant."""


def objects(lines: Iterator[str], file: str) -> Iterator[tuple[int, Any] | Bad]:
    """Give the objects of a JSON Lines file, each with the number of its line.

    Args:
        lines: The lines of the file.
        file: The file's name.

    Raises:
        MappingError: it holds one JSON value over several lines, or a list.
    """
    read = _Reader()
    first = True
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        if first and (text in ("{", "[") or (text[0] == "[" and text[-1] in "[],{")):
            message = f"{file} is JSON, but not JSON Lines: write each object on a line of its own"
            raise MappingError(message, field="file")
        first = False
        yield read(number, line)


class _Reader:
    """Reads one line after the other."""

    def __init__(self) -> None:
        self._odd = False
        self._decode = json.JSONDecoder(
            object_pairs_hook=_object, parse_float=self._float, parse_int=self._int
        ).decode

    def __call__(self, number: int, line: str) -> tuple[int, Any] | Bad:
        self._odd = False
        field = "record"
        reason = flaw(line)
        if not reason:
            try:
                found = self._decode(line)
            except _Twice as error:
                field = str(error)
                reason = f"has the key {show(field)} twice"
            except RecursionError:
                reason = f"is nested more than {DEPTH_LIMIT} levels deep"
            except json.JSONDecodeError as error:
                reason = f"is no JSON: {error.msg} at column {error.colno}"
            except ValueError as error:
                reason = f"is no JSON: {error}"
            else:
                reason = _odd_shape(line, found)
                if not reason:
                    return number, Precise(found) if self._odd else found
        return Bad(number, readable(line), reason, field)

    def _float(self, text: str) -> float | Decimal:
        """Read a number as a float where that is the same number, else exactly."""
        number = float(text)
        try:
            exact = Decimal(text)
        except InvalidOperation:
            raise ValueError(f"the number {text[:50]} is beyond all measure") from None
        if Decimal(repr(number)) == exact:
            return number
        self._odd = True
        return exact

    def _int(self, text: str) -> int | Decimal:
        """Read a whole number; one that Python does not read as such is read as a decimal."""
        try:
            return int(text)
        except ValueError:
            self._odd = True
            return Decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(next(key for key in keys if keys.count(key) > 1))
    return found


def _odd_shape(line: str, found: Any) -> str:
    """Say why a value is no record; empty where it may be one."""
    if not isinstance(found, dict):
        return "is no JSON object {...}"
    if line.count("[") + line.count("{") <= DEPTH_LIMIT:
        return ""
    level: list[Any] = [found]
    for _ in range(DEPTH_LIMIT):
        level = [inner for one in level for inner in (one.values() if type(one) is dict else one)]
        level = [one for one in level if type(one) in (dict, list)]
        if not level:
            return ""
    return f"is nested more than {DEPTH_LIMIT} levels deep"


def loosely(make: Callable[[Any], Any], exact: frozenset[str]) -> Callable[[Any], Any]:
    """Let a maker of records give the nearest floats where no exact number can be kept.

    Args:
        make: Makes a record of an object.
        exact: Keys of the record whose numbers stay as they are; none: it is no dict, and nothing
            that it is made of has to.
    """

    def made(row: Any) -> Any:
        if type(row) is not Precise:
            return make(row)
        found = make(row) if exact else row
        near = {k: value if k in exact else _nearest(value, k) for k, value in found.items()}
        return near if exact else make(near)

    return made


def _nearest(value: Any, path: str) -> Any:
    """Put the nearest float in the place of every exact number."""
    if isinstance(value, Decimal):
        number = float(value)
        if math.isinf(number):
            raise Fault(path, f"is a number of {value.adjusted() + 1} digits, which nothing keeps")
        return number
    if isinstance(value, dict):
        return {key: _nearest(one, f"{path}.{key}") for key, one in value.items()}
    if isinstance(value, list):
        return [_nearest(one, path) for one in value]
    return value


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
