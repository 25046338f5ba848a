"""Everybody's score at an instant, as one expression over the log."""

from __future__ import annotations

from collections.abc import Callable

import ibis

from crmkit import ModelError, ValueModel
from crmkit.contracts.engine import DECLINED, NOT_APPLICABLE, OBSERVED, UNOBSERVED
from crmkit_ibis.decay import double
from crmkit_ibis.dialects import Expression
from crmkit_ibis.fed import read_fed
from crmkit_ibis.log import Log, Table
from crmkit_ibis.sayings import read_sayings
from crmkit_ibis.sums import Read, Sums
from crmkit_ibis.windows import read_windows

PARTS = ("raw", "points", "weight", "contribution", "state")
"""Of every indicator, behind its name and an underscore."""


def score(log: Log, model: ValueModel, at: int, negative: frozenset[str]) -> Table:
    """Give everybody's total and parts at an instant, by today's knowledge.

    Args:
        log: What to score.
        model: By which model.
        at: As of when, in microseconds.
        negative: Kinds that are aged from the purchase they name.
    """
    _check_names(log, model)
    sums = Sums(log, model, at, negative=negative, windows=read_windows(log, at))
    reads = [sums.read(indicator) for indicator in model.indicators]
    row = _joined(log.roots, [*sums.tables(), read_sayings(log, model, at)])
    row = row.cross_join(read_fed(log, model, at))
    settled = log.dialect.settled
    measured = settled(_measured(settled(row), reads))
    return _added_up(settled(_shared_out(measured, model, settled)), model)


def _joined(row: Table, tables: list[Table]) -> Table:
    """Put tables of sums beside everybody who has any."""
    for place, table in enumerate(tables):
        mine = table.rename(**{f"mine{place}": "root"})
        row = row.left_join(mine, row.root == mine[f"mine{place}"])
    return row.drop(*(f"mine{place}" for place in range(len(tables))))


def _measured(row: Table, reads: list[Read]) -> Table:
    """Give each indicator's raw value, state and points, by its number."""
    columns: dict[str, Expression] = {}
    for place, read in enumerate(reads):
        found = read(row)
        is_fed, declined = row[f"fed{place}"], row[f"declined{place}"].fill_null(0) == 1
        set_to = row[f"points{place}"]
        seen = found.seen & is_fed
        nothing: Expression = ibis.literal(UNOBSERVED)
        if found.chance is not None:
            nothing = found.chance.ifelse(UNOBSERVED, NOT_APPLICABLE)
        columns[f"raw{place}"] = seen.ifelse(found.raw, 0.0)
        columns[f"state{place}"] = ibis.cases(
            (declined, DECLINED),
            (set_to.notnull() | seen, OBSERVED),
            (~is_fed, NOT_APPLICABLE),
            else_=nothing,
        )
        columns[f"points{place}"] = ibis.cases(
            (declined, 0.0), (set_to.notnull(), set_to), (seen, found.points), else_=0.0
        )
    return row.select("root", "newest", **columns)


def _shared_out(row: Table, model: ValueModel, settled: Callable[[Table], Table]) -> Table:
    """Share the weights out over what applies."""
    weights = {
        place: _applies(row, place).ifelse(double(indicator.weight), double(0))
        for place, indicator in enumerate(model.indicators)
    }
    row = settled(row.mutate(whole=_sum(list(weights.values()))))
    columns: dict[str, Expression] = {}
    for place, indicator in enumerate(model.indicators):
        applies = _applies(row, place) & (row.whole > 0)
        columns[f"weight{place}"] = applies.ifelse(double(indicator.weight) / row.whole, double(0))
    return row.mutate(**columns)


def _added_up(row: Table, model: ValueModel) -> Table:
    """Give the totals, and the parts by the indicators' names."""
    parts = [
        row[f"weight{place}"] * row[f"points{place}"] for place in range(len(model.indicators))
    ]
    named = {
        f"{indicator.name}_{part}": parts[place]
        if part == "contribution"
        else row[f"{part}{place}"]
        for place, indicator in enumerate(model.indicators)
        for part in PARTS
    }
    return row.select(customer_id="root", total=_sum(parts), **named)


def _applies(row: Table, place: int) -> Expression:
    return row[f"state{place}"].isin([OBSERVED, UNOBSERVED])


def _sum(values: list[Expression]) -> Expression:
    return sum(values[1:], values[0])


def _check_names(log: Log, model: ValueModel) -> None:
    """Refuse a model whose indicators cannot be columns.

    Raises:
        ModelError: two differ in case alone, or one is too long for the engine.
    """
    folded: dict[str, str] = {}
    most = log.dialect.longest_name - len("_contribution")
    for indicator in model.indicators:
        name = indicator.name
        if len(name.encode()) > most:
            message = f"indicator {name!r} is too long for a column there: at most {most} bytes"
            raise ModelError(message, field="name")
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            message = f"indicators {other!r} and {name!r} cannot both be columns: rename one"
            raise ModelError(message, field="name")
