"""Competitors and their promotion windows (R47, R276-R278)."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class Promotion(Record):
    """A competitor's promotion window: who kept buying from us meanwhile? (R113).

    Attributes:
        id: Id of the decision that recorded it.
        competitor: Whose.
        start: First instant of the window.
        end: Last instant of the window; both ends inclusive.
        recorded_at: When crmkit learnt of it.
    """

    id: str
    competitor: str
    start: datetime
    end: datetime
    recorded_at: datetime
