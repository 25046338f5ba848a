"""A CRM that can do all a CRM may, and a connector to it that keeps every law."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

import attrs

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Field,
    Hint,
    Ids,
    Remote,
    Result,
    Schema,
    SyncAborted,
    Token,
    Upsert,
)
from crmkit.contracts.exchange import Answer as Said
from crmkit.contracts.exchange import Request
from crmkit.contracts.limits import CallLimits
from crmkit.contracts.reading import mapping, posted, rows, text
from crmkit.contracts.service import Service
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import base64_digest, header, refuse, same
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book, Entry

WORDS = set("upsert delete deleted_feed sweep fetch merge receive if_unchanged".split())
PEOPLE = "people"
FIELDS = (
    Field(name="mail", unique=True),
    Field(name="name", required=True, length=80),
    Field(name="note"),
    Field(name="score", type="number"),
    Field(name="vip", type="flag"),
    Field(name="born", type="date"),
    Field(name="seen", type="instant"),
    Field(name="tier", type="choice", choices=("key", "core")),
    Field(name="boss", type="reference"),
    Field(name="tags", type="list"),
    Field(name="made_by", readonly=True),
)
KEY = "hunter2-key"


class Ledger(Simulator):
    """Answers as a careful CRM would: pages by instant and id, results by key."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(start=datetime(2026, 5, 1, tzinfo=UTC))
        self.tokens: set[str] = set()

    def answer(self, call: Call) -> Answer:
        if call.path == "/login":
            if call.json().get("key") != KEY:
                return Answer({"code": "key"}, 401)
            token = f"t{self.book.new_id()}"
            self.tokens.add(token)
            return Answer({"token": token})
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer({"code": "token"}, 401)
        entity, _, action = call.path.strip("/").partition("/")
        if entity != PEOPLE:
            return Answer({"code": "object", "message": f"there is no {entity}"}, 404)
        answer: Answer = getattr(self, f"on_{action}")(call.json())
        return attrs.evolve(answer, headers={"Date": format_datetime(self.book.now(), usegmt=True)})

    def on_page(self, asked: dict[str, Any]) -> Answer:
        since, after, deleted = asked["since"], asked["after"], asked["deleted"]
        if asked.get("token"):
            try:
                since, after = json.loads(base64.b64decode(asked["token"], validate=True))
            except ValueError:
                return Answer({"code": "token-ended"}, 410)
        at = datetime.fromisoformat(since) if since else None
        found = [
            entry
            for entry in self.book.changed(PEOPLE, at, deleted=deleted)
            if entry.changed != at or entry.id > after
        ]
        page = found[: asked["limit"]]
        more = len(found) > len(page)
        last = json.dumps([page[-1].changed.isoformat(), page[-1].id]) if more else ""
        return Answer(
            {
                "rows": [shown(entry, asked["fields"]) for entry in page],
                "next": base64.b64encode(last.encode()).decode() if more else None,
            }
        )

    def on_ids(self, asked: dict[str, Any]) -> Answer:
        ids = sorted(entry.id for entry in self.book.live(PEOPLE) if entry.id > asked["after"])
        return Answer({"ids": ids[: asked["limit"]], "more": len(ids) > asked["limit"]})

    def on_get(self, asked: dict[str, Any]) -> Answer:
        found = [entry for key in asked["ids"] if (entry := self.book.get(PEOPLE, key))]
        return Answer({"rows": [shown(entry, asked["fields"]) for entry in found]})

    def on_upsert(self, asked: dict[str, Any]) -> Answer:
        return Answer({"results": [self.put(row) for row in reversed(asked["rows"])]})

    def put(self, row: dict[str, Any]) -> dict[str, Any]:
        values, key = row["values"], row["key"]
        entry = self.book.get(PEOPLE, row["id"]) if row["id"] else None
        if row["id"] and entry is None:
            return {"key": key, "code": "gone", "message": "that record is gone"}
        if row["match"] and not row["id"]:
            name, value = row["match"]
            entry = next((e for e in self.book.live(PEOPLE) if e.values.get(name) == value), None)
        if entry is None and not values.get("name"):
            return {"key": key, "code": "required", "field": "name", "message": "who is it?"}
        if entry is None:
            entry, done = self.book.create(PEOPLE, values), "created"
        elif row["since"] and entry.changed > datetime.fromisoformat(row["since"]):
            return {"key": key, "id": entry.id, "code": "changed", "message": "it was changed"}
        else:
            entry, done = self.book.update(PEOPLE, entry.id, values), "updated"
        return {"key": key, "id": entry.id, "done": done, "at": entry.changed.isoformat()}

    def on_delete(self, asked: dict[str, Any]) -> Answer:
        there = {key for key in asked["ids"] if self.book.get(PEOPLE, key)}
        for key in there:
            self.book.delete(PEOPLE, key)
        return Answer({"deleted": sorted(there)})

    def on_merge(self, asked: dict[str, Any]) -> Answer:
        done = self.book.get(PEOPLE, asked["drop"]) is not None
        if done:
            self.book.merge(PEOPLE, asked["keep"], asked["drop"])
        return Answer({"merged": done})


def shown(entry: Entry, fields: Sequence[str]) -> dict[str, Any]:
    return {
        "id": entry.id,
        "changed": entry.changed.isoformat(),
        "deleted": entry.deleted is not None,
        "into": entry.merged_into,
        "values": {name: entry.values.get(name) for name in fields},
    }


QUICK = CallLimits(wait=0.01)


@attrs.frozen(kw_only=True)
class Settings:
    base_url: str
    key: Secret
    page_size: int = 100
    limits: CallLimits = QUICK


class Sound(Connector):
    """Keeps every law; what the broken ones change stands in methods of its own."""

    notices: ClassVar[str] = ""
    words: ClassVar[set[str]] = WORDS
    thread_safe: ClassVar[bool] = True
    config_class: ClassVar[Any] = Settings

    def __init__(self, config: Settings) -> None:
        self.config = config
        self.service = Service("the ledger", config.limits, login=self.login)

    def login(self) -> Token:
        key = {"key": self.config.key.reveal()}
        said = self.service.bare(Request(url=f"{self.config.base_url}/login", json=key))
        token = text(mapping(said.data).get("token"))
        if not token:
            raise SyncAborted("the ledger refuses the key")
        return Token(value=Secret(token))

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Said:
        def request(token: Token) -> Request:
            headers = {"Authorization": f"Bearer {token.value.reveal()}"}
            url = f"{self.config.base_url}/{entity}/{action}"
            return Request(url=url, headers=headers, json=asked)

        self.service.meter = self.meter
        if self.tokens is not None:
            self.service.tokens = self.tokens
        said = self.service.call(request, repeatable=again)
        if said.status == 410:
            return said
        self.look(said)
        return said

    def look(self, said: Said) -> None:
        if said.status != 200 or not isinstance(said.data, dict):
            raise SyncAborted(f"the ledger answers {said.status}: {said.data!r:.80}")

    def part(self, said: Said, name: str) -> list[dict[str, Any]]:
        if not isinstance(mapping(said.data).get(name), list):
            raise SyncAborted(f"the ledger's answer has no {name}")
        return rows(said.data, name)

    def entities(self) -> Sequence[str]:
        return [PEOPLE]

    def schema(self, entity: str) -> Schema:
        if entity not in self.entities():
            raise SyncAborted(f"the ledger has no {entity}")
        return Schema(entity=entity, fields=FIELDS, batch=50, page=self.config.page_size)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        return self.page(entity, cursor, fields, deleted=False)

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        return self.page(entity, cursor, (), deleted=True)

    def page(
        self, entity: str, cursor: Cursor | None, fields: Sequence[str], *, deleted: bool
    ) -> Changes:
        start = cursor or Cursor()
        said = self.call(entity, "page", self.asked(start, fields, deleted=deleted))
        if said.status == 410:
            start = attrs.evolve(start, token=None)
            said = self.call(entity, "page", self.asked(start, fields, deleted=deleted))
        records = tuple(self.record(row) for row in self.part(said, "rows"))
        token = mapping(said.data).get("next")
        return Changes(
            records=records,
            cursor=self.behind(records, token, start),
            more=token is not None,
            now=said.now,
        )

    def asked(self, start: Cursor, fields: Sequence[str], *, deleted: bool) -> dict[str, Any]:
        return {
            "since": start.at and start.at.isoformat(),
            "after": start.id,
            "token": start.token,
            "limit": self.config.page_size,
            "fields": list(fields),
            "deleted": deleted,
        }

    def behind(self, records: Sequence[Remote], token: str | None, start: Cursor) -> Cursor:
        return Cursor(records[-1].changed_at, records[-1].id, token) if records else start

    def record(self, row: dict[str, Any]) -> Remote:
        gone = bool(row["deleted"])
        return Remote(
            id=row["id"],
            values={} if gone else {name: self.value(v) for name, v in row["values"].items()},
            changed_at=datetime.fromisoformat(row["changed"]),
            deleted=gone,
            merged_into=row["into"],
        )

    def value(self, value: Any) -> Any:
        return None if value in ("", []) else value

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        if not records:
            return []
        again = all(record.remote_id or record.match for record in records)
        told = self.part(self.write(entity, records, again=again), "results")
        return [self.result(row) for row in told]

    def write(self, entity: str, records: Sequence[Upsert], *, again: bool) -> Said:
        asked = {"rows": [self.row(record) for record in records]}
        return self.call(entity, "upsert", asked, again=again)

    def row(self, record: Upsert) -> dict[str, Any]:
        since = record.unchanged_since
        return {
            "key": record.key,
            "id": record.remote_id,
            "match": record.match,
            "since": since and since.isoformat(),
            "values": {name: self.wire(value) for name, value in record.values.items()},
        }

    def wire(self, value: Any) -> Any:
        return value if value is None or isinstance(value, (str, bool, list)) else float(value)

    def result(self, row: dict[str, Any]) -> Result:
        at = text(row.get("at"))
        return Result(
            key=row["key"],
            done=row.get("done"),
            remote_id=row.get("id"),
            changed_at=datetime.fromisoformat(at) if at else None,
            conflict=row.get("code") == "changed",
            field=row.get("field"),
            code=row.get("code"),
            reason=text(row.get("message")),
        )

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        done = mapping(self.call(entity, "delete", {"ids": list(ids)}).data)["deleted"]
        return [
            Result(key=key, remote_id=key, done="deleted" if key in done else "unchanged")
            for key in ids
        ]

    def ids(self, entity: str, after: str | None) -> Ids:
        asked = {"after": after or "", "limit": self.config.page_size}
        found = mapping(self.call(entity, "ids", asked).data)
        return Ids(found["ids"], found["ids"][-1] if found["more"] else None)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        said = self.call(entity, "get", {"ids": list(ids), "fields": list(fields)})
        found = [self.record(row) for row in self.part(said, "rows")]
        there = {record.id for record in found}
        return [*found, *(self.missing(key) for key in ids if key not in there)]

    def missing(self, key: str) -> Remote:
        return Remote(id=key, deleted=True)

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        done = mapping(self.call(entity, "merge", {"keep": keep, "drop": drop}).data)["merged"]
        return Result(key=keep, remote_id=keep, done="updated" if done else "unchanged")

    def receive(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        method: str = "POST",  # noqa: ARG002
        url: str = "",  # noqa: ARG002
    ) -> tuple[Sequence[Hint], Response]:
        self.signed(headers, body)
        ids = tuple(text(row.get("id")) for row in rows(posted(body), "changed"))
        return ([Hint(entity=PEOPLE, ids=ids)] if ids else []), Response()

    def signed(self, headers: Mapping[str, str], body: bytes) -> None:
        given = header(headers, "X-Signature")
        if not given or not same(given, self.signature(body)):
            refuse("its signature is missing or wrong")

    def signature(self, body: bytes) -> str:
        return base64_digest(self.config.key.reveal(), body)


def offered(cls: type[Sound]) -> ConnectorSpec:
    return ConnectorSpec(
        name="ledger",
        open=cls,
        config=cls.config_class,
        capabilities=cls.words,
        thread_safe=cls.thread_safe,
    )
