"""Returns and refunds that name their purchase: aged from its instant, whenever it arrives.

A return usually comes after its purchase. For one that does not, a small note is kept, so that
the purchase, when it comes, finds the customers whose value must be folded anew. As long as there
are no such notes the normal case pays one empty look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from crmkit.capture.ids import digest
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import META, TOUCHPOINT
from crmkit.model.touchpoint import NEGATIVE_KINDS
from crmkit.value.history import FOREVER, Entry, read_purchases

_POSITION = TOUCHPOINT.position
_AT, _KIND, _OF, _CUSTOMER = (_POSITION[name] for name in ("at", "kind", "of", "customer"))
_PREFIX = "orphan:"
_PREFIX_END = "orphan;"


def aged(writer: Writer, rows: Sequence[Row]) -> list[int]:
    """Give the instant each row is aged from, and note the returns whose purchase is not there."""
    naming = [row for row in rows if row[_OF] is not None and row[_KIND] in NEGATIVE_KINDS]
    if not naming:
        return [row[_AT] for row in rows]
    purchases = read_purchases(writer, [Entry(row, FOREVER) for row in naming])
    here = {key for key, found in purchases.entries.items() if found[-1].void == FOREVER}
    note(writer, [row for row in naming if (row[1], row[_OF]) not in here])
    return [purchases.aged(row) for row in rows]


def note(writer: Writer, orphans: Iterable[Row]) -> None:
    """Remember which customers' returns name a purchase that is not there."""
    waiting: dict[str, set[str]] = {}
    for row in orphans:
        waiting.setdefault(_name(row[1], row[_OF]), set()).add(row[_CUSTOMER])
    for name, value in writer.fetch(META, [(name,) for name in waiting]):
        waiting[name].update(json.loads(value))
    if waiting:
        writer.put(META, [(name, json.dumps(sorted(ids))) for name, ids in waiting.items()])


def waiting_for(writer: Writer, rows: Iterable[Row]) -> set[str]:
    """Give the customers whose returns waited for one of these new purchases, and forget them."""
    if not any(writer.scan(META, low=_PREFIX, high=_PREFIX_END, limit=1)):
        return set()
    names = [(_name(row[1], row[2]),) for row in rows if row[_KIND] == "purchase"]
    found = list(writer.fetch(META, dict.fromkeys(names)))
    if found:
        writer.delete(META, [(name,) for name, _ in found])
    return {base for _, value in found for base in json.loads(value)}


def orphaned(reader: Reader, taken_back: Iterable[Row]) -> list[Row]:
    """Give the live returns, of the same customers, that name a purchase taken back."""
    lost = {(row[1], row[2]): row[_CUSTOMER] for row in taken_back if row[_KIND] == "purchase"}
    if not lost:
        return []
    customers = {(customer,) for customer in lost.values()}
    return [
        row
        for row in reader.fetch(TOUCHPOINT, customers, by=("customer",))
        if row[_KIND] in NEGATIVE_KINDS and (row[1], row[_OF]) in lost
    ]


def _name(source: str, of: str) -> str:
    return _PREFIX + digest("of", source, of)
