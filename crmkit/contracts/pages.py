"""Pages that the link in a message leads to.

They need no script and no other file; no cache keeps them, no frame shows them, and what they link
to does not learn their address, which is as good as the customer's signature.
"""

from __future__ import annotations

from crmkit.contracts.channel import Response

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
}
"""Headers of every such page, and of the answer to a HEAD."""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title></head>
<body>{content}</body></html>
"""


def page(title: str, content: str, status: int = 200) -> Response:
    """Give a page as the answer to a call.

    Args:
        title: HTML, like `content`: what customers or hosts wrote is escaped by now.
        content: What stands in its body.
        status: HTTP status.
    """
    return Response(status, _PAGE.format(title=title, content=content).encode(), HEADERS)


def head() -> Response:
    """Answer a HEAD: the same, without the page."""
    return Response(200, b"", HEADERS)
