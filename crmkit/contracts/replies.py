"""Mail that customers write back: their own words, and not what a machine or a quotation says.

Strangers write it, so nothing here takes longer than in proportion to what they wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

_LISTS = ("auto_reply", "bulk", "junk", "list")
_MACHINES = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-response-suppress",
    "list-id",
    "feedback-id",
)
_QUOTE = re.compile(
    # a mail program may break its own line before the last words
    r"^[^\S\n]*(?:>|(?:--|_{5,})[^\S\n]*$|-{2,}[^\S\n]*(?:Original Message|原始邮件)"
    r"|(?:On|Am|Le)\b[^\n]{4,300}(?:\n[^\n]{0,100})?"
    r"\b(?:wrote|schrieb\b[^\n]{0,100}|a écrit)[^\S\n]?[:：][^\S\n]*$"
    r"|在[^\n]{2,300}(?:\n[^\n]{0,100})?[写寫]道[^\S\n]?[:：][^\S\n]*$"
    r"|(?:发件人|寄件者)[^\S\n]?[:：]|From: [^\n@]+@)",
    re.MULTILINE | re.IGNORECASE,
)
"""Begins what is quoted, and a signature: all that follows is not the answer."""
_MARKUP = re.compile(
    # the first two take what is not ended as ending with the text, so that none is tried twice
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<silent>head|script|style|template|title)\b.*?(?:</(?P=silent)\b[^<>]*>|\Z)"
    r"|</?(?P<tag>[a-z][a-z0-9]*)?[^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
_LINES = frozenset("br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tr ul".split())
_CELLS = ("td", "th")
_QUOTED = "blockquote"


def automatic(headers: Mapping[str, str]) -> bool:
    """Tell whether a machine wrote a mail: an absence note, a bounce, a list (RFC 3834).

    Args:
        headers: Those of the mail, their names in any case.
    """
    head = {name.lower(): str(value).strip().lower() for name, value in headers.items()}
    submitted = head.get("auto-submitted", "").partition(";")[0].strip()
    return (
        submitted not in ("", "no")
        or head.get("precedence") in _LISTS
        or any(name in head for name in _MACHINES)
        or head.get("return-path") == "<>"
    )


def own_words(text: str) -> str:
    r"""Leave out the message that is answered: its words ("reply STOP") are not the customer's.

    What stands before the quotation is his; where nothing does, what stands between and behind.

    Example:
        >>> own_words("Thank you!\n\nOn Mon, 4 Jan 2027 Shop wrote:\n> Reply STOP to stop")
        'Thank you!'
        >>> own_words("> Shall we call?\nPlease do.")
        'Please do.'
    """
    text = text.replace("\r\n", "\n")
    quote = _QUOTE.search(text)
    if quote is None:
        return text.strip()
    before = text[: quote.start()].strip()
    others = (line for line in text.split("\n") if not _QUOTE.match(line))
    return before or "\n".join(others).strip()


def text_of_html(html: str) -> str:
    r"""Give the words of an HTML mail, lines where its blocks are; what it quotes stands behind >.

    Example:
        >>> text_of_html("<style>p {}</style><p>Thank&nbsp;you!<br>Li</p>")
        'Thank you!\nLi'
    """
    words = unescape(_MARKUP.sub(_line, " ".join(html.split())))
    lines = (" ".join(line.split()) for line in words.split("\n"))
    return "\n".join(line for line in lines if line)


def _line(found: re.Match[str]) -> str:
    tag = (found["tag"] or "").lower()
    if tag == _QUOTED:
        return "\n" if found[0].startswith("</") else "\n> "
    if tag in _LINES:
        return "\n"
    return " " if tag in _CELLS else ""
