"""Records that count twice: the same ones, imported under the name of another source.

A sample is taken all over the file, not only at its head: an export may begin with what is new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crmkit.contracts.tables import TOUCHPOINT, VOID

if TYPE_CHECKING:
    from crmkit.contracts.store import Reader, Row
    from crmkit.crm import CRM

Said = tuple[Any, ...]
"""What a record says, as far as it is compared: id, kind, instant, amount."""
_MOST = 512
_ENOUGH = 0.05
"""Share of the new records that are known from one other source: fewer may be chance."""
_SOURCES = 50
_PLACES = tuple(TOUCHPOINT.position[name] for name in ("id", "kind", "at", "amount"))
_SEQ, _RUN, _CUSTOMER = (TOUCHPOINT.position[name] for name in ("seq", "run", "customer"))
_AMOUNT = 5  # place in a parsed record, whose first fields are source, id, kind and instant


class Sample:
    """Some hundred records of a stream, spread evenly over it, however long it is.

    Args:
        crm: The open workspace.
        source: Source of the records that name none; only those are looked at.
    """

    def __init__(self, crm: CRM, source: str) -> None:
        from crmkit.capture.parse import Parser
        from crmkit.clock import micros
        from crmkit.model.touchpoint import KINDS, NEGATIVE_KINDS

        declared = crm.plugins.touchpoint_kinds()
        negative = NEGATIVE_KINDS | {name for name, spec in declared.items() if spec.negative}
        self._parser = Parser(frozenset(KINDS) | set(declared), source, negative)
        self._parser.set_clock(micros(crm.session.clock()))
        self._source = source
        self._stride = 1
        self._taken: dict[int, Said] = {}

    def watch(self, records: Iterable[Any]) -> Iterator[Any]:
        """Pass records on, and note each whose turn it is."""
        for number, record in enumerate(records):
            if number % self._stride == 0:
                self._take(number, record)
            yield record

    def _take(self, number: int, record: Any) -> None:
        found = self._parser.parse(record)
        if isinstance(found, tuple) and found[0] == self._source:
            self._taken[number] = _said(found[1], found[2], found[3], found[_AMOUNT])
        if len(self._taken) > _MOST:
            self._stride *= 2
            kept = self._taken.items()
            self._taken = {at: said for at, said in kept if at % self._stride == 0}

    def known_elsewhere(self, crm: CRM, run: str) -> str | None:
        """Give the other source from which what a run brought was known, with the same content."""
        with crm.session.store.read() as reader:
            ids = {said[0] for said in self._taken.values()}
            new = {
                _said(*(row[place] for place in _PLACES))
                for row in _rows(reader, self._source, ids)
                if str(row[_RUN]) == run
            }
            shares = {
                other: len(new & _standing(reader, other, ids))
                for other in (_others(reader, self._source) if new else ())
            }
        most = max(shares, key=lambda other: shares[other], default=None)
        return most if most is not None and shares[most] >= max(1, len(new) * _ENOUGH) else None


def _said(id_: str, kind: str, at: int, amount: str | None) -> Said:
    return id_, kind, at, None if amount is None else Decimal(amount)


def _rows(reader: Reader, source: str, ids: Collection[str]) -> Iterable[Row]:
    return reader.fetch(TOUCHPOINT, {(source, id_) for id_ in ids}, by=("source", "id"))


def _standing(reader: Reader, source: str, ids: Collection[str]) -> set[Said]:
    """Give what a source holds under these ids, and was not taken back."""
    rows = list(_rows(reader, source, ids))
    void = {row[:2] for row in reader.fetch(VOID, [(row[_CUSTOMER], row[_SEQ]) for row in rows])}
    return {
        _said(*(row[place] for place in _PLACES))
        for row in rows
        if (row[_CUSTOMER], row[_SEQ]) not in void
    }


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
