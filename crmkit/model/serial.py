"""The one converter: every model object to plain JSON-ready values and back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Self, get_type_hints

import attrs

from crmkit.arguments import show

AsItCame = Annotated[Any, "as it came"]
"""What a host handed over, of any type: given as JSON where JSON can say it, else as text."""

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
    conv.register_structure_hook_func(
        lambda kind: kind == str | Mapping[str, Any], lambda value, _: value
    )
    conv.register_unstructure_hook_func(lambda kind: kind == AsItCame, _as_it_came)
    conv.register_unstructure_hook_func(
        _has_lazy_fields,
        lambda record: {
            name: conv.unstructure(getattr(record, name)) for name in _fields(type(record))
        },
    )
    conv.register_structure_hook_func(
        _has_lazy_fields,
        lambda plain, cls: cls(
            **{name: conv.structure(plain[name], kind) for name, kind in _fields(cls).items()}
        ),
    )
    return conv


def _as_it_came(value: Any) -> Any:
    """Give a record as JSON; field by field where it cannot be said, so that the others stay."""
    with suppress(Exception):  # a host's own class may do anything
        return _plain(value)
    with suppress(Exception):  # nor need it be a mapping
        has_fields = attrs.has(type(value))
        fields = attrs.asdict(value, recurse=False) if has_fields else dict(value)
        return {_text(name): _plain_or_text(one) for name, one in fields.items()}
    return show(value)


def _plain_or_text(value: Any) -> Any:
    with suppress(Exception):
        return _plain(value)
    return show(value)


def _text(name: Any) -> str:
    plain = _plain_or_text(name)
    return plain if isinstance(plain, str) else show(name)


def _plain(value: Any) -> Any:
    """Give a value as JSON says it; raises where it cannot."""
    import json  # noqa: PLC0415 - kept out of `import crmkit`

    plain = converter().unstructure(value)
    json.dumps(plain, ensure_ascii=False, allow_nan=False).encode()
    return plain


def _has_lazy_fields(cls: type) -> bool:
    return attrs.has(cls) and any(field.name.startswith("_") for field in attrs.fields(cls))


def _fields(cls: Any) -> dict[str, Any]:
    """Give the types of a class's fields by public name; a lazy one's is its property's."""
    hints = get_type_hints(cls)
    names = (field.name for field in attrs.fields(cls))
    return {
        name.lstrip("_"): get_type_hints(getattr(cls, name.lstrip("_")).fget)["return"]
        if name.startswith("_")
        else hints[name]
        for name in names
    }


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
