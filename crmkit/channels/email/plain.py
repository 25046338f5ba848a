"""The text of an HTML page, for those who read plain text; links keep their targets."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SKIPPED = frozenset({"head", "script", "style", "template", "title"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "figure"}
    | {"footer", "form", "header", "hr", "li", "main", "nav", "ol", "section", "table", "tr", "ul"}
)
_APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINES = re.compile(r"[ \t]*\n[ \t]*")
_GAPS = re.compile(r"\n{3,}")


def text_of(html: str) -> str:
    """Give the text of a page, its paragraphs apart and each link's target behind its words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = _LINES.sub("\n", "".join(reader.parts))
    return _GAPS.sub("\n\n", text).strip() + "\n"


class _Reader(HTMLParser):
    """Collects what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _SKIPPED:
            self._skipped += 1
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.parts)))
        elif tag == "img":
            self.handle_data(given.get("alt") or "")
        elif tag == "br":
            self.parts.append("\n")
        self._break(tag)
        if tag == "li":
            self.parts.append("- ")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped = max(0, self._skipped - 1)
        elif tag == "a" and self._links:
            target, at = self._links.pop()
            words = "".join(self.parts[at:]).strip()
            shown = target.removeprefix("mailto:").removeprefix("tel:")
            if target and not target.startswith("#") and shown not in words:
                self.parts.append(f" <{shown}>" if words else shown)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(_SPACES.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag in _APART:
            self.parts.append("\n\n")
        elif tag in _BLOCKS:
            self.parts.append("\n")
