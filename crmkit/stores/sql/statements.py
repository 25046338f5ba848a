"""SQL text, made by SQLAlchemy once a shape and kept: a batch then costs no more than the driver.

The workspace's number stands in the text, so that rows go to the driver as they come, without a
new tuple for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa

from crmkit.contracts.store import Row, Value
from crmkit.contracts.tables import Sparse, Table
from crmkit.stores.checks import enough

if TYPE_CHECKING:
    from crmkit.stores.sql.dialect import Dialect
    from crmkit.stores.sql.schema import Schema


@attrs.frozen
class Query:
    """A SQL text, the names of what it binds, in order, and what SQLAlchemy itself binds."""

    sql: str
    names: tuple[str, ...]
    own: Mapping[str, Any]

    def bind(self, values: Mapping[str, Any]) -> Row:
        """Put the values in the order the text wants them."""
        return tuple(values[name] if name in values else self.own[name] for name in self.names)


@attrs.frozen
class Scan:
    """The shape of a scan: everything about it but its values.

    Attributes:
        order: Columns of the order, the key's rest among them.
        by: The declared order.
        equal: For each leading column, whether a value (not None) is asked for.
        low: Whether a least value is given.
        high: Whether a greatest value is given.
        after: For each column behind those of `equal`, whether its place has a value; None: the
            scan starts at the beginning.
        where: Columns, with how many values each may have, and whether None is one of them.
        contains: Columns that must contain a text.
        reverse: Greatest first.
        limit: Whether a limit is given.
        columns: What to give.
    """

    order: tuple[str, ...]
    by: tuple[str, ...]
    equal: tuple[bool, ...]
    low: bool
    high: bool
    after: tuple[bool, ...] | None
    where: tuple[tuple[str, int, bool], ...]
    contains: tuple[str, ...]
    reverse: bool
    limit: bool
    columns: tuple[str, ...]


@attrs.frozen
class Last:
    """The shape of a look at the last rows of each key: everything about it but its values.

    Attributes:
        by: The declared order.
        width: How many of its columns a key has.
        low: Whether a least value of the next one is given.
        high: Whether a greatest value is given.
        where: As in `Scan`.
    """

    by: tuple[str, ...]
    width: int
    low: bool
    high: bool
    where: tuple[tuple[str, int, bool], ...]


class Statements:
    """The texts for one workspace of one database."""

    def __init__(self, dialect: Dialect, schema: Schema, workspace: int) -> None:
        """Write for the workspace of this number."""
        self.dialect = dialect
        self.schema = schema
        self.number = int(workspace)
        self.workspace: Any = sa.literal_column(str(self.number))
        self._kept: dict[Any, Query] = {}

    def _query(self, statement: sa.ClauseElement, **options: Any) -> Query:
        compiled: Any = statement.compile(dialect=self.dialect.compiler, **options)
        return Query(str(compiled), tuple(compiled.positiontup or ()), compiled.params)

    def _values(self, table: Table, statement: sa.Insert) -> Query:
        insert = statement.values(workspace=self.workspace).inline()
        query = self._query(insert, column_keys=["workspace", *table.names])
        assert query.names == table.names  # noqa: S101 - rows are bound as they come
        return query

    def insert(self, table: Table) -> str:
        """Give the text that adds rows whose key is new; it binds a whole row."""
        found = self._kept.get(("insert", table.name))
        if found is None:
            insert = self.dialect.insert_new(self.schema[table], ("workspace", *table.key))
            found = self._kept["insert", table.name] = self._values(table, insert)
        return found.sql

    def upsert(self, table: Table) -> str:
        """Give the text that adds or replaces rows; it binds a whole row."""
        found = self._kept.get(("upsert", table.name))
        if found is None:
            key = ("workspace", *table.key)
            upsert = self.dialect.upsert(self.schema[table], key, table.names)
            found = self._kept["upsert", table.name] = self._values(table, upsert)
        return found.sql

    def update(self, table: Table, columns: tuple[str, ...]) -> Query:
        """Give the text that writes some columns of a row; it binds those and the key."""
        mark = ("update", table.name, columns)
        found = self._kept.get(mark)
        if found is None:
            physical = self.schema[table]
            key = [physical.c[name] == sa.bindparam(f"key_{name}") for name in table.key]
            update = (
                sa.update(physical)
                .where(physical.c.workspace == self.workspace, *key)
                .values({name: sa.bindparam(f"new_{name}") for name in columns})
            )
            found = self._kept[mark] = self._query(update)
        return found

    def upsert_from(self, table: Table, beside: str) -> str:
        """Give the text that adds or replaces all rows of a table of the same columns."""
        found = self._kept.get(("upsert from", table.name))
        if found is None:
            key = ("workspace", *table.key)
            names = ("workspace", *table.names)
            rows: Any = sa.select(*(sa.column(name) for name in names)).select_from(
                sa.table(beside)
            )
            upsert = self.dialect.upsert(self.schema[table], key, table.names)
            query = self._query(upsert.from_select(names, rows))
            found = self._kept["upsert from", table.name] = query
        return found.sql

    def delete(self, table: Table, by: tuple[str, ...], given: tuple[bool, ...]) -> str:
        """Give the text that deletes by one key; it binds the values that are not None."""
        mark = ("delete", table.name, by, given)
        found = self._kept.get(mark)
        if found is None:
            columns = self.schema[table].c
            conditions = [columns.workspace == self.workspace]
            for name, value in zip(by, given, strict=True):
                column = columns[name]
                conditions.append(column == sa.bindparam(name) if value else column.is_(None))
            delete = sa.delete(self.schema[table]).where(*conditions)
            if hint := self.dialect.hint(table, by):
                delete = delete.with_hint(hint, dialect_name="*")
            found = self._kept[mark] = self._query(delete)
        return self.dialect.deleting(table, found.sql)

    def clear(self, table: Table) -> str:
        """Give the text that deletes every row of the workspace; it binds nothing."""
        physical = self.schema[table]
        delete = sa.delete(physical).where(physical.c.workspace == self.workspace)
        return self.dialect.deleting(table, self._query(delete).sql)

    def fetch(
        self,
        table: Table,
        by: tuple[str, ...],
        given: tuple[bool, ...],
        columns: tuple[str, ...],
        count: int,
    ) -> str:
        """Give the text that reads by `count` keys; it binds their values that are not None."""
        mark = ("fetch", table.name, by, given, columns)
        found = self._kept.get(mark)
        if found is None:
            found = self._kept[mark] = self._query(self._fetch(table, by, given, columns))
        bound = tuple(name for name, value in zip(by, given, strict=True) if value)
        if not bound or self._is_array(table, by, given):
            return found.sql
        return self._with_keys(table, bound, count, found.sql)

    def _is_array(self, table: Table, by: tuple[str, ...], given: tuple[bool, ...]) -> bool:
        """Tell whether keys are bound as one array: of one column, and each finds a row at most."""
        return self.dialect.binds_arrays and by == table.key and given == (True,)

    def _with_keys(self, table: Table, names: tuple[str, ...], count: int, sql: str) -> str:
        """Put a list of keys before a query: written here, as its length differs every time."""
        aliases = ", ".join(f"k{place}" for place in range(len(names)))
        keys = self.dialect.keys(tuple(table.columns[table.position[n]] for n in names), count)
        return f"WITH crmkit_keys({aliases}) AS ({keys}) {sql}"

    def last(self, table: Table, shape: Last, count: int) -> Query | None:
        """Give the text that reads the last rows of `count` keys of a log.

        It binds the keys, then what `values` names. None: the database has no good way to do it.
        """
        mark = ("last", table.name, shape)
        found = self._kept.get(mark)
        if found is None:
            select = self._last(table, shape)
            if select is None:
                return None
            found = self._kept[mark] = self._query(select)
        sql = self._with_keys(table, shape.by[: shape.width], count, found.sql)
        return attrs.evolve(found, sql=sql)

    def _last(self, table: Table, shape: Last) -> sa.Select[Any] | None:
        physical = self.schema[table]
        keys = _keys(shape.width)
        looked = physical.alias("looked")
        conditions: list[Any] = [looked.c.workspace == self.workspace]
        conditions += [
            looked.c[name] == keys.c[f"k{place}"]
            for place, name in enumerate(shape.by[: shape.width])
        ]
        rest = [looked.c[name] for name in dict.fromkeys((*shape.by[shape.width :], "seq"))]
        if shape.low:
            conditions.append(rest[0] >= sa.bindparam("low"))
        if shape.high:
            conditions.append(rest[0] <= sa.bindparam("high"))
        conditions += [_among(looked.c[name], name, many, none) for name, many, none in shape.where]
        few = (
            sa.select(*(looked.c[name] for name in table.names))
            .where(*conditions)
            .order_by(*(self.dialect.sorted(column, reverse=True) for column in rest))
            .limit(sa.bindparam("count", type_=sa.Integer()))
        )
        if hint := self.dialect.hint(table, shape.by):
            few = few.with_hint(looked, hint, "*")
        return self.dialect.last(keys, physical, looked, few)

    def _fetch(
        self,
        table: Table,
        by: tuple[str, ...],
        given: tuple[bool, ...],
        columns: tuple[str, ...],
    ) -> sa.Select[Any]:
        physical = self.schema[table]
        bound = [name for name, value in zip(by, given, strict=True) if value]
        keys = _keys(len(bound))
        conditions: list[Any] = [physical.c.workspace == self.workspace]
        conditions += [physical.c[name] == keys.c[f"k{place}"] for place, name in enumerate(bound)]
        conditions += [physical.c[name].is_(None) for name in by if name not in bound]
        wanted = [physical.c[name] for name in columns]
        if self._is_array(table, by, given):
            column = physical.c[by[0]]
            array = sa.bindparam("keys", type_=sa.ARRAY(column.type))
            return sa.select(*wanted).where(conditions[0], column == sa.any_(array))
        if not bound:
            return self._hinted(sa.select(*wanted), table, by).where(*conditions)
        select = self.dialect.by_keys(keys, physical, sa.and_(*conditions), wanted)
        return self._hinted(select, table, by)

    def _hinted(self, select: sa.Select[Any], table: Table, by: tuple[str, ...]) -> sa.Select[Any]:
        hint = self.dialect.hint(table, by)
        return select.with_hint(self.schema[table], hint, "*") if hint else select

    def count(self, table: Table, where: tuple[tuple[str, int, bool], ...]) -> Query:
        """Give the text that counts rows."""
        mark = ("count", table.name, where)
        found = self._kept.get(mark)
        if found is None:
            columns = self.schema[table].c
            conditions = [columns.workspace == self.workspace]
            conditions += [_among(columns[name], name, many, none) for name, many, none in where]
            select = sa.select(sa.func.count()).select_from(self.schema[table]).where(*conditions)
            for by in table.orders:
                if any(by[0] == name for name, _, _ in where):
                    select = self._hinted(select, table, by)
                    break
            found = self._kept[mark] = self._query(select)
        return found

    def scan(self, table: Table, shape: Scan) -> Query:
        """Give the text that reads in order; it binds what `values` names."""
        found = self._kept.get((table.name, shape))
        if found is None:
            found = self._kept[table.name, shape] = self._query(self._scan(table, shape))
        return found

    def _scan(self, table: Table, shape: Scan) -> sa.Select[Any]:
        columns = self.schema[table].c
        conditions: list[Any] = [columns.workspace == self.workspace]
        for place, given in enumerate(shape.equal):
            column = columns[shape.order[place]]
            conditions.append(
                column == sa.bindparam(f"equal{place}") if given else column.is_(None)
            )
        if shape.low:
            conditions.append(columns[shape.order[len(shape.equal)]] >= sa.bindparam("low"))
        if shape.high:
            conditions.append(columns[shape.order[len(shape.equal)]] <= sa.bindparam("high"))
        rest = [columns[name] for name in enough(table, shape.order)[len(shape.equal) :]]
        if shape.after is not None:
            there, whole = shape.after[: len(rest)], self.dialect.compares_rows
            conditions += _behind(rest, there, reverse=shape.reverse, whole=whole)
        for name, many, none in shape.where:
            conditions.append(_among(columns[name], name, many, none))
        if few := table.sparse_by(shape.by):
            conditions.append(among_few(few, self.schema[table]))
        for name in shape.contains:
            text = sa.bindparam(f"contains_{name}", type_=sa.String())
            conditions.append(self.dialect.contains(columns[name], text))
        select = sa.select(*(columns[name] for name in shape.columns)).where(*conditions)
        select = self._hinted(select, table, shape.by)
        ordered = (self.dialect.sorted(column, reverse=shape.reverse) for column in rest)
        select = select.order_by(*ordered)
        return select.limit(sa.bindparam("limit", type_=sa.Integer())) if shape.limit else select


def _keys(width: int) -> sa.TableClause:
    """Give the list of keys that stands before a query, of so many values each."""
    return sa.table("crmkit_keys", *(sa.column(f"k{place}") for place in range(width)))


def _among(column: Any, name: str, many: int, none: bool) -> Any:  # noqa: FBT001
    """Give the condition that a column has one of `many` values, or is None where `none`."""
    found: list[Any] = [column.is_(None)] if none else []
    binds: list[Any] = [sa.bindparam(f"where_{name}_{place}") for place in range(many)]
    if many == 1:
        found.append(column == binds[0])
    elif many:
        found.append(column.in_(binds))
    return sa.or_(*found) if found else sa.false()


def _behind(
    rest: list[sa.Column[Any]], given: tuple[bool, ...], *, reverse: bool, whole: bool
) -> list[Any]:
    """Give the conditions that a row comes after a place; None comes before every value.

    Args:
        rest: The columns of the order.
        given: Which of them have a value there.
        reverse: Whether "after" means before.
        whole: Whether rows may be compared as wholes.
    """
    binds: list[Any] = [sa.bindparam(f"after{place}") for place in range(len(rest))]
    if not rest:
        return [sa.false()]
    if whole and not any(column.nullable for column in rest):
        here, there = sa.tuple_(*rest), sa.tuple_(*binds)
        return [here < there if reverse else here > there]
    choices: list[Any] = []
    same: list[Any] = []
    for column, bind, value in zip(rest, binds, given, strict=True):
        if value:
            further = sa.or_(column < bind, column.is_(None)) if reverse else column > bind
        else:
            further = sa.false() if reverse else column.is_not(None)
        choices.append(sa.and_(*same, further))
        same.append(column == bind if value else column.is_(None))
    # The first column alone says where in the index to begin.
    start = [] if reverse or not given[0] else [rest[0] >= binds[0]]
    return [*start, sa.or_(*choices)]


def among_few(order: Sparse, table: sa.Table) -> sa.ColumnElement[bool]:
    """Give the condition that a row is in an order of few rows.

    It stands in the index and in each query: by that alone a planner knows that the one has all
    that the other asks for.
    """
    column = table.c[order.by[-1]]
    if order.without is None:
        return column.is_not(None)
    return column != sa.literal_column(repr(order.without))


def where_shape(
    where: Mapping[str, Value | tuple[Value, ...]] | None,
) -> tuple[tuple[tuple[str, int, bool], ...], dict[str, Any]]:
    """Split conditions into their shape and their values."""
    shape, values = [], {}
    for name, wanted in (where or {}).items():
        several = wanted if isinstance(wanted, tuple) else (wanted,)
        given = [value for value in several if value is not None]
        shape.append((name, len(given), len(given) < len(several)))
        values.update({f"where_{name}_{place}": value for place, value in enumerate(given)})
    return tuple(shape), values
