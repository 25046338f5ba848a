"""One-click unsubscribing (RFC 8058): what a call of a message's link does, and the page it shows.

A POST withdraws, whatever its body says: mail programs send ``List-Unsubscribe=One-Click``, the
page its own form. A GET shows the page and changes nothing, since scanners follow links.
"""

from __future__ import annotations

from datetime import datetime
from html import escape

from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.pages import head, page

_ASK = """<h1 lang="zh">退订</h1><p lang="zh">确认不再接收此类邮件？</p>
<h1>Unsubscribe</h1><p>Do you want no more of these e-mails?</p>
<form method="post"><input type="hidden" name="{field}" value="{token}">
<button type="submit"><span lang="zh">退订</span> Unsubscribe</button></form>"""
_DONE = """<h1 lang="zh">已退订</h1><p lang="zh">您将不再收到此类邮件。</p>
<h1>Unsubscribed</h1><p>You will get no more of these e-mails.</p>"""


def answered(
    method: str, message_id: str, now: datetime, *, field: str, token: str
) -> tuple[list[Delivery], Response]:
    """Answer a call of a link whose token was checked.

    Args:
        method: ``GET``, ``HEAD``, ``POST``; anything else is answered 405.
        message_id: The message whose link it is.
        now: The present instant.
        field: Name under which the page's form gives the token back.
        token: The token.
    """
    match method.upper():
        case "POST":
            told = Delivery(
                what="unsubscribed",
                message_id=message_id,
                at=now,
                event_id=f"unsubscribed:{message_id}",
            )
            return [told], page("Unsubscribed", _DONE)
        case "GET":
            return [], page("Unsubscribe", _ASK.format(field=field, token=escape(token)))
        case "HEAD":
            return [], head()
        case _:
            return [], Response(405, b"", {"Allow": "GET, HEAD, POST"})
