"""Values to the wire and back, by the type that the platform gives a field.

Types: developer.fxiaoke.com/openapi_v2, 字段值说明. Instants are milliseconds since 1970, dates the
milliseconds of a midnight, people and departments lists even where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import attrs

ALONE = frozenset({"employee", "out_employee", "department", "out_department"})
"""Types that are lists of one on the wire."""
TYPES: Mapping[str, str] = {
    **dict.fromkeys(("object_reference", "master_detail", *ALONE), "reference"),
    **dict.fromkeys(("number", "currency", "percentile", "count"), "number"),
    **dict.fromkeys(("select_many", "tag", "array", "object_reference_many"), "list"),
    **dict.fromkeys(("employee_many", "department_many"), "list"),
    **dict.fromkeys(("select_one", "record_type"), "choice"),
    **dict.fromkeys(("file_attachment", "big_file_attachment", "image", "signature"), "other"),
    **dict.fromkeys(("time", "location", "group", "embedded_object_list"), "other"),
    **dict.fromkeys(("true_or_false", "boolean"), "flag"),
    **dict.fromkeys(("date_time", "datetime"), "instant"),
    "date": "date",
}
"""Canonical types by the platform's; whatever is not here is text."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DIGITS = 40  # of a whole number, at most
_EXACT = 2**53  # the largest whole number up to which JSON elsewhere is exact
_TRUE, _FALSE = ("true", "1", "yes", "是"), ("false", "0", "no", "否")


class Unfit(ValueError):  # noqa: N818 - says what the value is
    """A value is none that the field's type can hold."""


def milliseconds(at: datetime) -> int:
    """Give an instant as the platform writes it."""
    return (at - _EPOCH) // _MILLISECOND


def instant(value: Any) -> datetime | None:
    """Read milliseconds since 1970, a number or a text; None where it is neither."""
    try:
        return _EPOCH + timedelta(milliseconds=int(value))
    except (TypeError, ValueError, OverflowError):
        return None


@attrs.frozen
class Values:
    """Converts values of one company.

    Attributes:
        zone: Where dates begin.
        numbers_as_text: Whether numbers are written as texts.
        empty: What empties a field.
    """

    zone: ZoneInfo
    numbers_as_text: bool = False
    empty: Any = None

    def read(self, value: Any, kind: str, type: str) -> Any:  # noqa: A002 - the contract's word
        """Give a value of the wire in its canonical form; None: the field is empty.

        Args:
            value: As it came.
            kind: The platform's type.
            type: The canonical one.
        """
        if kind in ALONE and isinstance(value, list):
            value = value[0] if value else None
        if value is None or value in ("", []):
            return None
        match type:
            case "number":
                return _number(value)
            case "flag":
                return _flag(value)
            case "date":
                at = instant(value)
                return value if at is None else at.astimezone(self.zone).date().isoformat()
            case "instant":
                at = instant(value)
                return value if at is None else at.isoformat()
            case "list":
                parts = value if isinstance(value, list) else [value]
                return [_plain(part) for part in parts]
            case "other":
                return value
            case _:
                return _plain(value)

    def write(self, value: Any, kind: str, type: str) -> Any:  # noqa: A002
        """Give a canonical value as it goes over the wire.

        Raises:
            Unfit: the field's type cannot hold it.
        """
        alone = kind in ALONE
        if value is None or value in ("", [], ()):
            return [] if alone or type == "list" else self.empty
        match type:
            case "number":
                return self._written(value)
            case "flag":
                return _flag(value)
            case "date":
                day = _day(value)
                return milliseconds(datetime.combine(day, time(), self.zone))
            case "instant":
                return milliseconds(_at(value))
            case "list":
                parts = [value] if isinstance(value, str) else list(value)
                return [str(part) for part in parts]
            case _:
                return [str(value)] if alone else value if type == "other" else str(value)

    def _written(self, value: Any) -> int | float | str:
        """Give a number so that nothing of it is rounded: what JSON would round is a text."""
        number = _number(value)
        if isinstance(number, str) or (isinstance(number, float) and not math.isfinite(number)):
            raise Unfit("it is no number")
        if isinstance(number, Decimal):
            return f"{number:f}"
        rounded = isinstance(number, int) and abs(number) > _EXACT
        return str(number) if self.numbers_as_text or rounded else number


def _number(value: Any) -> int | float | Decimal | str:
    """Read a number without rounding it; what is none is given as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return str(value)
    if isinstance(value, (int, float)):
        return value
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not exact.is_finite():
        return str(value)
    if exact.adjusted() < _DIGITS and exact == exact.to_integral_value():
        return int(exact)
    short = float(exact)
    return short if Decimal(repr(short)) == exact else exact


def _flag(value: Any) -> bool:
    if isinstance(value, (bool, int)):
        return bool(value)
    said = str(value).strip().lower()
    if said not in (*_TRUE, *_FALSE):
        raise Unfit("it is neither true nor false")
    return said in _TRUE


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):  # a reference with its label beside it
        value = next((value[name] for name in ("id", "_id", "value") if name in value), value)
    return value if isinstance(value, str) else str(value)


def _day(value: Any) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Unfit("it is no date") from None


def _at(value: Any) -> datetime:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise Unfit("it is no instant") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
