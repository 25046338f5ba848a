"""Where in HTML a variable stands: escaping alone makes it harmless in some places only.

A variable may stand in text and in a quoted attribute. One that begins an attribute which is
followed (``href``, ``src``) must be an absolute link and no script. In a script, a style, a comment,
the name of a tag, or an attribute that is run or has no quotes, it is refused.
"""

from __future__ import annotations

import re

import attrs
from jinja2 import nodes

from crmkit.outreach.templates_allowed import fail

TEXT, OPEN, TAG, NAME, AFTER, BEFORE, VALUE, BARE, COMMENT, RAW = range(10)
"""In text; in a tag's name; in a tag; in an attribute's name; after it; before its value; in one
in quotes; in one without; in a comment; in a script or the like."""

_LINKS = frozenset(
    "action background cite codebase data formaction href icon longdesc manifest ping poster "
    "profile src usemap xlink:href".split()
)
_RUN = re.compile(r"on|style$|srcdoc$|srcset$")
_RAW = frozenset("script style iframe noembed noframes noscript plaintext xmp".split())
_SETTLED = re.compile(r"\s*(?:https?://|mailto:|tel:|sms:|cid:|#)", re.IGNORECASE)
_SPACE = " \t\r\n\f"


@attrs.frozen
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

    where: int = TEXT
    tag: str = ""
    attribute: str = ""
    quote: str = ""
    begun: str = ""
    settled: bool = False


def check_places(body: list[nodes.Node]) -> None:
    """See that every variable of an HTML template stands where escaping makes it harmless.

    Raises:
        InvalidValueError: one does not, or a statement divides a tag.
    """
    if _statements(body, Place()).where != TEXT:
        fail(1, "the HTML ends within a tag or a comment")


def _statements(body: list[nodes.Node], place: Place) -> Place:
    for node in body:
        if isinstance(node, nodes.Output):
            place = _output(node, place)
        elif isinstance(node, nodes.If):
            ends = [_statements(node.body, place)]
            ends += [_statements(branch.body, place) for branch in node.elif_]
            ends.append(_statements(node.else_, place))
            if any(end != ends[0] for end in ends):
                fail(node.lineno, "every way through an if must end at the same place of the HTML")
            place = ends[0]
        elif isinstance(node, nodes.For):
            same = _statements(node.body, place) == place == _statements(node.else_, place)
            if not same:
                fail(node.lineno, "a for must end at the place of the HTML where it begins")
    return place


def _output(node: nodes.Output, place: Place) -> Place:
    for index, part in enumerate(node.nodes):
        if isinstance(part, nodes.TemplateData):
            place = after(place, part.data)
            continue
        if place.where not in (TEXT, VALUE):
            fail(part.lineno, "a variable may stand in text and in an attribute in quotes only")
        if place.where != VALUE:
            continue
        if _RUN.match(place.attribute) or (place.tag == "meta" and place.attribute == "content"):
            fail(part.lineno, f"no variable may stand in the attribute {place.attribute}")
        if place.attribute in _LINKS and not place.settled:
            if place.begun.strip():
                fail(
                    part.lineno, "a link must begin with https:// or the whole of it be a variable"
                )
            node.nodes[index] = nodes.Filter(part, "_link", [], [], None, None, lineno=part.lineno)
            place = attrs.evolve(place, begun="", settled=True)
    return place


def after(place: Place, text: str) -> Place:
    """Give the place after some text of the template."""
    at, where, begun = 0, place.where, place.begun
    tag, attribute, quote, settled = place.tag, place.attribute, place.quote, place.settled
    while at < len(text):
        sign = text[at]
        at += 1
        if where == TEXT:
            at = text.find("<", at - 1) + 1 or len(text) + 1
            if at <= len(text):
                where, tag = OPEN, ""
        elif where == OPEN:
            if tag == "!-" and sign == "-":
                where, tag = COMMENT, ""
            elif tag[:1] in ("!", "?"):  # a declaration, which quotes nothing
                where, tag = (TEXT, "") if sign == ">" else (OPEN, tag + sign)
            elif not tag and not (sign.isalpha() or sign in "/!?"):
                where, at = TEXT, at - 1
            elif sign in _SPACE or sign == ">" or (sign == "/" and tag):
                where, at = TAG, at - 1
            else:
                tag += sign.lower()
        elif where in (COMMENT, RAW):
            end = "-->" if where == COMMENT else f"</{tag}"
            found = re.compile(re.escape(end), re.IGNORECASE).search(text, at - 1)
            if found is None:
                break
            where, at = (TEXT, found.end()) if where == COMMENT else (TAG, found.end())
            tag = "" if where == TEXT else f"/{tag}"
        elif where in (TAG, AFTER):
            if sign == ">":
                where = RAW if tag in _RAW else TEXT
                tag = tag if where == RAW else ""
                attribute = ""
            elif sign == "=" and where == AFTER:
                where = BEFORE
            elif sign not in _SPACE and sign != "/":
                where, attribute = NAME, sign.lower()
        elif where == NAME:
            if sign in _SPACE or sign in "=/>":
                where, at = AFTER, at - 1
            else:
                attribute += sign.lower()
        elif where == BEFORE:
            if sign in "\"'":
                where, quote, begun, settled = VALUE, sign, "", False
            elif sign not in _SPACE:
                where, at = BARE, at - 1
        elif where == BARE:
            if sign in _SPACE or sign == ">":
                where, at = TAG, at - 1
        else:
            end = text.find(quote, at - 1)
            piece = text[at - 1 :] if end < 0 else text[at - 1 : end]
            at = len(text) if end < 0 else end + 1
            if attribute in _LINKS and not settled:
                begun += piece
                settled = _SETTLED.match(begun) is not None
                begun = "" if settled else begun
            if end >= 0:
                where, attribute, quote, begun, settled = TAG, "", "", "", False
    return Place(where, tag, attribute, quote, begun, settled)
