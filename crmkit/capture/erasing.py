"""Everything held about one customer: handed out whole, or erased for good."""

from __future__ import annotations

from typing import Any

from crmkit.capture.collisions import shared_keys
from crmkit.capture.customer_rows import read_customer
from crmkit.capture.ids import next_generation
from crmkit.capture.returns import forget
from crmkit.capture.tombstones import Key, bury
from crmkit.contracts.decisions import Deciding, decide, decision
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import (
    COLLISION,
    CUSTOMER,
    DECISION,
    IDENTITY,
    STANDING,
    STATE,
    TOUCHPOINT,
    VOID,
)
from crmkit.model.log import Decision
from crmkit.value.history import touchpoint
from crmkit.value.scoring import require_root


def export(reader: Reader, customer: str) -> dict[str, Any]:
    """Give everything that is held about a customer, JSON-ready.

    Touchpoints that were taken back are among them, with when that was.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
    """
    whole = read_customer(reader, customer)
    keys = [(row[0],) for row in _group(reader, customer)]
    taken_back = {row[1]: row[2] for row in reader.fetch(VOID, keys, by=("customer",))}
    rows = sorted(reader.fetch(TOUCHPOINT, keys, by=("customer",)))
    decisions = sorted(reader.fetch(DECISION, keys, by=("customer",)))
    standing = [dict(zip(STANDING.names, row, strict=True)) for row in reader.fetch(STANDING, keys)]
    return {
        "customer": whole.to_dict(),
        "ids": [key[0] for key in keys],
        "touchpoints": [
            touchpoint(row).to_dict() | {"revision": row[3], "taken_back": row[0] in taken_back}
            for row in rows
        ],
        "decisions": [decision(row).to_dict() for row in decisions],
        "collisions": [
            dict(zip(COLLISION.names, row, strict=True)) for row in _collisions(reader, keys)
        ],
        "standing": standing,
    }


def erase(writer: Writer, customer: str, deciding: Deciding, key: Key) -> Decision:
    """Erase a customer and everything that was merged into him.

    What stays is one decision that tells the id, and keyed hashes of his identities and of his
    records' ids, by which capture refuses them.

    Args:
        writer: The transaction.
        customer: Whom.
        deciding: Who, when and why.
        key: Gives the erasure key, which must stand outside the database.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        ConfigError: there is no erasure key.
    """
    require_root(writer, customer)
    group = _group(writer, customer)
    keys = [(row[0],) for row in group]
    touchpoints = list(writer.fetch(TOUCHPOINT, keys, by=("customer",)))
    identities = [(row[0], row[1]) for row in writer.fetch(IDENTITY, keys, by=("customer",))]
    only_his = _unshared(writer, group)
    bury(writer, key, deciding.now, "identity", {*identities, *only_his})
    bury(writer, key, deciding.now, "record", {(row[1], row[2]) for row in touchpoints})
    forget(writer, touchpoints)
    for table in (TOUCHPOINT, VOID, DECISION):
        writer.delete(table, keys, by=("customer",))
    for side in ("holder", "other"):
        writer.delete(COLLISION, keys, by=(side,))
    writer.delete(IDENTITY, {*identities, *only_his})
    for table in (CUSTOMER, STATE, STANDING):
        writer.delete(table, keys)
    next_generation(writer)
    seq = decide(writer, "erase", customer, deciding, {"ids": [one[0] for one in keys]})
    (row,) = writer.fetch(DECISION, [(seq,)])
    return decision(row)


def _group(reader: Reader, customer: str) -> list[Row]:
    return sorted(reader.fetch(CUSTOMER, [(customer,)], by=("root",)))


def _collisions(reader: Reader, keys: list[tuple[str]]) -> list[Row]:
    rows = {
        row[0]: row
        for side in ("holder", "other")
        for row in reader.fetch(COLLISION, keys, by=(side,))
    }
    return sorted(rows.values())


def _unshared(writer: Writer, group: list[Row]) -> set[tuple[str, str]]:
    """Give the shared keys of a group that reach nobody else any more."""
    keys = {key for row in group for key in shared_keys(row)}
    if not keys:
        return set()
    ids = [(row[0],) for row in group]
    others: dict[tuple[str, str], set[str]] = {key: set() for key in keys}
    for row in _collisions(writer, ids):
        if (row[1], row[2]) in others:
            # The key's other customers all collided with its one holder.
            same = writer.fetch(COLLISION, [(row[3],)], by=("holder",))
            people = {row[3]} | {one[4] for one in same if one[1:3] == row[1:3]}
            others[row[1], row[2]] |= people - {one[0] for one in ids}
    known = {
        row[0]
        for row in writer.fetch(CUSTOMER, {(one,) for found in others.values() for one in found})
    }
    return {key for key, found in others.items() if not found & known}
