"""WeCom: messages to customers that an employee confirms, and the bot of a group."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from itertools import count
from typing import Any

import attrs

from crmkit.clock import Clock, system_clock
from crmkit.testing.simulators.base import Answer, Call, Simulator

PER_MINUTE = 20
"""Posts a minute that one bot takes."""
LONGEST, LONGEST_POST = 4000, 2048
"""Bytes of a text to customers, and of a bot's."""
_UNSENT, _SENT = 0, 2  # states of an employee's task
_PAGE = 100


@attrs.define
class Task:
    """A message that waits for an employee, or was confirmed.

    Attributes:
        msgid: WeCom's id of it.
        sender: Who is to confirm it.
        customers: ``external_userid`` of each customer, and what became of it: 0 not yet sent, 1
            sent, 2 no longer a contact, 3 too many.
        text: What it says.
        entered: When, in seconds since 1970.
        sent: When it was confirmed.
    """

    msgid: str
    sender: str
    customers: dict[str, int]
    text: str
    entered: int
    sent: int = 0


class WeCom(Simulator):
    """One company and one bot.

    Attributes:
        tasks: What was entered, by msgid.
        posts: Texts that the bot's group saw.
        tokens: How often an access token was given.
        lost: Customers who are nobody's contact: they come back in ``fail_list``.
    """

    def __init__(
        self,
        corpid: str = "ww-corp",
        corpsecret: str = "corp-secret",
        *,
        key: str = "bot-key",
        employees: Iterable[str] = ("LinUserId",),
        clock: Clock = system_clock,
    ) -> None:
        """Make the company.

        Args:
            corpid: Its id.
            corpsecret: The secret of Customer Contact.
            key: The bot's key.
            employees: Userids; the first sends what names no sender.
            clock: Ends tokens and counts minutes.
        """
        super().__init__()
        self.tasks: dict[str, Task] = {}
        self.posts: list[str] = []
        self.tokens = 0
        self.lost: set[str] = set()
        self._corp, self._key = (corpid, corpsecret), key
        self._employees, self._clock = tuple(employees), clock
        self._token, self._until = "", 0.0
        self._times: deque[float] = deque()
        self._numbers = count(1)

    def forget_token(self) -> None:
        """Let the present access token end before its time."""
        with self.lock:
            self._until = 0.0

    def enter(self, customers: Iterable[str], text: str, sender: str) -> Task:
        """Enter a message by hand, as an administrator does."""
        with self.lock:
            msgid = f"msgGCAAAXtWyujaWJHDDGi0mACa{next(self._numbers):05d}"
            task = Task(msgid, sender, dict.fromkeys(customers, 0), text, int(self._now()))
            self.tasks[msgid] = task
            return task

    def confirm(self, msgid: str, status: int = 1) -> None:
        """Let the employee confirm a message; `status` is what then becomes of it."""
        with self.lock:
            task = self.tasks[msgid]
            task.sent = int(self._now())
            task.customers = dict.fromkeys(task.customers, status)

    def answer(self, call: Call) -> Answer:
        """Carry a call out."""
        name = call.path.rpartition("/")[2]
        if call.path == "/cgi-bin/gettoken":
            return Answer(self._gettoken(call))
        if call.path == "/cgi-bin/webhook/send":
            return Answer(self._post(call))
        if not call.path.startswith("/cgi-bin/externalcontact/") or call.method != "POST":
            return Answer({"message": "not found"}, 404)
        if call.query.get("access_token") != self._token or not self._token:
            return Answer(_error(40014, "invalid access_token"))
        if self._now() >= self._until:
            return Answer(_error(42001, "access_token expired"))
        try:
            return Answer(self._carried_out(name, json.loads(call.body)))
        except (ValueError, KeyError, TypeError):
            return Answer(_error(40058, "invalid Request Parameter"))

    def _carried_out(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if name == "add_msg_template":
            return self._entered(body)
        if name == "get_groupmsg_list_v2":
            return self._listed(body)
        task = self.tasks.get(body["msgid"])
        if task is None:
            return _error(40058, "invalid msgid")
        if name == "get_groupmsg_task":
            entry = {"userid": task.sender, "status": _SENT if task.sent else _UNSENT}
            return _fine(task_list=[{**entry, "send_time": task.sent}])
        results = [
            {
                "external_userid": who,
                "userid": task.sender,
                "status": status,
                "send_time": task.sent,
            }
            for who, status in task.customers.items()
            if body["userid"] == task.sender
        ]
        return _paged("send_list", results, body)

    def _gettoken(self, call: Call) -> dict[str, Any]:
        if call.query.get("corpid") != self._corp[0]:
            return _error(40013, "invalid corpid")
        if call.query.get("corpsecret") != self._corp[1]:
            return _error(40001, "invalid credential")
        self.tokens += 1
        self._token, self._until = f"token-{self.tokens}", self._now() + 7200
        return _fine(access_token=self._token, expires_in=7200)

    def _entered(self, body: dict[str, Any]) -> dict[str, Any]:
        text, customers = body["text"]["content"], list(body["external_userid"])
        sender = body.get("sender", self._employees[0])
        if sender not in self._employees:
            return _error(40003, "invalid userid")
        if not text or len(text.encode()) > LONGEST:
            return _error(40058, "text.content exceed max length 4000")
        failed = [who for who in customers if who in self.lost]
        task = self.enter((who for who in customers if who not in self.lost), text, sender)
        return _fine(fail_list=failed, msgid=task.msgid)

    def _listed(self, body: dict[str, Any]) -> dict[str, Any]:
        entries = [
            {"msgid": task.msgid, "create_time": task.entered, "text": {"content": task.text}}
            for task in self.tasks.values()
            if body["start_time"] <= task.entered <= body["end_time"]
        ]
        return _paged("group_msg_list", entries, body)

    def _post(self, call: Call) -> dict[str, Any]:
        if call.query.get("key") != self._key:
            return _error(93000, "invalid webhook url, hint: [1699]")
        try:
            text = json.loads(call.body)["text"]["content"]
        except (ValueError, KeyError, TypeError):
            return _error(40008, "invalid message type")
        if len(text.encode()) > LONGEST_POST:
            return _error(40058, "text.content exceed max length 2048")
        now = self._now()
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if len(self._times) >= PER_MINUTE:
            return _error(45009, "api freq out of limit")
        self._times.append(now)
        self.posts.append(text)
        return _fine()

    def _now(self) -> float:
        return self._clock().timestamp()


def _fine(**told: object) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", **told}


def _error(code: int, words: str) -> dict[str, Any]:
    return {"errcode": code, "errmsg": words}


def _paged(name: str, entries: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    start = int(body.get("cursor") or 0)
    end = start + min(int(body.get("limit") or _PAGE), _PAGE)
    return _fine(**{name: entries[start:end], "next_cursor": str(end) if entries[end:] else ""})
