"""One-click unsubscribing (RFC 8058): a signed link of our own, and the answers to its calls.

The link is called back at the same `receive` as the provider's webhook; ``unsubscribe=`` in its
query tells them apart. A POST withdraws; a GET shows a page, since scanners follow links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.signatures import read_token, refuse, token
from crmkit_esp.settings import EspConfig

_FIELD = "unsubscribe"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Unsubscribe</title></head>
<body>{content}</body></html>
"""
_ASK = """<p lang="zh">确认不再接收此类邮件?</p><p>Do you want no more of these e-mails?</p>
<form method="post"><button type="submit"><span lang="zh">退订</span> Unsubscribe</button></form>"""
_DONE = """<p lang="zh">已退订。</p><p>You will get no more of these e-mails.</p>"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
}


def link(config: EspConfig, message_id: str) -> str | None:
    """Give the link of one message; None where the channel has no page for it."""
    if not config.unsubscribe_url:
        return None
    glue = "&" if "?" in config.unsubscribe_url else "?"
    return f"{config.unsubscribe_url}{glue}{_FIELD}={token(_key(config), message_id)}"


def called(
    config: EspConfig, method: str, url: str, now: datetime
) -> tuple[Sequence[Delivery], Response] | None:
    """Answer a call of a link; None where the call is none, but the provider's.

    Raises:
        SignatureInvalid: its token was not made here.
    """
    given = dict(parse_qsl(urlsplit(url).query)).get(_FIELD)
    if given is None:
        return None
    if not config.unsubscribe_url:
        refuse("this channel has no unsubscribe_url")
    message_id = read_token(_key(config), given)[0]
    if method.upper() != "POST":
        asked = b"" if method.upper() == "HEAD" else _PAGE.format(content=_ASK).encode()
        return (), Response(200, asked, _HEADERS)
    told = Delivery(
        what="unsubscribed", message_id=message_id, at=now, event_id=f"unsubscribed:{message_id}"
    )
    return (told,), Response(200, _PAGE.format(content=_DONE).encode(), _HEADERS)


def _key(config: EspConfig) -> str:
    # A token made for another use is a forgery here.
    return f"{config.secret.reveal() if config.secret else ''}\0unsubscribe"
