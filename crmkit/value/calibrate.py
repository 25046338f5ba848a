"""Proposing scales and half-lives from the data: the median active customer earns half.

The half-lives come first: a multiple of the usual gap between an indicator's touchpoints, so that
a regular customer does not fade between two visits. The scales are the medians under those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median

import attrs

from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import STATE
from crmkit.model.ranges import HALF_LIVES, SCALES
from crmkit.model.value import Indicator, ValueModel
from crmkit.paging import pages
from crmkit.value.basis import Basis
from crmkit.value.history import TODAY, Entry, Purchases, build, read_live, read_purchases
from crmkit.value.layout import Layout
from crmkit.value.measure import measure

SAMPLE = 2000
"""Customers that are read: every n-th of all, so that the answer does not depend on luck."""
GAPS_A_HALF_LIFE = 4
_SCALED = frozenset({"count", "sum", "breadth"})
_MIN_GAPS = 10


def calibrate(reader: Reader, basis: Basis, now: int) -> ValueModel:
    """Propose a model with the scales and half-lives that the workspace's data suggest.

    What the data say nothing about (too few touchpoints) stays as it is. Weights are never
    touched: they say what the firm wants, not what the data are like.
    """
    model = basis.layout.model
    sample = list(_sample(reader))
    entries = [entry for customer in sample for entry in customer[0]]
    by_kind: dict[str, list[float]] = {}
    for kind in {kind for indicator in model.indicators for kind in indicator.kinds}:
        by_kind[kind] = _gaps(sample, kind)
    longer = [_half_life(indicator, by_kind) for indicator in model.indicators]
    proposal = attrs.evolve(model, version=f"{model.version}-calibrated", indicators=longer)
    layout = Layout(proposal, basis.layout.kinds)
    setting = basis.setting(layout, now, TODAY)
    raws: list[list[float]] = [[] for _ in longer]
    for customer, purchases in sample:
        measured = measure(layout, build(layout, customer, purchases, now), setting)
        for found, raw in zip(raws, measured.raws, strict=True):
            if raw > 0:
                found.append(raw)
    scaled = [
        attrs.evolve(indicator, scale=_round(median(found)))
        if indicator.measure in _SCALED and found
        else indicator
        for indicator, found in zip(longer, raws, strict=True)
    ]
    return attrs.evolve(proposal, indicators=scaled) if entries else model


def _sample(reader: Reader) -> Iterator[tuple[list[Entry], Purchases]]:
    step = max(1, reader.count(STATE) // SAMPLE)
    roots = [
        row[0]
        for place, row in enumerate(reader.scan(STATE, columns=("customer",)))
        if place % step == 0
    ]
    for page in pages(roots):
        live = read_live(reader, page).values()
        purchases = read_purchases(reader, [entry for entries in live for entry in entries])
        for entries in live:
            yield entries, purchases


def _gaps(sample: Sequence[tuple[list[Entry], Purchases]], kind: str) -> list[float]:
    """Give the gaps in days between the days on which customers had a touchpoint of a kind."""
    gaps: list[float] = []
    for entries, _ in sample:
        days = sorted({entry.at // DAY for entry in entries if entry.kind == kind})
        gaps += [float(after - before) for before, after in pairwise(days)]
    return gaps


def _half_life(indicator: Indicator, by_kind: dict[str, list[float]]) -> Indicator:
    gaps = [gap for kind in indicator.kinds for gap in by_kind[kind]]
    if len(gaps) < _MIN_GAPS or indicator.within:
        return indicator
    days = timedelta(days=round(max(1.0, GAPS_A_HALF_LIFE * median(gaps))))
    return attrs.evolve(indicator, half_life=min(days, HALF_LIVES[1]))


def _round(value: float) -> float:
    """Keep three significant digits, since people read a proposal; and the range of scales."""
    least, most = SCALES
    return float(f"{min(max(value, least), most):.3g}")
