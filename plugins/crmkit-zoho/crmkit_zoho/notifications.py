"""Zoho's notifications: watching modules, and reading what Zoho then posts.

Source: https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html. They bear no
signature, only the token that was given when watching: their values are never used, the records
are read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from crmkit.contracts.connector import Hint, SyncAborted
from crmkit.contracts.reading import loaded, mapping, rows
from crmkit.contracts.signatures import refuse, same
from crmkit_zoho.api import Api, Clock, refused
from crmkit_zoho.places import stamp

LONGEST = timedelta(days=7)
"""How far ahead Zoho lets a channel be watched."""
CHANNEL = "1000000068001"
"""The channel that is watched where the settings name none."""
_EARLY = timedelta(minutes=1)  # clocks differ
_BAD = 400


class Notifications:
    """Watches one channel; safe to use from several threads."""

    def __init__(self, api: Api, clock: Clock) -> None:
        """Watch nothing yet."""
        self._api, self._clock = api, clock

    def watch(self, url: str, modules: Sequence[str], days: float) -> datetime:
        """Begin to watch, or go on; as `Zoho.watch` has it."""
        until = self._clock() + min(timedelta(days=days), LONGEST - _EARLY)
        wanted = {
            "channel_id": self._channel,
            "events": [f"{module}.all" for module in modules],
            "channel_expiry": stamp(until),
            "token": self._token,
            "notify_url": url,
        }
        body = {"watch": [wanted]}
        answer = self._api.call("POST", "actions/watch", body=body)
        if answer.status >= _BAD or not _fine(answer.data):  # it is watched already: prolong it
            prolonged = self._api.call("PUT", "actions/watch", body=body)
            if prolonged.status >= _BAD or not _fine(prolonged.data):
                raise refused(answer, f"to watch {', '.join(modules)}")
        return until.replace(microsecond=0)

    def unwatch(self) -> None:
        """Watch no longer."""
        params = {"channel_ids": self._channel}
        self._api.call("DELETE", "actions/watch", params=params)

    def read(self, body: bytes) -> list[Hint]:
        """Read what Zoho posted; as `Zoho.receive` has it."""
        told = mapping(loaded(body))
        if not same(str(told.get("token") or ""), self._token):
            refuse("its token is missing or wrong")
        channel = self._api.config.channel_id
        if channel is not None and not same(str(told.get("channel_id") or ""), channel):
            refuse("it is of another channel")
        module = told.get("module")
        name = mapping(module).get("api_name") if isinstance(module, dict) else module
        ids = told.get("ids")
        known = [str(one) for one in ids if one] if isinstance(ids, list) else []
        if not isinstance(name, str) or not name or not known:
            return []
        gone = str(told.get("operation") or "").lower() == "delete"
        return [Hint(entity=name, ids=tuple(dict.fromkeys(known)), deleted=gone)]

    @property
    def _channel(self) -> str:
        return self._api.config.channel_id or CHANNEL

    @property
    def _token(self) -> str:
        token = self._api.config.notify_token
        if token is None:
            raise SyncAborted("set notify_token: Zoho's notifications bear nothing else to know by")
        return token.reveal()


def _fine(data: Any) -> bool:
    items = rows(data, "watch")
    return bool(items) and all(item.get("status") != "error" for item in items)
