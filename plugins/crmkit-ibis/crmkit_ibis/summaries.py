"""What an engine's rows say of the customers, column by column, as the core takes it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any

import pyarrow as pa

from crmkit import ValueModel
from crmkit.contracts.engine import (
    REVENUE,
    Foreign,
    Summaries,
    Tallies,
    breadth_tags,
    value_key,
)
from crmkit_ibis.folding import MARK, NUMBERS

_INSTANTS = ("ref", "last")
_BYTES = 8  # of an integer


def summaries_of(batch: pa.RecordBatch, model: ValueModel) -> Summaries:
    """Give what a batch of rows holds, which `crmkit_ibis.folding.fold` asked for."""
    first, newest, recorded, contact, own = (
        batch.column(name).to_pylist() for name in ("first", "newest", "recorded", "contact", "own")
    )
    bought = batch.column("bought")
    seen = [_seen(batch, place, tag) for place, tag in breadth_tags(model).items()]
    return Summaries(
        customers=batch.column("root").to_pylist(),
        first=first,
        newest=newest,
        recorded=recorded,
        contact=contact,
        own=own,
        revenue=batch.column("revenue").fill_null(0.0).to_pylist(),
        tallies=[_tallies(batch, place) for place in range(len(model.indicators))],
        foreign=_foreign(batch),
        seen=list(map(b"".join, zip(*seen, strict=True))) if seen else [b""] * batch.num_rows,
        bought=_cut(_integers(bought.flatten()), bought),
    )


def _tallies(batch: pa.RecordBatch, place: int) -> Tallies:
    """Give an indicator's columns; None for what nobody asked for."""
    given: dict[str, list[Any]] = {}
    for name in NUMBERS:
        if f"{name}{place}" in batch.schema.names:
            column = batch.column(f"{name}{place}")
            given[name] = (column if name in _INSTANTS else column.fill_null(0)).to_pylist()
    return Tallies(**given)


def _seen(batch: pa.RecordBatch, place: int, tag: int) -> list[bytes]:
    """Give each customer's pairs of a value's key and of when it was seen last."""
    shown = batch.column(f"seen{place}")
    values = shown.flatten().dictionary_encode()
    keys = [value_key(_value(one), tag) for one in values.dictionary.to_pylist()]
    pairs = array("q", bytes(2 * _BYTES * len(values)))
    pairs[::2] = _integers(pa.array(keys, pa.int64()).take(values.indices))
    pairs[1::2] = _integers(batch.column(f"when{place}").flatten())
    return _cut(pairs, shown, 2)


def _value(shown: str) -> str | float:
    return float(shown[1:]) if shown[0] == MARK else shown


def _integers(numbers: pa.Int64Array) -> array[int]:
    """Give integers of which none is missing."""
    found = array("q")
    if len(numbers):
        start = numbers.offset * _BYTES
        found.frombytes(memoryview(numbers.buffers()[1])[start : start + len(numbers) * _BYTES])
    return found


def _cut(numbers: array[int], lists: pa.ListArray, each: int = 1) -> list[bytes]:
    """Give each list's share of the numbers that all of them hold; `each`: for one of its items."""
    whole = numbers.tobytes()
    lengths = lists.value_lengths().fill_null(0).to_pylist()
    ends = accumulate((length * each * _BYTES for length in lengths), initial=0)
    return [whole[start:end] for start, end in pairwise(ends)]


def _foreign(batch: pa.RecordBatch) -> list[tuple[Foreign, ...]]:
    """Give each customer's money in other currencies."""
    names = [name for name in batch.schema.names if name.startswith("foreign")]
    places = [int(name.removeprefix("foreign")) for name in names]
    columns = [batch.column(name).to_pylist() for name in names]
    return [tuple(_read(places, row)) if any(row) else () for row in zip(*columns, strict=True)]


def _read(places: Iterable[int], row: Iterable[list[str] | None]) -> Iterator[Foreign]:
    """Read one customer's texts: a currency and its numbers each."""
    for place, texts in zip(places, row, strict=True):
        for text in texts or ():
            code, n, a, *more = text.split(MARK)
            if place == REVENUE:
                yield Foreign(place, code, int(n), float(a))
            else:
                b, ref, last = more
                yield Foreign(place, code, int(n), float(a), float(b), int(ref), int(last))
