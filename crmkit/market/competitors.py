"""What is known of competitors, version by version; and notes about the market."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, mapping, text, texts
from crmkit.capture.money import amount
from crmkit.capture.money import currency as code
from crmkit.clock import instant
from crmkit.contracts.documents import Documents
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.model.market import Competitor, MarketNote, Price

COMPETITORS = Documents("competitor", Competitor)
NOTES = Documents("market_note", MarketNote)
_KNOWN = "known"


def record(session: Session, name: str, said: Mapping[str, Any], by: str | None) -> Competitor:
    """Record what was found out about a competitor; what is not said stays as it was known."""
    called = text("name", name, ID_LIMIT, least=1).strip()
    deciding = session.deciding("", by)
    changes = {field: value for field, value in said.items() if value is not None} | {
        "recorded_at": instant(deciding.now),
        "recorded_by": deciding.by,
    }
    with session.store.write() as writer:
        known = find(writer, called)
        if known is None:
            new = Competitor(name=called, state=_KNOWN, **changes)
            return COMPETITORS.open(writer, deciding, new, "recorded")
        new = attrs.evolve(known, version=known.version + 1, **changes)
        return COMPETITORS.move(writer, deciding, new, "recorded")


def find(reader: Reader, name: str) -> Competitor | None:
    """Give what is known of somebody, or None."""
    return next((one for one in COMPETITORS.all(reader) if one.name == name), None)


def versions(reader: Reader, name: str) -> tuple[Competitor, ...]:
    """Give everything that was ever recorded of a competitor, oldest first."""
    known = find(reader, text("name", name, ID_LIMIT).strip())
    if known is None:
        return ()
    made = COMPETITORS.history(reader, known)
    return tuple(Competitor.from_dict(one.body["document"]) for one in made)


def words(field: str, value: object) -> tuple[str, ...] | None:
    """Take several texts, or None."""
    return None if value is None else texts(field, value)


def prices(given: object, currency: object) -> tuple[Price, ...] | None:
    """Take what products cost, or None."""
    if given is None:
        return None
    asked = mapping("prices", given, 'what each product costs: {"tea": "80.00"}')
    return tuple(
        Price(
            product=text("prices", product, ID_LIMIT, least=1),
            amount=amount("prices", cost, least=Decimal(0)),
            currency=code("currency", currency),
        )
        for product, cost in asked.items()
    )
