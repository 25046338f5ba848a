"""A whole plugin: keeps the members of a club in step, whose list is reached by HTTP."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

import attrs

from crmkit import hookimpl
from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Field,
    Remote,
    Result,
    Schema,
    SyncAborted,
    Upsert,
)
from crmkit.contracts.exchange import Answer, Request, said_of
from crmkit.contracts.limits import CallLimits
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import Service
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import ConnectorSpec

MEMBERS = "members"
FIELDS = (
    Field(name="email", unique=True, length=200),
    Field(name="name", required=True, length=80),
    Field(name="points", type="number"),
)


@attrs.frozen(kw_only=True)
class ClubConfig:
    """The settings, under ``[connectors.NAME]`` with ``type = "club"``."""

    base_url: str
    key: Secret
    page_size: int = 100
    limits: CallLimits = attrs.field(factory=CallLimits)


class Club(Connector):
    """Reads and writes the list; `Service` keeps the limits, waits, and tries again."""

    def __init__(self, config: ClubConfig) -> None:
        self.config = config
        self.service = Service("the club", config.limits)  # connects when it is used

    def entities(self) -> Sequence[str]:
        """Name the one object there is."""
        return [MEMBERS]

    def schema(self, entity: str) -> Schema:
        """Describe it: the engine checks values by it before they are sent."""
        if entity != MEMBERS:
            raise SyncAborted(f"the club keeps no {entity}")
        return Schema(entity=entity, fields=FIELDS, batch=50, page=self.config.page_size)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read a page behind an instant and an id; those who left come as deleted."""
        start = cursor or Cursor()
        since = start.at.isoformat() if start.at else ""
        asked = {"since": since, "after": start.id, "limit": str(self.config.page_size)}
        answer = self._call("GET", entity, entity, params=asked)
        found = tuple(_remote(row, fields) for row in rows(answer.data, entity))
        end = Cursor(found[-1].changed_at, found[-1].id) if found else start
        return Changes(records=found, cursor=end, more=answer.data.get("more") is True)

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write a batch; what could come twice is not sent again where nobody knows."""
        sent = [
            {"key": r.key, "id": r.remote_id, "email": r.match and r.match[1], "set": _set(r)}
            for r in records
        ]
        again = all(record.remote_id or record.match for record in records)
        answer = self._call("POST", entity, "results", json={entity: sent}, repeatable=again)
        return [
            Result(key=r["key"], done=r.get("done"), remote_id=r.get("id"), reason=r.get("why", ""))
            for r in rows(answer.data, "results")
        ]

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Take members off the list."""
        gone = self._call("POST", f"{entity}/delete", "gone", json={"ids": [*ids]}).data["gone"]
        return [Result(key=k, done="deleted" if k in gone else "unchanged") for k in ids]

    def _call(
        self, method: str, path: str, part: str, *, repeatable: bool = True, **sent: Any
    ) -> Answer:
        self.service.meter = self.meter  # counts the day's calls, where the engine gave one
        url, key = f"{self.config.base_url}/{path}", f"Bearer {self.config.key.reveal()}"
        request = Request(method=method, url=url, headers={"Authorization": key}, **sent)
        answer = self.service.call(request, repeatable=repeatable)
        if answer.status != HTTPStatus.OK or not isinstance(mapping(answer.data).get(part), list):
            raise SyncAborted(f"the club answers {answer.status}{said_of(answer)}")
        return answer


def _remote(row: dict[str, Any], fields: Sequence[str]) -> Remote:
    values = {} if row["left"] else {name: row["values"].get(name) for name in fields}
    at = datetime.fromisoformat(row["changed"])
    return Remote(id=row["id"], values=values, changed_at=at, deleted=row["left"])


def _set(record: Upsert) -> dict[str, Any]:
    return {k: float(v) if k == "points" and v is not None else v for k, v in record.values.items()}


@hookimpl
def crmkit_connectors() -> Iterator[ConnectorSpec]:
    """Offer the connector."""
    words = {"upsert", "delete"}
    yield ConnectorSpec(name="club", open=Club, config=ClubConfig, capabilities=words)
