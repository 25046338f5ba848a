"""Returns and refunds that name their purchase: aged from its instant, whenever it arrives.

A plugin may declare more kinds of them, so that whatever names a record under ``of`` is taken for
one here; a kind that takes no money back is not aged by it (`crmkit.value.program`).

A return usually comes after its purchase, from the same customer, and is then folded with its
value or not at all. Of every other one a small note is kept: which customers' returns name a
purchase that is not there, or is somebody else's. So a purchase that arrives late or is taken back
finds the customers whose value must be folded anew, and as long as there are no such notes the
normal case pays one empty look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from crmkit.capture.ids import digest
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import META, TOUCHPOINT
from crmkit.value.history import FOREVER, WAITING, WAITING_END, Entry, read_purchases

_POSITION = TOUCHPOINT.position
_AT, _KIND, _OF, _CUSTOMER = (_POSITION[name] for name in ("at", "kind", "of", "customer"))


def aged(writer: Writer, rows: Sequence[Row]) -> list[int]:
    """Give the instant each row is aged from, and note the returns that may need it again."""
    naming = [row for row in rows if row[_OF] is not None]
    if not naming:
        return [row[_AT] for row in rows]
    purchases = read_purchases(writer, [Entry(row, FOREVER) for row in naming])
    owners = {
        key: found[-1].row[_CUSTOMER]
        for key, found in purchases.entries.items()
        if found[-1].void == FOREVER
    }
    _note(writer, [row for row in naming if owners.get((row[1], row[_OF])) != row[_CUSTOMER]])
    return [row[_AT] if row[_OF] is None else purchases.aged(row) for row in rows]


def arrived(writer: Writer, rows: Iterable[Row]) -> set[str]:
    """Give the customers whose returns waited for one of these new purchases.

    What is left of a note are the customers other than the purchase's own.
    """
    if not _any_notes(writer):
        return set()
    purchases = {_name(row[1], row[2]): row[_CUSTOMER] for row in rows if row[_KIND] == "purchase"}
    noted = _notes(writer, purchases)
    _keep(writer, {name: waiting - {purchases[name]} for name, waiting in noted.items()})
    return {base for waiting in noted.values() for base in waiting}


def taken_back(writer: Writer, rows: Sequence[Row]) -> set[str]:
    """Give the customers other than their own whose returns name one of these purchases.

    The own customers' returns become orphans, and are noted; call it after the rows were voided.
    """
    own = {(row[_CUSTOMER],) for row in rows if row[_KIND] == "purchase"}
    if own:
        note_orphans(writer, writer.fetch(TOUCHPOINT, own, by=("customer",)))
    return named_by_others(writer, rows)


def named_by_others(writer: Writer, rows: Iterable[Row]) -> set[str]:
    """Give the customers other than their own whose returns name one of these purchases."""
    if not _any_notes(writer):
        return set()
    names = [_name(row[1], row[2]) for row in rows if row[_KIND] == "purchase"]
    return {base for waiting in _notes(writer, names).values() for base in waiting}


def note_orphans(writer: Writer, rows: Iterable[Row]) -> None:
    """Note those of these rows that are returns whose purchase does not hold."""
    aged(writer, [row for row in rows if row[_OF] is not None])


def forget(writer: Writer, rows: Iterable[Row]) -> None:
    """Drop the notes of these returns: their customer is being erased."""
    gone: dict[str, set[str]] = {}
    for row in rows:
        if row[_OF] is not None:
            gone.setdefault(_name(row[1], row[_OF]), set()).add(row[_CUSTOMER])
    noted = _notes(writer, gone)
    _keep(writer, {name: waiting - gone[name] for name, waiting in noted.items()})


def _note(writer: Writer, rows: Iterable[Row]) -> None:
    new: dict[str, set[str]] = {}
    for row in rows:
        new.setdefault(_name(row[1], row[_OF]), set()).add(row[_CUSTOMER])
    for name, waiting in _notes(writer, new).items():
        new[name] |= waiting
    _keep(writer, new)


def _any_notes(writer: Writer) -> bool:
    return any(writer.scan(META, low=WAITING, high=WAITING_END, limit=1))


def _notes(writer: Writer, names: Iterable[str]) -> dict[str, set[str]]:
    return {row[0]: set(json.loads(row[1])) for row in writer.fetch(META, [(n,) for n in names])}


def _keep(writer: Writer, notes: Mapping[str, set[str]]) -> None:
    """Write notes; one that nobody is left of is dropped."""
    kept = {name: json.dumps(sorted(waiting)) for name, waiting in notes.items() if waiting}
    writer.put(META, list(kept.items()))
    writer.delete(META, [(name,) for name in notes if name not in kept])


def _name(source: str, of: str) -> str:
    return WAITING + digest("of", source, of)
