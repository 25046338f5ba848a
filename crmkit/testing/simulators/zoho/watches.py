"""A simulated Zoho's notifications: the channels that are watched, and what it posts to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmkit.testing.simulators.base import Answer, Call
from crmkit.testing.simulators.zoho.state import Refused, State

LONGEST = timedelta(days=7)
"""How far ahead a channel may be watched; without a word it is one hour."""
_CREATED = 201


@attrs.define
class Watches:
    """What is watched.

    Attributes:
        state: The account.
        channels: What was asked for, by channel.
    """

    state: State
    channels: dict[str, dict[str, Any]] = attrs.field(factory=dict)

    def answer(self, call: Call) -> Answer:
        """Answer ``/actions/watch``."""
        if call.method == "DELETE":
            ids = call.query.get("channel_ids", "").split(",")
            for one in ids:
                self.channels.pop(one, None)
            return Answer({"watch": [_said("Successfully un-subscribed", channel_id=ids)]})
        asked = call.json().get("watch")
        if not isinstance(asked, list) or not asked:
            raise Refused("MANDATORY_NOT_FOUND", api_name="watch", json_path="$.watch")
        said = [self._watched(one, call.method) for one in asked]
        bad = [one for one in said if one["status"] == "error"]
        return Answer({"watch": said}, 400 if bad else _CREATED if call.method == "POST" else 200)

    def callbacks(self, module: str, operation: str, ids: Sequence[str]) -> list[bytes]:
        """Give the bodies that are posted where records of a module change."""
        now = self.state.book.now()
        usual = {"insert": "create", "update": "edit"}.get(operation, operation)
        return [
            json.dumps(
                {
                    "server_time": int(now.timestamp() * 1000),
                    "affected_values": [],
                    "query_params": {},
                    "module": module,
                    "resource_uri": f"https://www.zohoapis.com/crm/v8/{module}",
                    "ids": list(ids),
                    "affected_fields": [],
                    "operation": operation,
                    "channel_id": channel,
                    "token": asked.get("token"),
                }
            ).encode()
            for channel, asked in self.channels.items()
            if datetime.fromisoformat(asked["channel_expiry"]) > now
            and {f"{module}.all", f"{module}.{usual}"} & set(asked["events"])
        ]

    def _watched(self, asked: Mapping[str, Any], method: str) -> dict[str, Any]:
        channel = str(asked.get("channel_id", ""))
        try:
            self._check(asked, channel, method)
        except Refused as refused:
            return refused.said
        now = self.state.book.now()
        until = asked.get("channel_expiry") or (now + timedelta(hours=1)).isoformat()
        self.channels[channel] = {**asked, "channel_expiry": until}
        events = [
            {
                "channel_expiry": until,
                "resource_uri": f"https://www.zohoapis.com/crm/v8/{event.partition('.')[0]}",
                "resource_id": "554023000000000131",
                "resource_name": event.partition(".")[0],
                "channel_id": channel,
            }
            for event in asked["events"]
        ]
        return _said("Successfully subscribed for actions-watch of the given module", events=events)

    def _check(self, asked: Mapping[str, Any], channel: str, method: str) -> None:
        if not channel.isdigit() or (method != "POST" and channel not in self.channels):
            raise Refused("INVALID_DATA", api_name="channel_id")
        for event in asked.get("events") or [""]:
            self.state.columns(str(event).partition(".")[0])
        if len(str(asked.get("token") or "")) > 50:  # noqa: PLR2004 - characters that Zoho takes
            raise Refused("INVALID_DATA", api_name="token", maximum_length=50)
        until = asked.get("channel_expiry")
        if until and datetime.fromisoformat(until) > self.state.book.now() + LONGEST:
            raise Refused("INVALID_DATA", api_name="channel_expiry")


def _said(message: str, **details: Any) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}
