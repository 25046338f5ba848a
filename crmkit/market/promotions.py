"""Competitors' promotion windows, each a decision: the score reads them (R113, R278)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmkit.arguments import ID_LIMIT, refuse, text
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import decide, decisions
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.model.market import Promotion

KIND = "promotion"


def record(
    session: Session, competitor: str, start: datetime, end: datetime, by: str | None
) -> Promotion:
    """Record a window; the same one of the same competitor once."""
    competitor = text("competitor", competitor, ID_LIMIT, least=1)
    window = micros(start, "start"), micros(end, "end")
    if window[1] < window[0]:
        refuse("end", f"({end}) lies before start ({start})")
    deciding = session.deciding("", by)
    body = {"competitor": competitor, "start": window[0], "end": window[1]}
    with session.store.write() as writer:
        for known in decisions(writer, KIND):
            if known.body == body:
                return _promotion(known.id, micros(known.at), body)
        number = decide(writer, KIND, None, deciding, body)
    return _promotion(str(number), deciding.now, body)


def read(reader: Reader) -> tuple[Promotion, ...]:
    """Read every window that was recorded, oldest record first."""
    return tuple(_promotion(d.id, micros(d.at), d.body) for d in decisions(reader, KIND))


def _promotion(number: str, recorded: int, body: Mapping[str, Any]) -> Promotion:
    return Promotion(
        id=number,
        competitor=body["competitor"],
        start=instant(body["start"]),
        end=instant(body["end"]),
        recorded_at=instant(recorded),
    )
