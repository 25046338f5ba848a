"""``crm.report``: one pass over the log, one over the customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from crmkit.arguments import callback, refuse
from crmkit.clock import instant, micros
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import COLLISION, CUSTOMER, STANDING, TOUCHPOINT
from crmkit.model.statistics import NOBODY, Counts, Statistics
from crmkit.model.touchpoint import TYPED
from crmkit.value.live import voided

_LOG = ("seq", "at", "kind", "source", "origin", "currency")
Step = Callable[[int], object]
"""Told now and then how many touchpoints were counted."""


def report(
    session: Session, since: datetime | None, until: datetime | None, step: Step | None = None
) -> Statistics:
    """Count a workspace, its touchpoints from `since` to before `until`; see ``crm.report``."""
    low = None if since is None else micros(since, "since")
    high = None if until is None else micros(until, "until")
    if low is not None and high is not None and high < low:
        refuse("until", f"lies before since ({since})", until)
    callback("step", step)
    with session.store.read() as reader:
        return gather(reader, low, high, step=step or (lambda _: None))


def gather(
    reader: Reader,
    since: int | None = None,
    until: int | None = None,
    *,
    step: Step = lambda _: None,
) -> Statistics:
    """Count everything, in one consistent look.

    Args:
        reader: The look.
        since: Touchpoints from here on, in microseconds; None: all.
        until: Touchpoints before this instant.
        step: Told now and then how many rows were read, for a progress bar.
    """
    gone = voided(reader)
    seen: dict[tuple[str, str, str, str | None], int] = Counter()
    first: int | None = None
    last: int | None = None
    taken_back = 0
    high = None if until is None else until - 1
    rows = reader.scan(TOUCHPOINT, by=("at",), low=since, high=high, columns=_LOG)
    for number, (seq, at, kind, source, origin, currency) in enumerate(rows):
        if number % 10_000 == 0:
            step(number)
        if seq in gone:
            taken_back += 1
            continue
        first, last = at if first is None else first, at
        seen[kind, source, origin, currency] += 1
    forms = Counter(
        kind
        for id_, root, kind in reader.scan(CUSTOMER, columns=("id", "root", "kind"))
        if id_ == root
    )
    standing = list(reader.scan(STANDING, columns=("tier", "stage", "kind", "owner")))
    total = sum(seen.values())
    typed = sum(count for (_, _, origin, _), count in seen.items() if origin == TYPED)
    return Statistics(
        since=None if since is None else instant(since),
        until=None if until is None else instant(until),
        customers=sum(forms.values()),
        by_form=_sorted(forms),
        by_tier=_sorted(Counter(row[0] or "none" for row in standing)),
        by_stage=_sorted(Counter(row[1] or "none" for row in standing)),
        by_kind=_sorted(Counter(row[2] or "none" for row in standing)),
        by_owner=_sorted(Counter(row[3] or NOBODY for row in standing)),
        touchpoints=total,
        first=None if first is None else instant(first),
        last=None if last is None else instant(last),
        by_touchpoint=_by(seen, 0),
        by_source=_by(seen, 1),
        by_currency=_by(seen, 3),
        captured=total - typed,
        typed=typed,
        captured_share=(total - typed) / total if total else 0.0,
        taken_back=taken_back,
        collisions=reader.count(COLLISION, {"resolved": None}),
    )


def _by(seen: Mapping[tuple[str, str, str, str | None], int], place: int) -> Counts:
    found: Counter[str] = Counter()
    for key, count in seen.items():
        value = key[place]
        if value is not None:
            found[value] += count
    return _sorted(found)


def _sorted(counts: Counter[str]) -> Counts:
    """Put the largest first, then by name."""
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
