"""The rules of a captured record, field by field: the careful path.

`read` accepts whatever a host may hand over and either gives the exact fields of a row or raises
the one `Fault` that is worst; `crmkit.capture.parse` takes a faster way for plain records and
gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import attrs

from crmkit.capture.exact import (
    ID_LIMIT,
    Fault,
    attributes,
    decimal,
    identifier,
    number,
    show,
    text,
)
from crmkit.clock import DAY, EARLIEST, EPOCH, FIRST_YEAR, instant
from crmkit.model.touchpoint import CAPTURED, NEGATIVE_KINDS, TYPED, Touchpoint

DIRECTIONS = frozenset({"in", "out"})
ORIGINS = frozenset({CAPTURED, TYPED})
KNOWN = frozenset({field.name for field in attrs.fields(Touchpoint)} - {"recorded_at", "run"})
"""Keys of a record that have a meaning; every other goes to the attributes."""
HIGHEST_RATING = 10
_MICROSECOND = timedelta(microseconds=1)
_CURRENCY_LETTERS = 3


class Fields(NamedTuple):
    """What a record says, as a row carries it; `customer` still as it came."""

    source: str
    id: str
    kind: str
    at: int
    zone: int
    amount: str | None
    currency: str | None
    margin: str | None
    quantity: str | None
    item: str | None
    category: str | None
    channel: str | None
    direction: str | None
    rating: float | None
    text: str | None
    origin: str
    of: str | None
    friend: str | None
    attributes: str | None
    customer: Any


_place = Fields._fields.index
CUSTOMER, FRIEND = _place("customer"), _place("friend")
"""Places in a record that was parsed, by either path."""
WHAT, REST = slice(_place("kind"), _place("zone")), slice(_place("amount"), CUSTOMER)
"""What it says: kind and instant, and all behind the zone, as the last columns of its row."""


@attrs.define
class Rules:
    """What records are held against.

    Attributes:
        kinds: Kinds that are known: the core's and those that plugins declare.
        source: Source of records that name none.
        now: The clock, in microseconds since 1970.
        negative: Kinds whose amount is negative or zero.
    """

    kinds: frozenset[str]
    source: str | None
    now: int
    negative: frozenset[str] = NEGATIVE_KINDS


def read(record: object, rules: Rules) -> Fields:
    """Check every field of one record.

    Raises:
        Fault: the first rule the record breaks.
    """
    raw = _plain(record)
    source = raw.get("source")
    kind = _kind(raw.get("kind"), rules.kinds)
    at, zone = _instant(raw.get("at"), rules.now)
    amount = _optional(decimal, "amount", raw)
    margin = _optional(decimal, "margin", raw)
    if amount is not None and kind in rules.negative and float(amount) > 0:
        raise Fault("amount", f"of a {kind} must be negative or zero, got {amount}")
    return Fields(
        source=identifier("source", rules.source if source is None else source),
        id=identifier("id", raw.get("id")),
        kind=kind,
        at=at,
        zone=zone,
        amount=amount,
        currency=_currency(raw, needed=amount is not None or margin is not None),
        margin=margin,
        quantity=_optional(decimal, "quantity", raw),
        item=_optional(text, "item", raw),
        category=_optional(text, "category", raw),
        channel=_optional(text, "channel", raw),
        direction=_one_of("direction", raw.get("direction"), DIRECTIONS),
        rating=_rating(raw.get("rating")),
        text=_optional(text, "text", raw),
        origin=_one_of("origin", raw.get("origin"), ORIGINS) or CAPTURED,
        of=_optional(identifier, "of", raw),
        friend=_friend(raw.get("friend"), kind),
        attributes=_attributes(raw),
        customer=_customer(raw.get("customer")),
    )


def as_record(touchpoint: Touchpoint) -> dict[str, Any]:
    """Give a `Touchpoint` as the record that it is."""
    return {name: getattr(touchpoint, name) for name in KNOWN}


def _plain(record: object) -> dict[str, Any]:
    if isinstance(record, Touchpoint):
        return as_record(record)
    if not isinstance(record, Mapping):
        raise Fault("record", f"must be a mapping or a Touchpoint, got {show(record)}")
    plain = dict(record)
    for key in plain:
        if not isinstance(key, str):
            raise Fault("record", f"has the key {show(key)}, keys must be text")
    return plain


def _optional(rule: Any, field: str, raw: Mapping[str, Any]) -> Any:
    value = raw.get(field)
    return None if value is None else rule(field, value)


def _kind(value: object, kinds: frozenset[str]) -> str:
    if value is None:
        raise Fault("kind", "is required: purchase, visit, complaint...")
    if not isinstance(value, str) or value not in kinds:
        reason = f"{show(value)} is no kind that crmkit or a plugin knows; known: "
        raise Fault("kind", reason + ", ".join(sorted(kinds)))
    return str.__str__(value)


def _instant(value: object, now: int) -> tuple[int, int]:
    """Give microseconds since 1970 and the UTC offset in seconds."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            reason = f"is no date and time that exists, written by ISO 8601: {show(value)}"
            raise Fault("at", reason) from None
    if value is None:
        raise Fault("at", "is required: when it happened, such as '2026-05-01T10:00:00+08:00'")
    if not isinstance(value, datetime):
        reason = "must be ISO 8601 text such as '2026-05-01T10:00:00+08:00' or an aware datetime"
        raise Fault("at", f"{reason}, got {show(value)}")
    try:
        offset = value.utcoffset()
    except Exception as error:  # noqa: BLE001 - a host's own time zone
        raise Fault("at", f"has a time zone that fails: {show(error)}") from None
    if offset is None:
        raise Fault("at", f"has no UTC offset: write e.g. {value.isoformat()}+00:00")
    at = (value - EPOCH) // _MICROSECOND
    if at > now + DAY:
        reason = f"lies more than a day ahead of the clock, which shows {instant(now).isoformat()}"
        raise Fault("at", f"{reason}: {value.isoformat()}")
    if at < EARLIEST:
        reason = f"lies before {FIRST_YEAR}-01-01 (UTC), which must be a typing error"
        raise Fault("at", f"{reason}: {value.isoformat()}")
    return at, offset.days * 86_400 + offset.seconds


def _currency(raw: Mapping[str, Any], *, needed: bool) -> str | None:
    value = raw.get("currency")
    if value is None:
        if needed:
            raise Fault("currency", "is required with an amount or margin, such as 'CNY'")
        return None
    code = text("currency", value, 100)
    if len(code) != _CURRENCY_LETTERS or not (code.isascii() and code.isalpha() and code.isupper()):
        raise Fault("currency", f"must be three upper-case letters (ISO 4217), got {show(value)}")
    return code


def _one_of(field: str, value: object, words: frozenset[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in words:
        raise Fault(field, f"must be {' or '.join(sorted(words))}, got {show(value)}")
    return str.__str__(value)


def _rating(value: object) -> float | None:
    if value is None:
        return None
    rating = number("rating", value)
    if not 0 <= rating <= HIGHEST_RATING:
        raise Fault("rating", f"must be 0 to {HIGHEST_RATING}, got {show(value)}")
    return float(rating)


def _friend(value: object, kind: str) -> str | None:
    if value is None:
        if kind == "referral":
            raise Fault("friend", "is required on a referral: who was referred, as {'email': ...}")
        return None
    if not isinstance(value, Mapping):
        raise Fault("friend", f"must be a mapping of identities, got {show(value)}")
    if not any(item not in (None, "", [], ()) for item in value.values()):
        raise Fault("friend", "names nobody: give e.g. {'email': 'bob@example.com'}")
    return attributes(value, "friend")


def _attributes(raw: Mapping[str, Any]) -> str | None:
    given = raw.get("attributes")
    unknown = {key: value for key, value in raw.items() if key not in KNOWN}
    if given is None:
        return attributes(unknown)
    if not isinstance(given, Mapping):
        raise Fault("attributes", f"must be a mapping, got {show(given)}")
    if unknown:
        twice = next((key for key in given if key in unknown), None)
        if twice is not None:
            raise Fault("attributes", f"{show(twice)} stands in the record and in its attributes")
        given = {**given, **unknown}
    return attributes(given)


def _customer(value: object) -> Any:
    if value is None or value in ("", {}):
        raise Fault("customer", "is required: a mapping such as {'email': ...}, or a customer's id")
    if isinstance(value, str):
        return text("customer", value, ID_LIMIT)
    if not isinstance(value, Mapping):
        reason = f"must be a mapping such as {{'email': ...}} or a customer's id, got {show(value)}"
        raise Fault("customer", reason)
    return value
