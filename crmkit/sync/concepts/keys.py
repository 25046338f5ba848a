"""The e-mail addresses and phone numbers that customers go over by, the first of several first.

Each is one customer's; who else lays claim to it stands in a collision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import COLLISION, IDENTITY
from crmkit.sync.concepts.base import Local
from crmkit.value.roots import roots_of

_SYSTEM, _VALUE, _HOLDER, _OTHER, _RESOLVED = (
    COLLISION.position[name] for name in ("system", "value", "holder", "other", "resolved")
)
Held = dict[tuple[str, str], list[str]]
"""Values by customer and system."""


def keys_held(reader: Reader, homes: Mapping[str, str], wanted: Collection[str]) -> Held:
    """Give customers' keys of some systems.

    Args:
        reader: One consistent look.
        homes: Where each of their ids leads.
        wanted: The systems.
    """
    found: Held = {}
    several: set[str] = set()
    asked, columns = [(member,) for member in homes], ("system", "value", "customer")
    for system, value, member in reader.fetch_columns(IDENTITY, asked, columns, by=("customer",)):
        if system in wanted:
            home = homes[member]
            known = found.setdefault((home, system), [])
            known.append(value)
            if len(known) > 1:
                several.add(home)
    if several:
        found |= _in_order(reader, homes, several, wanted)
    return found


def _in_order(
    reader: Reader, homes: Mapping[str, str], several: Collection[str], wanted: Collection[str]
) -> Held:
    """Give the keys of those who have several of one system: own ones first, the newest first.

    What came with a merge stands behind the customer's own.
    """
    asked = [(member,) for member, home in homes.items() if home in several]
    found: dict[tuple[str, str], list[tuple[bool, int, str]]] = {}
    for system, value, member, recorded in reader.fetch(IDENTITY, asked, by=("customer",)):
        if system in wanted:
            home = homes[member]
            found.setdefault((home, system), []).append((member == home, recorded, value))
    return {
        key: [value for *_, value in sorted(values, reverse=True)] for key, values in found.items()
    }


def any_disputed(reader: Reader) -> bool:
    """Tell whether any key is in dispute: hardly any shop has one, and each chunk would ask."""
    return any(reader.scan(COLLISION, where={"resolved": None}, columns=("id",), limit=1))


def disputed(
    reader: Reader, system: str, locals_: Mapping[str, Local]
) -> dict[tuple[str, str], set[str]]:
    """Give who else lays claim to customers' keys of a system, by the customer and the key."""
    homes = {one: key for key, local in locals_.items() for one in (key, *local.merged)}
    rows = [
        row
        for row in reader.fetch(COLLISION, [(one,) for one in homes], by=("holder",))
        if row[_RESOLVED] is None and row[_SYSTEM] == system
    ]
    roots = roots_of(reader, [row[_OTHER] for row in rows]) if rows else {}
    found: dict[tuple[str, str], set[str]] = {}
    for row in (one for one in rows if one[_OTHER] in roots):  # who is gone lays no claim
        place = homes[row[_HOLDER]], row[_VALUE]
        found.setdefault(place, set()).add(roots[row[_OTHER]])
    return found
