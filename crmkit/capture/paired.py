"""What external CRMs hold of one customer's records: the pairs that tell of them, and of him."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from crmkit.arguments import seq_of
from crmkit.contracts.pair_keys import (
    contact_home,
    contact_span,
    is_touchpoint_key,
    split_touchpoint_key,
    touchpoint_key,
    waiting_key,
)
from crmkit.contracts.store import Reader, Row, Value, Writer
from crmkit.contracts.tables import CUSTOMER, DOCUMENT, PAIR, SYNC_CASE, TOUCHPOINT

_LAST = "\U0010ffff"
"""Behind every text."""
_OURS = PAIR.position["ours"]
_SOURCE, _ID, _REV, _CUSTOMER = (
    TOUCHPOINT.position[name] for name in ("source", "id", "rev", "customer")
)


def pairs_of(reader: Reader, ids: Sequence[str], touchpoints: Iterable[Row]) -> list[Row]:
    """Give the PAIR rows of a customer's records, ordered.

    A pair names the customer whose its record was when it was last in step. What became his since,
    by a correction or because a merge was taken back, is found by its own name; what became
    another's is left out.

    Args:
        reader: One consistent look.
        ids: All that he ever had.
        touchpoints: His, as TOUCHPOINT rows.
    """
    his, _ = _parted(reader, ids, touchpoints)
    return sorted(his)


def unpair(writer: Writer, ids: Sequence[str], touchpoints: Iterable[Row]) -> None:
    """Keep of an erased customer's records in CRMs only the ids, for the next sync to delete them.

    Args:
        writer: The transaction, in which his records are still there.
        ids: All that he ever had.
        touchpoints: His, as TOUCHPOINT rows.
    """
    his, others = _parted(writer, ids, touchpoints)
    rows = [_with(row, customer=whose, due=1) for row, whose in others.items()]
    cases = set()
    for row in his:
        rows.append(_with(row, state="erased", due=None, fields="{}"))
        cases |= {(*row[:2], what, row[_OURS]) for what in ("conflict", "quarantine")}
    if rows:
        writer.put(PAIR, rows)
        writer.delete(SYNC_CASE, cases, by=("connector", "object", "what", "key"))
    writer.delete(SYNC_CASE, [(one,) for one in ids], by=("customer",))


def _parted(
    reader: Reader, ids: Sequence[str], touchpoints: Iterable[Row]
) -> tuple[set[Row], dict[Row, str]]:
    """Give the pairs of what is his today, and those that name him still, with whose they are."""
    named = _by_name(reader, ids, touchpoints)
    told = set(reader.fetch(PAIR, [(one,) for one in ids], by=("customer",)))
    others = _others(reader, ids, told - named)
    return named | (told - others.keys()), others


def _by_name(reader: Reader, ids: Sequence[str], touchpoints: Iterable[Row]) -> set[Row]:
    """Give the pairs of what is his today."""
    keys = {*ids, *map(waiting_key, ids)}
    keys |= {touchpoint_key(row[_SOURCE], row[_ID]) for row in touchpoints}
    his = reader.fetch(DOCUMENT, [(one,) for one in ids], by=("customer",))
    keys |= {str(row[0]) for row in his}
    found: set[Row] = set()
    for line in _lines(reader):
        found.update(reader.fetch(PAIR, [(*line, key) for key in keys]))
        for one in ids:
            low, high = contact_span(one)
            found.update(reader.scan(PAIR, equal=line, low=low, high=high))
    return found


def _others(reader: Reader, ids: Sequence[str], pairs: Iterable[Row]) -> dict[Row, str]:
    """Give those of pairs whose record is another customer's today, with his id."""
    keys = {row: row[_OURS] for row in pairs}
    homes = {(contact_home(key) or key,) for key in keys.values()}
    whose = {row[0]: row[0] for row in reader.fetch(CUSTOMER, homes)}
    numbers = {(seq,) for key in keys.values() if (seq := seq_of(key)) is not None}
    of = DOCUMENT.position["customer"]
    whose |= {str(row[0]): row[of] for row in reader.fetch(DOCUMENT, numbers)}
    named = {split_touchpoint_key(key) for key in keys.values() if is_touchpoint_key(key)}
    for row in sorted(reader.fetch(TOUCHPOINT, named, by=("source", "id")), key=itemgetter(_REV)):
        whose[touchpoint_key(row[_SOURCE], row[_ID])] = row[_CUSTOMER]
    found = {row: whose.get(key) or whose.get(contact_home(key)) for row, key in keys.items()}
    return {row: one for row, one in found.items() if one is not None and one not in ids}


def _with(row: Row, **values: Value) -> Row:
    """Give a pair with other values."""
    return tuple(values.get(name, value) for name, value in zip(PAIR.names, row, strict=True))


def _lines(reader: Reader) -> Iterator[tuple[str, str]]:
    """Give every connector's objects: one look each, however many pairs there are."""
    place: Row | None = None
    while True:
        row = next(iter(reader.scan(PAIR, after=place, limit=1)), None)
        if row is None:
            return
        yield row[0], row[1]
        place = (row[0], row[1], _LAST)
