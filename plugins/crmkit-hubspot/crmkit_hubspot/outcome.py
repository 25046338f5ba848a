"""Which result of a batch, and which error, belongs to which record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.contracts.connector import Result, Upsert
from crmkit.contracts.reading import mapping
from crmkit_hubspot import values
from crmkit_hubspot.errors import Error
from crmkit_hubspot.records import Shape
from crmkit_hubspot.schemas import LINKS

CREATE, UPDATE, UPSERT = "create", "update", "upsert"


@attrs.frozen
class Group:
    """Records that go over in one call.

    Attributes:
        verb: ``create``, ``update`` or ``upsert``.
        records: Which.
    """

    verb: str
    records: Sequence[Upsert]


@attrs.frozen
class Outcome:
    """Tells which result and which error belongs to which record.

    Attributes:
        shape: How the records look.
        group: What was written.
        traces: The records by trace id.
        told: Results as HubSpot gave them.
        errors: Errors likewise.
    """

    shape: Shape
    group: Group
    traces: Mapping[str, Upsert]
    told: list[dict[str, Any]]
    errors: list[Error]

    def results(self) -> list[Result]:
        """Give one result a record.

        Of a new one that HubSpot says nothing of nobody knows whether it was made: it has none.
        """
        done: dict[str, Result] = {}
        left = [one for one in self.told if not self._settle(one, self._traced(one), done)]
        left = [one for one in left if not self._settle(one, self._alike(one, done), done)]
        for error in self.errors:
            for one in self._meant(error, done):
                done.setdefault(one.key, failed(one, error))
        open_ = [one for one in self.group.records if one.key not in done]
        if len(open_) == len(left) == 1:
            self._settle(left[0], open_[0], done)
        unnamed = next((one for one in self.errors if not one.traces and not one.ids), None)
        for one in self.group.records if unnamed or self.group.verb != CREATE else ():
            done.setdefault(one.key, failed(one, unnamed) if unnamed else _unsettled(one))
        return [done[one.key] for one in self.group.records if one.key in done]

    def _settle(self, told: Mapping[str, Any], one: Upsert | None, done: dict[str, Result]) -> bool:
        """Note what became of a record; tell whether it is known which one it is."""
        if one is None or one.key in done or not told.get("id"):
            return False
        made = self.group.verb == CREATE or (self.group.verb == UPSERT and told.get("new") is True)
        done[one.key] = Result(
            key=one.key,
            done="created" if made else "updated",
            remote_id=str(told.get("id")),
            changed_at=self.shape.changed(told),
        )
        return True

    def _traced(self, told: Mapping[str, Any]) -> Upsert | None:
        return self.traces.get(str(told.get("objectWriteTraceId")))

    def _alike(self, told: Mapping[str, Any], done: Mapping[str, Result]) -> Upsert | None:
        """Find the record of a result without a trace id: by its id, match or values."""
        found = mapping(told, "properties")
        fitting = [
            one
            for one in self.group.records
            if one.key not in done and self._fits(one, str(told.get("id")), found)
        ]
        twins = all(one.values == fitting[0].values for one in fitting)
        return fitting[0] if fitting and twins else None  # of twins either may be either

    def _fits(self, one: Upsert, id_: str, found: Mapping[str, Any]) -> bool:
        if self.group.verb == UPDATE:
            return one.remote_id == id_
        if self.group.verb == UPSERT and one.match is not None:
            name, value = one.match
            return str(found.get(name) or "").casefold() == value.casefold()
        return self._holds(found, one)

    def _holds(self, found: Mapping[str, Any], one: Upsert) -> bool:
        types, links = self.shape.types, LINKS.get(self.shape.entity, {})
        return all(
            values.given(types.get(name, "text"), found.get(name)) == value
            for name, value in one.values.items()
            if name not in links
        )

    def _meant(self, error: Error, done: Mapping[str, Result]) -> list[Upsert]:
        """Give the records that an error is about, among those without a result."""
        named = [self.traces[one] for one in error.traces if one in self.traces]
        named += [
            one
            for one in self.group.records
            if one.remote_id in error.ids or (one.match is not None and one.match[1] in error.ids)
        ]
        return [one for one in named if one.key not in done]


def failed(one: Upsert, error: Error) -> Result:
    """Say of a record why it was refused."""
    return Result(
        key=one.key,
        remote_id=one.remote_id,
        field=error.field,
        code=error.code,
        reason=error.reason,
    )


def _unsettled(one: Upsert) -> Result:
    reason = "HubSpot's answer has neither a result nor an error for this record"
    return Result(key=one.key, remote_id=one.remote_id, code="no result", reason=reason)
