"""What is done to a value of a mapping once it is there: read as a time, turned, replaced."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.capture.exact import Fault, number, show
from crmkit.capture.mapping import Getter
from crmkit.capture.numbers import written
from crmkit.errors import MappingError

_REMEMBERED = 10_000


class Times:
    """Reads instants and dates; lines in a row often carry the same.

    Args:
        get: Gives the cell.
        field: ``at``, or ``birthday`` for a date.
        form: How they are written, as ``strptime`` reads it; None: ISO 8601.
        zone: Zone of instants that have none.

    Raises:
        MappingError: `form` is none; `field` is ``time_format``.
    """

    def __init__(self, get: Getter, field: str, form: str | None, zone: ZoneInfo | None) -> None:
        if form is not None:
            _check_form(form)
        self._get = get
        self._field = field
        self._form = form
        self._zone = zone
        self._known: dict[str, datetime | date] = {}

    def __call__(self, row: Any) -> Any:
        """Read the cell of one row."""
        text = self._get(row)
        if not isinstance(text, str):
            if self._field == "birthday" and text is not None and not isinstance(text, date):
                raise Fault(self._field, f"is no date: {show(text)}")
            return text
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[text] = self._read(text)
        return found

    def _read(self, text: str) -> datetime | date:
        try:
            if self._form is None:
                found = datetime.fromisoformat(text)
            else:
                found = datetime.strptime(text, self._form)  # noqa: DTZ007 - zoned below
        except ValueError:
            how = f"in the form {self._form!r}" if self._form else "by ISO 8601"
            raise Fault(self._field, f"is no date written {how}: {show(text)}") from None
        if self._field == "birthday":
            return found.date()
        if found.tzinfo is None and self._zone is not None:
            found = found.replace(tzinfo=self._zone)
        return found


def _check_form(form: str) -> None:
    """Refuse what ``strptime`` could never read by."""
    try:
        datetime.strptime("", form)  # noqa: DTZ007 - nothing is read
    except (ValueError, re.error) as error:
        if str(error).startswith(("time data", "unconverted")):
            return  # only that nothing was there to be read
        message = f"time_format {form!r} is no form of a date: {error}"
        raise MappingError(message, field="time_format") from None


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
