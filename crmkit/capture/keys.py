"""Which keys a record's customer mapping holds, in one spelling and strongest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from crmkit.capture.exact import ID_LIMIT, Fault, show, text
from crmkit.capture.normalise import EMAIL, PHONE, Normaliser

Key = tuple[str, str]
"""A system and the normalised value in it."""

NAME = "name"
NAME_LIMIT = 1_000
EXTERNAL, BY_EMAIL, BY_PHONE = 0, 1, 2
_STRENGTH = {EMAIL: BY_EMAIL, PHONE: BY_PHONE}
_LONGEST_EXACT = 2**53


class Keys(NamedTuple):
    """What a customer mapping says.

    Attributes:
        keys: Usable keys, strongest first: ids elsewhere by system, then e-mail, then phone.
        name: The customer's name, or empty.
    """

    keys: tuple[Key, ...]
    name: str


def strength(system: str) -> int:
    """Rank a system: 0 is an id elsewhere, which is unique there; 2 a phone, often shared."""
    return _STRENGTH.get(system, EXTERNAL)


def read_keys(customer: Mapping[Any, Any], normaliser: Normaliser) -> Keys:
    """Read a customer mapping.

    Raises:
        Fault: a key or value is of a wrong type, or none of the values identifies anybody.
    """
    found: dict[Key, None] = {}
    unusable: list[str] = []
    name = ""
    for system, given in _by_strength(customer):
        if system == NAME:
            name = "" if given is None else text("customer", given, NAME_LIMIT).strip()
            continue
        for value in given if isinstance(given, (list, tuple, set, frozenset)) else (given,):
            written = _written(system, value)
            normal = normaliser.key(system, written) if written else None
            if normal is None:
                if written:
                    unusable.append(f"{system} {show(written)}")
            elif strength(system) == EXTERNAL and len(normal) > ID_LIMIT:
                raise Fault(
                    "customer", f"{system} has {len(normal)} characters, at most {ID_LIMIT}"
                )
            else:
                found[system, normal] = None
    if not found:
        raise Fault("customer", _nobody(unusable, normaliser.region))
    return Keys(tuple(found), name)


def _by_strength(customer: Mapping[Any, Any]) -> Iterable[tuple[str, Any]]:
    """Give the values of a mapping, the strongest system first."""
    if type(customer) is dict:
        return [(system, customer[system]) for system in _ordered(tuple(customer))]
    named = ((_system(system), value) for system, value in customer.items())
    return sorted(named, key=lambda pair: (strength(pair[0]), pair[0]))


@lru_cache(maxsize=1_000)
def _ordered(systems: tuple[Any, ...]) -> list[str]:
    """Order systems by strength: the mappings of one source have few sets of them."""
    return sorted(map(_system, systems), key=lambda system: (strength(system), system))


def _system(system: object) -> str:
    if not isinstance(system, str) or not system:
        raise Fault("customer", f"has the key {show(system)}, keys must be text")
    return text("customer", system, ID_LIMIT)


def _written(system: str, value: object) -> str:
    """Give one value as text; empty for a missing one."""
    if type(value) is str:
        return text("customer", value)
    if _is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LONGEST_EXACT:
        value = int(value)  # tables turn ids into floats as soon as one is missing
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 10**ID_LIMIT:
            raise Fault("customer", f"{system} has more than {ID_LIMIT} digits")
        return str(int(value))
    if not isinstance(value, str):
        raise Fault("customer", f"{system} must be text or a list of texts, got {show(value)}")
    return text("customer", value)


def _is_missing(value: object) -> bool:
    """Tell None, and what is not equal to itself: NaN is how tables spell "missing"."""
    try:
        return value is None or bool(value != value)  # noqa: PLR0124 - see above
    except Exception:  # noqa: BLE001 - a host's own class, or a NaN that signals
        return False


def _nobody(unusable: list[str], region: str | None) -> str:
    if not unusable:
        return "names nobody: give an e-mail, a phone or an id of another system"
    reason = f"names nobody, since no key can be used: {', '.join(unusable[:5])}"
    if region is None and any(key.startswith(PHONE) for key in unusable):
        reason += " (phones without a country code need the setting `region`)"
    return reason
