"""The one converter: every model object to plain JSON-ready values and back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import attrs

if TYPE_CHECKING:
    from cattrs import Converter


@cache
def converter() -> Converter:
    """Build the converter once; cattrs is imported only when something is converted.

    Instants and dates become ISO 8601 text, Decimals their exact decimal text, durations a
    number of seconds; mappings and tuples become dicts and lists.
    """
    from cattrs import Converter  # noqa: PLC0415 - kept out of `import crmkit`

    conv = Converter(unstruct_collection_overrides={tuple: list}, forbid_extra_keys=True)
    conv.register_unstructure_hook(datetime, datetime.isoformat)
    conv.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    conv.register_unstructure_hook(date, date.isoformat)
    conv.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    conv.register_unstructure_hook(Decimal, str)
    conv.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    conv.register_unstructure_hook(timedelta, timedelta.total_seconds)
    conv.register_structure_hook(timedelta, lambda seconds, _: timedelta(seconds=seconds))
    conv.register_unstructure_hook_func(
        lambda cls: attrs.has(cls) and any(f.name[0] == "_" for f in attrs.fields(cls)),
        lambda obj: {
            name: conv.unstructure(getattr(obj, name))
            for name in (f.name.lstrip("_") for f in attrs.fields(type(obj)))
        },
    )
    return conv


def resolve(record: Any, field: str) -> Any:
    """Give a private field's value, calling it first where it is a function of no arguments.

    What costs a query is so paid for once, by those who look; the answer is kept.
    """
    value = getattr(record, field)
    if callable(value):
        value = value()
        object.__setattr__(record, field, value)
    return value


class Record:
    """Base of every public model class: an immutable object that can be sent over JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the object as JSON-ready dicts, lists, strings and numbers."""
        plain: dict[str, Any] = converter().unstructure(self)
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """Build the object back from what `to_dict` gave.

        Raises:
            cattrs.errors.BaseValidationError: a key is missing, unknown or of another type.
        """
        return converter().structure(plain, cls)
