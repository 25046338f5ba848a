"""Calls that come in and pages that are fetched: to the channel first, then into the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmkit.arguments import refuse, show, text
from crmkit.contracts.channel import Delivery, Poll, Received, Response
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.errors import PluginError, SignatureInvalid
from crmkit.outreach.hearing import hear
from crmkit.outreach.lines import Line
from crmkit.outreach.setup import Setup
from crmkit.outreach.taking import body_of, channel_name, headers_of, url_of

_UNAUTHORISED = 401
_POLLS = 1_000
"""Pages fetched by one `poll` at most: a cursor that never rests is a fault of the channel."""


def receive(
    setup: Setup,
    channel: str,
    call: tuple[Mapping[str, str], bytes | str],
    method: str,
    url: str,
) -> Received:
    """Take one call; see ``crm.outreach.receive``."""
    line = setup.lines.get(channel_name(channel))
    if not line.can("receive"):
        refuse("channel", f"must take calls, but {line.name} does not", channel)
    headers, body = call
    given = headers_of(headers)
    raw = body_of(body)
    verb, called = text("method", method).upper(), url_of(url)
    try:
        told = setup.lines.open(line.name).receive(given, raw, method=verb, url=called)
    except SignatureInvalid as error:
        error.channel = line.name  # type: ignore[attr-defined]
        raise
    deliveries, response = _pair(line, told)
    if response.status == _UNAUTHORISED and not deliveries:
        message = f"the call to {line.name} is refused: its signature is wrong"
        raise SignatureInvalid(message, channel=line.name)
    if verb in ("GET", "HEAD"):
        return Received((), response)
    heard = hear(setup, line, deliveries)
    return Received(heard.known, response, heard.strangers)


def poll(setup: Setup, channel: str) -> Received:
    """Fetch page after page until nothing is new; the place is kept once a page is written down."""
    line = setup.lines.get(channel_name(channel))
    if not line.can("poll"):
        refuse("channel", f"must be one whose receipts are fetched, but {line.name}'s are not")
    name = f"poll:{line.name}"
    known: list[Delivery] = []
    strangers: list[Delivery] = []
    for _ in range(_POLLS):
        with setup.session.store.read() as reader:
            cursor = read_fact(reader, name)
        page = setup.lines.open(line.name).poll(cursor)
        if not isinstance(page, Poll) or not isinstance(page.cursor, str | None):
            raise _wrong(line, "poll", "a Poll with a cursor that is text", page)
        heard = hear(setup, line, tuple(page.deliveries))
        known += heard.known
        strangers += heard.strangers
        if page.cursor is not None and page.cursor != cursor:
            with setup.session.store.write() as writer:
                write_fact(writer, name, page.cursor)
        if not page.deliveries or page.cursor in (None, cursor):
            break
    return Received(tuple(known), Response(), tuple(strangers))


def _pair(line: Line, told: object) -> tuple[tuple[Delivery, ...], Response]:
    """Take what a channel made of a call."""
    match told:
        case (deliveries, Response() as response) if isinstance(deliveries, Iterable):
            return tuple(deliveries), response
    raise _wrong(line, "receive", "deliveries and a Response", told)


def _wrong(line: Line, what: str, wanted: str, given: object) -> PluginError:
    cause = f"{what} must give {wanted}, gave {show(given)}"
    message = f"channel {line.name}: {cause}"
    return PluginError(message, plugin=line.spec.name, hook="crmkit_channels", cause=cause)
