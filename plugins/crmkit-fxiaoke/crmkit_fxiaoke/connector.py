"""The connector of 纷享销客 (Fxiaoke, ShareCRM)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

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
    Schema,
    SyncAborted,
    SyncError,
    Upsert,
)
from crmkit.contracts.reading import rows
from crmkit_fxiaoke.objects import Objects
from crmkit_fxiaoke.platform import Clock, Platform, Refused, present
from crmkit_fxiaoke.pushes import received
from crmkit_fxiaoke.reading import Reading
from crmkit_fxiaoke.settings import STANDARD, FxiaokeConfig
from crmkit_fxiaoke.values import Values
from crmkit_fxiaoke.writing import Writing


class Fxiaoke(Connector):
    """One company on the platform.

    Args:
        config: How to reach it.
        clock: Tells the present instant.
        sleep: Waits so many seconds; None: as others do.
    """

    def __init__(
        self,
        config: FxiaokeConfig,
        *,
        clock: Clock = present,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Connect to nothing yet."""
        self._config, self._clock = config, clock
        self._platform = Platform(config, clock=clock, sleep=sleep)
        values = Values(
            ZoneInfo(config.time_zone),
            numbers_as_text=config.numbers == "text",
            empty=None if config.empty == "null" else "",
        )
        self._objects = Objects(self._platform, config)
        self._reading = Reading(self._platform, self._objects, config, values)
        self._writing = Writing(self._platform, self._objects, self._reading, config, values)

    def entities(self) -> Sequence[str]:
        """Name the standard objects, the customers' one first, and those of the settings."""
        return tuple(dict.fromkeys((*STANDARD, *self._config.objects)))

    def schema(self, entity: str) -> Schema:
        """Describe an object as it is now."""
        self._ready()
        return self._objects.fresh(entity).schema

    def account(self) -> str | None:
        """Give the company's id, ``FSCID_...``."""
        self._ready()
        return self._platform.corp()

    def seconds(self, calls: int) -> float:
        """Give the time that 100 calls of one interface in 20 seconds leave for so many."""
        return self._config.limits.seconds(calls)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read the next page of what was changed, voided records as deleted."""
        self._ready()
        return self._reading.changes(entity, cursor, fields)

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Create or update records, by one call each."""
        self._ready()
        return self._writing.upsert(entity, records)

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Void records (作废), and delete them for good where ``on_delete`` says so."""
        self._ready()
        return self._writing.delete(entity, ids)

    def ids(self, entity: str, after: str | None) -> Ids:
        """Enumerate the ids of records that are neither void nor deleted."""
        self._ready()
        return self._reading.ids(entity, after)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read records by id."""
        self._ready()
        return self._reading.fetch(entity, ids, fields)

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - all that counts is in the body
        body: bytes,
        *,
        method: str = "POST",  # noqa: ARG002
        url: str = "",  # noqa: ARG002
    ) -> tuple[Sequence[Hint], Response]:
        """Read a push; the platform wants the answer ``success`` within three seconds."""
        return received(self._config, body, self._clock()), Response(body=b"success")

    def check(self) -> Sequence[Finding]:
        """Log in, and look whether the customers' object is there."""
        self._ready()
        try:
            self._platform.corp()
        except SyncAborted as error:
            remedy = "look at base_url, app_id, app_secret, permanent_code and mobile"
            return (Finding(what=str(error), remedy=remedy),)
        except SyncError as error:
            return (Finding(what=str(error), remedy="try again later", fatal=False),)
        try:
            told = self._platform.call("/cgi/crm/v2/object/list", {})
        except (Refused, SyncError) as error:
            what = f"the list of objects is refused: {error}"
            return (Finding(what=what, remedy="allow the application object/list", fatal=False),)
        found = rows(told.body, "data", "objects")
        names = {one.get("describeApiName") or one.get("apiName") for one in found}
        missing = [name for name in (STANDARD[0], *self._config.objects) if name not in names]
        if not names or not missing:
            return ()
        what = f"the employee of the setting mobile sees no {', '.join(missing)}"
        return (Finding(what=what, remedy="give him the rights of an administrator"),)

    def close(self) -> None:
        """Give the connections back."""
        self._platform.service.close()

    def _ready(self) -> None:
        """Hand on what the engine has set."""
        self._platform.service.keep(self.tokens, self.meter)
