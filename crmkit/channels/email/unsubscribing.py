"""One-click unsubscribing (RFC 8058): the link, the call of it, and the page a person sees.

A POST withdraws, whatever its body says: mail programs send ``List-Unsubscribe=One-Click``, the
page its own form. A GET shows the page and changes nothing, since scanners follow links.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from html import escape
from urllib.parse import parse_qsl, unquote, urlsplit

from crmkit.channels.email.marks import Marked
from crmkit.channels.email.settings import TOKEN
from crmkit.clock import Clock
from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.signatures import refuse
from crmkit.errors import SignatureInvalid

_FIELD = "token"
_MOST = 20  # texts of a call that are tried as a token
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title></head>
<body>{content}</body></html>
"""
_ASK = """<h1 lang="zh">退订</h1><p lang="zh">确认不再接收此类邮件？</p>
<h1>Unsubscribe</h1><p>Do you want no more of these e-mails?</p>
<form method="post"><input type="hidden" name="{field}" value="{token}">
<button type="submit"><span lang="zh">退订</span> Unsubscribe</button></form>"""
_DONE = """<h1 lang="zh">已退订</h1><p lang="zh">您将不再收到此类邮件。</p>
<h1>Unsubscribed</h1><p>You will get no more of these e-mails.</p>"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
}


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
        method = method.upper()
        if method == "POST":
            told = Delivery(
                what="unsubscribed",
                message_id=message_id,
                at=clock(),
                event_id=f"unsubscribed:{message_id}",
            )
            return [told], _page("Unsubscribed", _DONE)
        if method == "GET":
            return [], _page("Unsubscribe", _ASK.format(field=_FIELD, token=escape(token)))
        if method == "HEAD":
            return [], Response(200, b"", _HEADERS)
        return [], Response(405, b"", {"Allow": "GET, HEAD, POST"})

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


def _page(title: str, content: str) -> Response:
    return Response(200, _PAGE.format(title=title, content=content).encode(), _HEADERS)
