"""From tallies and targets to figures: what was reached, what was due, and what falls short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import fmean

import attrs

from crmkit.care.targets.policy import (
    COUNT,
    MEASURES,
    MONEY,
    RATING,
    Measure,
    TargetSettings,
    why,
)
from crmkit.care.targets.tally import Tally
from crmkit.lifecycle.funnel.sums import part, sums
from crmkit.model.care import Reason
from crmkit.model.targets import Figure, Target
from crmkit.value.exchange import total

_PLACES = 4
_TEN = 10.0
Found = tuple[str | None, Decimal | None, int, Reason | None]
"""Currency, figure, what it rests on, and why there is none."""


@attrs.frozen(kw_only=True)
class Asked:
    """Whose figures are asked for, and what is known of them.

    Attributes:
        person: Whose; None: the firm's.
        team: Whether the whole department's.
        period: Name of the period.
        elapsed: The part of it that has passed.
        tally: What the log says.
        divided: Whether anybody has a tier.
        entered: What was entered of these people, by measure.
        targets: Their targets.
    """

    person: str | None
    team: bool
    period: str
    elapsed: float
    tally: Tally
    divided: bool
    entered: Mapping[str, Sequence[Decimal]]
    targets: Sequence[Target]


def figures(settings: TargetSettings, asked: Asked) -> Iterator[Figure]:
    """Give a figure a measure, of money one a currency."""
    for measure in MEASURES.values():
        targets = {one.currency: one.value for one in asked.targets if one.measure == measure.name}
        for currency, actual, n, reason in _work_out(settings, asked, measure, targets):
            yield _figure(settings, asked, measure, (currency, actual, n, reason), targets)


def _figure(
    settings: TargetSettings,
    asked: Asked,
    measure: Measure,
    found: Found,
    targets: Mapping[str | None, Decimal],
) -> Figure:
    currency, actual, n, reason = found
    target = targets.get(currency)
    expected = target
    if target is not None and measure.grows:
        expected = part(target, asked.elapsed)
    attainment = deviation = None
    if actual is not None and expected is not None:
        deviation = total((actual, expected.copy_negate()))
        attainment = float(actual / expected) if expected else None
    return Figure(
        person=asked.person,
        team=asked.team,
        period=asked.period,
        measure=measure.name,
        zh=measure.zh,
        unit=measure.unit,
        currency=currency,
        actual=actual,
        n=n,
        why=reason,
        target=target,
        expected=expected,
        attainment=attainment,
        deviation=deviation,
        alert=attainment is not None and attainment < 1 - settings.alert,
    )


def _work_out(
    settings: TargetSettings,
    asked: Asked,
    measure: Measure,
    targets: Mapping[str | None, Decimal],
) -> Iterable[Found]:
    """Work one measure out, or say why it cannot be."""
    seen, name = asked.tally, measure.name
    if measure.entered:
        values = [float(one) for one in asked.entered.get(name, ())]
        return [_mean(values, "not_entered")]
    if asked.elapsed <= 0:
        return [(code, None, 0, why("not_begun")) for code in targets or (None,)]
    if measure.unit == MONEY:
        return _money(seen.won if name == "sales" else seen.revenue, targets)
    if measure.unit == RATING:
        return [_mean(seen.ratings, "no_ratings")]
    if name == "teamwork":
        return [(None, Decimal(seen.joint), seen.tasks, None)]
    if name == "reports":
        return [_share(seen.filled, seen.records * len(settings.fields), seen.records)]
    if not asked.divided:
        return [(None, None, 0, why("no_tiers"))]
    if measure.unit == COUNT:
        return [(None, Decimal(seen.alive), seen.customers, None)]
    return [_share(seen.kept, seen.due, seen.due)]


def _money(
    sold: Sequence[tuple[str, Decimal]], targets: Mapping[str | None, Decimal]
) -> list[Found]:
    """Add money up by currency: what is sold in another than the target's does not reach it."""
    totals = sums(sold)
    codes = sorted({*totals, *(code for code in targets if code is not None)})
    counts = {code: sum(one == code for one, _ in sold) for code in codes}
    return [(code, totals.get(code, Decimal(0)), counts[code], None) for code in codes] or [
        (None, None, 0, why("no_currency"))
    ]


def _mean(values: Sequence[float], without: str) -> Found:
    if not values:
        return None, None, 0, why(without)
    return None, Decimal(repr(round(fmean(values), _PLACES))), len(values), None


def _share(part_: int, whole: int, n: int) -> Found:
    if not whole:
        return None, None, 0, why("no_customers")
    return None, Decimal(repr(round(part_ / whole, _PLACES))), n, None


def mix(settings: TargetSettings, found: Sequence[Figure]) -> tuple[float | None, tuple[str, ...]]:
    """Weigh the attainments together (R268); give what could not be weighed, too.

    A rating without a target counts against the best there is, 10.
    """
    reached_in_all = weights = 0.0
    missing = []
    for name, weight in settings.mix.items():
        reached = [
            min(one, settings.most)
            for figure in found
            if figure.measure == name and (one := _reached(figure)) is not None
        ]
        if reached:
            reached_in_all += weight * fmean(reached)
            weights += weight
        elif weight:
            missing.append(name)
    return (reached_in_all / weights if weights else None), tuple(missing)


def _reached(figure: Figure) -> float | None:
    if figure.attainment is None and figure.target is None and figure.unit == RATING:
        return None if figure.actual is None else float(figure.actual) / _TEN
    return figure.attainment
