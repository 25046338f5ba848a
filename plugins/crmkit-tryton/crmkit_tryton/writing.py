"""Writing a batch: new records in one call, changed ones in another, each call all or nothing.

New ones go first. So a refusal of theirs leaves nothing done, and the engine may split the batch;
once they are made, their ids must not be lost, and a refusal of the rest is told record by record.
A change is the difference to what Tryton has: it may be computed and written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.contracts.connector import (
    BatchRefused,
    Result,
    RetryLater,
    SyncAborted,
    Upsert,
    WriteLost,
)
from crmkit_tryton.differences import Unfit, difference
from crmkit_tryton.finding import by_value
from crmkit_tryton.model import Model, changed
from crmkit_tryton.reading import found
from crmkit_tryton.refusals import refusal, refused
from crmkit_tryton.rpc import Refused, Rpc

_STALE = "ConcurrencyException"
_TURNS = 3  # readings and writings of one batch, where others write the same records
Changed = list[tuple[Upsert, dict[str, Any], str | None]]


class Batch:
    """One batch that is being written.

    Attributes:
        results: What became of each record so far, by its key.
    """

    def __init__(self, rpc: Rpc, model: Model, records: Sequence[Upsert]) -> None:
        """Take the records, and write none yet."""
        self._rpc, self._model = rpc, model
        self._records = list(records)
        self._ids: dict[str, int] = {}
        self._made: dict[str, int] = {}
        self.results: dict[str, Result] = {}

    def write(self) -> list[Result]:
        """Write it; raises as `Connector.upsert`.

        All is read before anything is made: what is made must be told.
        """
        self._ids = self._found()
        todo = self._differing([one for one in self._records if one.key in self._ids])
        self._create([one for one in self._records if self._open(one) and one.key not in self._ids])
        try:
            self._update(todo)
        except (RetryLater, SyncAborted) as later:
            if not self._made:
                raise
            for one in filter(self._open, self._records):
                self.results[one.key] = Result(key=one.key, retry=True, reason=str(later))
        return [self.results[one.key] for one in self._records]

    def _open(self, record: Upsert) -> bool:
        return record.key not in self.results

    def _found(self) -> dict[str, int]:
        """Give the ids of the records that exist, by key, those found by their match among them."""
        ids: dict[str, int] = {}
        matches: dict[str, list[Upsert]] = {}
        for one in self._records:
            self._model.known(one.values)
            if one.remote_id is not None:
                if one.remote_id.isdecimal():
                    ids[one.key] = int(one.remote_id)
                else:
                    self.results[one.key] = refused(one.key, "gone", "Tryton has no such id")
            elif one.match is not None:
                matches.setdefault(one.match[0], []).append(one)
        for field, records in matches.items():
            ids.update(self._matched(field, records))
        return ids

    def _matched(self, field: str, records: Sequence[Upsert]) -> dict[str, int]:
        self._model.known([field])
        values = {one.key: one.match[1] for one in records if one.match is not None}
        hits = by_value(self._rpc, self._model, field, values.values())
        ids, taken = {}, set()
        for key, value in values.items():
            owners = hits.get(value, [])
            if len(owners) > 1:
                reason = f"{len(owners)} records in Tryton have {field} {value!r}"
                self.results[key] = refused(key, "ambiguous", reason, field=field)
            elif owners:
                ids[key] = owners[0]
            elif value in taken:
                reason = f"another record of this batch has {field} {value!r} too"
                self.results[key] = refused(key, "duplicate", reason, field=field)
            taken.add(value)
        return ids

    def _create(self, records: Sequence[Upsert]) -> None:
        """Make new records in one call.

        Raises:
            BatchRefused: none was made, for one's sake.
        """
        given = {
            one.key: values for one in records if (values := self._difference(one)) is not None
        }
        if not given:
            return
        method = f"model.{self._model.name}.create"
        try:
            numbers = self._rpc.call(method, list(given.values()), repeatable=False)
        except Refused as error:
            if len(given) > 1:
                raise BatchRefused(f"Tryton: {error.reason}") from error
            self._refuse(next(iter(given)), error)
            return
        self._made = dict(zip(given, map(int, numbers), strict=True))
        times = self._times(list(self._made.values()), list(records[0].values))
        for key, number in self._made.items():
            self.results[key] = Result(
                key=key, done="created", remote_id=str(number), changed_at=times.get(number)
            )

    def _update(self, todo: Changed) -> None:
        """Write what differs, in one call; again where somebody else was faster."""
        for turn in range(_TURNS):
            if not todo:
                return
            last = turn == _TURNS - 1
            try:
                self._send(todo)
            except Refused as error:
                if last or error.code != _STALE:
                    self._apart(todo, error)
                    return
            except WriteLost:
                if last:
                    raise
            else:
                self._done(todo)
                return
            todo = self._differing([one for one, _, _ in todo])  # shows what became of it

    def _differing(self, records: Sequence[Upsert]) -> Changed:
        """Read the records, and tell what of each must be written; those done are noted."""
        fields = list(dict.fromkeys(name for one in records for name in one.values))
        numbers = list(dict.fromkeys(self._ids[one.key] for one in records))
        columns = self._model.columns(fields)
        rows = found(self._rpc, self._model, numbers, columns) if numbers else {}
        todo: Changed = []
        for one in records:
            row = rows.get(self._ids[one.key])
            if row is None or not row.get("active", True):
                code = "gone" if row is None else "archived"
                reason = "it was deleted in Tryton" if row is None else "it is inactive in Tryton"
                self.results[one.key] = refused(one.key, code, reason, remote_id=self._ids[one.key])
                continue
            values = self._difference(one, row)
            if values is None:
                continue
            at = changed(row)
            if not values:
                self.results[one.key] = Result(
                    key=one.key, done="unchanged", remote_id=str(row["id"]), changed_at=at
                )
            elif one.unchanged_since is not None and at is not None and at > one.unchanged_since:
                self.results[one.key] = Result(
                    key=one.key,
                    conflict=True,
                    remote_id=str(row["id"]),
                    changed_at=at,
                    code="conflict",
                    reason=f"somebody changed it in Tryton at {at.isoformat()}",
                )
            else:
                checked = row.get("_timestamp") if one.unchanged_since is not None else None
                todo.append((one, values, checked))
        return todo

    def _difference(
        self, record: Upsert, row: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Give what to write; None: a value cannot be written, as is noted."""
        try:
            return difference(self._model, record.values, row)
        except Unfit as error:
            self.results[record.key] = refused(record.key, "value", str(error), field=error.field)
            return None

    def _send(self, todo: Changed) -> None:
        """Write changes in one call, which Tryton makes one transaction."""
        pairs = [part for one, values, _ in todo for part in ([self._ids[one.key]], values)]
        stamps = {
            f"{self._model.name},{self._ids[one.key]}": stamp for one, _, stamp in todo if stamp
        }
        context = {"_timestamp": stamps} if stamps else {}
        self._rpc.call(f"model.{self._model.name}.write", *pairs, repeatable=False, context=context)

    def _apart(self, todo: Changed, error: Refused) -> None:
        """Find out for whose sake a call was refused.

        Raises:
            BatchRefused: the engine may split the batch, since nothing of it was done.
        """
        if len(todo) == 1:
            self._refuse(todo[0][0].key, error)
            return
        if not self._made:
            raise BatchRefused(f"Tryton: {error.reason}") from error
        for one in todo:
            try:
                self._send([one])
            except Refused as refusing:
                self._refuse(one[0].key, refusing)
            else:
                self._done([one])

    def _done(self, todo: Changed) -> None:
        names = list(dict.fromkeys(name for one, _, _ in todo for name in one.values))
        times = self._times([self._ids[one.key] for one, _, _ in todo], names)
        for one, _, _ in todo:
            number = self._ids[one.key]
            self.results[one.key] = Result(
                key=one.key, done="updated", remote_id=str(number), changed_at=times.get(number)
            )

    def _times(self, numbers: Sequence[int], names: Sequence[str]) -> dict[int, datetime | None]:
        """Ask when Tryton says that they were changed; without an answer nobody knows."""
        parts = [name for name in names if name in self._model.parts]
        try:
            rows = found(self._rpc, self._model, list(numbers), self._model.columns(parts))
        except (Refused, RetryLater, SyncAborted):
            return {}  # they are written; only our own echo is not known by its time
        return {number: changed(row) for number, row in rows.items()}

    def _refuse(self, key: str, error: Refused) -> None:
        self.results[key] = refusal(key, error, self._model)
