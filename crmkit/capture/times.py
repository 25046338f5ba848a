"""Instants and dates as files write them, and what to do about those that cannot be read."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.capture.exact import Fault, show
from crmkit.capture.mapping import Getter, text
from crmkit.clock import EPOCH
from crmkit.errors import MappingError

_REMEMBERED = 10_000
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - of whatever zone the table was written in
_LAST_DAY = 2_958_465


def _excel(text: str) -> datetime:
    """Read a day number of Excel; its fraction is the time of the day."""
    days = float(text.replace(",", "."))
    if not 1 <= days < _LAST_DAY:
        raise ValueError
    return _DAY_ZERO + timedelta(milliseconds=round(days * 86_400_000))


def _unix(text: str) -> datetime:
    return EPOCH + timedelta(microseconds=round(float(text) * 1_000_000))


def _unix_ms(text: str) -> datetime:
    return EPOCH + timedelta(microseconds=round(float(text) * 1_000))


_NUMBERED = {"excel": _excel, "unix": _unix, "unix_ms": _unix_ms}
"""Forms that are numbers: what ``time_format`` says instead of a pattern."""
_LOOKS_LIKE = (
    ("excel", re.compile(r"[1-9]\d{4}([.,]\d+)?")),
    ("unix", re.compile(r"\d{9,10}(\.\d+)?")),
    ("unix_ms", re.compile(r"\d{12,13}")),
)


class Times:
    """Reads instants and dates; lines in a row often carry the same.

    Args:
        get: Gives the cell.
        field: ``at``, or ``birthday`` for a date.
        forms: How they may be written: ``excel``, ``unix``, ``unix_ms``, or as ``strptime``
            reads it; the first that fits is taken. None at all: ISO 8601.
        zone: Zone of instants that have none.
    """

    def __init__(
        self, get: Getter, field: str, forms: tuple[str, ...], zone: ZoneInfo | None
    ) -> None:
        self._get = get
        self._field = field
        self._forms = forms
        self._numbered = any(form in _NUMBERED for form in forms)
        self._zone = zone
        self._known: dict[str, datetime | date] = {}

    def __call__(self, row: Any) -> Any:
        """Read the cell of one row."""
        text = self._get(row)
        if isinstance(text, (int, float)) and self._numbered:
            text = str(text)
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
        found = self._parsed(text.strip())  # of a day and an hour either may be empty
        if self._field == "birthday":
            return found.date()
        if found.tzinfo is None:
            if self._zone is None:
                reason = (
                    f"has no UTC offset: write e.g. {found.isoformat()}+00:00, or name the zone in "
                    'a mapping, such as timezone = "Europe/Berlin"'
                )
                raise Fault(self._field, reason)
            found = found.replace(tzinfo=self._zone)
        return found

    def _parsed(self, text: str) -> datetime:
        for form in self._forms or (None,):
            try:
                if form is None:
                    return datetime.fromisoformat(text)
                if form in _NUMBERED:
                    return _NUMBERED[form](text)
                return datetime.strptime(text, form)  # noqa: DTZ007 - zoned by the caller
            except (ValueError, OverflowError):
                continue
        raise Fault(self._field, self._told(text))

    def _told(self, text: str) -> str:
        """Say how the date should have been written, or how a mapping would read it."""
        if self._forms:
            forms = " or ".join(map(repr, self._forms))
            return f"is no date written in the form {forms}: {show(text)}"
        for form, pattern in _LOOKS_LIKE:
            if pattern.fullmatch(text):
                cure = f'where that is one, a mapping reads it by time_format = "{form}"'
                return f"is no date written by ISO 8601: {show(text)}; {cure}"
        cure = "`time_format` of a mapping says how dates are written otherwise"
        return f"is no date written by ISO 8601: {show(text)}; {cure}"


def time_forms(spec: Any) -> tuple[str, ...]:
    """Read ``time_format`` of a mapping: one form or several; None: there is none.

    Raises:
        MappingError: one is no form of a date; `field` is ``time_format``.
    """
    if spec is None:
        return ()
    forms = tuple(text("time_format", one) for one in (spec if isinstance(spec, list) else [spec]))
    for form in forms:
        if form not in _NUMBERED:
            _check(form)
    return forms


def _check(form: str) -> None:
    """Refuse what ``strptime`` could never read by."""
    try:
        datetime.strptime("", form)  # noqa: DTZ007 - nothing is read
    except (ValueError, re.error) as error:
        if str(error).startswith(("time data", "unconverted")):
            return  # only that nothing was there to be read
        message = f"time_format {form!r} is no form of a date: {error}"
        raise MappingError(message, field="time_format") from None
