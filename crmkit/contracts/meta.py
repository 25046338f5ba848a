"""Facts about the workspace itself: one text under one name.

Whoever keeps one names it, and says what its text holds; `META` is the table they are all in.
"""

from __future__ import annotations

from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import META


def read_fact(reader: Reader, name: str) -> str | None:
    """Give the text of a fact; None where nobody wrote it down."""
    return next((text for _, text in reader.fetch(META, [(name,)])), None)


def write_fact(writer: Writer, name: str, text: str) -> None:
    """Write a fact down, in the place of what stood there before."""
    writer.put(META, [(name, text)])
