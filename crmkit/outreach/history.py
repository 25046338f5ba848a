"""What went to customers before: what caps count, and what nobody shall get twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import MESSAGE
from crmkit.outreach.ledger import TAKEN

_STATE, _SENT, _AT, _NUMBER = (MESSAGE.position[name] for name in ("state", "sent", "at", "number"))


class Sent(NamedTuple):
    """A message that went, or may have: a row of the ledger, as far as it counts."""

    channel: str
    at: int
    customer: str
    purpose: str
    occasion: str
    number: int


def read_history(
    reader: Reader, members: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[Sent]], dict[int, Row]]:
    """Read what was sent to each merge group, of all that counts.

    Returns:
        What counts by root, and all rows of theirs by number.
    """
    roots = {one: root for root, ids in members.items() for one in ids}
    history: dict[str, list[Sent]] = {}
    rows: dict[int, Row] = {}
    # Plain rows: there are many to each message that goes, and few columns of them count.
    for row in reader.fetch(MESSAGE, [(one,) for one in roots], by=("customer",)):
        rows[row[_NUMBER]] = row
        if row[_STATE] in TAKEN:
            customer, purpose, occasion, channel, number, *_ = row
            sent = Sent(channel, row[_SENT] or row[_AT], customer, purpose, occasion, number)
            history.setdefault(roots[customer], []).append(sent)
    return history, rows
