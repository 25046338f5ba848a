"""Whether a customer's fields hold what they are declared to hold, which attrs does not check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import attrs

from crmkit.capture.exact import Fault, show

_TOLD: dict[Any, str] = {
    str: "text",
    bool: "True or False",
    date: "a datetime.date",
    datetime: "a datetime",
    Mapping: "a mapping",
}


class _Shape(NamedTuple):
    """What a field may hold; `of` is what stands in it where it is a list."""

    name: str
    types: Any
    told: str
    of: Any


def check_shape(record: Any) -> None:
    """Check the types of an attrs record's fields, and of what stands in its lists.

    Raises:
        Fault: a field holds something else; `field` names it.
    """
    cls: Any = type(record)
    for name, types, told, of in _shapes(cls):
        value = getattr(record, name)
        if not isinstance(value, types):
            raise Fault(name, f"must be {told}, got {show(value)}")
        if of is not None and value is not None:
            _check_list(name, value, told, of)


def _check_list(name: str, values: Sequence[Any], told: str, of: type) -> None:
    for place, one in enumerate(values, 1):
        if not isinstance(one, of):
            raise Fault(name, f"must be {told}, number {place} is {show(one)}")
        try:
            if attrs.has(of):
                check_shape(one)
        except Fault as fault:
            raise Fault(name, f"number {place}: {fault.field} {fault.reason}") from None


@cache
def _shapes(cls: type) -> tuple[_Shape, ...]:
    hints = get_type_hints(cls)
    return tuple(_shape(field.name, hints[field.name]) for field in attrs.fields(cls))


def _shape(name: str, hint: Any) -> _Shape:
    union = NoneType in get_args(hint)
    empty = (NoneType,) if union else ()
    kind = get_args(hint)[0] if union else hint
    if get_origin(kind) is tuple:
        of = get_args(kind)[0]
        told = "a list of texts" if of is str else f"a list of crmkit.{of.__name__}"
        return _Shape(name, (tuple, list, *empty), told, of)
    kind = get_origin(kind) or kind
    return _Shape(name, (kind, *empty), _TOLD[kind], None)
