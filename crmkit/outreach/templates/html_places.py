"""Where in HTML a reader is: followed sign by sign, as a browser's tokenizer would.

It follows https://html.spec.whatwg.org/multipage/parsing.html#tokenization as far as a template
needs; where it is in doubt it stays in a place where no variable may stand.
"""

from __future__ import annotations

import re

import attrs

TEXT, OPEN, TAG, NAME, AFTER, BEFORE, VALUE, BARE, COMMENT, RAW = (
    "text",
    "a tag's name",
    "a tag",
    "an attribute's name",
    "behind an attribute's name",
    "an attribute without quotes",
    "an attribute",
    "an attribute without quotes, begun",
    "a comment",
    "a script or style",
)
LINKS = frozenset(
    "action background cite codebase data formaction href icon longdesc manifest ping poster "
    "profile src usemap xlink:href".split()
)
"""Attributes that are followed."""
_RAW_TAGS = frozenset("script style iframe noembed noframes noscript plaintext xmp".split())
_SETTLED = re.compile(r"\s*(?:https?://|mailto:|tel:|sms:|cid:|#)", re.IGNORECASE)
_SPACE = " \t\r\n\f"


@attrs.define
class Place:
    """A place in HTML.

    Attributes:
        where: One of the places above.
        tag: Name of the tag it is in, or of the raw text; a closing one begins with a slash.
        attribute: Name of the attribute it is in.
        quote: The quote that ends the value.
        begun: What stands of a link's value until its kind is settled.
        settled: Whether it is.
    """

    where: str = TEXT
    tag: str = ""
    attribute: str = ""
    quote: str = ""
    begun: str = ""
    settled: bool = False

    def after(self, text: str) -> Place:
        """Give the place after some text."""
        place = attrs.evolve(self)
        at = 0
        while at < len(text):
            at = _STEPS[place.where](place, text, at)
        return place

    def _text(self, text: str, at: int) -> int:
        found = text.find("<", at)
        if found < 0:
            return len(text)
        self.where, self.tag = OPEN, ""
        return found + 1

    def _open(self, text: str, at: int) -> int:
        sign = text[at]
        if self.tag == "!-" and sign == "-":
            self.where, self.tag = COMMENT, ""
        elif self.tag[:1] in ("!", "?"):  # a declaration, which quotes nothing
            self.where, self.tag = (TEXT, "") if sign == ">" else (OPEN, self.tag + sign)
        elif not self.tag and not (sign.isalpha() or sign in "/!?"):
            self.where = TEXT
            return at
        elif sign in _SPACE or sign == ">" or (sign == "/" and self.tag):
            self.where = TAG
            return at
        else:
            self.tag += sign.lower()
        return at + 1

    def _skip(self, text: str, at: int) -> int:
        """Go to the end of a comment or of raw text; where that is cut, stay."""
        end = "-->" if self.where == COMMENT else f"</{self.tag}"
        found = re.compile(re.escape(end), re.IGNORECASE).search(text, at)
        if found is None:
            return len(text)
        inside = self.where == RAW
        self.where, self.tag = (TAG, f"/{self.tag}") if inside else (TEXT, "")
        return found.end()

    def _tag(self, text: str, at: int) -> int:
        sign = text[at]
        if sign == ">":
            self.where = RAW if self.tag in _RAW_TAGS else TEXT
            self.tag = self.tag if self.where == RAW else ""
            self.attribute = ""
        elif sign == "=" and self.where == AFTER:
            self.where = BEFORE
        elif sign not in _SPACE and sign != "/":
            self.where, self.attribute = NAME, sign.lower()
        return at + 1

    def _name(self, text: str, at: int) -> int:
        sign = text[at]
        if sign in _SPACE or sign in "=/>":
            self.where = AFTER
            return at
        self.attribute += sign.lower()
        return at + 1

    def _before(self, text: str, at: int) -> int:
        sign = text[at]
        if sign in "\"'":
            self.where, self.quote, self.begun, self.settled = VALUE, sign, "", False
        elif sign not in _SPACE:
            self.where = TAG if sign == ">" else BARE
            return at
        return at + 1

    def _bare(self, text: str, at: int) -> int:
        if text[at] in _SPACE or text[at] == ">":
            self.where = TAG
            return at
        return at + 1

    def _value(self, text: str, at: int) -> int:
        end = text.find(self.quote, at)
        if end >= 0:
            self.where, self.attribute, self.quote = TAG, "", ""
            self.begun, self.settled = "", False
            return end + 1
        if self.attribute in LINKS and not self.settled:
            self.begun += text[at:]
            self.settled = _SETTLED.match(self.begun) is not None
            self.begun = "" if self.settled else self.begun
        return len(text)


_STEPS = {
    TEXT: Place._text,  # noqa: SLF001 - the class's own steps
    OPEN: Place._open,  # noqa: SLF001
    TAG: Place._tag,  # noqa: SLF001
    AFTER: Place._tag,  # noqa: SLF001
    NAME: Place._name,  # noqa: SLF001
    BEFORE: Place._before,  # noqa: SLF001
    BARE: Place._bare,  # noqa: SLF001
    VALUE: Place._value,  # noqa: SLF001
    COMMENT: Place._skip,  # noqa: SLF001
    RAW: Place._skip,  # noqa: SLF001
}
