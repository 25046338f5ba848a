"""Connectors that keep a law in another way than most; the test that must allow it is named."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.contracts.connector import BatchRefused, Result, Upsert
from tests.testing.ledger import WORDS, Sound
from tests.testing.ledger_misread import ByNumber


class WholeBatches(Sound):
    """A bad record costs its whole batch, and nothing of that is written."""

    notices = "test_one_bad_record_fails_alone"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        if any(record.values.get("name", "?") is None for record in records):
            raise BatchRefused("a record has no name")
        return super().upsert(entity, records)


class Shifting(ByNumber):
    """Pages are counted off, and it says so: whoever reads begins anew."""

    notices = "test_a_change_between_two_pages"
    words = WORDS | {"shifting"}


class Silent(Sound):
    """When a write changed its record is not told."""

    notices = "test_written_again_by_id"

    def result(self, row: dict[str, object]) -> Result:
        told = super().result(row)
        return Result(key=told.key, done=told.done, remote_id=told.remote_id, reason=told.reason)
