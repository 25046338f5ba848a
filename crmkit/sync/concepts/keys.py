"""The e-mail addresses and phone numbers that customers go over by, the first of several first.

Each is one customer's; who else lays claim to it stands in a collision.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from crmkit.capture.normalise import Normaliser
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import COLLISION, IDENTITY
from crmkit.sync.concepts.base import Local
from crmkit.sync.pairs import Pairs
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


def homes_by_key(
    reader: Reader, normaliser: Normaliser, system: str, texts: Sequence[str]
) -> dict[str, list[str]]:
    """Find customers by a key of a system, spelled in any way: at most one each."""
    spelt = {one: normaliser.key(system, one) for one in texts}
    asked = {(system, value) for value in spelt.values() if value}
    owners = {row[1]: row[2] for row in reader.fetch(IDENTITY, asked) if row[2]}
    roots = roots_of(reader, owners.values())
    return {
        one: [roots[owners[value]]]
        for one, value in spelt.items()
        if value in owners and owners[value] in roots
    }


class Disputes:
    """Keys that another lays claim to than whose they are."""

    def __init__(self, normaliser: Normaliser) -> None:
        """Know of none yet; `normaliser` spells keys."""
        self._normaliser = normaliser
        self._any: bool | None = None

    def forget(self) -> None:
        """Look anew whether there are any: something was written."""
        self._any = None

    def twins(
        self, reader: Reader, pairs: Pairs, field: str, system: str, made: Iterable[Local]
    ) -> dict[str, str]:
        """Find whose record there shows a key that is in dispute with who is to be made.

        Args:
            reader: One consistent look.
            pairs: Our records and theirs.
            field: The key, as our field.
            system: The key's system.
            made: Those to be made.
        """
        if self._any is None:  # hardly any shop has one, and each chunk would ask
            rows = reader.scan(COLLISION, where={"resolved": None}, columns=("id",), limit=1)
            self._any = any(rows)
        by_key = {local.key: local for local in made} if self._any else {}
        claims = _claims(reader, system, by_key.values()) if by_key else {}
        known = pairs.of(reader, set().union(*claims.values())) if claims else {}
        shown = {
            (self._normaliser.key(system, value), key)
            for key, pair in known.items()
            if pair.there is not None and isinstance(value := pair.shown.get(field), str)
        }
        return {
            key: other
            for (key, value), others in claims.items()
            for other in sorted(others)
            if value == by_key[key].values.get(field) and (value, other) in shown
        }


def _claims(reader: Reader, system: str, made: Iterable[Local]) -> dict[tuple[str, str], set[str]]:
    """Give who else lays claim to customers' keys of a system, by the customer and the key."""
    homes = {one: local.key for local in made for one in (local.key, *local.merged)}
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
