"""The connector: one organisation of Salesforce, kept in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Finding,
    Hint,
    Ids,
    Remote,
    Result,
    RetryLater,
    Schema,
    SyncAborted,
    SyncError,
    Upsert,
)
from crmkit.contracts.exchange import said_of
from crmkit_salesforce.api import NAME, Api
from crmkit_salesforce.outbound import received
from crmkit_salesforce.queries import Queries, checked
from crmkit_salesforce.reading import Reading
from crmkit_salesforce.sending import Sending
from crmkit_salesforce.settings import SalesforceConfig
from crmkit_salesforce.shapes import Shape
from crmkit_salesforce.writing import Writing

_SCARCE = 0.1
"""Part of the day's calls that should be left for a run."""


class SalesforceConnector(Connector):
    """Speaks the REST API; safe to use from several threads."""

    def __init__(self, config: SalesforceConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._calls = Api(config)
        self._asked = Queries(self._calls, config.page_size)
        self._shapes: dict[str, Shape] = {}

    def entities(self) -> Sequence[str]:
        """Name the objects, those of the settings."""
        return self._config.objects

    def schema(self, entity: str) -> Schema:
        """Describe an object as it is now."""
        answer = self._api.call("GET", f"sobjects/{checked(entity)}/describe")
        shape = Shape.of(entity, answer.data)
        if answer.status >= 400 or not shape.fields:  # noqa: PLR2004 - refused
            raise SyncAborted(f"{NAME} shows no object {entity}{said_of(answer)}")
        self._shapes[entity] = shape
        return shape.schema(self._config.page_size)

    def account(self) -> str | None:
        """Give the organisation's id."""
        return self._api.organization()

    def seconds(self, calls: int) -> float:
        """Give the least time that the limits of the settings leave for so many calls."""
        return self._config.limits.seconds(calls)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read the next page of changed records."""
        return self._reading(entity).changes(cursor, fields)

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        """Read the next page of deleted records; losers of a merge tell where they went."""
        return self._reading(entity).deleted(cursor)

    def ids(self, entity: str, after: str | None) -> Ids:
        """Enumerate every id."""
        return self._reading(entity).ids(after)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read records by id."""
        return self._reading(entity).fetch(ids, fields)

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write a batch."""
        shape = self._shape(entity)
        return Writing(Sending(self._api, entity), self._asked, shape).upsert(records)

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Put records into the recycle bin."""
        return Sending(self._api, entity).delete(ids)

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - it has no signature
        body: bytes,
        *,
        method: str = "POST",
        url: str = "",
    ) -> tuple[Sequence[Hint], Response]:
        """Read an outbound message."""
        return received(self._config, body, method, url)

    def check(self) -> Sequence[Finding]:
        """Look whether the credentials work, and whether calls are left, at one call's cost."""
        found = []
        try:
            self.account()
            self._api.call("GET", f"sobjects/{checked(self._config.objects[0])}/describe")
        except RetryLater as error:
            found.append(Finding(what=str(error), remedy="wait, or ask Salesforce for more calls"))
        except SyncError as error:
            remedy = "look at base_url, the connected app, and what its user may see"
            found.append(Finding(what=str(error), remedy=remedy))
        used, most = self._calls.usage
        if not found and most - used < most * _SCARCE:
            what = f"{most - used} of {most} API calls are left today"
            remedy = "set limits = { per_day = ... }"
            found.append(Finding(what=what, remedy=remedy, fatal=False))
        return found

    def close(self) -> None:
        """Give the connections back."""
        self._calls.service.close()

    @property
    def _api(self) -> Api:
        """Give the calls, with the tokens and the meter that the engine may have set."""
        self._calls.service.keep(self.tokens, self.meter)
        return self._calls

    def _shape(self, entity: str) -> Shape:
        if entity not in self._shapes:
            self.schema(entity)
        return self._shapes[entity]

    def _reading(self, entity: str) -> Reading:
        _ = self._api
        return Reading(self._asked, self._shape(entity), self.overlap)
