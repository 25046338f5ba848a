"""Customers whom nothing stands behind but what made them: they go where that is taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, DECISION, MESSAGE, PAIR, TOUCHPOINT, VOID
from crmkit.paging import pages

_ABOUT_TOUCHPOINTS = frozenset({"correct", "retract", "tier", "stage"})
"""Decisions that keep no customer: they go by touchpoints, and are made again by those left."""
_ROOT, _PARENT = CUSTOMER.position["root"], CUSTOMER.position["parent"]
_OURS, _THEIRS = PAIR.position["ours"], PAIR.position["theirs"]
_CUSTOMER, _WHOSE = TOUCHPOINT.position["customer"], DECISION.position["customer"]


def live_of(reader: Reader, bases: Iterable[str]) -> Iterator[Row]:
    """Give the TOUCHPOINT rows of some customers that hold today."""
    keys = [(base,) for base in bases]
    voided = {(row[0], row[1]) for row in reader.fetch(VOID, keys, by=("customer",))}
    for row in reader.fetch(TOUCHPOINT, keys, by=("customer",)):
        if (row[_CUSTOMER], row[0]) not in voided:
            yield row


def alone(reader: Reader, bases: Collection[str]) -> set[str]:
    """Give those customers whom nothing speaks of but touchpoints.

    Nobody was merged into them, belongs to them (but others of whom that is so), decided anything
    about them or wrote to them, and no CRM has a record that is kept equal to theirs.
    """
    found: set[str] = set()
    children: dict[str, set[str]] = {}
    for page in pages(bases):
        keys = [(base,) for base in page]
        found.update(row[0] for row in reader.fetch(CUSTOMER, keys) if row[_ROOT] == row[0])
        found -= _spoken_of(reader, keys)
        for row in reader.fetch(CUSTOMER, keys, by=("parent",)):
            children.setdefault(row[_PARENT], set()).add(row[0])
    while held := {one for one in found & children.keys() if not children[one] <= found}:
        found -= held
    return found


def _spoken_of(reader: Reader, keys: Collection[tuple[str]]) -> set[str]:
    """Give whom others were merged into, and who has decisions, messages or a record in a CRM."""
    merged = reader.fetch(CUSTOMER, keys, by=("root",))
    decided = reader.fetch(DECISION, keys, by=("customer",))
    paired = reader.fetch(PAIR, keys, by=("customer",))
    return {
        *(row[_ROOT] for row in merged if row[0] != row[_ROOT]),
        *(row[_WHOSE] for row in decided if row[1] not in _ABOUT_TOUCHPOINTS),
        *(row[0] for row in reader.fetch(MESSAGE, keys, by=("customer",))),
        *(row[_OURS] for row in paired if row[_THEIRS] is not None),
    }
