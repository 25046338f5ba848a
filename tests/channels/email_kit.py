"""What the tests of the e-mail channel share."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from crmkit.channels.email.channel import EmailChannel
from crmkit.channels.email.letters import Letter
from crmkit.contracts.channel import Message
from tests.channels.opening import SPECS

SENDER = "小店 <news@shop.example>"
_OPENED: list[EmailChannel] = []


def message(number: object = 1, **given: Any) -> Message:
    given = {"to": f"li{number}@example.com", "text": f"Hello {number}"} | given
    return Message(id=str(number), customer_id=f"c{number}", purpose="care", **given)


def opened(**settings: Any) -> EmailChannel:
    given = {"host": "127.0.0.1", "sender": SENDER, "timeout": 5} | settings
    spec = SPECS["email"]
    channel = spec.open(spec.configure(given))
    assert isinstance(channel, EmailChannel)
    _OPENED.append(channel)
    return channel


def close_all() -> None:
    """Close what a test opened."""
    while _OPENED:
        _OPENED.pop().close()


def parsed(data: bytes) -> EmailMessage:
    """Read a mail as a mail program does."""
    found = message_from_bytes(data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def unstuffed(letter: Letter) -> bytes:
    """Give what a server makes of a letter's bytes."""
    assert letter.data.endswith(b"\r\n.\r\n")
    lines = letter.data[:-3].split(b"\r\n")
    assert b"." not in lines
    return b"\r\n".join(line.removeprefix(b".") for line in lines)
