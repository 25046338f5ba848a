"""What became of the messages that were entered: asked of WeCom, since it does not call.

Wire: https://developer.work.weixin.qq.com/document/path/93338. The list of what the company
entered is WeCom's own, so nothing is lost when a process dies between sending and polling. It also
holds what colleagues entered by hand: campaigns to many customers are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs

from crmkit.contracts.channel import ACCEPTED, REFUSED, Delivery, Poll
from crmkit.contracts.http import NotSent, Unclear
from crmkit.contracts.reading import rows
from crmkit_wecom.api import Api
from crmkit_wecom.codes import CODES

ASKED = 500
"""Messages asked about in one poll, in turn."""
OPEN = 10_000
"""Unconfirmed messages with which a cursor takes no further ones for now."""
UNCONFIRMED = "unconfirmed"
"""Code of a message that no colleague confirmed; ours, not WeCom's."""
_DAY = 86_400
_OVERLAP = 600  # seconds that are listed again: clocks differ, and a list may lag
_PAGE = 100
_CARRIED_OUT = 2  # status of a colleague's task
_FATES = {
    1: ("sent", ""),
    2: ("failed", "the customer is no longer a contact of this colleague"),
    3: ("failed", "the customer already got as many such messages as WeCom allows"),
}
"""What became of a message, and why, by WeCom's status of its one customer."""


class _Stop(Exception):  # noqa: N818 - it ends a poll, and what was found stays
    pass


@attrs.frozen
class Results:
    """Asks, once.

    Attributes:
        api: Whom.
        now: Seconds since 1970.
        days: After how many days an unconfirmed message is given up.
    """

    api: Api
    now: float
    days: int

    def poll(self, cursor: str | None) -> Poll:
        """Fetch what is new since `cursor`, as far as WeCom answers.

        Raises:
            NotSent: WeCom gave nothing at all.
        """
        since, waiting, told = _read(cursor, self.now - self.days * _DAY)
        found: list[Delivery] = []
        try:
            if len(waiting) < OPEN:
                waiting |= ((one, at) for one, at in self._entered(since) if one not in told)
                since = self.now - _OVERLAP
            for msgid in list(waiting)[:ASKED]:
                ended = self._ended(msgid, waiting[msgid])
                entered = waiting.pop(msgid)
                if ended is None:
                    waiting[msgid] = entered  # at the end: the others come first next time
                else:
                    found += ended
                    told[msgid] = entered
        except _Stop as stop:
            if not found:
                raise NotSent(str(stop)) from stop
        told = {one: at for one, at in told.items() if at >= int(since)}  # others are not listed
        return Poll(found, json.dumps({"since": int(since), "open": waiting, "told": told}))

    def _entered(self, since: float) -> Iterator[tuple[str, int]]:
        """Stream the ids of what was entered since then, and when that was."""
        page: str | None = ""
        while page is not None:
            told = self._call(
                "get_groupmsg_list_v2",
                chat_type="single",
                start_time=int(max(since, self.now - 30 * _DAY)),
                end_time=int(self.now) + 1,
                filter_type=0,  # entered by the company, not by colleagues for themselves
                limit=_PAGE,
                cursor=page,
            )
            for entry in rows(told, "group_msg_list"):
                yield str(entry.get("msgid")), int(entry.get("create_time") or self.now)
            following = str(told.get("next_cursor") or "")
            page = following if following not in ("", page) else None

    def _ended(self, msgid: str, entered: int) -> list[Delivery] | None:
        """Tell what became of one message; None: nothing yet."""
        told = self._call("get_groupmsg_task", msgid=msgid, limit=_PAGE)
        for task in rows(told, "task_list"):
            if task.get("status") != _CARRIED_OUT:
                continue
            who = str(task.get("userid"))
            result = self._call("get_groupmsg_send_result", msgid=msgid, userid=who, limit=_PAGE)
            customers = rows(result, "send_list")
            if len(customers) > 1 or result.get("next_cursor"):
                return []  # ours go to one customer each
            if customers and customers[0].get("status") in _FATES:
                return [_delivery(msgid, customers[0])]
        if self.now - entered < self.days * _DAY:
            return None
        why = f"no colleague confirmed it within {self.days} days"
        event = f"{msgid}:{UNCONFIRMED}"
        gone = Delivery(
            what="failed", provider_id=msgid, event_id=event, code=UNCONFIRMED, reason=why
        )
        return [gone]

    def _call(self, name: str, **body: object) -> dict[str, Any]:
        """Ask; nothing where WeCom knows nothing of this one message."""
        try:
            reply = self.api.call(f"externalcontact/{name}", body, self.now)
        except (NotSent, Unclear) as error:
            raise _Stop(str(error)) from error
        outcome = CODES.meaning(reply).outcome
        if outcome == ACCEPTED:
            told: dict[str, Any] = reply.json()
            return told
        if outcome == REFUSED:
            return {}
        code = CODES.code(reply) or f"HTTP {reply.status}"
        raise _Stop(f"WeCom tells nothing: {code} {CODES.reason(reply)}")


def _read(cursor: str | None, start: float) -> tuple[float, dict[str, int], dict[str, int]]:
    """Give since when to list, what waits, and what was told of those that are listed again."""
    try:
        kept = json.loads(cursor or "{}")
        since, waiting = float(kept.get("since", start)), dict(kept.get("open", {}))
        return since, waiting, dict(kept.get("told", {}))
    except (ValueError, TypeError, AttributeError):  # not ours: begin anew, nothing is lost by it
        return start, {}, {}


def _delivery(msgid: str, customer: dict[str, Any]) -> Delivery:
    status = customer["status"]
    what, why = _FATES[status]
    at = customer.get("send_time")
    return Delivery(
        what=what,
        provider_id=msgid,
        event_id=f"{msgid}:{status}",
        at=datetime.fromtimestamp(at, UTC) if isinstance(at, int) and at else None,
        address=str(customer.get("external_userid") or "") or None,
        code=None if what == "sent" else str(status),
        reason=why,
    )
