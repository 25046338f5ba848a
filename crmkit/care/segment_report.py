"""What each segment brought and cost over a period, beside the one before (R125, R155)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

import attrs

from crmkit.care.periods import Touch, read_touches
from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, STANDING, STATE
from crmkit.model.indicators import ValueModel
from crmkit.model.reports import SegmentReport
from crmkit.value.basis import Basis
from crmkit.value.history import TODAY
from crmkit.value.readers import Window

SEGMENTS = ("tier", "stage", "kind", "owner")
NONE = "none"
_BOUGHT = STATE.position["bought"]
_COUNTED = ("event_invited", "event_attended", "survey_sent", "survey_answered")


@attrs.define
class _Segment:
    """What was read of one segment."""

    members: int = 0
    buyers_before: set[str] = attrs.field(factory=set)
    days: dict[str, set[int]] = attrs.field(factory=dict)
    new: int = 0
    through: int = 0
    revenue: float = 0.0
    profit: float | None = None
    counts: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(_COUNTED, 0))
    spend: float = 0.0


def segment_report(
    reader: Reader, basis: Basis, since: int, until: int, by: str
) -> tuple[SegmentReport, ...]:
    """Report on the period from `since` to before `until`, in microseconds; the largest first."""
    names: dict[str, str | None] = dict(reader.scan(STANDING, columns=("customer", by)))
    segments: dict[str, _Segment] = {}
    for id_, root in reader.scan(CUSTOMER, columns=("id", "root")):
        if id_ == root:
            _of(segments, names, root).members += 1
    windows = basis.promotions.until(until, TODAY)
    model, negative = basis.layout.model, basis.layout.kinds.negative
    for touch in read_touches(reader, 2 * since - until, until):
        segment = _of(segments, names, touch.root)
        if touch.at >= since:
            _note(segment, touch, model, windows, is_money=touch.kind in negative)
        elif touch.kind == "purchase":
            segment.buyers_before.add(touch.root)
    _count_new(reader, segments, names, since)
    whole = sum(segment.revenue for segment in segments.values())
    found = [_report(name, segment, whole) for name, segment in segments.items()]
    return tuple(sorted(found, key=lambda one: (-one.revenue, one.segment)))


def _of(segments: dict[str, _Segment], names: Mapping[str, str | None], root: str) -> _Segment:
    return segments.setdefault(names.get(root) or NONE, _Segment())


def _note(
    segment: _Segment, touch: Touch, model: ValueModel, windows: Iterable[Window], *, is_money: bool
) -> None:
    if touch.kind == "purchase":
        days = segment.days.setdefault(touch.root, set())
        if touch.at // DAY not in days:
            days.add(touch.at // DAY)
            segment.through += any(one.start <= touch.at <= one.end for one in windows)
    if is_money or touch.kind == "purchase":
        segment.revenue += touch.priced(model, touch.amount)
        if touch.margin is not None:
            segment.profit = (segment.profit or 0.0) + touch.priced(model, touch.margin)
    elif touch.kind in segment.counts:
        segment.counts[touch.kind] += 1
    segment.spend += touch.cost(model)


def _count_new(
    reader: Reader, segments: dict[str, _Segment], names: Mapping[str, str | None], since: int
) -> None:
    """Count the buyers of the period who had never bought before it."""
    buyers = {root for segment in segments.values() for root in segment.days}
    for row in reader.fetch(STATE, [(root,) for root in buyers]):
        if min(array("q", row[_BOUGHT] or b""), default=since) >= since:
            _of(segments, names, row[0]).new += 1


def _report(name: str, segment: _Segment, whole: float) -> SegmentReport:
    buyers = len(segment.days)
    days = sum(map(len, segment.days.values()))
    counts = segment.counts
    return SegmentReport(
        segment=name,
        customers=segment.members,
        active=buyers,
        new=segment.new,
        retained=_part(
            len(segment.buyers_before & segment.days.keys()), len(segment.buyers_before)
        ),
        repeat=_part(sum(len(one) > 1 for one in segment.days.values()), buyers),
        through_promotions=_part(segment.through, days),
        revenue=segment.revenue,
        revenue_share=_part(segment.revenue, whole),
        profit=segment.profit,
        basket=_part(segment.revenue, days),
        purchase_days=_part(days, buyers),
        attended=_part(counts["event_attended"], counts["event_invited"]),
        answered=_part(counts["survey_answered"], counts["survey_sent"]),
        spend=segment.spend,
        return_on_spend=_part(segment.revenue, segment.spend),
    )


def _part(part: float, whole: float) -> float | None:
    """Divide, where there is something to divide by."""
    return part / whole if whole else None
