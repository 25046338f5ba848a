"""The connector: Zoho CRM's REST interface, version 8.

A `Cursor` is the newest ``Modified_Time`` that was read, in Zoho's whole seconds; its token says on
which page the list goes on. A record written twice by its match is one record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Finding,
    Hint,
    Meter,
    Remote,
    Result,
    Schema,
    SyncAborted,
    Tokens,
    Upsert,
)
from crmkit.contracts.reading import rows
from crmkit.contracts.signatures import refuse
from crmkit_zoho.api import SCOPES, Api, Clock, refused, system_clock
from crmkit_zoho.deletions import Deletions
from crmkit_zoho.notifications import Notifications
from crmkit_zoho.reading import Reader
from crmkit_zoho.settings import ZohoConfig
from crmkit_zoho.shapes import MODULES, Shapes
from crmkit_zoho.writing import Writer

_BAD = 400


class Zoho(Connector):
    """One organisation's Zoho CRM; safe to use from several threads.

    Two of its methods are not the engine's: `watch` and `unwatch`.
    """

    def __init__(self, config: ZohoConfig, clock: Clock = system_clock) -> None:
        """Keep the settings; nobody is called."""
        self._api = Api(config, clock)
        self._shapes = Shapes(self._api)
        self._reader = Reader(self._api, self._shapes)
        self._writer = Writer(self._api, self._shapes)
        self._deletions = Deletions(self._api, self._reader)
        self._notifications = Notifications(self._api, clock)
        self._modules: tuple[str, ...] | None = None

    @property
    def tokens(self) -> Tokens | None:
        """Where the access token is kept for all threads and processes."""
        return self._api.service.tokens

    @tokens.setter
    def tokens(self, tokens: Tokens | None) -> None:
        if tokens is not None:
            self._api.service.tokens = tokens

    @property
    def meter(self) -> Meter | None:
        """What counts the day's calls."""
        return self._api.service.meter

    @meter.setter
    def meter(self, meter: Meter | None) -> None:
        self._api.service.meter = meter

    def entities(self) -> Sequence[str]:
        """Name the modules, Contacts first; those of every organisation, where Zoho does not."""
        if self._modules is None:
            answer = self._api.get("settings/modules")
            told = [str(one.get("api_name")) for one in rows(answer.data, "modules")]
            known = [name for name in MODULES if name in told or not told]
            self._modules = (*known, *(name for name in told if name not in known))
        return self._modules

    def schema(self, entity: str) -> Schema:
        """Describe a module as it is now."""
        return self._shapes.fresh(entity).schema

    def account(self) -> str | None:
        """Give the organisation's id; None where the token's scopes do not reach it."""
        answer = self._api.get("org")
        told = rows(answer.data, "org") if answer.status < _BAD else []
        found = (told[0].get("id") or told[0].get("zgid")) if told else None
        return str(found) if found else None

    def seconds(self, calls: int) -> float:
        """Give the least time, in seconds, that so many calls take."""
        return self._api.config.limits.seconds(calls)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read the next page of records changed at or after `cursor`, oldest first."""
        return self._reader.changes(entity, cursor, fields)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read records by id, a hundred a call."""
        return self._reader.fetch(entity, ids, fields)

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write a batch; one call for those with an id, one a match, one for the others."""
        return self._writer.upsert(entity, records)

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Delete records: Zoho keeps them in its recycle bin for 60 days."""
        return self._deletions.delete(entity, ids)

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        """Read the next page of what was deleted, from the recycle bin and for good."""
        return self._deletions.deleted(entity, cursor)

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - nothing in them tells who calls
        body: bytes,
        *,
        method: str = "POST",
        url: str = "",  # noqa: ARG002 - likewise
    ) -> tuple[Sequence[Hint], Response]:
        """Read a notification.

        Raises:
            SignatureInvalid: its token is wrong, it is of another channel, or no `notify_token` is
                set.
        """
        if self._api.config.notify_token is None:
            refuse("no notify_token is set")
        if method.upper() != "POST":
            refuse("Zoho posts")
        return self._notifications.read(body), Response()

    def watch(self, url: str, modules: Sequence[str] = ("Contacts",), days: float = 7) -> datetime:
        """Have Zoho post to an address what changes; called again before it ends, it goes on.

        Args:
            url: Where `CRM.sync.receive` is reached; Zoho takes only ``https``.
            modules: Which modules.
            days: For how long, at most 7.

        Returns:
            When it ends.

        Raises:
            SyncAborted: no `notify_token` is set, or Zoho refuses it.
        """
        return self._notifications.watch(url, modules, days)

    def unwatch(self) -> None:
        """Have Zoho post no more; what nobody watches is no error."""
        self._notifications.unwatch()

    def check(self) -> Sequence[Finding]:
        """Look whether a token is given, and what its scopes reach; no module is called."""
        remedy = f"grant a refresh token with the scopes {SCOPES}"
        try:
            scopes = self._api.service.token().facts.get("scope", "")
            answer = self._api.get("settings/modules")
        except SyncAborted as aborted:
            return [Finding(what=str(aborted), remedy=remedy)]
        findings = []
        if answer.status in (401, 403):
            what = str(refused(answer, "to tell its modules and fields"))
            findings.append(Finding(what=what, remedy=remedy))
        if scopes and "ZohoCRM.modules." not in scopes:
            what = f"Zoho CRM granted no scope for records, but {scopes}"
            findings.append(Finding(what=what, remedy=remedy, fatal=False))
        return findings

    def close(self) -> None:
        """Give this thread's connections back."""
        self._api.service.close()
