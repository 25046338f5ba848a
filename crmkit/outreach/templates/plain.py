"""Templates that only name variables, filled in without Jinja2 where all of those are texts.

Nearly every template is one, and most of the time of a render goes into what it does not need.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from jinja2 import nodes
from markupsafe import escape

from crmkit.outreach.templates.escaping import markdown
from crmkit.outreach.templates.values import OUTPUT_LIMIT

_MARKUP = re.compile("[&<>\"']")


@attrs.frozen
class Plain:
    """A template of texts and names of variables.

    Attributes:
        pieces: A text, and the variable behind it; None: it ends there.
        write: Escapes the text of a variable.
    """

    pieces: tuple[tuple[str, str | None], ...]
    write: Callable[[str], str]

    def filled(self, variables: Mapping[str, Any]) -> str | None:
        """Give what Jinja2 would; None where it must be asked.

        That is where a variable is missing, blank, or anything but a text, and where what comes
        out is too long.
        """
        found: list[str] = []
        for text, name in self.pieces:
            found.append(text)
            if name is not None:
                value = variables.get(name)
                if type(value) is not str or not value or value.isspace():
                    return None
                found.append(self.write(value))
        whole = "".join(found)
        return whole if len(whole) <= OUTPUT_LIMIT else None


def plain_of(tree: nodes.Template, text_format: str) -> Plain | None:
    """Read a template that was found harmless; None: it does more than to name variables.

    Args:
        tree: Its parts.
        text_format: How variables are escaped: ``text``, ``html`` or ``markdown``.
    """
    pieces: list[tuple[str, str | None]] = []
    text = ""
    for part in tree.body:
        if not isinstance(part, nodes.Output):
            return None
        for node in part.nodes:
            if isinstance(node, nodes.TemplateData):
                text += node.data
            elif isinstance(node, nodes.Name):
                pieces.append((text, node.name))
                text = ""
            else:
                return None
    return Plain((*pieces, (text, None)), _WRITERS[text_format])


def _html(text: str) -> str:
    return str(escape(text)) if _MARKUP.search(text) else text


_WRITERS: dict[str, Callable[[str], str]] = {"text": str, "html": _html, "markdown": markdown}
