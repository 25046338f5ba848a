"""The filters of templates: none makes a text much longer, and each pays for what it reads.

Instants and days are written by patterns of their own, since strftime depends on the machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import pass_context

from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.escaping import is_link
from crmkit.outreach.templates.values import (
    ITEMS_LIMIT,
    Empty,
    Missing,
    size,
    taken,
    written,
)

if TYPE_CHECKING:
    from crmkit.outreach.templates.sandbox import Scope

_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_CODE = re.compile(r"%(-?[A-Za-z%])")
_CODES: dict[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "m": lambda at: f"{at.month:02}",
    "-m": lambda at: str(at.month),
    "d": lambda at: f"{at.day:02}",
    "-d": lambda at: str(at.day),
    "H": lambda at: f"{at.hour:02}",
    "-H": lambda at: str(at.hour),
    "M": lambda at: f"{at.minute:02}",
    "B": lambda at: _MONTHS[at.month - 1],
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "A": lambda at: _DAYS[at.weekday()],
    "a": lambda at: _DAYS[at.weekday()][:3],
    "%": lambda _: "%",
}
_PATTERNS = {"zh": "%Y年%-m月%-d日", "ja": "%Y年%-m月%-d日", "en": "%-d %B %Y"}
_PATTERN_LIMIT = 100
TURN = 20
"""Characters of work that an item of a list costs, for each part of what is done with it."""
NO_ITEMS = "(a list without items)"
"""What a list is called that is missing its items."""


@pass_context
def default(_scope: Scope, value: Any, instead: Any) -> Any:
    """Give another value where the variable is missing or empty."""
    return instead if isinstance(value, Missing) else value


@pass_context
def day(scope: Scope, value: Any, pattern: Any = None) -> str:
    """Write a day or an instant, by a pattern or as the text's language does."""
    if pattern is None:
        pattern = _PATTERNS.get((scope.work.language or "").partition("-")[0].lower(), "%Y-%m-%d")
    pattern = written(pattern)
    if len(pattern) > _PATTERN_LIMIT:
        raise ContentError(f"a pattern for date has at most {_PATTERN_LIMIT} characters")
    at = _moment(value)
    return _CODE.sub(lambda found: _coded(found[1], at), pattern)


def _coded(code: str, at: datetime) -> str:
    if code not in _CODES:
        known = " ".join(f"%{code}" for code in _CODES)
        raise ContentError(f"date knows no %{code}; it knows {known}")
    return _CODES[code](at)


def _moment(value: Any) -> datetime:
    """Read a day, an instant or either as ISO 8601 text."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day has no zone
    try:
        return datetime.fromisoformat(written(value))
    except ValueError as error:
        if isinstance(error, ContentError):
            raise
        raise ContentError("date takes a day, an instant or one in ISO 8601") from None


@pass_context
def money(scope: Scope, value: Any, currency: Any = "") -> str:
    """Write an amount: thousands apart, no decimals where it is whole, two or more else."""
    name = f" {written(currency)}" if currency else ""
    return number(scope, value) + name


@pass_context
def number(scope: Scope, value: Any) -> str:
    """Write a number with its thousands apart."""
    text = written(value)
    scope.work.charge(len(text))
    try:
        amount = taken(Decimal(text), "number")
    except InvalidOperation:
        raise ContentError("money and number take a number") from None
    if amount == amount.to_integral_value():
        return f"{int(amount):,}"
    exponent = amount.normalize().as_tuple().exponent
    return f"{amount:,.{max(2, -exponent)}f}"


@pass_context
def join(scope: Scope, value: Any, separator: Any = ", ") -> str | Empty:
    """Write the items of a list one after another; of none it is empty, as a variable may be."""
    given = listed(value)
    scope.work.charge(TURN * len(given))
    items = [taken(item, "an item") for item in given]
    texts = [written(item) for item in items if not isinstance(item, Missing)]
    if not texts:
        return Empty(name=value.name if isinstance(value, Empty) else NO_ITEMS)
    between = "" if separator == "" else written(separator)
    scope.work.charge(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


@pass_context
def length(_scope: Scope, value: Any) -> int:
    """Count the items of a list or the characters of a text."""
    return len(value) if type(value) is str else len(listed(value))


@pass_context
def truncate(_scope: Scope, value: Any, characters: Any) -> str:
    """Cut a text that is longer, and end it in three dots."""
    text = written(value)
    if type(characters) is not int or characters < 1:
        raise ContentError("truncate takes a number of characters, 1 or more")
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


@pass_context
def link(_scope: Scope, value: Any) -> str:
    """Take a value that begins an attribute which is followed: an absolute link and no script."""
    text = written(value)
    if not is_link(text):
        raise ContentError("a link must begin with https://, http://, mailto:, tel: or sms:")
    return text


@pass_context
def each(scope: Scope, value: Any, weight: int) -> list[Any]:
    """Give the items a loop goes through, after paying for all of its turns."""
    items = listed(value)
    scope.work.charge(weight * len(items))
    return [taken(item, "an item") for item in items]


@pass_context
def weighed(scope: Scope, value: Any) -> Any:
    """Give a value that is compared, after paying for it."""
    scope.work.charge(size(value))
    return value


def listed(value: Any) -> Any:
    """Give the items of a list.

    Raises:
        ContentError: it is none, or too long.
    """
    if isinstance(value, Empty):
        return ()
    if isinstance(value, Missing):
        raise ContentError(value.name, variable=value.name)
    if type(value) not in (list, tuple):
        raise ContentError("only a list can be gone through")
    if len(value) > ITEMS_LIMIT:
        raise ContentError(f"a list has {len(value)} items, at most {ITEMS_LIMIT} are allowed")
    return value


def _texts(change: Callable[[str], str], cost: int = 1) -> Callable[..., str]:
    """Make a filter of a change of text; `cost`: what each character costs."""

    @pass_context
    def changed(scope: Scope, value: Any) -> str:
        text = written(value)
        scope.work.charge(len(text) * cost)
        return change(text)

    return changed


PUBLIC: dict[str, Callable[..., Any]] = {
    "capitalize": _texts(str.capitalize),
    "count": length,
    "d": default,
    "date": day,
    "default": default,
    "join": join,
    "length": length,
    "lower": _texts(str.lower),
    "money": money,
    "number": number,
    "title": _texts(str.title),
    "trim": _texts(str.strip),
    "truncate": truncate,
    "upper": _texts(str.upper),
    "urlencode": _texts(lambda text: quote(text, safe="", errors="replace"), 9),
}
"""What a template may write behind a bar."""
OWN: dict[str, Callable[..., Any]] = {"_each": each, "_weighed": weighed, "_link": link}
"""What is put around loops, comparisons and links; no template can name them."""
