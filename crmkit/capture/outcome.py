"""What goes into a batch, and what comes of it."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.capture.identity import Found
from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.model.touchpoint import TYPED, Rejection

_ORIGIN = TOUCHPOINT.position["origin"]
_CURRENCY = TOUCHPOINT.position["currency"]


class LostRace(Exception):  # noqa: N818 - a signal: the batch is done again
    """Another process captured one of the same records in the meantime."""


@attrs.define
class Outcome:
    """What became of one batch.

    Attributes:
        run: Id of the capture; 0 as long as nothing was written.
        rows: TOUCHPOINT rows that were added.
        roots: Customers whose value was touched.
        duplicate: Records that were known already.
        rejections: By their place in the batch.
        collisions: Ids of the collisions that were met.
        known: Whether any of the records had come before.
    """

    run: int
    rows: list[Row] = attrs.field(factory=list)
    roots: set[str] = attrs.field(factory=set)
    duplicate: int = 0
    rejections: list[tuple[int, Rejection]] = attrs.field(factory=list)
    collisions: set[str] = attrs.field(factory=set)
    known: bool = False

    @property
    def typed(self) -> int:
        """How many of the new touchpoints a person typed."""
        return sum(row[_ORIGIN] == TYPED for row in self.rows)

    @property
    def currencies(self) -> set[str]:
        """Currencies that came with the new touchpoints."""
        return {row[_CURRENCY] for row in self.rows if row[_CURRENCY] is not None}


@attrs.define
class Staged:
    """The records of a batch that could be read, side by side.

    Attributes:
        places: Place of each in the batch.
        parsed: Their fields, in the order of `crmkit.capture.fields.Fields`.
        records: The records as they came, for rejections.
        owners: Whose the first of them are, as far as that was found out ahead.
        age: Of what `owners` were found among.
    """

    places: list[int] = attrs.field(factory=list)
    parsed: list[tuple[Any, ...]] = attrs.field(factory=list)
    records: list[Any] = attrs.field(factory=list)
    owners: list[Found | None] = attrs.field(factory=list)
    age: int = -1
