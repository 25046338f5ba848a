"""Writing records: one call each, since the platform takes no batches.

``update`` leaves the owner as he is, says an old page of the vendor's (artiId 1146), and it is
nowhere said whether it tells so. So the first change of an owner is looked at, once; where it did
not come about, owners go by ``changeOwner`` from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmkit.contracts.connector import Result, RetryLater, Upsert, WriteLost
from crmkit.contracts.reading import mapping, text
from crmkit_fxiaoke.objects import Object, Objects, data_path
from crmkit_fxiaoke.platform import NAME, Platform, Refused
from crmkit_fxiaoke.reading import Reading
from crmkit_fxiaoke.settings import FxiaokeConfig
from crmkit_fxiaoke.values import Unfit, Values


class Writing:
    """Creates, updates, voids and deletes records."""

    def __init__(
        self,
        platform: Platform,
        objects: Objects,
        reading: Reading,
        config: FxiaokeConfig,
        values: Values,
    ) -> None:
        """Write nothing yet."""
        self._platform, self._objects, self._reading = platform, objects, reading
        self._config, self._values = config, values
        self._owner_by = config.owner_by
        self._flags = {
            "triggerWorkFlow": config.trigger_workflow,
            "triggerApprovalFlow": config.trigger_approval,
        }

    def upsert(self, entity: str, records: Sequence[Upsert]) -> list[Result]:
        """Write records, one after the other; see `Connector.upsert`.

        What stood in the way of one, after others were written, leaves the rest to be tried later.
        """
        results: list[Result] = []
        for place, record in enumerate(records):
            try:
                results.append(self._written(entity, record))
            except RetryLater as error:
                if not results:
                    raise
                why = str(error)
                rest = records[place:]
                results += [Result(key=one.key, retry=True, reason=why) for one in rest]
                break
        return results

    def delete(self, entity: str, ids: Sequence[str]) -> list[Result]:
        """Void records, and delete them for good where the settings say so."""
        return [self._deleted(entity, id_) for id_ in ids]

    def _written(self, entity: str, record: Upsert) -> Result:
        seen = self._objects.get(entity)
        values: dict[str, Any] = {}
        for name, value in record.values.items():
            try:
                values[name] = self._values.write(value, *seen.kind(name))
            except Unfit as error:
                return Result(key=record.key, field=name, reason=f"{name}: {error}")
        try:
            if record.remote_id is None:
                given = {
                    name: values[name] for name, one in record.values.items() if one is not None
                }
                return self._created(entity, record.key, given, seen)
            return self._updated(entity, record.key, record.remote_id, values)
        except Refused as refused:
            return self._refusal(record.key, refused, seen)

    def _created(self, entity: str, key: str, values: dict[str, Any], seen: Object) -> Result:
        names = self._config.names
        if names.owner in seen.demands and names.owner not in values:
            values[names.owner] = [self._platform.user()]
        if names.record_type in seen.demands:
            values.setdefault(names.record_type, self._config.record_type)
        told = self._platform.call(
            data_path(entity, "create"),
            {"object_data": {"dataObjectApiName": entity, **values}, "details": {}},
            repeatable=False,
            **self._flags,
        )
        data = told.body.get("data")
        id_ = text(told.body.get("dataId")) or text(data)
        for name in ("dataId", names.id, "objectDataId", "id"):
            id_ = id_ or text(mapping(data).get(name))
        if not id_:  # the vendor's sample for custom objects has none
            raise WriteLost(f"{NAME}: it made a record of {entity} and does not say its id")
        return Result(key=key, done="created", remote_id=id_)

    def _updated(self, entity: str, key: str, id_: str, values: dict[str, Any]) -> Result:
        done = Result(key=key, done="updated", remote_id=id_)
        owner = values.get(self._config.names.owner)
        if not values:
            return Result(key=key, done="unchanged", remote_id=id_)
        if owner and self._owner_by == "changeOwner":
            del values[self._config.names.owner]
        if values:
            self._update(entity, id_, values)
        if owner and self._owner_by != "update" and not self._took(entity, id_, owner[0]):
            change = {
                "dataObjectApiName": entity,
                "Data": [{"objectDataId": id_, "ownerId": owner}],
            }
            self._platform.call(data_path(entity, "changeOwner"), change)
        return done

    def _update(self, entity: str, id_: str, values: dict[str, Any]) -> None:
        told = {"_id": id_, "dataObjectApiName": entity, **values}
        self._platform.call(data_path(entity, "update"), {"object_data": told}, **self._flags)

    def _took(self, entity: str, id_: str, owner: str) -> bool:
        """Look whether ``update`` changed the owner, the first time; False: it never does."""
        if self._owner_by == "auto":
            name = self._config.names.owner
            found = self._reading.fetch(entity, [id_], [name])
            taken = not any(one.values.get(name, owner) != owner for one in found)
            self._owner_by = "update" if taken else "changeOwner"
        return self._owner_by == "update"

    def _deleted(self, entity: str, id_: str) -> Result:
        done = "deleted"
        try:
            asked = {"dataObjectApiName": entity, "object_data_id": id_}
            self._platform.call(data_path(entity, "invalid"), asked)
        except Refused as refused:
            # It may be void already: by people, or by this very call, made twice.
            if not any(one.deleted for one in self._reading.fetch(entity, [id_], ())):
                return self._refusal(id_, refused, self._objects.get(entity))
            done = "unchanged"
        if self._config.on_delete == "delete":
            try:
                asked_all = {"dataObjectApiName": entity, "idList": [id_]}
                self._platform.call(data_path(entity, "delete"), asked_all)
                done = "deleted"
            except Refused as refused:
                if done == "deleted":  # it is void, and stays there
                    return self._refusal(id_, refused, self._objects.get(entity))
        return Result(key=id_, done=done, remote_id=id_)

    def _refusal(self, key: str, refused: Refused, seen: Object) -> Result:
        code = None if refused.code is None else str(refused.code)
        field = seen.named_in(refused.reason)
        return Result(key=key, field=field, code=code, reason=refused.reason)
