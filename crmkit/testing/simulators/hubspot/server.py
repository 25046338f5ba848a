"""One HubSpot account on 127.0.0.1."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crmkit.contracts.signatures import base64_digest
from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot.answers import Refused, failure, refuse
from crmkit.testing.simulators.hubspot.associating import Associations
from crmkit.testing.simulators.hubspot.properties import Property, millis, spelled, standard
from crmkit.testing.simulators.hubspot.records import Records
from crmkit.testing.simulators.hubspot.searching import Search
from crmkit.testing.simulators.hubspot.writing import Writer

LIFE = timedelta(minutes=30)
"""How long an OAuth token holds."""
_DATED = r"\d{4}-\d{2}"
_OBJECTS = re.compile(rf"/crm/(?:v3/objects|objects/{_DATED})/([^/]+)(?:/(.+))?")
_PROPERTIES = re.compile(rf"/crm/(?:v3/properties|properties/{_DATED})/([^/]+)(?:/(.+))?")
_LINKS = re.compile(rf"/crm/(?:v4/associations|associations/{_DATED})/([^/]+)/([^/]+)/batch/(.+)")
_ACCOUNT = re.compile(rf"/account-info/(?:v3|{_DATED})/details")
_ALIASES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-5": "tickets"}


class HubSpot(Simulator):
    """A private app's token opens it, and so does OAuth.

    Attributes:
        book: What it remembers; values are texts, as HubSpot keeps them.
        objects: The properties of each object, by name; a test may add and remove some.
        search: Its `lag` is how late the search shows what was written.
        records: Words what it remembers.
        associations: Which records belong together.
        logins: How often an OAuth token was given.
        portal: Id of the account.
        pat: Token of the private app.
    """

    def __init__(  # noqa: PLR0913 - what an account has, by name
        self,
        *,
        book: Book | None = None,
        pat: str = "pat-na1-simulated",
        client_id: str = "hub-client",
        client_secret: str = "hub-secret",  # noqa: S107 - made up
        refresh_token: str = "hub-refresh",  # noqa: S107 - made up
        portal: int = 424_242,
    ) -> None:
        """Make the account; without a `book` it begins empty."""
        super().__init__()
        self.book = book or Book(first=101)
        self.objects: dict[str, dict[str, Property]] = standard()
        self.search = Search(self.book, self.objects)
        self.associations = Associations(self.book)
        self.logins, self.portal, self.pat = 0, portal, pat
        self._app = (client_id, client_secret, refresh_token)
        self._bearer, self._until = "", self.book.now()
        self.records = Records(self.book, self.objects)
        self._writer = Writer(self.book, self.objects, self.associations, self.records)

    def add_property(self, entity: str, known: Property) -> None:
        """Let an administrator add a property, or change one."""
        self.objects.setdefault(entity, {})[known.name] = known

    def end_token(self) -> None:
        """Let the present OAuth token end before its time."""
        with self.lock:
            self._bearer = ""

    def signed(
        self,
        events: Sequence[Mapping[str, Any]],
        url: str,
        *,
        at: datetime | None = None,
        body: bytes | None = None,
    ) -> tuple[dict[str, str], bytes]:
        """Make a call of the webhook: its headers, signed, and its body.

        Args:
            events: What happened.
            url: The address that is called.
            at: When; None: now, by the book's clock.
            body: Sent instead of the events.
        """
        if body is None:
            body = json.dumps([*events], ensure_ascii=False).encode()
        moment = str(millis(at or self.book.now()))
        message = b"POST" + url.encode() + body + moment.encode()
        headers = {
            "Content-Type": "application/json",
            "X-HubSpot-Request-Timestamp": moment,
            "X-HubSpot-Signature-v3": base64_digest(self._app[1], message),
        }
        return headers, body

    def answer(self, call: Call) -> Answer:
        """Carry a call out."""
        try:
            said = self._answer(call)
        except Refused as refused:
            said = refused.answer
        except (ValueError, KeyError, TypeError, AttributeError):
            said = failure(400, "VALIDATION_ERROR", "Invalid input JSON")
        headers = {"Date": self.book.now().strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if not call.path.endswith("/search"):
            headers |= {
                "X-HubSpot-RateLimit-Max": "100",
                "X-HubSpot-RateLimit-Remaining": "99",
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            }
        return Answer(said.body, said.status, {**headers, **said.headers})

    def _answer(self, call: Call) -> Answer:
        if call.path == "/oauth/v1/token":
            return self._login(call.form())
        self._admit(call.headers.get("authorization", ""))
        if _ACCOUNT.fullmatch(call.path):
            told = {"portalId": self.portal, "timeZone": "UTC", "utcOffset": "+00:00"}
            return Answer({**told, "accountType": "STANDARD"})
        if found := _OBJECTS.fullmatch(call.path):
            return self._of_object(call, self._entity(found[1]), found[2] or "")
        if found := _PROPERTIES.fullmatch(call.path):
            return self._of_properties(self._entity(found[1]), found[2] or "")
        if found := _LINKS.fullmatch(call.path):
            pair = self._entity(found[1]), self._entity(found[2])
            return self.associations.answer(pair, found[3], call.json(), self._at())
        return Answer(b"<html><head><title>HubSpot 404</title></head></html>", 404)

    def _login(self, form: Mapping[str, str]) -> Answer:
        given = tuple(form.get(name) for name in ("client_id", "client_secret", "refresh_token"))
        if form.get("grant_type") != "refresh_token" or given != self._app:
            status = "BAD_REFRESH_TOKEN"
            return Answer({"status": status, "message": "missing or unknown refresh token"}, 400)
        self.logins += 1
        self._bearer, self._until = f"bearer-{self.logins}", self.book.now() + LIFE
        seconds = int(LIFE.total_seconds())
        token = {"access_token": self._bearer, "refresh_token": self._app[2]}
        return Answer({"token_type": "bearer", **token, "expires_in": seconds})

    def _admit(self, authorization: str) -> None:
        given = authorization.removeprefix("Bearer ")
        if given == self.pat or (given == self._bearer and self.book.now() < self._until):
            return
        if given.startswith("bearer-"):
            message = "The OAuth token used to make this call expired"
            raise refuse(401, "EXPIRED_AUTHENTICATION", message)
        message = "Authentication credentials not found."
        raise refuse(401, "INVALID_AUTHENTICATION", message)

    def _entity(self, name: str) -> str:
        entity = _ALIASES.get(name, name if name in self.objects else f"{name}s")
        if entity not in self.objects:
            raise refuse(400, "VALIDATION_ERROR", f"Unable to infer object type from: {name}")
        return entity

    def _of_properties(self, entity: str, name: str) -> Answer:
        known = self.objects[entity]
        if name:
            if name not in known:
                raise refuse(404, "OBJECT_NOT_FOUND", f"Property {name} does not exist")
            return Answer(known[name].shown())
        return Answer({"results": [one.shown() for one in known.values()]})

    def _of_object(self, call: Call, entity: str, rest: str) -> Answer:
        if call.method == "GET":
            return self.records.one(entity, rest, call) if rest else self.records.page(entity, call)
        body = call.json()
        if rest == "search":
            names = body.get("properties") or ()
            shown = self.records.shown
            return self.search.answer(entity, body, lambda entry: shown(entity, entry, names))
        if rest in ("batch/create", "batch/update", "batch/upsert"):
            return self._writer.write(entity, rest.removeprefix("batch/"), body, self._at())
        if rest == "batch/read":
            return self.records.read(entity, body, self._at())
        if rest == "batch/archive":
            for one in body["inputs"]:
                if self.book.get(entity, str(one["id"])) is not None:
                    self.book.delete(entity, str(one["id"]))
            return Answer(status=204)
        if rest == "merge":
            keep, drop = str(body["primaryObjectId"]), str(body["objectIdToMerge"])
            return self.records.merge(entity, keep, drop)
        return Answer(b"<html><head><title>HubSpot 404</title></head></html>", 404)

    def _at(self) -> str:
        return spelled(self.book.now())
