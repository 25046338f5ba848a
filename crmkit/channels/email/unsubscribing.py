"""One-click unsubscribing (RFC 8058): the link of a message, and finding its token in a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

from crmkit.channels.email.marks import Marked
from crmkit.channels.email.settings import TOKEN
from crmkit.clock import Clock
from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.signatures import refuse
from crmkit.contracts.unsubscribing import answered
from crmkit.errors import SignatureInvalid

_FIELD = "token"
_MOST = 20  # texts of a call that are tried as a token


class Unsubscribing:
    """Links of one page, and its answers."""

    def __init__(self, page: str, secret: str | None) -> None:
        """Take the page's URL, with ``{token}`` or without, and what signs."""
        if TOKEN not in page:
            glue = "" if page.endswith(("/", "=")) else "&token=" if "?" in page else "?token="
            page += glue + TOKEN
        self._links = Marked(page, secret, "unsubscribe")

    def url(self, message_id: str) -> str:
        """Give the link of one message."""
        return self._links.of(message_id)

    def receive(
        self, body: bytes, method: str, url: str, clock: Clock
    ) -> tuple[list[Delivery], Response]:
        """Answer a call of the page.

        Args:
            body: A form's fields; empty is fine.
            method: ``GET``, ``HEAD``, ``POST``; anything else is answered 405.
            url: What was called, or its path and query.
            clock: Gives now.

        Raises:
            SignatureInvalid: no token in it was made here.
        """
        token, message_id = self._token(body, url)
        return answered(method, message_id, clock(), field=_FIELD, token=token)

    def _token(self, body: bytes, url: str) -> tuple[str, str]:
        """Find the token that is signed right, and the id in it."""
        for token in _candidates(body, url):
            with suppress(SignatureInvalid):
                return token, self._links.read(token)
        return refuse("it carries no token, or a forged one")


def _candidates(body: bytes, url: str) -> Iterator[str]:
    """Give the texts of a call that may be a token: the query's, the path's last, the form's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        refuse("its URL is none")
    form = body[:10_000].decode("utf-8", "replace")
    fields = [*parse_qsl(parts.query)[:_MOST], *parse_qsl(form)[:_MOST]]
    yield from (value for name, value in fields if name == _FIELD)
    yield unquote(parts.path.rstrip("/").rpartition("/")[2])
    yield from (value for name, value in fields if name != _FIELD)
