"""Who an address reaches: whose word it is that came in by it."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.capture.collisions import shared_keys
from crmkit.capture.customer_rows import SHARED
from crmkit.capture.normalise import Normaliser
from crmkit.contracts.channel import Delivery
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, IDENTITY
from crmkit.outreach.lines import Line


def senders(
    reader: Reader, line: Line, deliveries: Iterable[Delivery], region: str | None
) -> dict[str, tuple[str, ...]]:
    """Find whom the addresses reach that deliveries name: their ids, by the address as written.

    One that was found to be shared reaches several and identifies none of them.
    """
    system, spell = line.spec.identity, Normaliser(region)
    if system is None:
        return {}
    written = {one.address for one in deliveries if one.address}
    keys = {one: value for one in written if (value := spell.key(system, one)) is not None}
    rows = reader.fetch(IDENTITY, [(system, value) for value in dict.fromkeys(keys.values())])
    owners = {row[1]: row[2] for row in rows}
    found: dict[str, tuple[str, ...]] = {
        value: (one,) for value, one in owners.items() if one is not None
    }
    if len(found) < len(owners):
        found |= _sharing(reader, {(system, value) for value in owners.keys() - found.keys()})
    return {one: found[value] for one, value in keys.items() if value in found}


def _sharing(reader: Reader, keys: set[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Find who has shared keys: no index leads there, for such keys are few."""
    found: dict[str, tuple[str, ...]] = {}
    for row in reader.scan(CUSTOMER, contains={"body": f'"{SHARED}"'}):
        for _, value in shared_keys(row) & keys:
            found[value] = (*found.get(value, ()), row[0])
    return found
