"""The log as Ibis tables, wherever it lies: an exported folder, or crmkit's own tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import attrs
import ibis

from crmkit.contracts.engine import EARLIEST
from crmkit_ibis.dialects import Dialect

Table = Any
"""A table expression of Ibis."""

READ = (
    "seq source id kind at recorded amount currency margin quantity item category channel "
    "direction rating text origin of attributes"
).split()
"""The columns of touchpoints that sums are made of."""


@attrs.frozen(slots=False, eq=False)
class Log:
    """Everything that was recorded of one workspace, as tables of one engine.

    Instants are whole microseconds since 1970 in every one of them but `touchpoints`.

    Attributes:
        connection: The engine, as Ibis has it.
        dialect: What it writes differently.
        touchpoints: TOUCHPOINT rows, taken back ones too, with instants as the engine has them.
        decisions: DECISION rows.
        customers: Every customer's ``id`` and ``root``.
        voids: ``touchpoint``: the seq of each touchpoint that was taken back; None: there is none.
        fed: FED rows that hold, where the engine has them; None: worked out from the touchpoints.
        standings: STANDING rows, where the engine has them.
        reached: Up to when the log was written, in microseconds; None: to now.
    """

    connection: Any
    dialect: Dialect
    touchpoints: Table
    decisions: Table
    customers: Table
    voids: Table | None = None
    fed: Table | None = None
    standings: Table | None = None
    reached: int | None = None

    @cached_property
    def live(self) -> Table:
        """The touchpoints that hold today, each with the ``root`` it leads to."""
        return self.apart(*READ)

    def held(self, *names: str, where: Any = None) -> Table:
        """Give columns of the touchpoints that hold today, with the ``root`` each leads to.

        An engine that works out once what several parts of an expression read is given one table
        for all of them; any other is asked for these columns and rows alone.

        Args:
            names: The columns; of `READ`, where the engine shares.
            where: Which touchpoints, as a deferred expression of Ibis over these columns; None:
                all.
        """
        if self.dialect.shares:
            held = self.live if where is None else self.live.filter(where)
            return held.select(*names, "root")
        return self.apart(*names, where=where)

    def apart(self, *names: str, where: Any = None) -> Table:
        """Give the same as `held`, read by itself: for what is joined with other touchpoints.

        A table that is joined with a part of itself cannot be passed on as it is read: the engine
        would keep all of it in memory.
        """
        t = self.touchpoints.select(*dict.fromkeys(("seq", "customer", *names)))
        instants = [name for name in ("at", "recorded") if name in t.columns]
        t = in_micros(t, self.dialect, *instants)
        if where is not None:
            t = t.filter(where)
        if self.voids is not None:
            t = t.anti_join(self.voids, t.seq == self.voids.touchpoint)
        moved = self.customers.filter(self.customers.id != self.customers.root)
        moved = moved.select(base="id", moved_to="root")
        t = t.left_join(moved, t.customer == moved.base)
        return t.select(*names, root=ibis.coalesce(t.moved_to, t.customer))

    @cached_property
    def oldest(self) -> int:
        """When the first touchpoint happened, in microseconds; `EARLIEST`: there is none."""
        first = self.touchpoints.agg(oldest=self.touchpoints["at"].min())
        first = in_micros(first, self.dialect, "oldest")
        ((found,),) = self.rows(first.select(oldest=ibis.coalesce(first.oldest, EARLIEST)))
        return int(found)

    @cached_property
    def roots(self) -> Table:
        """Everybody who was not merged into another."""
        return self.customers.filter(self.customers.id == self.customers.root).select(root="id")

    def rows(self, table: Table) -> list[tuple[Any, ...]]:
        """Run an expression and give its rows."""
        found = self.connection.to_pyarrow(table)
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def batches(self, table: Table, rows: int) -> Iterator[Any]:
        """Run an expression and give its rows as batches of Arrow's, as they come."""
        if self.dialect.name == "duckdb":  # Ibis 12 asks DuckDB 2 for a reader that has gone
            self.connection._run_pre_execute_hooks(table)  # noqa: SLF001 - tables in memory
            text = self.connection.compile(table)
            return self.connection.con.sql(text).to_arrow_reader(rows)
        return self.connection.to_pyarrow_batches(table, chunk_size=rows)


def in_micros(table: Table, dialect: Dialect, *names: str) -> Table:
    """Turn a table's instants into microseconds."""
    return table.mutate(**{name: dialect.micros(table[name]) for name in names})
