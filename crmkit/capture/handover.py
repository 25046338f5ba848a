"""Hand-overs of plugins' data that have begun: a mark for each merge, until every plugin is done.

By it the same merge can be asked for again where a plugin failed, or the process was killed; of one
that was handed over the second asker is told that somebody was before him.
"""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import META

_PREFIX = "handover:"


def begun(writer: Writer, merge_id: str) -> None:
    """Mark a merge whose data plugins are about to hand over."""
    writer.put(META, [(_PREFIX + merge_id, "")])


def is_open(reader: Reader, merge_id: str) -> bool:
    """Tell whether plugins have still to hand over."""
    return any(reader.fetch(META, [(_PREFIX + merge_id,)]))


def ended(writer: Writer, merge_ids: Iterable[str]) -> None:
    """Take the marks away: handed over, or there is nothing to hand over any more."""
    writer.delete(META, [(_PREFIX + one,) for one in merge_ids])
