"""Which of several people a contact is, where none of them has an id.

A contact is known again by his e-mail address, else his phone, else his name, each compared with
what his pair last had: so any of them may change, as long as another stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.capture.normalise import EMAIL, PHONE, Normaliser

_WEIGHTS = (("email", 4), ("phone", 2), ("name", 1))


@attrs.frozen
class Traits:
    """What tells one contact from another, as it is compared.

    Attributes:
        email: Normalised; None: unknown.
        phone: Likewise.
        name: In lower case.
    """

    email: str | None
    phone: str | None
    name: str | None

    def likeness(self, other: Traits) -> int:
        """Tell how surely two are one: 0 not at all, 7 in everything."""
        return sum(
            weight
            for trait, weight in _WEIGHTS
            if getattr(self, trait) is not None and getattr(self, trait) == getattr(other, trait)
        )

    def contradicts(self, other: Traits) -> bool:
        """Tell whether both have an address of one kind, and not the same."""
        pairs = ((self.email, other.email), (self.phone, other.phone))
        return any(one is not None and two is not None and one != two for one, two in pairs)

    @property
    def handle(self) -> str:
        """What he is called by as long as there is no pair."""
        return self.email or self.phone or self.name or ""


def traits(said: Mapping[str, Any], normaliser: Normaliser) -> Traits:
    """Give what tells a contact from others, out of his ``email``, ``phone`` and ``name``."""
    email, phone, name = (_text(said.get(trait)) for trait, _ in _WEIGHTS)
    return Traits(
        email and (normaliser.key(EMAIL, email) or email.casefold()),
        phone and (normaliser.key(PHONE, phone) or phone),
        name and name.casefold(),
    )


def assign(known: Mapping[str, Traits], found: Sequence[Traits]) -> dict[int, str]:
    """Say who of those that were found is whom of those that are known.

    The surest first; and where one of each is left and nothing contradicts it, he is that one
    under a new name.

    Args:
        known: By key.
        found: In their order.

    Returns:
        Keys by place in `found`; who is nobody is left out.
    """
    ranked = sorted(
        (-likeness, place, key)
        for key, one in known.items()
        for place, other in enumerate(found)
        if (likeness := one.likeness(other))
    )
    assigned: dict[int, str] = {}
    for _, place, key in ranked:
        if place not in assigned and key not in assigned.values():
            assigned[place] = key
    keys = [key for key in known if key not in assigned.values()]
    places = [place for place in range(len(found)) if place not in assigned]
    if len(keys) == len(places) == 1 and not known[keys[0]].contradicts(found[places[0]]):
        assigned[places[0]] = keys[0]
    return assigned


def _text(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None
