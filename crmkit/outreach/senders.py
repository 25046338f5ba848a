"""Who an address reaches: whose word it is that came in by it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from crmkit.capture.collisions import shared_keys
from crmkit.capture.customer_rows import SHARED
from crmkit.capture.keys import Key
from crmkit.capture.normalise import Normaliser
from crmkit.contracts.channel import Delivery
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, IDENTITY
from crmkit.outreach.lines import Line


def named(line: Line, deliveries: Iterable[Delivery], region: str | None) -> dict[str, Key]:
    """Give what the addresses that deliveries name stand for, by the address as written.

    What cannot be read stands for itself; by a channel that needs no address none stands for any.
    """
    system, spell = line.spec.identity, Normaliser(region)
    if system is None:
        return {}
    written = {one.address for one in deliveries if one.address}
    return {one: (system, spell.key(system, one) or one) for one in written}


def senders(reader: Reader, keys: Collection[Key]) -> dict[Key, tuple[str, ...]]:
    """Find whom these reach: their ids.

    One that was found to be shared reaches several and identifies none of them.
    """
    owners = {(row[0], row[1]): row[2] for row in reader.fetch(IDENTITY, keys)}
    found: dict[Key, tuple[str, ...]] = {
        key: (one,) for key, one in owners.items() if one is not None
    }
    if len(found) < len(owners):
        found |= _sharing(reader, owners.keys() - found.keys())
    return found


def _sharing(reader: Reader, keys: set[Key]) -> dict[Key, tuple[str, ...]]:
    """Find who has shared keys: no index leads there, for such keys are few."""
    found: dict[Key, tuple[str, ...]] = {}
    for row in reader.scan(CUSTOMER, contains={"body": f'"{SHARED}"'}):
        for key in shared_keys(row) & keys:
            found[key] = (*found.get(key, ()), row[0])
    return found
