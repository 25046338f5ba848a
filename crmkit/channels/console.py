"""``console``: shows messages instead of sending them; stands in for any channel.

It needs no settings and no address, so that whoever develops sees what everybody would get.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from textwrap import indent

from crmkit.channels.visible import one_line, visible
from crmkit.contracts.channel import Channel, Message, Receipt


class ConsoleChannel(Channel):
    """Prints each message to stdout; a terminal gets no orders from what customers wrote."""

    def __init__(self, config: None = None) -> None:
        """Take no settings."""

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Print the messages to what ``sys.stdout`` is now."""
        return [_print(message) for message in messages]


def _print(message: Message) -> Receipt:
    stream = sys.stdout
    try:
        encoding = getattr(stream, "encoding", None) or "utf-8"
        shown = shape(message).encode(encoding, "backslashreplace").decode(encoding)
        stream.write(shown)
        stream.flush()
    except (OSError, ValueError, AttributeError) as error:  # closed, or there is none
        return Receipt.misconfigured(message, f"stdout takes nothing: {error}")
    return Receipt.accepted(message)


def shape(message: Message) -> str:
    """Lay a message out for a reader; its text is indented, so that it cannot pose as a heading."""
    name, to = one_line(message.name), one_line(message.to)
    whom = " ".join([name or message.customer_id, *([f"<{to}>"] if to else [])])
    about = " · ".join(filter(None, (message.purpose, one_line(message.occasion), message.id)))
    lines = [f"-- to {whom} · {about}"]
    lines += [f"   {label}: {one_line(value)}" for label, value in _facts(message) if value]
    lines += [indent(visible(part), "   | ", lambda _: True) for part in _parts(message) if part]
    return "\n".join(lines) + "\n\n"


def _facts(message: Message) -> Iterator[tuple[str, str]]:
    yield "Subject", message.subject or ""
    if message.template is not None:
        yield "Template", message.template.code
        yield "Signature", message.template.signature or ""
        for key, value in message.template.values.items():
            yield one_line(key), value
    yield "Owner", message.owner or ""
    yield "Due", "" if message.due is None else message.due.isoformat(timespec="minutes")
    for key, value in message.brief.items():
        several = isinstance(value, Sequence) and not isinstance(value, str)
        items = value if several else () if value is None else (value,)
        yield one_line(key), "; ".join(map(str, items))
    for key, value in message.headers.items():
        yield one_line(key), value
    yield "Unsubscribe", message.unsubscribe or ""


def _parts(message: Message) -> Iterator[str]:
    """Give the text; the HTML too where it says something that the text does not."""
    yield message.text
    if message.html and not message.text:
        yield message.html
