"""The server of a simulated Zoho: its tokens, and what leads where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count

from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.zoho.columns import Column, modules
from crmkit.testing.simulators.zoho.lists import Lists
from crmkit.testing.simulators.zoho.state import Refused, State
from crmkit.testing.simulators.zoho.watches import Watches
from crmkit.testing.simulators.zoho.writes import Writes

SCOPES = ("ZohoCRM.modules.ALL", "ZohoCRM.settings.ALL", "ZohoCRM.org.READ", "ZohoCRM.users.READ")
_API = "/crm/v8/"
_HOUR = timedelta(hours=1)
_LIVE = 15  # access tokens at a time
_NEEDS = {"settings": "ZohoCRM.settings.", "org": "ZohoCRM.org.", "users": "ZohoCRM.users."}


class Zoho(Simulator):
    """One account of Zoho CRM; its accounts server has the same address.

    Attributes:
        state: Its records (``state.book``), fields, users and zone.
        book: The records, for the people who work in it.
        modules: Fields of each module; a test may change them.
        tokens: How often an access token was given.
        scopes: What the credentials may do.
        lists: Reads; ``lists.expire()`` ends every page token.
        writes: Writes; ``writes.triggered`` counts what set off workflows.
        watches: Notifications; ``watches.callbacks(...)`` gives what would be posted.
        api_domain: Told with a token; None: its own address.
    """

    def __init__(  # noqa: PLR0913 - what an account is made of, by name
        self,
        *,
        book: Book | None = None,
        client_id: str = "1000.CLIENT",
        client_secret: str = "client-secret",  # noqa: S107 - made up
        refresh_token: str = "1000.refresh",  # noqa: S107 - made up
        scopes: Iterable[str] = SCOPES,
        org: str = "760000001",
    ) -> None:
        """Make the account.

        Args:
            book: Its records; None: new ones, of whole seconds.
            client_id: The application's.
            client_secret: The application's.
            refresh_token: The only one that is good.
            scopes: What it may do.
            org: The organisation's id.
        """
        super().__init__()
        self.book = book or Book(grain=timedelta(seconds=1))
        users = {"554023000000235011": "Lin Yan", "554023000000235012": "陈伟"}
        self.state = State(book=self.book, modules=modules(), users=users)
        self.lists, self.writes = Lists(self.state), Writes(self.state)
        self.watches = Watches(self.state)
        self.scopes, self.tokens, self.api_domain = set(scopes), 0, None
        self._org = org
        self._known = {
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        }
        self._live: dict[str, datetime] = {}
        self._numbers = count(1)

    @property
    def modules(self) -> dict[str, list[Column]]:
        """Fields of each module."""
        return self.state.modules

    def expire_tokens(self) -> None:
        """Let every access token end before its time."""
        with self.lock:
            self._live.clear()

    def answer(self, call: Call) -> Answer:
        """Carry a call out."""
        try:
            answer = self._answer(call)
        except Refused as refused:
            answer = refused.answer()
        except (ValueError, KeyError, TypeError, AttributeError):
            answer = Refused("INVALID_DATA", "body").answer()
        headers = {"Date": format_datetime(self.book.now(), usegmt=True)}
        if answer.body:
            headers["Content-Type"] = "application/json;charset=UTF-8"
        return Answer(answer.body, answer.status, headers)

    def _answer(self, call: Call) -> Answer:
        if call.path == "/oauth/v2/token":
            return self._granted({**call.query, **call.form()})
        if not call.path.startswith(_API):
            raise Refused("INVALID_URL_PATTERN", "Please check if the URL is a correct one", 404)
        self._allowed(call)
        parts = call.path.removeprefix(_API).split("/")
        if parts == ["actions", "watch"]:
            return self.watches.answer(call)
        if parts[0] == "settings":
            return self._settings(parts[1:], call.query)
        if parts == ["org"]:
            org = {"id": self._org, "company_name": "Zylker", "zgid": self._org}
            return Answer({"org": [org]})
        if parts == ["users"]:
            people = [self.state.person(one) for one in self.state.users]
            info = {"per_page": 200, "count": len(people), "page": 1, "more_records": False}
            return Answer({"users": people, "info": info})
        return self._records(call, parts[0], parts[1:])

    def _records(self, call: Call, module: str, rest: Sequence[str]) -> Answer:
        own = rest[0] if len(rest) == 1 else None
        match call.method, own:
            case "GET", None:
                return self.lists.listed(module, call)
            case "GET", "deleted":
                return self.lists.deleted(module, call)
            case "GET", str(id_):
                return self.lists.one(module, id_, call)
            case "POST", None:
                return self.writes.insert(module, call)
            case "POST", "upsert":
                return self.writes.upsert(module, call)
            case "PUT", id_:
                return self.writes.update(module, call, id_)
            case "DELETE", None:
                ids = call.query.get("ids", "")
                return self.writes.delete(module, [one for one in ids.split(",") if one])
            case "DELETE", str(id_):
                return self.writes.delete(module, [id_])
            case _:
                message = "The http request method type is not a valid one"
                raise Refused("INVALID_REQUEST_METHOD", message)

    def _settings(self, parts: Sequence[str], query: Mapping[str, str]) -> Answer:
        if parts == ["modules"]:
            known = [
                {"api_name": name, "module_name": name, "id": f"55402300{number:09d}"}
                for number, name in enumerate(self.modules)
            ]
            return Answer({"modules": [{**one, "api_supported": True} for one in known]})
        if parts == ["fields"]:
            columns = self.state.columns(query.get("module", "")).values()
            return Answer({"fields": [one.wire(n) for n, one in enumerate(columns, 1)]})
        raise Refused("INVALID_URL_PATTERN", "Please check if the URL is a correct one", 404)

    def _granted(self, given: Mapping[str, str]) -> Answer:
        """Give an access token; a refusal is HTTP 200, too."""
        if given.get("grant_type") != "refresh_token":
            return Answer({"error": "unsupported_grant_type"})
        for name, error in (
            ("client_id", "invalid_client"),
            ("client_secret", "invalid_client_secret"),
            ("refresh_token", "invalid_code"),
        ):
            if given.get(name) != self._known[name]:
                return Answer({"error": error})
        self.tokens += 1
        token = f"1000.access{next(self._numbers)}"
        self._live[token] = self.book.now() + _HOUR
        while len(self._live) > _LIVE:
            del self._live[next(iter(self._live))]
        return Answer(
            {
                "access_token": token,
                "scope": " ".join(sorted(self.scopes)),
                "api_domain": self.api_domain or self.url,
                "token_type": "Bearer",
                "expires_in": 3600,
            }
        )

    def _allowed(self, call: Call) -> None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        until = self._live.get(token) if scheme == "Zoho-oauthtoken" else None
        if until is None or until <= self.book.now():
            raise Refused("INVALID_TOKEN", "invalid oauth token", 401)
        needs = _NEEDS.get(call.path.removeprefix(_API).split("/")[0], "ZohoCRM.modules.")
        if not any(scope.startswith(needs) for scope in self.scopes):
            raise Refused("OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL", 401)
