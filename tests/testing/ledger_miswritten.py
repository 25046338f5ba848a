"""Connectors that each write wrongly in one way; which test must notice stands in each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from crmkit.contracts.connector import BatchRefused, Result, Upsert
from crmkit.contracts.exchange import Answer
from tests.testing.ledger import FIELDS, Sound


class AsciiOnly(Sound):
    """What is no ASCII is sent as a question mark."""

    notices = "test_any_script"

    def wire(self, value: Any) -> Any:
        found = super().wire(value)
        return found.encode("ascii", "replace").decode() if isinstance(found, str) else found


class OneLine(Sound):
    """Lines are joined."""

    notices = "test_line_breaks"

    def wire(self, value: Any) -> Any:
        found = super().wire(value)
        return " ".join(found.split("\n")) if isinstance(found, str) else found


class Tidy(Sound):
    """What is empty is not sent."""

    notices = "test_none_clears_a_field"

    def row(self, record: Upsert) -> dict[str, Any]:
        row = super().row(record)
        return {**row, "values": {k: v for k, v in row["values"].items() if v is not None}}


class Quoting(Sound):
    """What a record is found by ends at a quotation mark."""

    notices = "test_a_match_is_no_query"

    def row(self, record: Upsert) -> dict[str, Any]:
        row = super().row(record)
        if row["match"] is not None:
            name, value = row["match"]
            row["match"] = (name, value.split("'")[0])
        return row


class WholeRecord(Sound):
    """What is not sent is emptied."""

    notices = "test_a_missing_field_stays"

    def row(self, record: Upsert) -> dict[str, Any]:
        row = super().row(record)
        return {**row, "values": {**{field.name: None for field in FIELDS}, **row["values"]}}


class ByPosition(Sound):
    """Results are taken to come in the order of the records."""

    notices = "test_one_result_a_record"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        results = super().upsert(entity, records)
        return [
            attrs.evolve(result, key=record.key)
            for record, result in zip(records, results, strict=True)
        ]


class NeverEmpty(Sound):
    """It looks at the first record before it knows that there is one."""

    notices = "test_one_result_a_record"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        assert records[0].key
        return super().upsert(entity, records)


class Hushed(Sound):
    """Refused records have no result."""

    notices = "test_one_bad_record_fails_alone"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        return [result for result in super().upsert(entity, records) if result.done]


class AllOrNothing(Sound):
    """One bad record is said to have cost the others, which were written."""

    notices = "test_one_bad_record_fails_alone"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        results = super().upsert(entity, records)
        if all(result.done for result in results):
            return results
        return [Result(key=record.key, reason="one of the batch is bad") for record in records]


class RefusedAfterAll(Sound):
    """A batch is said to be refused whole, and its good records were written."""

    notices = "test_one_bad_record_fails_alone"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        results = super().upsert(entity, records)
        bad = [result for result in results if not result.done]
        if bad:
            raise BatchRefused(bad[0].reason)
        return results


class StatusOnly(Sound):
    """An HTTP 200 is success, whatever stands in it."""

    notices = "test_a_bad_record_by_itself_says_why"

    def result(self, row: dict[str, Any]) -> Result:
        return attrs.evolve(super().result(row), done=row.get("done") or "created")


class NoReason(Sound):
    """Why a record was refused is dropped."""

    notices = "test_a_bad_record_by_itself_says_why"

    def result(self, row: dict[str, Any]) -> Result:
        return attrs.evolve(super().result(row), reason="")


class AlwaysNew(Sound):
    """The id of a record is not sent."""

    notices = "test_written_again_by_id"

    def row(self, record: Upsert) -> dict[str, Any]:
        return {**super().row(record), "id": None}


class MatchesNobody(Sound):
    """The match of a record is not sent."""

    notices = "test_match_finds"

    def row(self, record: Upsert) -> dict[str, Any]:
        return {**super().row(record), "match": None}


class MatchesTheFirst(Sound):
    """Only the first record of a batch is looked for."""

    notices = "test_the_same_batch_again"

    def write(self, entity: str, records: Sequence[Upsert], *, again: bool) -> Answer:
        first, *others = records
        rest = [attrs.evolve(record, match=None) for record in others]
        return super().write(entity, [first, *rest], again=again)


class KnownFirst(Sound):
    """Known and new records go in two calls, and results are put together by position."""

    notices = "test_ids_and_matches_in_one_batch"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        known = [record for record in records if record.remote_id]
        new = [record for record in records if not record.remote_id]
        results = [*super().upsert(entity, known)[::-1], *super().upsert(entity, new)[::-1]]
        return [
            attrs.evolve(result, key=record.key)
            for record, result in zip(records, results, strict=True)
        ]


class Reviver(Sound):
    """A record that is gone is made anew."""

    notices = "test_what_is_gone_stays_gone"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        results = super().upsert(entity, records)
        gone = {result.key for result in results if result.code == "gone"}
        anew = [attrs.evolve(record, remote_id=None) for record in records if record.key in gone]
        kept = [result for result in results if result.key not in gone]
        return [*kept, *super().upsert(entity, anew)]


class OwnClock(Sound):
    """A write is dated by the machine."""

    notices = "test_our_own_echo_is_known"

    def result(self, row: dict[str, Any]) -> Result:
        return attrs.evolve(super().result(row), changed_at=datetime.now(UTC))


class Overwriting(Sound):
    """Since when a record must be unchanged is not sent."""

    notices = "test_what_was_changed_since_is_not_written"

    def row(self, record: Upsert) -> dict[str, Any]:
        return {**super().row(record), "since": None}


class NoConflict(Sound):
    """A conflict is a refusal as any other."""

    notices = "test_what_was_changed_since_is_not_written"

    def result(self, row: dict[str, Any]) -> Result:
        return attrs.evolve(super().result(row), conflict=False)


class DeletesOnce(Sound):
    """What is gone already is refused."""

    notices = "test_deleting"

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        results = super().delete(entity, ids)
        return [
            one if one.done == "deleted" else Result(key=one.key, reason="there is no such record")
            for one in results
        ]


class DeletesTheFirst(Sound):
    """Of several, one is deleted, and all are said to be."""

    notices = "test_deleting"

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        super().delete(entity, ids[:1])
        return [Result(key=key, remote_id=key, done="deleted") for key in ids]


class MergesAgain(Sound):
    """What was merged already is said to have been merged now."""

    notices = "test_merging"

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        return attrs.evolve(super().merge(entity, keep, drop), done="updated")
