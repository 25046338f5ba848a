"""Movements in words: why a score moved, for somebody who never saw the formulas."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.care.words import money
from crmkit.cli.output import placed, shown, signed
from crmkit.model.touchpoint import Touchpoint
from crmkit.model.value import Cause, Movement, Score

REASONS = {
    "late": "records that arrived late",
    "fading": "faded as time passed",
    "behaviour": "what happened meanwhile",
    "applicability": "weights shared out anew",
    "correction": "records corrected or merged",
    "override": "set or declined by a person",
    "model": "another value model",
}
_LEAST = 0.05
"""Points below which a cause is not worth a line; the small ones are added up in one."""
_TOUCHPOINTS = 3


def movement_lines(moved: Movement, name: str) -> Iterator[str]:
    """Tell a movement: one line that says what happened, then one a cause."""
    verb = "rose" if moved.delta > 0 else "fell" if moved.delta < 0 else "stands where it stood"
    yield f"{name or moved.customer_id}: {verb}, {signed(moved.delta)} points"
    yield f"from {_stood(moved.before)} to {_stood(moved.after)}"
    yield ""
    small = 0.0
    for cause in moved.causes:
        if abs(cause.delta) < _LEAST:
            small += cause.delta
        else:
            yield f"{signed(cause.delta):>6}  {cause.indicator}: {_why(cause)}"
    if abs(small) >= _LEAST / 2:
        yield f"{signed(small):>6}  smaller causes"
    yield ""
    yield f"together {signed(moved.delta)}"


def ranked_lines(moved: Movement) -> Iterator[str]:
    """Tell what of a movement hangs on everybody else; it may take seconds to work out."""
    yield f"unexpected, by the customer's own rhythm: {signed(moved.unexpected)}"
    yield f"tier: {_tier(moved.before)}, {_tier(moved.after)}"


def main_reasons(moved: Movement, count: int = 3) -> list[str]:
    """Give the causes that weigh most in the movement's direction, by reason."""
    sign = -1 if moved.unexpected < 0 or (moved.unexpected == 0 and moved.delta < 0) else 1
    weighty = sorted(
        (c for c in moved.causes if c.delta * sign >= _LEAST), key=lambda c: -abs(c.delta)
    )
    by_reason: dict[str, list[str]] = {}
    for cause in weighty[:count]:
        said = f"{cause.indicator} {signed(cause.delta)}"
        by_reason.setdefault(cause.reason, []).append(said)
    return [f"{REASONS[reason]}: {', '.join(said)}" for reason, said in by_reason.items()]


def touchpoint_words(touchpoint: Touchpoint) -> str:
    """Give a touchpoint in a few words: when, what, how much, of what."""
    amount = touchpoint.amount
    paid = "" if amount is None else money(amount, touchpoint.currency or "")
    facts = (f"{placed(touchpoint.at):%Y-%m-%d}", touchpoint.kind, paid, touchpoint.item)
    return " ".join(shown(fact) for fact in facts if fact)


def _stood(score: Score) -> str:
    return f"{score.total:.1f} on {_day(score)}"


def _tier(score: Score) -> str:
    return f"{score.tier or 'none'} on {_day(score)}"


def _day(score: Score) -> str:
    return f"{placed(score.at):%Y-%m-%d}"


def _why(cause: Cause) -> str:
    behind = cause.touchpoints
    if not behind:
        return REASONS[cause.reason]
    newest = ", ".join(map(touchpoint_words, behind[:_TOUCHPOINTS]))
    more = f" and {len(behind) - _TOUCHPOINTS} more" if len(behind) > _TOUCHPOINTS else ""
    return f"{REASONS[cause.reason]}: {newest}{more}"
