"""Variables in HTML: escaping alone makes one harmless in some places only.

A variable may stand in text and in a quoted attribute. One that begins an attribute which is
followed (``href``, ``src``) must be an absolute link and no script. In a script, a style, a
comment, the name of a tag, an attribute that is run or has no quotes, it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs
from jinja2 import nodes

from crmkit.outreach.templates.allowed import fail
from crmkit.outreach.templates.html_places import LINKS, TEXT, VALUE, Place

_RUN = re.compile(r"on|style$|srcdoc$|srcset$")


def check_places(body: Sequence[nodes.Node]) -> None:
    """See that every variable of an HTML template stands where escaping makes it harmless.

    Raises:
        InvalidValueError: one does not, or a statement divides a tag.
    """
    if _statements(body, Place()).where != TEXT:
        fail(1, "the HTML ends within a tag or a comment")


def _statements(body: Sequence[nodes.Node], place: Place) -> Place:
    for node in body:
        if isinstance(node, nodes.Output):
            place = _output(node, place)
        elif isinstance(node, nodes.If):
            ends = [_statements(part.body, place) for part in (node, *node.elif_)]
            ends.append(_statements(node.else_, place))
            if any(end != ends[0] for end in ends):
                fail(node.lineno, "every way through an if must end at the same place of the HTML")
            place = ends[0]
        elif isinstance(node, nodes.For) and not (
            _statements(node.body, place) == place == _statements(node.else_, place)
        ):
            fail(node.lineno, "a for must end at the place of the HTML where it begins")
    return place


def _output(node: nodes.Output, place: Place) -> Place:
    for index, part in enumerate(node.nodes):
        if isinstance(part, nodes.TemplateData):
            place = place.after(part.data)
            continue
        if place.where not in (TEXT, VALUE):
            why = f"a variable may stand in text and in a quoted attribute, not in {place.where}"
            fail(part.lineno, why)
        if _runs(place):
            fail(part.lineno, f"no variable may stand in the attribute {place.attribute}")
        if place.where == VALUE and place.attribute in LINKS and not place.settled:
            if place.begun.strip():
                fail(part.lineno, "a link begins with https:// or with one whole variable")
            node.nodes[index] = nodes.Filter(part, "_link", [], [], None, None, lineno=part.lineno)
            place = attrs.evolve(place, begun="", settled=True)
    return place


def _runs(place: Place) -> bool:
    """Tell whether an attribute's value is run, or may name what is."""
    refreshes = place.tag == "meta" and place.attribute == "content"
    return place.where == VALUE and (refreshes or _RUN.match(place.attribute) is not None)
