"""Writing: by id, by external id, or looked up first; each in as few calls as there can be.

Records go in this order: those with an id, those matched by an external id, and last those that
are new, since these alone cannot be sent twice. A field that is no external id cannot be upserted
on: one query finds whose id a batch's values belong to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Result, RetryLater, SyncAborted, Upsert, WriteLost
from crmkit.contracts.exchange import said_of
from crmkit.contracts.reading import rows
from crmkit_salesforce.api import NAME, Api, error_of
from crmkit_salesforce.queries import Queries, among, checked, chunks, results_of, select
from crmkit_salesforce.results import GONE, refused, refused_by, saved
from crmkit_salesforce.shapes import BATCH, Shape, Unfit

_BAD = (400, 413)
"""Statuses of a call that was refused whole for one of its records, or for its size."""
COLLECTION = "composite/sobjects"


@attrs.frozen
class _Line:
    """One record on its way.

    Attributes:
        key: Of its result.
        body: As it goes over the wire.
        done: What it is if it succeeds, unless the answer says.
    """

    key: str
    body: dict[str, Any]
    done: str = "updated"


class Writing:
    """Writes one object of one organisation."""

    def __init__(self, api: Api, queries: Queries, shape: Shape) -> None:
        """Write nothing yet."""
        self._api, self._queries, self._shape = api, queries, shape
        self._entity = checked(shape.entity)

    def upsert(self, records: Sequence[Upsert]) -> list[Result]:
        """Write records and give a result for each.

        Raises:
            RetryLater: nothing was made anew; what was changed may be changed so again.
            WriteLost: nobody knows whether what was new was made.
            SyncAborted: the credentials, or Salesforce, work no more.
        """
        done: list[Result] = []
        by_id: list[_Line] = []
        new: list[tuple[Upsert, _Line]] = []
        matched: dict[str, list[_Line]] = defaultdict(list)
        sought: dict[str, list[tuple[Upsert, _Line]]] = defaultdict(list)
        for record in records:
            try:
                line = self._line(record)
            except Unfit as error:
                done.append(refused(record.key, "INVALID_VALUE", str(error), error.field))
                continue
            if record.remote_id is not None and record.unchanged_since is not None:
                done.append(self._guarded(record.remote_id, line, record.unchanged_since))
            elif record.remote_id is not None:
                line.body["id"] = record.remote_id
                by_id.append(line)
            elif record.match is None:
                new.append((record, line))
            elif self._shape.external(record.match[0]):
                matched[record.match[0]].append(line)
            else:
                sought[record.match[0]].append((record, line))
        for field, pairs in sought.items():
            found = self._found(field, [record for record, _ in pairs])
            for record, line in pairs:
                self._sort(record, line, found, (by_id, new, done))
        done += self._sent("PATCH", COLLECTION, by_id)
        for field, lines in matched.items():
            done += self._sent("PATCH", f"{COLLECTION}/{self._entity}/{checked(field)}", lines)
        return done + self._created(new)

    def delete(self, ids: Sequence[str]) -> list[Result]:
        """Put records into the recycle bin; what is gone already is ``unchanged``."""
        done = []
        for part in chunks([*dict.fromkeys(ids)], BATCH):
            params = {"ids": ",".join(part), "allOrNone": "false"}
            answer = self._api.call("DELETE", COLLECTION, params=params)
            if answer.status in _BAD and len(part) > 1:
                half = len(part) // 2
                done += [*self.delete(part[:half]), *self.delete(part[half:])]
                continue
            told = error_of(answer)
            if answer.status >= 400 and str(told.get("errorCode")) in GONE | {"MALFORMED_ID"}:  # noqa: PLR2004
                done.append(Result(key=part[0], done="unchanged", remote_id=part[0]))
                continue
            if answer.status >= 400:  # noqa: PLR2004 - refused
                raise SyncAborted(f"{NAME} deletes nothing{said_of(answer)}")
            for one, result in zip(part, results_of(answer, len(part)), strict=True):
                gone = any(str(e.get("statusCode")) in GONE for e in rows(result.get("errors")))
                what = "unchanged" if gone else "deleted"
                fine = gone or result.get("success")
                done.append(
                    Result(key=one, done=what, remote_id=one) if fine else refused_by(one, result)
                )
        return done

    def _line(self, record: Upsert) -> _Line:
        """Write a record as it goes over the wire.

        Raises:
            Unfit: a value cannot.
        """
        values = {name: self._shape.wire(name, value) for name, value in record.values.items()}
        if record.match is not None and record.remote_id is None:
            field, value = record.match
            self._shape.literal(field, value)  # it may be looked up
            values.setdefault(field, value)
        return _Line(record.key, {"attributes": {"type": self._entity}, **values})

    def _guarded(self, id_: str, line: _Line, since: datetime) -> Result:
        """Change a record unless somebody did; the header knows whole seconds."""
        at = since + timedelta(seconds=1) if since.microsecond else since
        body = {name: value for name, value in line.body.items() if name != "attributes"}
        answer = self._api.call(
            "PATCH",
            f"sobjects/{self._entity}/{checked_id(id_)}",
            headers={"If-Unmodified-Since": format_datetime(at, usegmt=True)},
            json=body,
            repeatable=False,
        )
        if answer.status < 300:  # noqa: PLR2004 - taken
            return Result(key=line.key, done="updated", remote_id=id_)
        result = refused_by(line.key, {"errors": rows(answer.data)}, said_of(answer))
        return attrs.evolve(result, remote_id=id_, conflict=answer.status == 412)  # noqa: PLR2004

    def _found(self, field: str, records: Sequence[Upsert]) -> dict[str, dict[str, None]]:
        """Look up the ids of those records whose `field` has one of the values, by value."""
        literals: dict[str, None] = {}
        for record in records:
            value = record.match[1] if record.match else ""
            literals[self._shape.literal(field, value)] = None
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for part in chunks([*literals], BATCH):
            soql = select(self._entity, ["Id", field], [among(part, field)])
            for row in self._queries.every(soql):
                found[self._alike(field, row.get(field))][str(row.get("Id"))] = None
        return found

    def _sort(
        self,
        record: Upsert,
        line: _Line,
        found: dict[str, dict[str, None]],
        ways: tuple[list[_Line], list[tuple[Upsert, _Line]], list[Result]],
    ) -> None:
        """Send a record the way that its match was found: changed, made, or refused."""
        by_id, new, done = ways
        field, value = record.match or ("", "")
        ids = [*found.get(self._alike(field, value), ())]
        if len(ids) > 1:
            message = f"{len(ids)} records have the {field} {value!r}: {', '.join(ids)}"
            done.append(refused(line.key, "MULTIPLE_CHOICES", message, field))
        elif ids and not ids[0]:
            message = f"another record of the same batch has the {field} {value!r}"
            done.append(
                attrs.evolve(refused(line.key, "DUPLICATE_VALUE", message, field), retry=True)
            )
        elif ids:
            line.body["id"] = ids[0]
            by_id.append(line)
        else:
            found.setdefault(self._alike(field, value), {})[""] = (
                None  # the next one with it must wait
            )
            new.append((record, line))

    def _created(self, new: Sequence[tuple[Upsert, _Line]]) -> list[Result]:
        """Make records anew; where nobody knows whether they were made, look for them.

        Raises:
            WriteLost: some of them cannot be found, so that they may still come to be.
        """
        lines = [attrs.evolve(line, done="created") for _, line in new]
        try:
            return self._sent("POST", COLLECTION, lines)
        except WriteLost:
            made = self._made([record for record, _ in new])
            if made is None:
                raise
            return made

    def _made(self, records: Sequence[Upsert]) -> list[Result] | None:
        """Find by their match what a lost call has made; None where not all are found."""
        fields: dict[str, list[Upsert]] = defaultdict(list)
        for record in records:
            if record.match is None:
                return None
            fields[record.match[0]].append(record)
        done = []
        for field, some in fields.items():
            found = self._found(field, some)
            for record in some:
                ids = [*found.get(self._alike(field, (record.match or ("", ""))[1]), ())]
                if len(ids) != 1:
                    return None
                done.append(Result(key=record.key, done="created", remote_id=ids[0]))
        return done

    def _alike(self, field: str, value: Any) -> str:
        """Bring a value to what Salesforce takes for the same: its texts know no case."""
        if self._shape.kind(field) == "number":
            return f"{Decimal(str(value)).normalize():f}"
        return str(value).casefold()

    def _sent(self, method: str, path: str, lines: Sequence[_Line]) -> list[Result]:
        """Send records of one way, as many in a call as it takes."""
        done: list[Result] = []
        for start in range(0, len(lines), BATCH):
            part = lines[start : start + BATCH]
            try:
                done += self._call(method, path, part)
            except RetryLater as error:
                if method != "POST" or not done:
                    raise
                # What was made must not be made again: only the others wait.
                done += [_waits(line, error) for line in lines[start:]]
                break
        return done

    def _call(self, method: str, path: str, lines: Sequence[_Line]) -> list[Result]:
        """Send records in one call; one that is refused whole is divided until the bad is alone."""
        body = {"allOrNone": False, "records": [line.body for line in lines]}
        answer = self._api.call(method, path, json=body, repeatable=method != "POST")
        if answer.status not in _BAD:
            if answer.status >= 400:  # noqa: PLR2004 - refused for another reason
                raise SyncAborted(f"{NAME} takes no {self._entity}{said_of(answer)}")
            results = results_of(answer, len(lines))
            return [
                saved(line.key, one, line.done) for line, one in zip(lines, results, strict=True)
            ]
        error = error_of(answer)
        refusal = {"errors": [{**error, "statusCode": error.get("errorCode")}]}
        if len(lines) == 1:
            return [refused_by(lines[0].key, refusal, said_of(answer))]
        bad = [line for line in lines if _named(error, line)]
        if bad:  # each of them has the field that it does not know
            good = [line for line in lines if line not in bad]
            return [
                *(refused_by(line.key, refusal) for line in bad),
                *self._sent(method, path, good),
            ]
        half = len(lines) // 2
        done = self._sent(method, path, lines[:half])
        try:
            return done + self._sent(method, path, lines[half:])
        except RetryLater as later:
            if method != "POST":
                raise
            return done + [_waits(line, later) for line in lines[half:]]


def checked_id(id_: str) -> str:
    """Give an id as a path may carry it.

    Raises:
        SyncAborted: it is none.
    """
    if not id_.isalnum():
        raise SyncAborted(f"{id_!r} is no id of {NAME}")
    return id_


def _named(error: Mapping[str, Any], line: _Line) -> bool:
    """Tell whether a refusal of a whole call names a field that this record has."""
    if error.get("errorCode") != "INVALID_FIELD":
        return False
    words = str(error.get("message")).replace("'", " ").split()
    return any(name in words for name in line.body if name not in ("attributes", "id"))


def _waits(line: _Line, error: RetryLater) -> Result:
    return Result(key=line.key, retry=True, code="REQUEST_LIMIT_EXCEEDED", reason=str(error))
