"""A reader of the SOQL that programs send to keep in step: one object, conditions, an order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import attrs

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:\\.|[^'\\])*')
  | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<mark><=|>=|!=|<>|[=<>(),])
)""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
Row = Mapping[str, Any]


class SoqlError(Exception):
    """A query that Salesforce would refuse.

    Attributes:
        code: Salesforce's ``errorCode``.
    """

    def __init__(self, message: str, code: str = "MALFORMED_QUERY") -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


@attrs.frozen
class Comparison:
    """``field op value``; `op` is one of ``= != < <= > >= in not in like``."""

    field: str
    op: str
    value: Any

    def holds(self, row: Row) -> bool:
        """Tell whether a record meets it; null is neither before nor behind anything."""
        held = _comparable(row.get(self.field))
        if self.op in ("in", "not in"):
            return (held in [_comparable(one) for one in self.value]) == (self.op == "in")
        value = _comparable(self.value)
        if self.op == "like":
            return _like(value).fullmatch(str(held or "")) is not None
        if self.op in ("=", "!="):
            return bool(held == value) == (self.op == "=")
        if held is None or value is None:
            return False
        before: bool = held < value
        same: bool = held == value
        return {"<": before, "<=": before or same, ">": not (before or same), ">=": not before}[
            self.op
        ]


@attrs.frozen
class Junction:
    """Conditions of which all (``and``), any (``or``) or none (``not``) must hold."""

    word: str
    parts: tuple[Comparison | Junction, ...]

    def holds(self, row: Row) -> bool:
        """Tell whether a record meets it."""
        found = (part.holds(row) for part in self.parts)
        if self.word == "and":
            return all(found)
        return any(found) == (self.word == "or")


Condition = Comparison | Junction


@attrs.frozen(kw_only=True)
class Query:
    """What a SOQL text asks.

    Attributes:
        fields: What to give, as the query spells it; empty: their number only.
        entity: Of which object.
        where: Which records; None: all of them.
        order: By which fields; True: downwards.
        limit: How many at most.
    """

    fields: tuple[str, ...]
    entity: str
    where: Condition | None = None
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None

    def conditions(self) -> tuple[Comparison, ...]:
        """Give the comparisons that every record must meet, as far as they stand alone."""
        if isinstance(self.where, Comparison):
            return (self.where,)
        parts = self.where.parts if self.where and self.where.word == "and" else ()
        return tuple(part for part in parts if isinstance(part, Comparison))

    def compared(self) -> tuple[Comparison, ...]:
        """Give every comparison, wherever it stands."""
        return tuple(_leaves(self.where))


def _leaves(condition: Condition | None) -> list[Comparison]:
    if condition is None:
        return []
    if isinstance(condition, Comparison):
        return [condition]
    return [leaf for part in condition.parts for leaf in _leaves(part)]


def parse(soql: str) -> Query:
    """Read a query.

    Raises:
        SoqlError: it is none that Salesforce, or this simulator, understands.
    """
    return _Reader(soql).query()


class _Reader:
    """Reads tokens one after the other."""

    def __init__(self, soql: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place, soql = 0, soql.strip()
        while place < len(soql):
            found = _TOKEN.match(soql, place)
            if found is None:
                raise SoqlError(f"unexpected token: {soql[place : place + 20]!r}")
            self._tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            place = found.end()
        self._at = 0

    def query(self) -> Query:
        self._word("select")
        fields = [self._name()]
        if fields == ["count"] and self._taken("("):
            self._mark(")")
            fields = []
        while fields and self._taken(","):
            fields.append(self._name())
        self._word("from")
        entity = self._name()
        where = self._either() if self._taken("where") else None
        order = self._order() if self._taken("order") else ()
        limit = int(self._next()[1]) if self._taken("limit") else None
        if self._at < len(self._tokens):
            raise SoqlError(f"unexpected token: {self._tokens[self._at][1]!r}")
        return Query(fields=tuple(fields), entity=entity, where=where, order=order, limit=limit)

    def _either(self) -> Condition:
        return self._joined("or", lambda: self._joined("and", self._one))

    def _joined(self, word: str, read: Callable[[], Condition]) -> Condition:
        parts = [read()]
        while self._taken(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def _one(self) -> Condition:
        if self._taken("not"):
            return Junction("not", (self._one(),))
        if self._taken("("):
            inner = self._either()
            self._mark(")")
            return inner
        field = self._name()
        kind, op = self._next()
        op = op.lower()
        if op == "not":
            self._word("in")
            op = "not in"
        if op in ("in", "not in"):
            self._mark("(")
            values = [self._value()]
            while self._taken(","):
                values.append(self._value())
            self._mark(")")
            return Comparison(field, op, tuple(values))
        if kind != "mark" and op != "like":
            raise SoqlError(f"unexpected token: {op!r}")
        return Comparison(field, "!=" if op == "<>" else op, self._value())

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._word("by")
        order: list[tuple[str, bool]] = []
        while not order or self._taken(","):
            name = self._name()
            down = self._taken("desc")
            order.append((name, down or (self._taken("asc") and False)))
        return tuple(order)

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text[1:-1], flags=re.DOTALL)
        if kind == "instant":
            return datetime.fromisoformat(text).astimezone(UTC)
        if kind == "date":
            return date.fromisoformat(text)
        if kind == "number":
            return float(text)
        if text.lower() in _LITERALS:
            return _LITERALS[text.lower()]
        raise SoqlError(f"Bind variables only allowed in Apex code: {text!r}")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise SoqlError("unexpected end of query")
        self._at += 1
        return self._tokens[self._at - 1]

    def _taken(self, text: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at]
        if not found or found[0] == "text" or found[1].lower() != text:
            return False
        self._at += 1
        return True

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise SoqlError(f"unexpected token: {text!r}")
        return "count" if text.lower() == "count" else text

    def _word(self, word: str) -> None:
        if not self._taken(word):
            raise SoqlError(f"expecting {word.upper()}")

    _mark = _word


def _comparable(value: Any) -> Any:
    """Bring a value to what it is compared by: texts without case, numbers as numbers."""
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, bool) or value is None:
        return value
    return float(value) if isinstance(value, int) else value


def _like(pattern: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(one) or re.escape(one) for one in pattern), re.DOTALL)
