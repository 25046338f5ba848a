"""The connector: what the engine asks, handed to those who know how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import attrs

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Finding,
    Hint,
    Remote,
    Result,
    Schema,
    SyncAborted,
    Upsert,
)
from crmkit.contracts.reading import mapping
from crmkit_hubspot.api import Api, refused
from crmkit_hubspot.archive import Archive
from crmkit_hubspot.errors import Error, errors_of
from crmkit_hubspot.links import Links
from crmkit_hubspot.records import Shape
from crmkit_hubspot.schemas import BATCH, ENTITIES, MERGED, described
from crmkit_hubspot.settings import HubSpotConfig
from crmkit_hubspot.webhook import check_signature, hints
from crmkit_hubspot.windows import Window
from crmkit_hubspot.writing import Writer

_FINE = range(200, 300)
_GONE = "OBJECT_NOT_FOUND"


class HubSpot(Connector):
    """One HubSpot account.

    Attributes:
        clock: Tells the present instant; signatures are measured by it.
    """

    overlap = 300.0  # the search may show a write minutes late

    def __init__(self, config: HubSpotConfig) -> None:
        """Call nobody yet."""
        self.config = config
        self.clock: Callable[[], datetime] = _now
        self._api = Api(config)
        self._shapes: dict[str, Shape] = {}

    def entities(self) -> Sequence[str]:
        """Name HubSpot's usual objects; custom ones are asked for by their id, ``2-123``."""
        return ENTITIES

    def schema(self, entity: str) -> Schema:
        """Describe an object, with the associations that are fields here."""
        found = described(self._ready(), entity, self.config.page_size)
        self._shapes[entity] = Shape.of(found)
        return found

    def account(self) -> str | None:
        """Give the id of the HubSpot account, where the token may ask for it."""
        return self._ready().account()

    def seconds(self, calls: int) -> float:
        """Give the time that so many calls take within the limits set."""
        return self.config.limits.seconds(calls)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read what the search shows as changed, and which records went into those."""
        api, shape = self._ready(), self._shape(entity)
        window = Window(api, shape, shape.asked(fields), self.config.page_size)
        page = window.page(cursor or Cursor())
        records = [
            record
            for one in page.found
            for record in (shape.remote(one, fields), *shape.merged(one))
        ]
        linked = tuple(self._linked(shape, records, fields))
        return Changes(records=linked, cursor=page.cursor, more=page.more, now=page.now)

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        """Read which records were archived; those that were merged say into which."""
        archive = Archive(self._ready(), self._shape(entity), self.config.page_size)
        return archive.page(cursor or Cursor())

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read records by id, a hundred in a call."""
        api, shape = self._ready(), self._shape(entity)
        archive, records = Archive(api, shape, self.config.page_size), list[Remote]()
        for start in range(0, len(ids), BATCH):
            some = list(dict.fromkeys(ids[start : start + BATCH]))
            found = archive.read(some, shape.asked(fields))
            for id_ in some:
                told = found.get(id_)
                if told is None:
                    records.append(Remote(id=id_, deleted=True))
                elif str(told["id"]) != id_:
                    into, at = str(told["id"]), shape.changed(told)
                    records.append(Remote(id=id_, deleted=True, merged_into=into, changed_at=at))
                else:
                    records.append(shape.remote(told, fields))
        return self._linked(shape, records, fields)

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write a batch: by id, by a unique property, or anew; each goes over once."""
        return Writer(self._ready(), self._shape(entity)).write(records)

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Archive records; those that went into others are left, or the others would go."""
        archive = Archive(self._ready(), self._shape(entity), BATCH)
        results: list[Result] = []
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            there = self._there(archive, some)
            gone = [one for one in some if one not in there]
            results += [Result(key=one, done="unchanged", remote_id=one) for one in gone]
            results += self._archived(entity, there) if there else []
        return results

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        """Let `drop` go into `keep`; HubSpot may give the two a new id."""
        api, shape = self._ready(), self._shape(entity)
        body = {"primaryObjectId": keep, "objectIdToMerge": drop}
        answer = api.ask("POST", api.objects(entity, "merge"), body)
        told = mapping(answer.data)
        if answer.status in _FINE and "id" in told:
            at = shape.changed(told)
            return Result(key=drop, done="updated", remote_id=str(told["id"]), changed_at=at)
        found = Archive(api, shape, BATCH).read([keep, drop], [MERGED])
        if keep in found and drop in found and found[keep]["id"] == found[drop]["id"]:
            return Result(key=drop, done="unchanged", remote_id=str(found[keep]["id"]))
        error = errors_of(answer)[0] if answer.status not in _FINE else None
        if error is None:
            refused(answer, api.objects(entity, "merge"))
        return Result(key=drop, code=error.code, reason=error.reason, field=error.field)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Hint], Response]:
        """Read a call of the webhook; `url` is the whole address that HubSpot called."""
        secret = self.config.client_secret
        check_signature(secret, headers, body, method=method, url=url, now=self.clock())
        return hints(body), Response(200)

    def check(self) -> Sequence[Finding]:
        """Look whether the token reaches anything; of objects that are mapped `schema` tells."""
        trouble: list[str] = []
        for entity in ENTITIES:
            try:
                self.schema(entity)
            except SyncAborted as error:
                trouble.append(str(error))
            else:
                return ()
        remedy = "give the token the scopes crm.objects.*.read and .write of what is mapped"
        return [Finding(what=trouble[0], remedy=remedy)]

    def close(self) -> None:
        """Give the connections back."""
        self._api.close()

    def _ready(self) -> Api:
        self._api.keep(self.tokens, self.meter)
        return self._api

    def _shape(self, entity: str) -> Shape:
        if entity not in self._shapes:
            self.schema(entity)
        return self._shapes[entity]

    def _linked(
        self, shape: Shape, records: Sequence[Remote], fields: Sequence[str]
    ) -> Sequence[Remote]:
        """Add the associations that are among the fields to records that are there."""
        ids = [one.id for one in records if not one.deleted]
        for name in shape.linked(fields) if ids else ():
            found = Links(self._api, shape.entity).read(name, ids)
            if found is None:
                continue
            records = [
                one
                if one.deleted
                else attrs.evolve(one, values={**one.values, name: found.get(one.id)})
                for one in records
            ]
        return records

    def _there(self, archive: Archive, ids: Sequence[str]) -> Sequence[str]:
        """Give those that are there: archiving tells of no record whether it was."""
        try:
            found = archive.read(ids, [MERGED])
        except SyncAborted:  # it may not be asked: archiving says what is wrong, if anything is
            return ids
        return [one for one in ids if one in found and str(found[one]["id"]) == one]

    def _archived(self, entity: str, ids: Sequence[str]) -> list[Result]:
        api = self._ready()
        path = api.objects(entity, "batch/archive")
        answer = api.ask("POST", path, {"inputs": [{"id": one} for one in ids]})
        errors = errors_of(answer)
        if answer.status in _FINE:
            failed = {one: error for error in errors for one in error.ids}
            return [
                Result(key=one, done="deleted", remote_id=one)
                if one not in failed
                else _kept(one, failed[one])
                for one in ids
            ]
        if answer.status not in (400, 404, 409) or not mapping(answer.data):
            refused(answer, path)
        if len(ids) == 1:
            return [_kept(ids[0], errors[0])]
        half = len(ids) // 2
        return [*self._archived(entity, ids[:half]), *self._archived(entity, ids[half:])]


def _now() -> datetime:
    return datetime.now(UTC)


def _kept(id_: str, error: Error) -> Result:
    """Say why a record was not archived; one that is gone needs not be."""
    if error.code == _GONE:
        return Result(key=id_, done="unchanged", remote_id=id_)
    return Result(key=id_, remote_id=id_, code=error.code, reason=error.reason)
