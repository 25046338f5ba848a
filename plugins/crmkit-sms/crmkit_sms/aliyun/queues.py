"""Receipts and replies fetched from Aliyun's message queues (云通信 MNS).

``QueryTokenForMnsQueue`` gives a key to a queue for a while. What is read there stays, hidden for
some seconds, until it is deleted. So an entry is deleted only once it comes again and the cursor
tells that it was given before: by then crmkit has stored it. Nothing is lost in a crash.

Formats: help.aliyun.com/document_detail/101889.html, /35137.html, /35139.html.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

import attrs

from crmkit.contracts.http import NotSent, Reply
from crmkit.contracts.lines import joined
from crmkit.contracts.reading import loaded, mapping
from crmkit_sms.aliyun.interface import Interface
from crmkit_sms.aliyun.signing import queue_authorization
from crmkit_sms.entries import listed

_AT_ONCE = 16
_ROUNDS = 25
_REMEMBERED = 5000
_GOOD_FOR = timedelta(minutes=5)
_ENTRY = re.compile(rb"<Message>(.*?)</Message>", re.DOTALL)
_SPACE = "http://mns.aliyuncs.com/doc/v1/"


@attrs.frozen
class _Key:
    """A key to one queue, and until when it may be used."""

    id: str
    secret: str = attrs.field(repr=False)
    token: str = attrs.field(repr=False)
    until: datetime


@attrs.frozen
class _Entry:
    """One entry of a queue."""

    id: str
    handle: str
    body: str


class Queues:
    """The queues that the settings name."""

    def __init__(self, interface: Interface) -> None:
        """Take what the key to a queue is asked by."""
        self._interface = interface
        self._keys: dict[str, _Key] = {}

    def read(self, cursor: str | None, now: datetime) -> tuple[list[Mapping[str, Any]], str]:
        """Give the entries that were not given before, and the new cursor.

        Raises:
            NotSent: Aliyun refuses; the message says why.
            Unclear: the connection broke.
        """
        settings = self._interface.settings
        queues = {"SmsReport": settings.report_queue, "SmsUp": settings.reply_queue}
        stored: dict[str, None] = dict.fromkeys(json.loads(cursor) if cursor else ())
        fresh: dict[str, _Entry] = {}
        for kind, queue in queues.items():
            for _ in range(_ROUNDS if queue else 0):
                entries = self._receive(kind, queue, now)
                known = [entry for entry in entries if entry.id in stored]
                self._delete(kind, queue, known, now)
                for entry in known:
                    del stored[entry.id]
                fresh.update((entry.id, entry) for entry in entries if entry not in known)
                if len(entries) < _AT_ONCE:
                    break
        found = [body for entry in fresh.values() for body in _contents(entry)]
        return found, json.dumps([*stored, *fresh][-_REMEMBERED:])

    def _receive(self, kind: str, queue: str, now: datetime) -> list[_Entry]:
        target = f"{_path(queue)}?numOfMessages={_AT_ONCE}&waitseconds=0"
        reply = self._call("GET", kind, queue, target, b"", now)
        if reply.status == HTTPStatus.NOT_FOUND and b"MessageNotExist" in reply.body:
            return []
        if reply.status != HTTPStatus.OK:
            self._keys.pop(queue, None)  # it may be the key that is no longer good
            said = _element(reply.body, "Code") or reply.status
            raise NotSent(f"the queue {queue} cannot be read: {joined(str(said))}")
        return [
            _Entry(*(_element(one, name) for name in ("MessageId", "ReceiptHandle", "MessageBody")))
            for one in _ENTRY.findall(reply.body)
        ]

    def _delete(self, kind: str, queue: str, entries: Iterable[_Entry], now: datetime) -> None:
        handles = [f"<ReceiptHandle>{escape(entry.handle)}</ReceiptHandle>" for entry in entries]
        if handles:
            body = f'<ReceiptHandles xmlns="{_SPACE}">{"".join(handles)}</ReceiptHandles>'.encode()
            # Where one is not deleted it comes again, and is given again: that changes nothing.
            self._call("DELETE", kind, queue, _path(queue), body, now)

    def _call(  # noqa: PLR0913 - the parts of a call
        self, method: str, kind: str, queue: str, target: str, body: bytes, now: datetime
    ) -> Reply:
        key = self._key(kind, queue, now)
        endpoint = self._interface.settings.queue_endpoint.rstrip("/")
        headers = {
            "Host": urlsplit(endpoint).netloc.rpartition("@")[2],
            "Date": format_datetime(now.astimezone(UTC), usegmt=True),
            "Content-Type": "text/xml;charset=UTF-8",
            "x-mns-version": "2015-06-06",
            "security-token": key.token,
        }
        headers["Authorization"] = queue_authorization(
            key.id, key.secret, method=method, target=target, headers=headers
        )
        http = self._interface.http
        return http.call(method, endpoint + target, headers=headers, body=body or None)

    def _key(self, kind: str, queue: str, now: datetime) -> _Key:
        kept = self._keys.get(queue)
        if kept and kept.until > now:
            return kept
        endpoint = self._interface.settings.token_endpoint
        query = {"MessageType": kind, "QueueName": queue}
        reply = self._interface.call(endpoint, "QueryTokenForMnsQueue", query, now)
        answer = mapping(reply.json())
        given = mapping(answer, "MessageTokenDTO")
        if answer.get("Code") != "OK" or not given:
            said = joined(f"{answer.get('Code')}: {answer.get('Message')}")
            raise NotSent(f"no key to the queue {queue}: {said}")
        key = self._keys[queue] = _Key(
            str(given.get("AccessKeyId")),
            str(given.get("AccessKeySecret")),
            str(given.get("SecurityToken")),
            now + _GOOD_FOR,
        )
        return key


def _path(queue: str) -> str:
    return f"/queues/{quote(queue, safe='')}/messages"


def _element(xml: bytes, name: str) -> str:
    """Give the text of an element.

    A parser would follow entities; the elements that are read hold ids and base64 only.
    """
    found = re.search(rf"<{name}>([^<]*)</{name}>".encode(), xml)
    return found[1].decode("utf-8", "replace").strip() if found else ""


def _contents(entry: _Entry) -> list[Mapping[str, Any]]:
    """Read an entry's body: JSON, as it is or in base64; empty where it is neither."""
    for raw in (entry.body.replace("&quot;", '"'), _decoded(entry.body)):
        found = listed(loaded(raw))
        if found is not None:
            return found
    return []


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return "x"
