"""Templates of a mapping: text with the names of columns in braces."""

from __future__ import annotations

import re

from crmkit.errors import MappingError

OCCURRENCE = "#"
"""Name in a template: how often the text before it came already, from 1."""

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")

Piece = tuple[str, str | None]
"""A text, and the column that stands behind it; None behind the last."""


def pieces(template: str) -> list[Piece]:
    """Split a template into its texts and columns; ``{{`` and ``}}`` are braces of the text.

    Between braces stands a column's name as the header has it, whatever its characters are.

    Raises:
        MappingError: a brace has no partner; `field` is the template.

    Example:
        >>> pieces("{Order: no.}-{Line}")
        [('', 'Order: no.'), ('-', 'Line')]
    """
    found: list[Piece] = []
    text = ""
    end = 0
    for brace in _BRACES.finditer(template):
        text += template[end : brace.start()]
        end = brace.end()
        if brace[0] in ("{{", "}}"):
            text += brace[0][0]
        elif brace[1] is None:
            message = (
                f"{template!r} is no template: a {brace[0]!r} has no partner; a column whose name "
                "holds one is named by { column = ... }"
            )
            raise MappingError(message, field=template)
        else:
            found.append((text, brace[1]))
            text = ""
    text += template[end:]
    return [*found, (text, None)] if text or not found else found
