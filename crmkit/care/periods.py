"""The touchpoints of a period, streamed to whoever reports on it: one pass over the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from crmkit.arguments import refuse
from crmkit.clock import micros
from crmkit.contracts.store import Reader
from crmkit.model.indicators import ValueModel
from crmkit.value.exchange import priced
from crmkit.value.live import live_rows
from crmkit.value.roots import merged

_COLUMNS = (
    "seq customer kind at amount currency margin channel direction rating origin attributes source"
).split()
_COST = '"cost"'


class Touch(NamedTuple):
    """One touchpoint that holds, as reports read it.

    Attributes:
        seq: Its place in the log.
        root: Whose it is today.
        kind: Of what kind.
        at: When it happened, in microseconds.
        amount: Decimal text, or None.
        currency: ISO 4217 code, or None.
        margin: Decimal text, or None.
        channel: Channel, or None.
        direction: ``in``, ``out`` or None.
        rating: 0 to 10, or None.
        origin: ``captured`` or ``typed``.
        attributes: JSON text, or None.
        source: System it came from.
    """

    seq: int
    root: str
    kind: str
    at: int
    amount: str | None
    currency: str | None
    margin: str | None
    channel: str | None
    direction: str | None
    rating: float | None
    origin: str
    attributes: str | None
    source: str

    def priced(self, model: ValueModel, value: str | None) -> float:
        """Give an amount or a margin of it in the base currency; 0.0 where it has no rate."""
        return priced(model, value, self.currency)

    def cost(self, model: ValueModel) -> float:
        """Give what it cost us: ``cost`` among its attributes, in its own or the base currency."""
        if self.attributes is None or _COST not in self.attributes:
            return 0.0
        cost = json.loads(self.attributes).get("cost")
        try:
            number = float(cost)
        except (TypeError, ValueError):
            return 0.0
        return number * (model.rate(self.currency or model.currency) or 0.0)


def bounds(since: datetime, until: datetime) -> tuple[int, int]:
    """Give a period's ends in microseconds.

    Raises:
        InvalidValueError: it ends before it begins; `NaiveTimeError`: an end has no offset.
    """
    low, high = micros(since, "since"), micros(until, "until")
    if high <= low:
        refuse("until", f"must lie behind since ({since})", until)
    return low, high


def read_touches(reader: Reader, since: int, until: int) -> Iterator[Touch]:
    """Stream what happened from `since` to before `until`, oldest first, and holds today."""
    roots = merged(reader)
    for row in live_rows(reader, _COLUMNS, since=since, until=until):
        yield Touch._make((row[0], roots.get(row[1], row[1]), *row[2:]))
