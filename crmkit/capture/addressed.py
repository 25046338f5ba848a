"""What messages went to, which may be somebody else's address.

A message for a customer who was merged with another goes to the address that both have then; they
may be parted since, and an address may move on.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import Any

from crmkit.capture.keys import Key
from crmkit.capture.mentions import GONE
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import MESSAGE
from crmkit.paging import pages

_ADDRESS = MESSAGE.position["address"]
_number = itemgetter(MESSAGE.position["number"])
_went_to = itemgetter(MESSAGE.position["system"], _ADDRESS)


def messages_of(reader: Reader, ids: Collection[str], own: Collection[Key]) -> list[dict[str, Any]]:
    """Give all that was written to these ids, oldest first.

    No address but his own is told: who has another by now may be several, who share it.
    """
    return [
        dict(zip(MESSAGE.names, row, strict=True))
        | ({} if _went_to(row) in own else {"address": None})
        for row in sorted(_written(reader, ids), key=_number)
    ]


def addresses_of(reader: Reader, ids: Collection[str]) -> frozenset[str]:
    """Give every address that messages to these ids went to."""
    return frozenset(row[_ADDRESS] for row in _written(reader, ids) if row[_ADDRESS] is not None)


def forget_addresses(writer: Writer, keys: Collection[Key]) -> None:
    """Take the addresses of somebody who is erased out of messages that others were written."""
    for page in pages({*keys}):
        values = tuple({value for _, value in page})
        rows = writer.scan(MESSAGE, where={"address": values})
        writer.put(MESSAGE, [_without(row) for row in rows if _went_to(row) in page])


def _written(reader: Reader, ids: Collection[str]) -> list[Row]:
    return list(reader.fetch(MESSAGE, [(one,) for one in ids], by=("customer",)))


def _without(row: Row) -> Row:
    return (*row[:_ADDRESS], GONE, *row[_ADDRESS + 1 :])
