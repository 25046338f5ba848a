"""Batches that are written, and what became of each record of them.

Wire: https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/upsert-contacts.
The order of results is not promised, so each record carries a trace id. Some of a batch may fail
(207), and one record that conflicts with another fails them all (409).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import attrs

from crmkit.contracts.connector import BatchRefused, Result, RetryLater, Upsert
from crmkit.contracts.reading import mapping, rows
from crmkit_hubspot import values
from crmkit_hubspot.api import Api, refused, whole
from crmkit_hubspot.errors import errors_of
from crmkit_hubspot.links import Links, unlinked
from crmkit_hubspot.outcome import CREATE, UPDATE, UPSERT, Group, Outcome, failed
from crmkit_hubspot.records import Shape
from crmkit_hubspot.schemas import LINKS

_FINE = range(200, 300)
_ITS_FAULT = frozenset({400, 404, 409, 413, 422})
"""Statuses of a batch that is refused for what is in it."""
_TOO_LONG = 413  # whoever says so may be a proxy, in words of its own


@attrs.frozen
class Writer:
    """Writes records of one object.

    Attributes:
        api: The account.
        shape: How its records look.
    """

    api: Api
    shape: Shape

    def write(self, records: Sequence[Upsert]) -> list[Result]:
        """Write a batch, in as few calls as it takes; those that may be repeated come first.

        Raises:
            BatchRefused: HubSpot took nothing of it, for one record's sake.
            RetryLater: likewise, for it has too much to do.
            WriteLost: nobody knows whether new records were made.
            SyncAborted: the token, or HubSpot, works no more.
        """
        groups, done = self._groups(records), list[Result]()
        for group in groups:
            try:
                done += self._written(group)
            except BatchRefused:
                if not done and len(groups) == 1:
                    raise
                done += self._halved(group)
            except RetryLater as later:
                if not done:
                    raise
                done += [
                    Result(key=one.key, retry=True, reason=str(later)) for one in group.records
                ]
        return done

    def _groups(self, records: Sequence[Upsert]) -> list[Group]:
        known, new = list[Upsert](), list[Upsert]()
        matched: dict[str, list[Upsert]] = {}
        for one in records:
            if one.remote_id is not None:
                known.append(one)
            elif one.match is not None and one.match[0] in self.shape.unique:
                matched.setdefault(one.match[0], []).append(one)
            else:
                new.append(one)
        upserts = [Group(UPSERT, some) for some in matched.values()]
        groups = [Group(UPDATE, known), *upserts, Group(CREATE, new)]
        return [group for group in groups if group.records]

    def _halved(self, group: Group) -> list[Result]:
        """Split what was refused until the bad record stands alone."""
        half = len(group.records) // 2
        done: list[Result] = []
        for some in (group.records[:half], group.records[half:]):
            smaller = Group(group.verb, some)
            try:
                done += self._written(smaller)
            except BatchRefused:
                done += self._halved(smaller)
            except RetryLater as later:
                done += [Result(key=one.key, retry=True, reason=str(later)) for one in some]
        return done

    def _written(self, group: Group) -> list[Result]:
        traces = {str(uuid4()): one for one in group.records}
        body = {"inputs": [self._input(group.verb, *pair) for pair in traces.items()]}
        path = self.api.objects(self.shape.entity, f"batch/{group.verb}")
        repeatable = group.verb != CREATE
        answer = self.api.ask("POST", path, body, repeatable=repeatable)
        errors = errors_of(answer)
        if answer.status not in _FINE:
            told = answer.status == _TOO_LONG or mapping(answer.data)
            if answer.status not in _ITS_FAULT or not told:
                refused(answer, path)
            if len(group.records) > 1:
                raise BatchRefused(errors[0].reason)
            return [failed(group.records[0], errors[0])]
        found = rows(whole(answer, path, repeatable=repeatable), "results")
        results = Outcome(self.shape, group, traces, found, errors).results()
        return results if group.verb == CREATE else self._linked(group, results)

    def _input(self, verb: str, trace: str, one: Upsert) -> dict[str, Any]:
        links, types = LINKS.get(self.shape.entity, {}), self.shape.types
        told: dict[str, Any] = {
            "properties": {
                name: values.sent(types.get(name, "text"), value)
                for name, value in one.values.items()
                if name not in links
            },
            "objectWriteTraceId": trace,
        }
        if verb == UPDATE:
            return {"id": one.remote_id, **told}
        if verb == UPSERT and one.match is not None:
            return {"idProperty": one.match[0], "id": one.match[1], **told}
        made = Links(self.api, self.shape.entity).made(one.values)
        return {**told, "associations": made} if made else told

    def _linked(self, group: Group, results: list[Result]) -> list[Result]:
        """Write the associations of records that are written themselves."""
        ids = {one.key: one.remote_id for one in results if one.done and one.remote_id}
        for name in LINKS.get(self.shape.entity, {}):
            wanted = {
                str(ids[one.key]): one.values[name] and str(one.values[name])
                for one in group.records
                if name in one.values and one.key in ids
            }
            if not wanted:
                continue
            wrong = Links(self.api, self.shape.entity).write(name, wanted)
            results = [
                unlinked(one, name, wrong[str(one.remote_id)])
                if str(one.remote_id) in wrong
                else one
                for one in results
            ]
        return results
