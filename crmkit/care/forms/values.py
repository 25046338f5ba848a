"""Values in cells: how each kind is shown, and how people may write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import normalize

import attrs

from crmkit.arguments import ID_LIMIT, TEXT_LIMIT, flaw, show
from crmkit.care.forms.texts import EMPTY, held, unheld
from crmkit.care.forms.words import ANSWERS, BONDS
from crmkit.clock import day, micros
from crmkit.errors import InvalidValueError
from crmkit.model.people import Person

Shown = str | date | Decimal | None
"""What a cell shows; None: it is empty."""

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_TIME = re.compile(
    r"(?:\s*T?\s*(\d{1,2})(?::|时|点)(\d{1,2})?分?(?::(\d{2}(?:\.\d{1,6})?))?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?"
)
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DIGITS = 100
_BLANK = re.compile(r"\s*")
_TRUE = ("TRUE", "FALSE")


class Wrong(ValueError):  # noqa: N818 - it is caught in this package, never seen
    """A cell cannot be read; the message says what would be right."""


@attrs.frozen(kw_only=True)
class Reading:
    """What a cell is read by.

    Attributes:
        people: Account managers by id; where nobody is configured, any name will do.
        zone: Zone of instants that are written without one.
        percent: Whether the cell shows its number as a percentage.
        before: What the plan says in this place; who left the firm may stay in it.
        drawn_up: Day the plan was drawn up: nothing in it is to be done before; None: not known.
    """

    people: Mapping[str, Person] = attrs.field(factory=dict)
    zone: tzinfo
    percent: bool = False
    before: Any = None
    drawn_up: date | None = None


@attrs.frozen
class Kind:
    """One kind of value.

    Attributes:
        shown: What a cell shows of a value.
        read: Makes a value of what a cell that is not empty holds; raises `Wrong`.
        empty: What an empty cell says.
        blanks: Whether blanks are a value too, and no empty cell.
    """

    shown: Callable[[Any, str, Mapping[str, Person]], Shown]
    read: Callable[[Any, Reading], Any]
    empty: str | None = None
    blanks: bool = False

    def told(self, raw: Any) -> bool:
        """Tell whether a cell says anything."""
        return raw is not None and (
            self.blanks or not isinstance(raw, str) or not _BLANK.fullmatch(raw)
        )


# -- text ------------------------------------------------------------------------------


def as_text(raw: Any) -> str:
    """Give what a person sees in a cell; a number that he typed into a text is its digits."""
    if isinstance(raw, bool):
        return _TRUE[not raw]
    if isinstance(raw, float):
        return repr(int(raw)) if raw.is_integer() else repr(raw)
    if isinstance(raw, datetime) and raw.time() == time():
        return raw.date().isoformat()
    return raw if isinstance(raw, str) else str(raw)


def _read_text(limit: int) -> Callable[[Any, Reading], str]:
    def read(raw: Any, _reading: Reading) -> str:
        text = as_text(raw)
        found = "" if text == EMPTY else unheld(text)
        why = flaw(found, limit)
        if why:
            raise Wrong(why)
        return found

    return read


def _text(value: Any, _lang: str, _people: Mapping[str, Person]) -> Shown:
    return held(value) or None


def _name(value: Any, _lang: str, _people: Mapping[str, Person]) -> Shown:
    return None if value is None else held(value) or EMPTY


def plain(raw: Any) -> str:
    """Give a cell's text with digits, signs and blanks as a keyboard of any script means them."""
    return normalize("NFKC", as_text(raw)).strip()


# -- people and words ------------------------------------------------------------------


def _person(value: Any, _lang: str, people: Mapping[str, Person]) -> Shown:
    named = people[value].name if value in people else ""
    return held(f"{named} ({value})") if named else _name(value, _lang, people)


def _read_person(raw: Any, reading: Reading) -> str:
    said = _read_text(ID_LIMIT * 2)(raw, reading)
    if said in reading.people or said == reading.before or not reading.people:
        return said
    people = reading.people.values()
    found = [one.id for one in people if said.strip() in (one.name, f"{one.name} ({one.id})")]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(reading.people))
    raise Wrong(f"nobody is called {show(said)} under [people], which has {known}")


def _bond(value: Any, lang: str, people: Mapping[str, Person]) -> Shown:
    return BONDS[value].in_(lang) if value in BONDS else _name(value, lang, people)


def _read_bond(raw: Any, _reading: Reading) -> str:
    said = plain(raw)
    for bond, words in BONDS.items():
        if said.lower() == bond or said in words:
            return bond
    choices = ", ".join(f"{words.zh} ({words.en})" for words in BONDS.values())
    raise Wrong(f"must be one of {choices}, got {show(said)}")


def _answer(value: Any, lang: str, _people: Mapping[str, Person]) -> Shown:
    return None if value is None else ANSWERS[value].in_(lang)


def _read_answer(raw: Any, _reading: Reading) -> bool:
    said = plain(raw).lower()
    if said in ("是", "有效", "yes", "y", "true", "√"):
        return True
    if said in ("否", "无效", "no", "n", "false", "×"):
        return False
    raise Wrong(f"must be 是 (yes), 否 (no) or empty, got {show(said)}")


# -- days and instants -----------------------------------------------------------------


def _day(value: Any, _lang: str, _people: Mapping[str, Person]) -> Shown:
    return value if isinstance(value, date) else None


def _read_day(raw: Any, _reading: Reading) -> date:
    if isinstance(raw, datetime):
        if raw.time() != time():
            raise Wrong(f"must be a day without a time, got {raw.isoformat(' ')}")
        return _within(raw.date())
    if isinstance(raw, date):
        return _within(raw)
    if isinstance(raw, (bool, int, float)):
        raise Wrong(f"must be a date such as 2026-03-01, got the number {as_text(raw)}")
    text = plain(raw)
    found = _DAY.fullmatch(text)
    if not found:
        raise Wrong(f"must be a date such as 2026-03-01 or 2026年3月1日, got {show(text)}")
    return _within(_made(date, *map(int, found.groups())))


def _read_ahead(raw: Any, reading: Reading) -> date:
    return _ahead(_read_day(raw, reading), reading)


def _instant(value: Any, _lang: str, _people: Mapping[str, Person]) -> Shown:
    if value is None:
        return None
    whole = value.second == value.microsecond == 0
    return str(value.isoformat(" ", "minutes" if whole else "auto"))


def _read_instant(raw: Any, reading: Reading) -> datetime:
    if isinstance(raw, datetime):
        return _at(raw, reading)
    if isinstance(raw, date):
        return _at(datetime.combine(raw, time()), reading)
    if not isinstance(raw, str):
        raise Wrong(f"must be a date and a time such as 2026-03-01 10:00, got {as_text(raw)}")
    text = plain(raw)
    on = _DAY.match(text)
    rest = _TIME.fullmatch(text, on.end()) if on else None
    if on is None or rest is None:
        example = "2026-03-01 10:00 or 2026年3月1日 10:00"
        raise Wrong(f"must be a date and a time such as {example}, got {show(text)}")
    hour, minute, second, offset = rest.groups()
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{second or '00'}{offset or ''}"
    written = f"{on[1]}-{int(on[2]):02}-{int(on[3]):02}T{clock}"
    return _at(_made(datetime.fromisoformat, written), reading)


def _made(make: Callable[..., Any], *parts: Any) -> Any:
    try:
        return make(*parts)
    except ValueError as error:
        raise Wrong(f"is no such date or time: {error}") from None


def _within(on: date) -> date:
    try:
        return day(on, "the date")
    except InvalidValueError as error:
        raise Wrong(str(error)) from None


def _ahead(on: date, reading: Reading) -> date:
    if reading.drawn_up is not None and on < reading.drawn_up:
        raise Wrong(f"lies before the plan was drawn up ({reading.drawn_up}), got {on}")
    return on


def _at(at: datetime, reading: Reading) -> datetime:
    at = at if at.tzinfo else at.replace(tzinfo=reading.zone)
    try:
        micros(at, "the time")
    except (InvalidValueError, OverflowError) as error:
        raise Wrong(str(error)) from None
    _ahead(at.astimezone(reading.zone).date(), reading)
    return at


# -- money -----------------------------------------------------------------------------


def _amount(value: Any, _lang: str, _people: Mapping[str, Person]) -> Shown:
    return value if isinstance(value, Decimal) else None


def _read_money(raw: Any, reading: Reading) -> Decimal:
    text = plain(raw)
    if reading.percent or text.endswith("%"):
        raise Wrong(f"must be an amount of money, not a percentage, got {show(text)}")
    if isinstance(raw, (bool, date)):
        raise Wrong(f"must be an amount such as 880.00, got {show(text)}")
    if isinstance(raw, (int, float)):
        text = repr(raw)
    elif _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        message = "must be an amount such as 880.00, with the currency in its own cell, got"
        raise Wrong(f"{message} {show(text)}")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Wrong(f"is no number: {show(text)}") from None
    if len(amount.as_tuple().digits) > _DIGITS or abs(amount.adjusted()) > _DIGITS:
        raise Wrong(f"must have at most {_DIGITS} digits")
    return amount


def _read_amount(raw: Any, reading: Reading) -> Decimal:
    amount = _read_money(raw, reading)
    if amount < 0:
        raise Wrong(f"must not be negative, got {amount}")
    return amount


def _read_currency(raw: Any, _reading: Reading) -> str:
    code = plain(raw).upper()
    if not _CURRENCY.fullmatch(code):
        raise Wrong(f"must be three letters (ISO 4217) such as CNY, got {show(code)}")
    return code


KINDS = {
    "text": Kind(_text, _read_text(TEXT_LIMIT), "", blanks=True),
    "name": Kind(_name, _read_text(ID_LIMIT), blanks=True),
    "action": Kind(_text, _read_text(ID_LIMIT), "", blanks=True),
    "person": Kind(_person, _read_person, blanks=True),
    "bond": Kind(_bond, _read_bond),
    "answer": Kind(_answer, _read_answer),
    "day": Kind(_day, _read_day),
    "ahead": Kind(_day, _read_ahead),
    "instant": Kind(_instant, _read_instant),
    "amount": Kind(_amount, _read_amount),
    "profit": Kind(_amount, _read_money),
    "currency": Kind(_name, _read_currency),
}
