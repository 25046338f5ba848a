"""STATE rows as crmkit packed them before: taken over as they are met, without reading the log.

Refolding everybody takes as long as capturing everything did; today's format only leaves out
numbers that others tell as well.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import STATE
from crmkit.value.layout import REVENUE, Layout

FORMER = 1
"""The format before today's."""
_SLOTS = {
    "count": ("n", "a", "ref"),
    "sum": ("n", "a", "ref", "last"),
    "breadth": ("n",),
    "recency": ("n", "ref"),
    "mean": ("n", "a", "b", "ref"),
    "rate": ("n", "chance", "a", "b", "ref"),
}
"""What an indicator of each measure had to itself, one after the other."""
_LAYOUT = STATE.position["layout"]


def taken_over(rows: Iterable[Row], layout: Layout) -> Iterator[Row]:
    """Give STATE rows as they come; those of this model in the former format as today's."""
    former = _id(layout)
    for row in rows:
        yield _renewer(layout)(row) if row[_LAYOUT] == former else row


def take_over(writer: Writer, roots: Iterable[str], layout: Layout) -> set[str]:
    """Write those of these customers' rows anew that are in the former format; tell whose."""
    former = _id(layout)
    rows = [row for row in writer.fetch(STATE, map(_key, roots)) if row[_LAYOUT] == former]
    writer.put(STATE, [*map(_renewer(layout), rows)])
    return {row[0] for row in rows}


def _key(root: str) -> Row:
    return (root,)


@lru_cache(maxsize=8)
def _id(layout: Layout) -> int:
    """Give the id of this model's states then: asked for with every single score and capture."""
    return layout.id_of(FORMER)


@lru_cache(maxsize=8)
def _renewer(layout: Layout) -> Callable[[Row], Row]:
    """Make what packs a row anew."""
    taken = [REVENUE] * len(layout.zero)
    money = {str(REVENUE): REVENUE}  # other currencies went by the place of n
    width = 1
    for slots in layout.slots:
        indicator = slots.indicator
        if indicator.within:
            continue
        names = _SLOTS[indicator.measure]
        if indicator.opportunity and "chance" not in names:
            names = (*names, "chance")
        money[str(width)] = slots.a
        for name in names:
            if (place := getattr(slots, name)) >= 0:
                taken[place] = width
            width += 1

    def renew(row: Row) -> Row:
        customer, _, sums, seen, bought, rest, *instants = row
        if rest:
            told = json.loads(rest)
            if "money" in told:
                told["money"] = {money[place]: kept for place, kept in told["money"].items()}
            rest = json.dumps(told, ensure_ascii=False)
        old = array("d", sums)
        packed = layout.packed(*[old[place] for place in taken])
        return (customer, layout.id, packed, seen, bought, rest, *instants)

    return renew
