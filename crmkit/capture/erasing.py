"""Everything held about one customer: handed out whole, or erased for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from crmkit.capture import handover
from crmkit.capture.addressed import addresses_of, forget_addresses, messages_of
from crmkit.capture.collisions import shared_keys
from crmkit.capture.contacts import contact_keys
from crmkit.capture.customer_rows import TRACE, read_customer, with_body
from crmkit.capture.friends import ERASED_FRIEND, friend_keys
from crmkit.capture.ids import next_generation
from crmkit.capture.keys import Key as Pair
from crmkit.capture.keys import read_keys
from crmkit.capture.mentions import mentions_of
from crmkit.capture.merge import index
from crmkit.capture.normalise import Normaliser
from crmkit.capture.paired import pairs_of, unpair
from crmkit.capture.returns import forget, named_by_others
from crmkit.capture.strays import dropped, forget_strays, his_records
from crmkit.capture.tombstones import Key, bury, check_key
from crmkit.capture.traces import said_before
from crmkit.contracts.decisions import Deciding, decide, decided, decision
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import (
    COLLISION,
    CUSTOMER,
    DECISION,
    DOCUMENT,
    IDENTITY,
    MESSAGE,
    PAIR,
    STANDING,
    STATE,
    TOUCHPOINT,
    VOID,
)
from crmkit.errors import StoreBusy
from crmkit.model.log import Decision
from crmkit.value.history import touchpoint
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild_of
from crmkit.value.scoring import require_root

_FRIEND, _CUSTOMER = TOUCHPOINT.position["friend"], TOUCHPOINT.position["customer"]
_SEQ = CUSTOMER.position["seq"]
_ROOT = CUSTOMER.position["root"]
Told = Callable[[list[str], list[str], frozenset[str]], object]


def export(reader: Reader, customer: str) -> dict[str, Any]:
    """Give everything that is held about a customer, JSON-ready.

    Touchpoints that were taken back are among them, with when that was.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
    """
    whole = read_customer(reader, customer)
    group = _group(reader, customer)
    keys = [(one,) for one in _ids(reader, group, _keys(reader, group))]
    taken_back = {row[1]: row[2] for row in reader.fetch(VOID, keys, by=("customer",))}
    rows = sorted(reader.fetch(TOUCHPOINT, keys, by=("customer",)))
    decisions = sorted(reader.fetch(DECISION, keys, by=("customer",)))
    standing = [dict(zip(STANDING.names, row, strict=True)) for row in reader.fetch(STANDING, keys)]
    return {
        "customer": whole.to_dict(),
        "before_imports": [dict(said) for row in group for said in said_before(row)],
        "ids": [key[0] for key in keys],
        "touchpoints": [
            touchpoint(row).to_dict() | {"revision": row[3], "taken_back": row[0] in taken_back}
            for row in rows
        ],
        "decisions": [decision(row).to_dict() for row in decisions],
        "documents": [
            {"kind": row[1]} | json.loads(row[-1])
            for row in sorted(reader.fetch(DOCUMENT, keys, by=("customer",)))
        ],
        "in_step": [
            dict(zip(PAIR.names, row, strict=True))
            for row in pairs_of(reader, [key[0] for key in keys], his_records(reader, rows, keys))
        ],
        "messages": messages_of(
            reader, [key[0] for key in keys], {(one.system, one.value) for one in whole.identities}
        ),
        "collisions": [
            dict(zip(COLLISION.names, row, strict=True)) for row in _collisions(reader, keys)
        ],
        "standing": standing,
    }


def erasable(reader: Reader, customer: str, key: Key) -> tuple[str, ...]:
    """Give the ids of a customer who could be erased now: all that he ever had.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        ConfigError: there is no erasure key, or it is not the right one.
    """
    require_root(reader, customer)
    check_key(reader, key)
    group = _group(reader, customer)
    return _ids(reader, group, _keys(reader, group))


def erase(  # noqa: PLR0913 - whom, and what a decision needs
    writer: Writer,
    customer: str,
    deciding: Deciding,
    layout: Layout,
    key: Key,
    normaliser: Normaliser,
    *,
    ids: tuple[str, ...] | None = None,
    kept: str | None = None,
    told: Told | None = None,
) -> Decision:
    """Erase a customer and everything that was merged into him.

    What stays is one decision that tells the id, and keyed hashes of his identities and of his
    records' ids, by which capture refuses them.

    Args:
        writer: The transaction.
        customer: Whom.
        deciding: Who, when and why.
        layout: The value model in force.
        key: Gives the erasure key, which must stand outside the database.
        normaliser: Spells the keys of others' friends and contacts.
        ids: His ids, as `erasable` gave them, where plugins were told of them.
        kept: Until when a policy keeps the record of one whose relationship was ended.
        told: Told the ids and the hashes that stay, to be noted outside the database, and the words
            that tell of him, which must not stay anywhere.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        ConfigError: there is no erasure key.
        StoreBusy: he has other ids by now: it has to be done again.
    """
    require_root(writer, customer)
    group = _group(writer, customer)
    identities = _keys(writer, group)
    his_ids = _ids(writer, group, identities)
    if ids is not None and ids != his_ids:
        message = f"customer {customer!r} was merged meanwhile and is not erased yet: try again"
        raise StoreBusy(message)
    keys = [(one,) for one in his_ids]
    touchpoints = list(writer.fetch(TOUCHPOINT, keys, by=("customer",)))
    only_his = _unshared(writer, group)
    buried = [
        *bury(writer, key, deciding.now, "identity", {*identities, *only_his}),
        *bury(writer, key, deciding.now, "record", {(row[1], row[2]) for row in touchpoints}),
    ]
    his = his_records(writer, touchpoints, keys)
    contacts = _naming(writer, {row[0] for row in group}, {*identities, *only_his}, normaliser)
    mentions = mentions_of(writer, group, {*identities, *only_his}, his, contacts)
    words = mentions.words | addresses_of(writer, his_ids)
    strays = [row for row in his if (row[_CUSTOMER],) not in keys]
    unpair(writer, his_ids, his)
    forget(writer, [*touchpoints, *strays])
    returning = named_by_others(writer, touchpoints)
    forget_strays(writer, strays)
    forget_friend(writer, {*identities, *only_his}, normaliser)
    forget_relative(writer, {row[0] for row in group}, {*identities, *only_his}, normaliser)
    merges = (row for row in writer.fetch(DECISION, keys, by=("customer",)) if row[1] == "merge")
    handover.ended(writer, [str(row[0]) for row in merges])
    for table in (TOUCHPOINT, VOID, DECISION, DOCUMENT, MESSAGE):
        writer.delete(table, keys, by=("customer",))
    forget_addresses(writer, {*identities, *only_his})
    for side in ("holder", "other"):
        writer.delete(COLLISION, keys, by=(side,))
    writer.delete(IDENTITY, {*identities, *only_his})
    for table in (CUSTOMER, STATE, STANDING):
        writer.delete(table, keys)
    mentions.forget(writer)
    rebuild_of(writer, returning, layout, deciding.now)
    next_generation(writer)
    body = {"ids": [one[0] for one in keys]} | ({} if kept is None else {"kept_until": kept})
    seq = decide(writer, "erase", customer, deciding, body)
    if told is not None:
        told([one[0] for one in keys], buried, words)
    return decided(seq, "erase", customer, deciding, body)


def forget_friend(writer: Writer, identities: set[Pair], normaliser: Normaliser) -> None:
    """Take an erased customer out of the records by which others named him their friend."""
    read = partial(read_keys, normaliser=normaliser)
    rows = [
        (*row[:_FRIEND], ERASED_FRIEND, *row[_FRIEND + 1 :])
        for row in writer.scan(TOUCHPOINT, by=("at",), contains={"friend": "{"})
        if not identities.isdisjoint(friend_keys(row[_FRIEND], read))
    ]
    writer.put(TOUCHPOINT, rows)


def forget_relative(
    writer: Writer, ids: set[str], identities: set[Pair], normaliser: Normaliser
) -> None:
    """Take an erased customer out of other customers: as a contact, and as what they belong to."""
    children = writer.fetch(CUSTOMER, [(one,) for one in ids], by=("parent",))
    having = writer.scan(CUSTOMER, contains={"body": '"contacts"'})
    found = {row[0]: row for row in (*children, *having) if row[0] not in ids}

    is_he = partial(_is_he, ids=ids, identities=identities, normaliser=normaliser)
    changed = [_without(row, ids, is_he) for row in found.values()]
    changed = [row for row in changed if row != found[row[0]]]
    if changed:
        seq = writer.sequence(len(changed))
        new = [(row[0], seq + at, *row[_SEQ + 1 :]) for at, row in enumerate(sorted(changed))]
        writer.put(CUSTOMER, new)
        index(writer, sorted({row[_ROOT] for row in changed}))


def _is_he(
    contact: dict[str, Any], ids: set[str], identities: set[Pair], normaliser: Normaliser
) -> bool:
    keys = contact_keys(contact, normaliser)
    return contact.get("customer_id") in ids or not identities.isdisjoint(keys)


def _naming(
    reader: Reader, ids: set[str], identities: set[Pair], normaliser: Normaliser
) -> list[dict[str, Any]]:
    """Give the contacts, of whichever customer, that are he."""
    having = reader.scan(CUSTOMER, contains={"body": '"contacts"'}, columns=("body",))
    contacts = (one for (body,) in having for one in json.loads(body).get("contacts") or ())
    return [one for one in contacts if _is_he(one, ids, identities, normaliser)]


def _without(row: Row, ids: set[str], is_he: Callable[[dict[str, Any]], bool]) -> Row:
    body = json.loads(row[CUSTOMER.position["body"]])
    if contacts := body.get("contacts"):
        kept = [one for one in contacts if not is_he(one)]
        row = with_body(row, contacts=kept or None)
    for trace in (told := body.get(TRACE, ())):  # nor what an import's undo would have them say
        if contacts := trace["said"].get("contacts"):
            trace["said"]["contacts"] = [one for one in contacts if not is_he(one)]
            row = with_body(row, **{TRACE: told})
    place = CUSTOMER.position["parent"]
    return (*row[:place], None, *row[place + 1 :]) if row[place] in ids else row


def _group(reader: Reader, customer: str) -> list[Row]:
    return sorted(reader.fetch(CUSTOMER, [(customer,)], by=("root",)))


def _keys(reader: Reader, group: list[Row]) -> list[Pair]:
    """Give the keys that find a group."""
    rows = reader.fetch(IDENTITY, [(row[0],) for row in group], by=("customer",))
    return [(row[0], row[1]) for row in rows]


def _ids(reader: Reader, group: list[Row], identities: list[Pair]) -> tuple[str, ...]:
    """Give every id of a group: of each who was merged into it, and those that an undo dropped."""
    return (*(row[0] for row in group), *dropped(reader, identities))


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
