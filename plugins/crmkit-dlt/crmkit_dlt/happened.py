"""Rows of touchpoints: captured, put right where they changed, taken back where deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs

from crmkit import CRM, InvalidValueError, Rejection, TouchpointNotFound
from crmkit_dlt.columns import Reader
from crmkit_dlt.report import Outcome
from crmkit_dlt.rows import Shape

BY = "dlt"
"""Who corrects and retracts, as decisions name it."""
_NUMBERS = ("id", "amount", "margin", "quantity")
_EXACT = (int, Decimal)
_OPTIONAL = (
    "amount currency margin quantity item category channel direction rating text origin of friend "
    "attributes"
).split()
Key = tuple[str, str]
"""Source and id of a touchpoint."""
_KEY = ("source", "id")


@attrs.frozen
class Happenings:
    """Takes the rows of one table.

    Attributes:
        reader: How they are read.
        source: Source of records that name none.
    """

    reader: Reader
    source: str

    def take(self, crm: CRM, items: Iterable[dict[str, Any]], shape: Shape) -> Outcome:
        """Take one batch of rows; the same batch again changes nothing.

        Raises:
            StoreError: the database failed; the batch is to be delivered again.
        """
        out = Outcome()
        records, deleted = self._read(items, shape, out)
        desk = _Desk(crm, shape.name, out)
        rejected: list[Rejection] = []
        report = crm.capture(records, self.source, on_reject=rejected.append)
        out.counts.update(new=report.new, known=report.duplicate)
        for one in rejected:
            key = self._key(one.record) if shape.upserts and one.field == "id" else None
            if key is None or not desk.correct(key, one.record):
                out.rejected.append(one)
        if shape.upserts and report.duplicate:
            self._turn_back(desk, records)
        for key in deleted:
            desk.retract(key)
        return out

    def _read(
        self, items: Iterable[dict[str, Any]], shape: Shape, out: Outcome
    ) -> tuple[list[dict[str, Any]], list[Key]]:
        """Give the records to capture, and the keys of what was deleted.

        Where rows replace what was said before, the last of each id is taken.
        """
        records: list[dict[str, Any]] = []
        last: dict[Key, dict[str, Any] | None] = {}
        for item in items:
            row = shape.row(item)
            is_deleted = shape.is_deleted(row)
            made = (self.reader.who if is_deleted else self.reader.make)(row)
            key = None if made is None or isinstance(made, Rejection) else self._key(made)
            if made is None:
                out.counts["skipped"] += 1
            elif isinstance(made, Rejection):
                out.rejected.append(made)
            elif is_deleted and key is None:
                missing = Rejection(row, "id", "is required to tell which row was deleted")
                out.rejected.append(missing)
            elif not shape.upserts or key is None:
                records.append(_plain(made))
            else:
                out.counts["skipped"] += key in last
                last.pop(key, None)
                last[key] = None if is_deleted else _plain(made)
        records.extend(record for record in last.values() if record is not None)
        return records, [key for key, record in last.items() if record is None]

    def _key(self, record: dict[str, Any]) -> Key | None:
        """Give source and id as crmkit keeps them; None where the record has none."""
        source, id_ = record.get("source") or self.source, record.get("id")
        if type(id_) not in (str, int) or id_ == "" or not isinstance(source, str):
            return None
        return source, str(id_)

    def _turn_back(self, desk: _Desk, records: list[dict[str, Any]]) -> None:
        """Correct again what says once more what it said before it was corrected from here.

        Capture knows it as a duplicate. What a person corrected stays: the source says nothing new.
        """
        by_source: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        for record in records:
            if key := self._key(record):
                by_source[key[0]][key[1]] = record
        for source, found in by_source.items():
            for id_, decision in desk.crm.touchpoints.corrections(source, [*found]).items():
                if decision.by == BY and desk.correct((source, id_), found[id_]):
                    desk.out.counts["known"] -= 1


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """Spell numbers as text, the same digits: capture reads a record of texts twice as fast."""
    for name in _NUMBERS:
        if type(value := record.get(name)) in _EXACT:
            record[name] = str(value)
    return record


@attrs.frozen
class _Desk:
    """Corrects and retracts on behalf of one table, and counts it."""

    crm: CRM
    table: str
    out: Outcome

    def correct(self, key: Key, record: dict[str, Any]) -> bool:
        """Let a live touchpoint say what a record says; tell whether there is one."""
        said = {name: value for name, value in record.items() if name not in _KEY}
        changes = dict.fromkeys(_OPTIONAL) | said
        try:
            self.crm.touchpoints.correct(*key, changes, reason=f"changed in {self.table}", by=BY)
        except TouchpointNotFound:  # retracted or erased
            return False
        except InvalidValueError as error:
            field = getattr(error, "field", None) or "record"
            if field == "changes":  # it says so already
                self.out.counts["known"] += 1
            else:
                self.out.rejected.append(Rejection(record, field, str(error)))
            return True
        self.out.counts["changed"] += 1
        return True

    def retract(self, key: Key) -> None:
        """Take back what was deleted; what never came, or was taken back before, is known."""
        try:
            self.crm.touchpoints.retract(*key, reason=f"deleted in {self.table}", by=BY)
        except TouchpointNotFound:
            self.out.counts["known"] += 1
        else:
            self.out.counts["deleted"] += 1
