"""What a variable may bring into a message: escaped for Markdown, one line, a link that is one."""

from __future__ import annotations

import re

from crmkit.contracts.lines import joined

_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~]")
_LINK = re.compile(r"(?:https?://[^\s/]|mailto:|tel:|sms:)", re.IGNORECASE).match


def markdown(text: str) -> str:
    r"""Escape what CommonMark would read as markup; a line break stays one.

    Example:
        >>> markdown("*A_1* [x](http://a)")
        '\\*A\\_1\\* \\[x\\]\\(http://a\\)'
    """
    return _MARKDOWN.sub(r"\\\g<0>", text)


def one_line(text: str) -> str:
    r"""Give a text as a single line, for a subject: no header can follow from it.

    Every separator that Unicode or a mail program may take for the end of a line becomes one
    space, other control characters too.

    Example:
        >>> one_line("Hello\r\nBcc: all@example.com\u2028!")
        'Hello Bcc: all@example.com !'
    """
    if text.isprintable():  # no separator is; true of nearly every subject
        return text.strip()
    return joined(" ".join(part.strip() for part in text.splitlines()))


def is_link(text: str) -> bool:
    """Tell whether a text is an absolute link that cannot run anything where it is opened.

    Example:
        >>> is_link("https://example.com/a"), is_link("javascript:alert(1)"), is_link("/a")
        (True, False, False)
    """
    return _LINK(text) is not None
