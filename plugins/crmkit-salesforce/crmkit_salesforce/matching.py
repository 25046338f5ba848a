"""Whose a value is, for fields that cannot be upserted on: looked up, one query a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crmkit.contracts.connector import Result, Upsert
from crmkit_salesforce.queries import Queries, among, chunks, select
from crmkit_salesforce.results import refused
from crmkit_salesforce.shapes import BATCH, Shape


class Matches:
    """The records that have the values of one field."""

    def __init__(self, queries: Queries, shape: Shape, field: str) -> None:
        """Know none yet."""
        self._queries, self._shape, self._field = queries, shape, field
        self._ids: dict[str, dict[str, None]] = defaultdict(dict)

    def look_up(self, records: Sequence[Upsert]) -> None:
        """Find the ids of all that have the match of one of `records`."""
        literals = {self._shape.literal(self._field, value_of(one)): None for one in records}
        for part in chunks([*literals], BATCH):
            where = [among(part, self._field)]
            soql = select(self._shape.entity, ["Id", self._field], where)
            for row in self._queries.every(soql):
                self._ids[self._alike(row.get(self._field))][str(row.get("Id"))] = None

    def of(self, record: Upsert) -> list[str]:
        """Give the ids that have its match, as they were looked up."""
        return [*self._ids.get(self._alike(value_of(record)), ())]

    def objection(self, record: Upsert, before: Mapping[str, object]) -> Result | None:
        """Say why a record can be neither changed nor made; None: it can.

        Args:
            record: Which.
            before: Values of those of its batch that are to be made, as `spelled` has them.
        """
        field, value, ids = self._field, value_of(record), self.of(record)
        if len(ids) > 1:
            message = f"{len(ids)} records have the {field} {value!r}: {', '.join(ids)}"
            return refused(record.key, "MULTIPLE_CHOICES", message, field)
        if not ids and self.spelled(record) in before:
            message = f"another record of the same batch has the {field} {value!r}"
            return refused(record.key, "DUPLICATE_VALUE", message, field, retry=True)
        return None

    def spelled(self, record: Upsert) -> str:
        """Give a record's match as equal ones have it."""
        return self._alike(value_of(record))

    def _alike(self, value: Any) -> str:
        """Bring a value to what Salesforce takes for the same: its texts know no case."""
        if self._shape.kind(self._field) == "number" and value is not None:
            return f"{Decimal(str(value)).normalize():f}"
        return str(value).casefold()


def value_of(record: Upsert) -> str:
    """Give the value that a record is found by; empty where it has none."""
    return record.match[1] if record.match else ""
