"""What an import looks out for: keys that identify nobody, records known by another name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.capture.normalise import EMAIL, PHONE, Normaliser
from crmkit.contracts.tables import TOUCHPOINT

if TYPE_CHECKING:
    from crmkit.contracts.store import Reader, Row
    from crmkit.crm import CRM

LOOKED_AT = 200
"""Records at the head of a file that are looked up under other sources."""
_SOURCES = 50
_DIFFERENT = 100_000
_SHOWN = 3
_PLACES = tuple(TOUCHPOINT.position[name] for name in ("source", "id", "kind", "at", "amount"))
_AMOUNT = 5  # place in a parsed record, whose first fields are source, id, kind and instant


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


def behead(records: Iterable[Any]) -> tuple[list[Any], Iterator[Any]]:
    """Give the head of a stream, and the whole of it."""
    stream = iter(records)
    head = list(islice(stream, LOOKED_AT))
    return head, chain(head, stream)


def known_elsewhere(crm: CRM, head: Sequence[Any], source: str) -> str | None:
    """Give the other source under which most of these records are known, with the same content.

    Args:
        crm: The open workspace.
        head: The first records of a file.
        source: The source that they shall have.
    """
    said = _said(crm, head, source)
    if not said:
        return None
    with crm.session.store.read() as reader:
        if _alike(reader, source, said) * 2 >= len(said):
            return None  # imported as now before
        for other in _others(reader, source):
            if _alike(reader, other, said) * 2 >= len(said):
                return other
    return None


def _said(crm: CRM, head: Sequence[Any], source: str) -> dict[str, tuple[Any, ...]]:
    """Read the records as capture does: what each says, by its id."""
    from crmkit.capture.parse import Parser
    from crmkit.clock import micros
    from crmkit.model.touchpoint import KINDS

    parser = Parser(frozenset(KINDS) | set(crm.plugins.touchpoint_kinds()), source)
    parser.set_clock(micros(crm.session.clock()))
    parsed = (parser.parse(record) for record in head)
    return {
        one[1]: _content(one[2], one[3], one[_AMOUNT])
        for one in parsed
        if isinstance(one, tuple) and one[0] == source
    }


def _alike(reader: Reader, source: str, said: dict[str, tuple[Any, ...]]) -> int:
    """Count the records that a source holds with the same content."""
    rows = reader.fetch(TOUCHPOINT, {(source, id_) for id_ in said}, by=("source", "id"))
    found = {(row[_PLACES[1]], *_content(*(row[place] for place in _PLACES[2:]))) for row in rows}
    return sum((id_, *content) in found for id_, content in said.items())


def _content(kind: str, at: int, amount: str | None) -> tuple[Any, ...]:
    return kind, at, None if amount is None else Decimal(amount)


def _others(reader: Reader, source: str) -> Iterator[str]:
    """Give the sources that there are, without going through their records."""
    low = None
    for _ in range(_SOURCES):
        row: Row | None = next(reader.scan(TOUCHPOINT, low=low, limit=1, columns=("source",)), None)
        if row is None:
            return
        found = str(row[0])
        if found != source:
            yield found
        low = found + "\1"
