"""What engines write differently: instants as numbers, and JSON.

Everything else is Ibis's to translate. Where a function is declared here, its name is the
engine's own; types of values in between are declared as text, since only the last one is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any, ClassVar

import ibis
from ibis.expr import datatypes as dt

from crmkit import ModelError

Expression = Any
"""A column or a value of Ibis; its own classes say no more to a type checker."""

_UNQUOTABLE = frozenset("\"'\\`")


def _call(name: str, *types: Any, gives: Any) -> Callable[..., Expression]:
    """Declare a function that the engine has by itself."""
    shape = _SHAPES[len(types) - 1]
    made: Callable[..., Expression] = ibis.udf.scalar.builtin(
        shape, name=name, signature=(types, gives)
    )
    return made


def _one(a: Any) -> Any: ...


def _two(a: Any, b: Any) -> Any: ...


def _three(a: Any, b: Any, c: Any) -> Any: ...


_SHAPES = (_one, _two, _three)
"""Ibis wants to see functions with so many arguments."""


def one_of(column: Expression, values: Iterable[str]) -> Expression:
    """Tell whether a column is one of these values, each compared by itself.

    DuckDB turns a long ``IN`` into a join; and what is joined it does not pass on to all who read
    it as it comes, but keeps it whole in memory first.
    """
    return reduce(or_, (column == value for value in sorted(values)), ibis.literal(value=False))


class Dialect(ABC):
    """One engine's way of writing."""

    name: ClassVar[str]
    """What Ibis calls the engine."""
    longest_name: ClassVar[int] = 1000
    """Most bytes in the name of a column."""
    shares: ClassVar[bool] = False
    """Whether it works out once, in memory, a table that several parts of an expression read."""

    @abstractmethod
    def micros(self, instant: Expression) -> Expression:
        """Give a timestamp as microseconds since 1970."""

    @abstractmethod
    def kind(self, json: Expression, key: str) -> Expression:
        """Give the type of a JSON object's value; NULL where there is none."""

    @abstractmethod
    def text(self, json: Expression, key: str) -> Expression:
        """Give a JSON object's value as text, without quotes."""

    numbers: ClassVar[tuple[str, ...]]
    """What `kind` says of a number."""
    string: ClassVar[str]
    """What `kind` says of a text."""
    nothing: ClassVar[str]
    """What `kind` says of ``null``."""
    truth: ClassVar[str] = "boolean"
    """What `kind` says of ``true`` and ``false``."""

    def settled(self, table: Expression) -> Expression:
        """Give a table whose columns the engine works out once, however often they are used."""
        return table

    @staticmethod
    def quotable(key: str) -> str:
        """Give a key that may stand in the path of a JSON value.

        Raises:
            ModelError: it holds a quote or a backslash.
        """
        if not _UNQUOTABLE.isdisjoint(key):
            message = f"field {key!r} cannot be looked up by an engine: it holds a quote"
            raise ModelError(message, field="field")
        return key


class DuckDB(Dialect):
    """DuckDB."""

    name = "duckdb"
    shares = True
    numbers = ("UBIGINT", "BIGINT", "HUGEINT", "UHUGEINT", "DOUBLE", "DECIMAL")
    string = "VARCHAR"
    nothing = "NULL"
    truth = "BOOLEAN"
    _micros = staticmethod(_call("epoch_us", dt.Timestamp(timezone="UTC"), gives=dt.int64))
    _kind = staticmethod(_call("json_type", dt.string, dt.string, gives=dt.string))
    _text = staticmethod(_call("json_extract_string", dt.string, dt.string, gives=dt.string))

    def micros(self, instant: Expression) -> Expression:  # noqa: D102
        return self._micros(instant)

    def kind(self, json: Expression, key: str) -> Expression:  # noqa: D102
        return self._kind(json, f'$."{self.quotable(key)}"')

    def text(self, json: Expression, key: str) -> Expression:  # noqa: D102
        return self._text(json, f'$."{self.quotable(key)}"')


class PostgreSQL(Dialect):
    """PostgreSQL, where crmkit's own tables keep instants as microseconds already."""

    name = "postgres"
    longest_name = 63
    numbers = ("number",)
    string = "string"
    nothing = "null"
    _kind = staticmethod(_call("json_typeof", dt.JSON(binary=False), gives=dt.string))
    _value = staticmethod(
        _call("json_extract_path", dt.JSON(binary=False), dt.string, gives=dt.JSON(binary=False))
    )
    _text = staticmethod(
        _call("json_extract_path_text", dt.JSON(binary=False), dt.string, gives=dt.string)
    )

    def micros(self, instant: Expression) -> Expression:  # noqa: D102
        return instant

    def settled(self, table: Expression) -> Expression:
        """Limit it to more rows than there are: a plain one is put into what selects of it."""
        return table.limit(1 << 62)

    def kind(self, json: Expression, key: str) -> Expression:  # noqa: D102
        return self._kind(self._value(json.cast(dt.JSON(binary=False)), key))

    def text(self, json: Expression, key: str) -> Expression:  # noqa: D102
        return self._text(json.cast(dt.JSON(binary=False)), key)


class Spark(Dialect):
    """Spark 4, whose VARIANT keeps the types of JSON values."""

    name = "pyspark"
    numbers = ("bigint", "double", "decimal")
    string = "string"
    nothing = "void"
    _micros = staticmethod(_call("unix_micros", dt.Timestamp(timezone="UTC"), gives=dt.int64))
    _parsed = staticmethod(_call("try_parse_json", dt.string, gives=dt.string))
    _value = staticmethod(
        _call("try_variant_get", dt.string, dt.string, dt.string, gives=dt.string)
    )
    _kind = staticmethod(_call("schema_of_variant", dt.string, gives=dt.string))

    def micros(self, instant: Expression) -> Expression:  # noqa: D102
        return self._micros(instant)

    def kind(self, json: Expression, key: str) -> Expression:  # noqa: D102
        found = self._kind(self._get(json, key, "variant")).lower()
        return ibis.cases((found.startswith("decimal"), "decimal"), else_=found)

    def text(self, json: Expression, key: str) -> Expression:  # noqa: D102
        return self._get(json, key, "string")

    def _get(self, json: Expression, key: str, kind: str) -> Expression:
        return self._value(self._parsed(json), f"$['{self.quotable(key)}']", kind)


DIALECTS: dict[str, Dialect] = {one.name: one for one in (DuckDB(), PostgreSQL(), Spark())}
"""By what Ibis calls the engine."""
