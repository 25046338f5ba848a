"""Records to the fields of rows, or to rejections: a fast way for plain ones, a careful one.

Ten million records pass through `Parser.parse`. A plain dict of plain values is read in one go;
at anything unusual (another type, an exotic number, text that is not ASCII and might be broken, a
rule that may be violated) the record is read again by `crmkit.capture.fields`, which knows every
rule and every reason. Both give the same for the same record.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from crmkit.capture import fields
from crmkit.capture.exact import ID_LIMIT, Fault, encode, show
from crmkit.capture.fields import HIGHEST_RATING, KNOWN, Fields, Rules
from crmkit.capture.lines import Line
from crmkit.clock import DAY, EARLIEST, EPOCH, SECOND
from crmkit.model.touchpoint import CAPTURED, NEGATIVE_KINDS, Rejection, Touchpoint

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?").fullmatch
_BELOW = 10**18
"""Integers of more digits are not plain."""
_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch
_FLAT = frozenset({str, int, float, bool, type(None)})
_NESTING = frozenset({dict, list})
_MOST_NESTED = 40
"""Most lists and mappings in plain attributes: one list may hold another many times over."""
_LONGEST_PROBE = 5_000
PLAIN = frozenset({dict, Line})
"""Records that are read without any code but crmkit's."""
_USUAL = frozenset({"id", "kind", "source", "at", "customer"})
_COUNTED = frozenset({"amount", "margin", "currency", "quantity", "rating"})
_SAID = frozenset({"item", "category", "channel", "text"})
_MOST_SHAPES = 1_000


class Parser:
    """Reads records of one capture.

    Args:
        kinds: Kinds that are known: the core's and those that plugins declare.
        source: Source of records that name none; None: each must name its own.
        negative: Kinds whose amount is negative or zero.
    """

    def __init__(
        self,
        kinds: frozenset[str],
        source: str | None = None,
        negative: frozenset[str] = NEGATIVE_KINDS,
    ) -> None:
        """Keep the rules; `now` must be set before the first record."""
        self._rules = Rules(kinds, source, 0, negative)
        self._negative = negative
        self._latest = 0
        self._currencies: set[str] = set()
        self._shapes: dict[tuple[Any, ...], tuple[bool, bool, bool, bool]] = {}

    def set_clock(self, now: int) -> None:
        """Tell what the clock shows, in microseconds since 1970."""
        self._rules.now = now
        self._latest = now + DAY

    def parse(self, record: Any) -> Fields | tuple[Any, ...] | Rejection:
        """Read one record; never raises.

        Returns:
            A tuple in the order of `Fields`, or the rejection.
        """
        plain = fields.as_record(record) if type(record) is Touchpoint else record
        if type(plain) in PLAIN:
            try:
                found = self._fast(plain)
            except Exception:  # noqa: BLE001 - whatever it is, the careful path names it
                found = None
            if found is not None:
                return found
        return self.parse_carefully(record)

    def parse_carefully(self, record: Any) -> Fields | Rejection:
        """Read one record by every rule; never raises."""
        try:
            return fields.read(record, self._rules)
        except Fault as fault:
            return rejection(record, fault)
        except Exception as error:  # noqa: BLE001 - a host's own classes may do anything
            return rejection(record, Fault("record", f"cannot be read: {show(error)}"))

    def _fast(  # noqa: C901, PLR0912, PLR0915 - the hot loop stands in one piece
        self, record: dict[str, Any]
    ) -> tuple[Any, ...] | None:
        """Read a plain record, or give None where it is not plain enough to be sure."""
        get = record.get
        shape = self._shapes.get(tuple(record)) or self._shape(record)
        is_counted, is_said, is_more, is_known = shape
        id_, kind, source, at = record["id"], record["kind"], get("source"), record["at"]
        customer = record["customer"]
        if source is None:
            source = self._rules.source
        if type(id_) is int and -_BELOW < id_ < _BELOW:
            id_ = str(id_)
        if (
            type(id_) is not str
            or type(source) is not str
            or not 0 < len(id_) <= ID_LIMIT
            or not 0 < len(source) <= ID_LIMIT
            or type(kind) is not str
            or kind not in self._rules.kinds
            or not customer
        ):
            return None
        probe = id_ + source + kind
        if type(customer) is str:  # an id: so comes what crmkit itself captures
            if len(customer) > ID_LIMIT:
                return None
            probe += customer
        elif type(customer) is not dict:
            return None

        when = datetime.fromisoformat(at) if type(at) is str else at
        if type(when) is not datetime:
            return None
        offset = when.utcoffset()
        since = when - EPOCH
        if offset is None:
            return None
        instant = (since.days * 86_400 + since.seconds) * SECOND + since.microseconds
        if not EARLIEST <= instant <= self._latest:
            return None

        amount = margin = quantity = rating = currency = None
        if is_counted:
            currency = get("currency")
            if currency is not None:
                if type(currency) is not str:
                    return None
                if currency not in self._currencies:
                    if not _CURRENCY(currency):
                        return None
                    self._currencies.add(currency)
            if (value := get("amount")) is not None:
                amount = _number(value)
                if currency is None or amount is None:
                    return None
                if amount[0] != "-" and kind in self._negative:
                    return None
            if (value := get("margin")) is not None:
                margin = _number(value)
                if currency is None or margin is None:
                    return None
            if (value := get("quantity")) is not None:
                quantity = _number(value)
                if quantity is None:
                    return None
            if (value := get("rating")) is not None:
                if (
                    type(value) is not int and type(value) is not float
                ) or not 0 <= value <= HIGHEST_RATING:
                    return None
                rating = float(value)

        item = category = channel = text = None
        if is_said:
            item, category, channel, text = (
                get("item"),
                get("category"),
                get("channel"),
                get("text"),
            )
            for value in (item, category, channel, text):
                if value is not None:
                    if type(value) is not str:
                        return None
                    probe += value

        of = direction = attributes = None
        origin = CAPTURED
        if kind == "referral":
            return None
        if is_more:
            of, friend = get("of"), get("friend")
            if of is not None:
                if type(of) is int and -_BELOW < of < _BELOW:
                    of = str(of)
                if type(of) is not str or not 0 < len(of) <= ID_LIMIT:
                    return None
                probe += of
            direction, origin = get("direction"), get("origin", CAPTURED)
            if type(origin) is not str or (direction is not None and type(direction) is not str):
                return None
            if (direction is not None and direction not in fields.DIRECTIONS) or (
                origin not in fields.ORIGINS or friend is not None
            ):
                return None

            attributes = get("attributes")
            if not is_known:
                if attributes is not None:
                    return None
                attributes = {key: value for key, value in record.items() if key not in KNOWN}
            if attributes is not None:
                attributes = _plain(attributes)
                if attributes is None:
                    return None
                probe += attributes

        if len(probe) > _LONGEST_PROBE or "\0" in probe:
            return None
        if not probe.isascii():
            probe.encode()  # half a character raises
        return (
            source, id_, kind, instant, offset.days * 86_400 + offset.seconds,
            amount, currency, margin, quantity, item, category, channel, direction, rating, text,
            origin, of, None, attributes or None, customer,
        )  # fmt: skip

    def _shape(self, record: dict[str, Any]) -> tuple[bool, bool, bool, bool]:
        """Tell what a record with these keys may hold: numbers, texts, more, only known keys.

        Records of one source have few sets of keys; whatever is not among them is not asked for.
        """
        keys = record.keys()
        shape = (
            not keys.isdisjoint(_COUNTED),
            not keys.isdisjoint(_SAID),
            not keys <= _USUAL | _COUNTED | _SAID,
            keys <= KNOWN,
        )
        if len(self._shapes) < _MOST_SHAPES:
            self._shapes[tuple(record)] = shape
        return shape


def rejection(record: Any, fault: Fault) -> Rejection:
    """Reject a record; one that came from a file is told with its line."""
    line = f"line {record.line}: " if type(record) is Line else ""
    return Rejection(record, fault.field, line + fault.reason)


def _number(value: Any) -> str | None:
    """Give a number's exact decimal text where it is plain, or None."""
    kind = type(value)
    if kind is int:
        return str(value) if -_BELOW < value < _BELOW else None
    if kind is float:
        value = repr(value)
    elif kind is Decimal:
        value = str(value)
    elif kind is not str:
        return None
    return value if _PLAIN_NUMBER(value) else None


def _plain(value: Any) -> str | None:
    """Write a mapping of plain values as JSON: empty text for none, None where it is not plain."""
    if type(value) is not dict or not _is_plain(value):
        return None
    written = encode(value) if value else ""
    return None if "\\u0000" in written else written


def _is_plain(value: dict[Any, Any]) -> bool:
    """Tell whether a mapping, and the few lists and mappings within it, hold plain values."""
    nested: list[Any] = [value]
    for one in nested:
        items = one
        if type(one) is dict:
            if not all(type(key) is str for key in one):
                return False
            items = one.values()
        for item in items:
            if type(item) in _NESTING:
                nested.append(item)
            elif type(item) not in _FLAT:
                return False
        if len(nested) > _MOST_NESTED:
            return False
    return True
