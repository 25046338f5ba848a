"""Touchpoints put right afterwards: corrected or retracted one by one.

Nothing is overwritten: the row that no longer holds is voided, and a correction writes a new one
under the next `rev`, marked with a negative run. What was shown before can so still be answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from crmkit.arguments import mapping, text
from crmkit.capture.duplicates import content, difference, earlier, said
from crmkit.capture.exact import Fault
from crmkit.capture.feeding import feed, starve
from crmkit.capture.fields import KNOWN, REST, Fields, Rules, read
from crmkit.capture.friends import refuse_erased_friend
from crmkit.capture.identity import Directory, Found
from crmkit.capture.keys import read_keys
from crmkit.capture.normalise import Normaliser
from crmkit.capture.returns import aged, arrived, taken_back
from crmkit.capture.tombstones import Tombstones
from crmkit.contracts.decisions import Deciding, decide, decided, decision
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import DECISION, TOUCHPOINT, VOID
from crmkit.errors import InvalidValueError, TouchpointNotFound
from crmkit.model.log import Decision
from crmkit.value.history import touchpoint
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild_of

_POSITION = TOUCHPOINT.position
_CUSTOMER, _KIND, _AT, _AMOUNT = (_POSITION[name] for name in ("customer", "kind", "at", "amount"))
_RUN = _POSITION["run"]
_FIXED = frozenset({"id", "source"})


def correct(  # noqa: PLR0913 - which, what, and what the rules need
    writer: Writer,
    source: str,
    id: str,  # noqa: A002 - the word of the record
    changes: Mapping[str, Any],
    deciding: Deciding,
    layout: Layout,
    *,
    kinds: frozenset[str],
    normaliser: Normaliser,
    tombstones: Tombstones,
) -> Decision:
    """Change fields of one touchpoint.

    Args:
        writer: The transaction.
        source: Its source.
        id: Its id there.
        changes: New values by field, as in a captured record; None takes a value away, unknown
            names are attributes.
        deciding: Who, when and why.
        layout: The value model in force.
        kinds: Kinds that are known.
        normaliser: Spells the keys, where `changes` name another customer.
        tombstones: The erased.

    Raises:
        TouchpointNotFound: no live touchpoint has that source and id.
        InvalidValueError: the changed record would be rejected, or nothing changes; `field`.
    """
    mapping("changes", changes, "new values by field, such as {'amount': '12.50'}")
    old = live_row(writer, source, id)
    directory = Directory(writer, deciding.now, tombstones)
    directory.load((), [old[_CUSTOMER]])
    found = Found(old[_CUSTOMER], directory.root(old[_CUSTOMER]) or "", old[_POSITION["via"]])
    try:
        fields = read(
            _changed(old, changes), Rules(kinds, source, deciding.now, layout.kinds.negative)
        )
        refuse_erased_friend(tombstones, partial(read_keys, normaliser=normaliser), fields)
        if "customer" in changes:
            found = _whose(directory, fields, normaliser)
    except Fault as fault:
        raise InvalidValueError(f"{fault.field} {fault.reason}", field=fault.field) from None
    new_said = said(fields)
    if difference(content(old), new_said) is None and found.base == old[_CUSTOMER]:
        raise InvalidValueError("the changes change nothing", field="changes")
    body = {"source": source, "id": id} | _told(old, new_said, found)
    seq = decide(writer, "correct", old[_CUSTOMER], deciding, body)
    void(writer, [old], seq, deciding.now)
    new = _append(writer, directory, old, fields, found, seq, deciding.now)
    if (old[_KIND], old[_AT]) != (new[_KIND], new[_AT]):
        starve(writer, [old], deciding.now)
        feed(writer, [new])
    aged(writer, [new])  # notes a return that names no purchase of its customer's
    concerned = taken_back(writer, [old]) | arrived(writer, [new])
    rebuild_of(writer, {old[_CUSTOMER], found.base} | concerned, layout, deciding.now)
    return decided(seq, "correct", old[_CUSTOMER], deciding, body)


def retract(
    writer: Writer,
    source: str,
    id: str,  # noqa: A002 - the word of the record
    deciding: Deciding,
    layout: Layout,
) -> Decision:
    """Take one touchpoint back: it never was, as far as is known from now on.

    Raises:
        TouchpointNotFound: no live touchpoint has that source and id.
    """
    row = live_row(writer, source, id)
    body = {"source": source, "id": id}
    seq = decide(writer, "retract", row[_CUSTOMER], deciding, body)
    void(writer, [row], seq, deciding.now)
    starve(writer, [row], deciding.now)
    concerned = taken_back(writer, [row])
    rebuild_of(writer, {row[_CUSTOMER]} | concerned, layout, deciding.now)
    return decided(seq, "retract", row[_CUSTOMER], deciding, body)


def void(writer: Writer, rows: Sequence[Row], seq: int, now: int) -> None:
    """Let rows hold no longer, by the decision that has this seq."""
    writer.append(VOID, [(row[_CUSTOMER], row[0], now, seq) for row in rows])


def live_row(reader: Reader, source: str, record: str) -> Row:
    """Read the TOUCHPOINT row that holds today under a source and an id.

    Raises:
        TouchpointNotFound: none does.
    """
    key = text("source", source), text("id", record)
    found = earlier(reader, [key]).get(key)
    row = None if found is None else found.live
    if row is None:
        message = f"no live touchpoint has the source {source!r} and the id {record!r}"
        raise TouchpointNotFound(message, source=source, id=record)
    return row


def corrections(reader: Reader, source: str, ids: Iterable[str]) -> dict[str, Decision]:
    """Give, by id, the correction that each live touchpoint stems from; others have none."""
    found = earlier(reader, [(source, record) for record in ids])
    runs = {key[1]: one.live[_RUN] for key, one in found.items() if one.live is not None}
    made = {record: -run for record, run in runs.items() if run < 0}
    rows = {row[0]: row for row in reader.fetch(DECISION, {(seq,) for seq in made.values()})}
    return {record: decision(rows[seq]) for record, seq in made.items()}


def _changed(row: Row, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give the record as it would have to come to say what the correction says."""
    for name in changes:
        if name in _FIXED:
            raise Fault(name, "cannot be corrected: retract the touchpoint and capture another")
    was = touchpoint(row)
    record = {name: getattr(was, name) for name in KNOWN} | {
        name: value for name, value in changes.items() if name in KNOWN
    }
    if not isinstance(record["attributes"] or {}, Mapping):
        return record  # what is wrong with it is said where records are read
    more = dict(record["attributes"] or {})
    for name, value in changes.items():
        if name not in KNOWN:
            if value is None:
                more.pop(name, None)
            else:
                more[name] = value
    record["attributes"] = more
    return record


def _whose(directory: Directory, fields: Fields, normaliser: Normaliser) -> Found:
    if isinstance(fields.customer, str):
        directory.load((), [fields.customer])
        return directory.by_id(fields.customer)
    keys = read_keys(fields.customer, normaliser)
    directory.load(keys.keys)
    return directory.settle(keys, fields.source, fields.id)[0]


def _told(old: Row, new: Row, found: Found) -> dict[str, Any]:
    """Give what changed, column by column, as the decision keeps it."""
    names = (*TOUCHPOINT.names[_KIND : _AT + 1], *TOUCHPOINT.names[_AMOUNT:])
    pairs = [*zip(names, content(old), new, strict=True), ("customer", old[_CUSTOMER], found.base)]
    changed = [(name, a, b) for name, a, b in pairs if a != b]
    return {
        "before": {name: a for name, a, _ in changed},
        "after": {name: b for name, _, b in changed},
    }


def _append(  # noqa: PLR0913 - private
    writer: Writer,
    directory: Directory,
    old: Row,
    fields: Fields,
    found: Found,
    seq: int,
    now: int,
) -> Row:
    first = writer.sequence(1 + directory.changes)
    rev = max(row[3] for row in earlier(writer, [(old[1], old[2])])[old[1], old[2]].rows) + 1
    came = (old[1], old[2], rev, found.base, found.via, fields.kind, fields.at, fields.zone)
    new: Row = (first, *came, now, -seq, *tuple(fields)[REST])
    writer.append(TOUCHPOINT, [new])
    directory.write(first + 1, 0)
    return new
