"""What an import looks out for: e-mail addresses and telephones that identify nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import attrs

from crmkit.capture.normalise import EMAIL, PHONE, Normaliser

_DIFFERENT = 100_000
_SHOWN = 3


@attrs.define
class Unusable:
    """Counts the e-mail addresses and telephone numbers of a file that identify nobody.

    Attributes:
        normaliser: Spells keys as capture does.
        found: Those that were left out, by system and text.
    """

    normaliser: Normaliser
    found: dict[tuple[str, str], None] = attrs.field(factory=dict)
    _seen: set[str] = attrs.field(factory=set)

    def watch(self, records: Iterable[Any]) -> Iterator[Any]:
        """Pass records (or customers) on and look at their keys; each key is spelled once."""
        seen = self._seen
        for record in records:
            for system, text in _keys(record):
                if text not in seen and len(seen) < _DIFFERENT:
                    seen.add(text)
                    if text.strip() and self.normaliser.key(system, text) is None:
                        self.found[system, text] = None
            yield record

    @property
    def examples(self) -> tuple[str, ...]:
        """The first of them, for a person to recognise."""
        return tuple(f"{system} {text[:60]}" for system, text in islice(self.found, _SHOWN))

    @property
    def national(self) -> bool:
        """Whether a region might have made a number of one of them."""
        return self.normaliser.region is None and any(system == PHONE for system, _ in self.found)


def _keys(record: Any) -> Iterator[tuple[str, str]]:
    """Give the addresses and numbers of a record or of a customer, where they are plain."""
    if isinstance(record, dict):
        customer = record.get("customer")
        if type(customer) is dict:
            for system in (EMAIL, PHONE):
                given = customer.get(system)
                for text in given if type(given) is list else (given,):
                    if type(text) is str:
                        yield system, text
        return
    for identity in getattr(record, "identities", ()):
        if identity.system in (EMAIL, PHONE):
            yield identity.system, identity.value
