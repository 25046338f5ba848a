"""Records on their way: many in a call, and what became of each.

Where sObject Collections are not offered (an old version of the API, a proxy that lets only some
resources through), each record is a call of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Result, RetryLater, SyncAborted, WriteLost
from crmkit.contracts.exchange import Answer, said_of
from crmkit.contracts.reading import mapping, rows
from crmkit_salesforce.api import NAME, Api, error_of
from crmkit_salesforce.queries import checked, chunks
from crmkit_salesforce.results import GONE, refused_by, saved
from crmkit_salesforce.shapes import BATCH

COLLECTION = "composite/sobjects"
_BAD = (400, 413)
"""Statuses of a call that was refused whole for one of its records, or for its size."""
_ABSENT = (404, 405)
"""Statuses of a resource that is not offered."""
_REFUSED = 400
_CHANGED = 412


@attrs.frozen
class Line:
    """One record on its way.

    Attributes:
        key: Of its result.
        body: As a collection has it; one that is to be changed has its ``id``.
        done: What it is if it succeeds, unless the answer says.
    """

    key: str
    body: dict[str, Any]
    done: str = "updated"

    def alone(self) -> dict[str, Any]:
        """Give the body of a call for it alone."""
        return {
            name: value for name, value in self.body.items() if name not in ("attributes", "id")
        }


class Sending:
    """Sends records of one object."""

    def __init__(self, api: Api, entity: str) -> None:
        """Send nothing yet."""
        self._api, self._entity = api, checked(entity)

    def send(self, method: str, lines: Sequence[Line], external: str = "") -> list[Result]:
        """Send records of one way, as many in a call as it takes.

        Args:
            method: ``PATCH``: they have an id, or are upserted; ``POST``: they are new.
            lines: The records.
            external: The external id that they are upserted on.

        Raises:
            RetryLater: none of them was made anew.
            WriteLost: nobody knows whether they were made anew.
            SyncAborted: Salesforce takes none of them.
        """
        path = f"{COLLECTION}/{self._entity}/{checked(external)}" if external else COLLECTION
        done: list[Result] = []
        try:
            for start in range(0, len(lines), BATCH):
                self._call(method, path, lines[start : start + BATCH], done)
        except RetryLater as error:
            if method != "POST" or not any(one.done for one in done):
                raise
            # What was made must not be made again: only the others wait.
            known = {one.key for one in done}
            done += [_waits(line, error) for line in lines if line.key not in known]
        return done

    def guarded(self, id_: str, line: Line, since: datetime) -> Result:
        """Change a record unless somebody did; the header knows whole seconds."""
        at = since + timedelta(seconds=1) if since.microsecond else since
        headers = {"If-Unmodified-Since": format_datetime(at, usegmt=True)}
        return self._alone("PATCH", line, id_, headers=headers, repeatable=False)

    def delete(self, ids: Sequence[str]) -> list[Result]:
        """Put records into the recycle bin; what is gone already is ``unchanged``."""
        done: list[Result] = []
        for part in chunks([*dict.fromkeys(ids)], BATCH):
            if self._api.collections:
                params = {"ids": ",".join(part), "allOrNone": "false"}
                answer = self._api.call("DELETE", COLLECTION, params=params)
                if answer.status < _REFUSED:
                    results = results_of(answer, len(part))
                    done += [_deleted(*pair) for pair in zip(part, results, strict=True)]
                    continue
                self._api.collections = answer.status not in _ABSENT
            if len(part) > 1 and self._api.collections:
                half = len(part) // 2
                done += [*self.delete(part[:half]), *self.delete(part[half:])]
            else:
                lines = [Line(one, {}, "deleted") for one in part]
                done += [self._unless_gone(self._alone("DELETE", one, one.key)) for one in lines]
        return done

    def _call(self, method: str, path: str, lines: Sequence[Line], done: list[Result]) -> None:
        """Send records in one call; one that is refused whole is divided until the bad is alone."""
        if path == COLLECTION and not self._api.collections:
            done += [self._alone(method, line, line.body.get("id", "")) for line in lines]
            return
        body = {"allOrNone": False, "records": [line.body for line in lines]}
        answer = self._api.call(method, path, json=body, repeatable=method != "POST")
        if answer.status < _REFUSED:
            results = results_of(answer, len(lines))
            for line, told in zip(lines, results, strict=True):
                done.append(saved(line.key, told, line.done))
        elif answer.status in _ABSENT and path == COLLECTION:
            self._api.collections = False
            self._call(method, path, lines, done)
        elif answer.status not in _BAD:
            raise SyncAborted(f"{NAME} takes no {self._entity}{said_of(answer)}")
        elif len(lines) == 1:
            done.append(refused_by(lines[0].key, _errors(answer), said_of(answer)))
        else:
            self._divide(method, path, lines, done, answer)

    def _divide(
        self, method: str, path: str, lines: Sequence[Line], done: list[Result], answer: Answer
    ) -> None:
        """Send records again whose call was refused whole."""
        bad = [line for line in lines if _names_a_field(answer, line)]
        if bad:  # each of them has a field that it does not know
            done += [refused_by(line.key, _errors(answer), said_of(answer)) for line in bad]
            parts = [[line for line in lines if line not in bad]]
        else:
            parts = [[*lines[: len(lines) // 2]], [*lines[len(lines) // 2 :]]]
        for part in parts:
            if part:
                self._call(method, path, part, done)

    def _alone(
        self,
        method: str,
        line: Line,
        id_: str,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Result:
        """Send a record by itself."""
        answer = self._api.call(
            method,
            f"sobjects/{self._entity}" + (f"/{_checked_id(id_)}" if id_ else ""),
            headers=headers,
            json=None if method == "DELETE" else line.alone(),
            repeatable=method != "POST" if repeatable is None else repeatable,
        )
        if answer.status < _REFUSED:
            told = mapping(answer.data)
            return saved(
                line.key, {**told, "id": told.get("id") or id_, "success": True}, line.done
            )
        result = refused_by(line.key, _errors(answer), said_of(answer))
        conflict = answer.status == _CHANGED
        return attrs.evolve(result, remote_id=id_ or None, conflict=conflict)

    def _unless_gone(self, result: Result) -> Result:
        gone = result.done is None and result.code in GONE | {"MALFORMED_ID"}
        return Result(key=result.key, done="unchanged", remote_id=result.key) if gone else result


def results_of(answer: Answer, count: int) -> list[dict[str, Any]]:
    """Give the results of a collection, one a record.

    Raises:
        WriteLost: there are not as many.
    """
    found = rows(answer.data)
    if len(found) != count:
        raise WriteLost(f"{NAME} answers {len(found)} results for {count} records")
    return found


def _deleted(id_: str, told: Mapping[str, Any]) -> Result:
    gone = any(str(one.get("statusCode")) in GONE for one in rows(told.get("errors")))
    if gone or told.get("success"):
        return Result(key=id_, done="unchanged" if gone else "deleted", remote_id=id_)
    return refused_by(id_, told)


def _checked_id(id_: str) -> str:
    """Give an id as a path may carry it.

    Raises:
        SyncAborted: it is none.
    """
    if not (id_.isascii() and id_.isalnum()):
        raise SyncAborted(f"{id_!r} is no id of {NAME}")
    return id_


def _errors(answer: Answer) -> dict[str, Any]:
    """Give the errors of a call as those of a record."""
    return {"errors": rows(answer.data)}


def _names_a_field(answer: Answer, line: Line) -> bool:
    """Tell whether a refusal of a whole call names a field that this record has."""
    error = error_of(answer)
    if error.get("errorCode") != "INVALID_FIELD":
        return False
    words = str(error.get("message")).replace("'", " ").split()
    return any(name in words for name in line.alone())


def _waits(line: Line, error: RetryLater) -> Result:
    return Result(key=line.key, retry=True, code="REQUEST_LIMIT_EXCEEDED", reason=str(error))
