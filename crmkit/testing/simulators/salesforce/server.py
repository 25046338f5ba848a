"""One organisation of Salesforce: who is let in, how often, and which resource a call is for."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import unquote

from crmkit.testing.simulators.base import Answer, Call, Fault, Simulator
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.salesforce.fields import Column, organisation
from crmkit.testing.simulators.salesforce.reading import PAGE, Reading
from crmkit.testing.simulators.salesforce.rows import Refusal, Table, stamp
from crmkit.testing.simulators.salesforce.writing import Writing

_DATA = re.compile(r"/services/data/v(\d{2}\.\d)/(.*)")
_KEPT = timedelta(days=15)
_TOTAL = "TotalRequests Limit exceeded."
_CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."


def limit_exceeded(*, concurrent: bool = False) -> Fault:
    """Make the fault of an organisation whose calls of the day, or those at once, are spent."""
    message = _CONCURRENT if concurrent else _TOTAL
    return Fault(answer=_errors(Refusal("REQUEST_LIMIT_EXCEEDED", message, status=403)))


def unavailable() -> Fault:
    """Make the fault of a server that is being looked after."""
    message = "The server is temporarily unavailable."
    return Fault(answer=_errors(Refusal("SERVER_UNAVAILABLE", message, status=503)))


class Salesforce(Simulator):
    """One organisation.

    Attributes:
        book: Its records; values are as they go over the wire.
        objects: Fields by name, by object; add and remove them at will.
        organization: Its id.
        session_id: A session that is always open, as a person's is.
        logins: How often a token was asked for.
        used: API calls of the day, `per_day` of them are allowed.
        locked: Ids of records that somebody else is just writing.
        reading: Its `cursors` are the open ones; clear them and they are dead.
    """

    organization = "00D000000000001AAA"
    client_id, client_secret = "3MVG9.client", "client-secret"
    refresh_token = "5Aep861.refresh"  # noqa: S105 - opens nothing
    session_id = "00D000000000001!AQ.session"

    def __init__(
        self, *, book: Book | None = None, per_day: int = 100_000, rows: int = PAGE
    ) -> None:
        """Found an organisation.

        Args:
            book: Its records; None: none yet, and instants to the second, as the API has them.
            per_day: API calls in 24 hours.
            rows: Rows of a page, 2,000 in life; fewer make tests of paging short.
        """
        super().__init__()
        self.book = Book(grain=timedelta(seconds=1)) if book is None else book
        self.objects = organisation()
        self.logins, self.used, self.per_day = 0, 0, per_day
        self.locked: set[str] = set()
        self._tables = {
            name: Table(self.book, name, columns) for name, columns in self.objects.items()
        }
        self._open: set[str] = set()
        self._numbers = count(1)
        self.reading = Reading(self.book, self._tables, rows)
        self._writing = Writing(self._tables, self.locked)

    def define(self, entity: str, *columns: Column) -> None:
        """Add fields to an object; one that is new begins with the system's."""
        if entity not in self.objects:
            system = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
            contact = self.objects["Contact"]
            self.objects[entity] = {name: contact[name] for name in system}
            self._tables[entity] = Table(self.book, entity, self.objects[entity])
        self.objects[entity] |= {column.name: column for column in columns}

    def expire(self) -> None:
        """End every session but `session_id`."""
        with self.lock:
            self._open.clear()

    def answer(self, call: Call) -> Answer:
        """Carry a call out."""
        if call.path == "/services/oauth2/token":
            answer = self._login(call)
        else:
            try:
                answer = self._let_in(call)
            except Refusal as refusal:
                answer = _errors(refusal)
        headers = {
            "Date": format_datetime(self.book.now(), usegmt=True),
            "Content-Type": "application/json;charset=UTF-8",
            "Sforce-Limit-Info": f"api-usage={self.used}/{self.per_day}",
        }
        return Answer(answer.body, answer.status, {**headers, **answer.headers})

    def _login(self, call: Call) -> Answer:
        form = call.form()
        given = form.get("client_id"), form.get("client_secret")
        scheme, _, basic = call.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, word = base64.b64decode(basic).decode().partition(":")
            given = name, word
        if given != (self.client_id, self.client_secret):
            return _oauth("invalid_client_id", "client identifier invalid")
        kind = form.get("grant_type")
        if kind not in ("refresh_token", "client_credentials"):
            return _oauth("unsupported_grant_type", "grant type not supported")
        if kind == "refresh_token" and form.get("refresh_token") != self.refresh_token:
            return _oauth("invalid_grant", "expired access/refresh token")
        self.logins += 1
        session = f"{self.organization[:15]}!AR.{next(self._numbers)}"
        self._open.add(session)
        return Answer(
            {
                "access_token": session,
                "instance_url": self.url,
                "id": f"https://login.salesforce.com/id/{self.organization}/005000000000001AAA",
                "token_type": "Bearer",
                "issued_at": f"{self.book.now().timestamp() * 1000:.0f}",
                "signature": "c2ltdWxhdGVk",
            }
        )

    def _let_in(self, call: Call) -> Answer:
        found = _DATA.fullmatch(call.path)
        if found is None:
            raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
        session = call.headers.get("authorization", "").removeprefix("Bearer ")
        if session not in self._open | {self.session_id}:
            raise Refusal("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        self.used += 1
        if self.used > self.per_day:
            raise Refusal("REQUEST_LIMIT_EXCEEDED", _TOTAL, status=403)
        return self._resource(call, f"/services/data/v{found[1]}", found[2])

    def _resource(self, call: Call, root: str, path: str) -> Answer:
        """Find the resource of a call."""
        name, _, rest = path.partition("/")
        rest = unquote(rest.strip("/"))
        if name in ("query", "queryAll") and call.method == "GET":
            base = f"{root}/{name}"
            if rest:
                return Answer(self.reading.more(base, rest))
            options = call.headers.get("sforce-query-options", "")
            deleted = name == "queryAll"
            return Answer(
                self.reading.query(base, call.query.get("q", ""), options, deleted=deleted)
            )
        if name == "composite" and rest.startswith("sobjects"):
            return self._writing.collection(call, rest.removeprefix("sobjects"))
        if name == "limits":
            left = {"Max": self.per_day, "Remaining": max(0, self.per_day - self.used)}
            return Answer({"DailyApiRequests": left})
        if name == "sobjects":
            return self._sobjects(call, rest)
        raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)

    def _sobjects(self, call: Call, rest: str) -> Answer:
        entity, _, place = rest.partition("/")
        if not entity:
            told = [{"name": name, "queryable": True} for name in self.objects]
            return Answer({"encoding": "UTF-8", "sobjects": told})
        if entity not in self.objects:
            raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
        if call.method == "GET" and place == "describe":
            fields = [column.described() for column in self.objects[entity].values()]
            return Answer({"name": entity, "label": entity, "fields": fields})
        if call.method == "GET" and not place:
            return Answer({"objectDescribe": {"name": entity}, "recentItems": []})
        if call.method == "GET" and place == "deleted":
            return Answer(self._deleted(entity, call.query))
        return self._writing.row(call, entity, place)

    def _deleted(self, entity: str, query: Mapping[str, str]) -> dict[str, Any]:
        try:
            start, end = (
                datetime.fromisoformat(query[name].replace(" ", "+")) for name in ("start", "end")
            )
        except (KeyError, ValueError) as error:
            raise Refusal("INVALID_REPLICATION_DATE", f"start and end: {error}") from error
        now = self.book.now()
        if start < now - 2 * _KEPT:
            message = "startDate before org replication enabled date"
            raise Refusal("INVALID_REPLICATION_DATE", message)
        records = [
            {"id": entry.id, "deletedDate": stamp(entry.deleted)}
            for entry in self.book.changed(entity, start, deleted=True)
            if entry.deleted is not None and entry.deleted <= end
        ]
        return {
            "deletedRecords": records,
            "earliestDateAvailable": stamp(now - _KEPT),
            "latestDateCovered": stamp(min(now, end)),
        }


def _errors(refusal: Refusal) -> Answer:
    told: dict[str, Any] = {"message": str(refusal), "errorCode": refusal.code}
    if refusal.fields:
        told["fields"] = [*refusal.fields]
    return Answer([told], refusal.status)


def _oauth(error: str, words: str) -> Answer:
    return Answer({"error": error, "error_description": words}, 400)
