"""Friends whom records name: identities like a customer's, and no way back in for the erased.

A friend makes no customer, and nobody is found by him. But he is somebody, and may be erased: then
what names him is kept without him, and a new record that names him is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from crmkit.capture.exact import Fault
from crmkit.capture.fields import FRIEND
from crmkit.capture.keys import Key, Keys
from crmkit.capture.tombstones import ERASED, Tombstones
from crmkit.contracts.store import Row

ERASED_FRIEND = '{"erased":true}'
"""What stands for a friend who was erased."""

Read = Callable[[Any], object]
"""Reads a mapping of identities: gives its `Keys`, or whom it is known to be; raises `Fault`."""


def friend_keys(friend: str, read: Read) -> tuple[Key, ...]:
    """Give the keys of a friend as a row carries him; none where he is known, or has none."""
    try:
        found = read(json.loads(friend))
    except Fault:
        return ()
    return found.keys if isinstance(found, Keys) else ()


def erased_friends(
    tombstones: Tombstones, read: Read, parsed: Sequence[Sequence[Any]]
) -> frozenset[int]:
    """Give the places of the records whose friend was erased; where nobody was, none is read."""
    if not tombstones:
        return frozenset()
    named = {at: friend_keys(p[FRIEND], read) for at, p in enumerate(parsed) if p[FRIEND]}
    gone = tombstones.erased("identity", (key for keys in named.values() for key in keys))
    return frozenset(at for at, keys in named.items() if not gone.isdisjoint(keys))


def refuse_erased_friend(tombstones: Tombstones, read: Read, parsed: Sequence[Any]) -> None:
    """Raise Fault where one record's friend was erased."""
    if erased_friends(tombstones, read, [parsed]):
        raise Fault("friend", ERASED)


def as_kept(parsed: Sequence[Sequence[Any]], gone: frozenset[int]) -> Sequence[Sequence[Any]]:
    """Give parsed records as they are kept once these friends were erased."""
    if not gone:
        return parsed
    return [_without(p) if at in gone else p for at, p in enumerate(parsed)]


def _without(parsed: Sequence[Any]) -> Row:
    return (*parsed[:FRIEND], ERASED_FRIEND, *parsed[FRIEND + 1 :])
