"""What goes by another channel no more, since the first one reached him after all."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import MESSAGE
from crmkit.model.outreach import FAILED, PLANNED
from crmkit.outreach.gate import Verdict
from crmkit.outreach.ledger import Entry, entry, rank
from crmkit.outreach.settling import decided


def needless(reader: Reader, moved: Sequence[Entry], now: int) -> list[Entry]:
    """Give what was entered in the place of messages that are known to have arrived, as refused.

    A bounce, or a silence, had let the next channel have them; the receipt that says better came
    before that one had sent anything.

    Args:
        reader: Where to read.
        moved: Rows that receipts moved.
        now: The instant, in microseconds.
    """
    arrived = {
        (one.customer, one.purpose, one.occasion): one
        for one in moved
        if one.state != "bounced" and rank(one.state) >= rank("delivered")
    }
    about = ("customer", "purpose", "occasion")
    rows = map(entry, reader.fetch(MESSAGE, list(arrived), by=about))
    numbers = {one.number for one in moved}
    return [
        decided(one, Verdict("cap", f"he has it already: message {first.number}"), now)
        for one in rows
        if one.number not in numbers
        and one.mailing == (first := arrived[one.key[: len(about)]]).mailing
        and one.state in (PLANNED, FAILED)
        and one.next is not None
    ]
