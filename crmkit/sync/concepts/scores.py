"""What crmkit knows of a customer that a CRM does not: score, tier, stage and next contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from crmkit.care.entries import entry_of
from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import STANDING
from crmkit.model.value import Score
from crmkit.sync.comparing import Base
from crmkit.sync.fields import SCORE
from crmkit.sync.settings import MappingRule
from crmkit.sync.track import Extra
from crmkit.sync.values import Value

_TIER, _STAGE, _DUE, _QUEUE = (
    STANDING.position[name] for name in ("tier", "stage", "due", "queue")
)
TOTAL, NEXT, WHY = f"{SCORE}total", f"{SCORE}next_contact", f"{SCORE}why"
_FALL = -5.0  # points: a fall worth a word, as for those whom the kinds call migrating
_CAUSES = 2


class Scores(Extra):
    """Score, tier, stage, next contact and its reason, of customers.

    Args:
        rule: The mapping.
        scores: Gives the scores of customers by id.
        zone: Where the days of those who work here begin.
    """

    def __init__(
        self,
        rule: MappingRule,
        scores: Callable[[Sequence[str]], Mapping[str, Score]],
        zone: tzinfo,
    ) -> None:
        """Read nothing yet."""
        self._rule, self._scores, self._zone = rule, scores, zone
        self._names = {field.ours for field in rule.fields}

    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, dict[str, Value]]:
        """Give values by customer and field."""
        scores = self._scores(keys)
        rows = {row[0]: row for row in reader.fetch(STANDING, [(key,) for key in keys])}
        return {key: self._values(scores.get(key), rows.get(key)) for key in keys}

    def steady(self, name: str, now: Value, sent: Base | None) -> Value:
        """Give what was sent as long as a score has moved by less than a step."""
        if name != TOTAL or sent is None or not isinstance(sent.ours, (int, float)):
            return now
        if not isinstance(now, (int, float)) or abs(now - sent.ours) >= self._rule.step:
            return now
        return sent.ours

    def _values(self, score: Score | None, row: Row | None) -> dict[str, Value]:
        stood: dict[str, Any] = {
            "total": None if score is None else round(score.total, 1),
            "tier": row[_TIER] if row and row[_TIER] else score and score.tier,
            "stage": row[_STAGE] if row else None,
            "next_contact": None,
            "why": None,
        }
        if row is not None and row[_QUEUE] is not None:
            stood["next_contact"] = instant(row[_DUE]).astimezone(self._zone).date().isoformat()
            stood["why"] = _why(row)
        named = {f"{SCORE}{name}": value for name, value in stood.items()}
        return {name: value for name, value in named.items() if name in self._names}


def _why(row: Row) -> str:
    """Say why a customer is to be contacted, in words that do not change with the days."""
    entry = entry_of(row)
    if entry.contact is None:
        return "never contacted"
    if entry.unexpected <= _FALL and entry.causes:
        causes = ", ".join(f"{name} {delta:+.1f}" for name, delta in entry.causes[:_CAUSES])
        return f"falling: {causes}"
    return "contact is due"
