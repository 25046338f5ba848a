"""Values as HubSpot spells them, all of them texts, and as crmkit does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_DIGITS = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def given(type_: str, value: Any) -> Any:
    """Read a value; one that does not fit its type is given as the text that it is."""
    if value is None or value == "":
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if type_ == "number":
        return _number(text)
    if type_ == "flag":
        return {"true": True, "false": False}.get(text.lower(), text)
    if type_ == "list":
        return [one for one in text.split(";") if one]
    if type_ in ("date", "instant"):
        at = instant(text)
        if type_ == "instant":
            return text if at is None else at.isoformat()
        return text[:10] if at is None or "-" in text[1:] else at.date().isoformat()
    return text


def sent(type_: str, value: Any) -> str:
    """Spell a value; an empty text empties the property."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Decimal, float, int)):
        return format(Decimal(str(value)), "f")
    if isinstance(value, (list, tuple)):
        return ";".join(map(str, value))
    if type_ == "instant":
        at = instant(str(value))
        return str(value) if at is None else spelled(at)
    return str(value)


def instant(value: Any) -> datetime | None:
    """Read milliseconds since 1970, or ISO 8601; None where it is neither."""
    text = str(value or "")
    try:
        if text.lstrip("-").isdigit():
            return moment(int(text))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def spelled(at: datetime) -> str:
    """Spell an instant to the millisecond, which is what HubSpot keeps."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis(at: datetime) -> int:
    """Give an instant in whole milliseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def moment(milliseconds: int) -> datetime:
    """Give the instant so many milliseconds since 1970, exactly."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def _number(text: str) -> Any:
    """Read a number as exactly as JSON can carry it, else as a Decimal."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text
    if not exact.is_finite():
        return text
    if exact.adjusted() > _DIGITS:  # 1E+999999 would be a million digits
        return exact
    if exact == exact.to_integral_value():
        return int(exact)
    near = float(exact)
    return near if Decimal(str(near)) == exact else exact
