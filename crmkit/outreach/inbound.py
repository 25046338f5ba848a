"""Calls that come in and pages that are fetched: to the channel first, then into the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.arguments import mapping, refuse, text
from crmkit.contracts.channel import Delivery, Received, Response
from crmkit.contracts.tables import META
from crmkit.errors import SignatureInvalid
from crmkit.outreach.hearing import hear
from crmkit.outreach.setup import Setup
from crmkit.outreach.taking import body_of, channel_name, url_of

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
    given = {str(k): str(v) for k, v in mapping("headers", headers, "a mapping").items()}
    raw = body_of(body)
    verb, called = text("method", method).upper(), url_of(url)
    try:
        deliveries, response = setup.lines.open(line.name).receive(
            given, raw, method=verb, url=called
        )
    except SignatureInvalid as error:
        error.channel = line.name  # type: ignore[attr-defined]
        raise
    if response.status == _UNAUTHORISED and not deliveries:
        message = f"the call to {line.name} is refused: its signature is wrong"
        raise SignatureInvalid(message, channel=line.name)
    if verb in ("GET", "HEAD"):
        return Received((), response)
    heard = hear(setup, line, tuple(deliveries))
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
            cursor = next((row[1] for row in reader.fetch(META, [(name,)])), None)
        page = setup.lines.open(line.name).poll(cursor)
        heard = hear(setup, line, tuple(page.deliveries))
        known += heard.known
        strangers += heard.strangers
        if page.cursor is not None and page.cursor != cursor:
            with setup.session.store.write() as writer:
                writer.put(META, [(name, page.cursor)])
        if not page.deliveries or page.cursor in (None, cursor):
            break
    return Received(tuple(known), Response(), tuple(strangers))
