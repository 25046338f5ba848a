"""Competitors' promotion windows: who bought inside them, as bits of one number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import ibis

from crmkit.contracts.engine import span
from crmkit_ibis.decay import double
from crmkit_ibis.dialects import Expression
from crmkit_ibis.log import Log


@ibis.udf.agg.builtin
def bit_or(mask: int) -> int:  # type: ignore[empty-body]
    """Put the bits of many numbers together; Ibis knows its own by this name on few engines."""


class Window(NamedTuple):
    """A promotion, both ends inclusive, in microseconds."""

    start: int
    end: int


def read_windows(log: Log, at: int) -> tuple[Window, ...]:
    """Read the windows that ended by an instant."""
    made = log.decisions.filter(log.decisions.kind == "promotion")
    start, end = (log.dialect.text(made.body, name).cast("int64") for name in ("start", "end"))
    ended = made.select(start=start, end=end)
    rows = log.rows(ended.filter(ended.end <= at).order_by("end", "start"))
    return tuple(Window(*row) for row in rows)


def mask_of(at: Expression, windows: Sequence[Window]) -> Expression:
    """Give a number with a bit for each window that an instant lies in."""
    bits = [
        at.between(start, end).ifelse(1 << place, 0).cast("int64")
        for place, (start, end) in enumerate(windows)
    ]
    return sum(bits[1:], bits[0])


def ratio(
    masks: Sequence[tuple[Expression, Sequence[Window]]], first: Expression, half_life: timedelta
) -> tuple[Expression, Expression]:
    """Give the decayed successes and chances of somebody who first bought at an instant.

    Both are dated at the windows' ends, and taken at the newest of them.
    """
    ends = [window.end for _, windows in masks for window in windows]
    nothing = won = whole = double(0)
    for mask, windows in masks:
        for place, (_, end) in enumerate(windows):
            weight = double(2.0 ** ((end - max(ends)) / span(half_life)))
            chance = first <= end
            bit = _bit(mask, place)
            won += (chance & bit).ifelse(weight, nothing)
            whole += chance.ifelse(weight, nothing)
    return won, whole


def _bit(mask: Expression, place: int) -> Expression:
    return (mask & (1 << place)) != 0
