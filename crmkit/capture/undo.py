"""A whole capture taken back: its touchpoints, the customers it made, the keys it taught.

A wrong mapping does harm mostly through keys: a column taken for a phone number ties strangers
together. So what the capture alone made goes; what something else has confirmed or used since
stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import attrs

from crmkit.arguments import seq_of, show, text
from crmkit.capture.alone import alone, live_of
from crmkit.capture.amend import void
from crmkit.capture.customer_rows import RUN, SAVED
from crmkit.capture.duplicates import earlier, endings
from crmkit.capture.feeding import starve
from crmkit.capture.ids import next_generation
from crmkit.capture.returns import named_by_others, note_orphans
from crmkit.contracts.decisions import Deciding, decide_all, decided
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import (
    COLLISION,
    CUSTOMER,
    FED,
    IDENTITY,
    STANDING,
    STATE,
    TOUCHPOINT,
)
from crmkit.errors import DecisionNotFound
from crmkit.model.log import Decision
from crmkit.paging import pages
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild

_PAGE = 5_000
_CUSTOMER = TOUCHPOINT.position["customer"]
_RECORDED = TOUCHPOINT.position["recorded"]
_KIND = TOUCHPOINT.position["kind"]
_AT = TOUCHPOINT.position["at"]
_RUN = TOUCHPOINT.position["run"]
_ROOT = CUSTOMER.position["root"]
_BODY = CUSTOMER.position["body"]
_WHOSE = IDENTITY.position["customer"]
_LEARNT = IDENTITY.position["recorded"]


@attrs.define
class _Undone:
    """What is known of the capture once its rows were gone through.

    Attributes:
        bases: Customers its rows were written with.
        instants: When its batches were recorded.
        earliest: Its rows that were the earliest of their kind.
        concerned: Customers of other captures whose returns named its purchases.
        count: Touchpoints taken back.
    """

    bases: dict[str, None] = attrs.field(factory=dict)
    instants: set[int] = attrs.field(factory=set)
    earliest: list[Row] = attrs.field(factory=list)
    concerned: set[str] = attrs.field(factory=set)
    count: int = 0


def undo(writer: Writer, run: str, deciding: Deciding, layout: Layout) -> Decision:
    """Take back everything one capture brought.

    Args:
        writer: The transaction; it holds the whole undo.
        run: Id of the capture, from its report.
        deciding: Who, when and why.
        layout: The value model in force.

    Raises:
        DecisionNotFound: no capture has that id, or nothing of it is left.
    """
    number = seq_of(text("run", run)) or 0
    seq = writer.sequence(1)
    undone = _void_all(writer, number, seq, deciding.now) if number else _Undone()
    if not undone.count:
        message = f"no capture has the id {show(run)}, or all of it was taken back already"
        raise DecisionNotFound(message, id=run)
    starve(writer, undone.earliest, deciding.now)
    dropped: list[str] = []
    for page in pages(undone.bases):
        dropped += _clean(writer, page, number, undone.instants)
    body = {"run": run, "touchpoints": undone.count, "customers": dropped}
    decide_all(writer, "undo", [(None, deciding.reason, body)], deciding, first=seq)
    next_generation(writer)
    touched = [(base,) for base in {*undone.bases, *undone.concerned}]
    kept = (row[_ROOT] for row in writer.fetch(CUSTOMER, touched))
    rebuild(writer, sorted({*kept, *dropped}), layout, deciding.now)
    return decided(seq, "undo", None, deciding, body)


def _void_all(writer: Writer, run: int, decision: int, now: int) -> _Undone:
    undone = _Undone()
    noted = {row[:2] for row in writer.scan(FED) if row[3] is None}
    for page in _pages(writer, run):
        ended = endings(writer, page)
        live = [row for row in page if row[0] not in ended]
        corrected = {(row[1], row[2]) for row in page if ended.get(row[0]) == "correct"}
        for found in earlier(writer, corrected).values():
            row = found.live
            if row is not None and row[_RUN] < 0:
                live.append(row)
        void(writer, live, decision, now)
        undone.count += len(live)
        undone.concerned |= named_by_others(writer, live)
        undone.bases.update(dict.fromkeys(row[_CUSTOMER] for row in live))
        undone.instants.update(row[_RECORDED] for row in page)
        undone.earliest += [row for row in live if (row[_KIND], row[_AT]) in noted]
    return undone


def _pages(writer: Writer, run: int) -> Iterator[list[Row]]:
    """Give the rows of a capture; the first was reserved when the run got its id."""
    low = run
    while True:
        page = list(writer.scan(TOUCHPOINT, by=("seq",), low=low, where={"run": run}, limit=_PAGE))
        if not page:
            return
        yield page
        low = page[-1][0] + 1


def _clean(writer: Writer, bases: Sequence[str], run: int, instants: set[int]) -> list[str]:
    """Drop what nothing but the capture stands behind; give the customers that went."""
    keys = [(base,) for base in bases]
    live: dict[str, list[Row]] = {base: [] for base in bases}
    for row in live_of(writer, bases):
        live[row[_CUSTOMER]].append(row)
    note_orphans(writer, [row for rows in live.values() for row in rows])
    _drop_collisions(writer, keys, run)
    gone = _made_by(writer, [base for base in bases if not live[base]], run)
    newest = {
        base: max((row[_RECORDED] for row in rows), default=-1) for base, rows in live.items()
    }
    identities = _taught(writer, keys, newest, instants, gone)
    if identities:
        writer.delete(IDENTITY, identities)
    for table in (CUSTOMER, STATE, STANDING):
        writer.delete(table, [(base,) for base in sorted(gone)])
    return sorted(gone)


def _taught(
    writer: Writer,
    keys: Sequence[tuple[str]],
    newest: Mapping[str, int],
    instants: set[int],
    gone: set[str],
) -> list[Row]:
    """Give the keys that nothing but the capture taught.

    Whoever was saved since keeps those that he had then. Who stays for what was decided about him
    keeps them where he has no other: nobody else may be made of the same address, and not have
    objected.
    """
    rows = {row[0]: row for row in writer.fetch(CUSTOMER, keys)}
    last = {base: json.loads(row[_BODY]).get(SAVED) or 0 for base, row in rows.items()}
    known = list(writer.fetch(IDENTITY, keys, by=("customer",)))
    lone = [
        row
        for row in known
        if row[_LEARNT] in instants
        and newest[row[_WHOSE]] < row[_LEARNT]
        and last.get(row[_WHOSE], 0) <= row[_LEARNT]
    ]
    found = {row[_WHOSE] for row in set(known).difference(lone)}
    found |= {base for base, row in rows.items() if row[_ROOT] != base}  # by his keeper's
    dropped = [row for row in lone if row[_WHOSE] in found]
    return [row[:2] for row in {*dropped, *(row for row in known if row[_WHOSE] in gone)}]


def _made_by(writer: Writer, bases: list[str], run: int) -> set[str]:
    """Give those customers whom the capture made and whom nothing else speaks of."""
    rows = writer.fetch(CUSTOMER, [(base,) for base in bases])
    return alone(writer, [row[0] for row in rows if json.loads(row[_BODY]).get(RUN) == run])


def _drop_collisions(writer: Writer, keys: list[tuple[str]], run: int) -> None:
    """Drop the collisions that records of the capture brought up."""
    met = {
        row[0]: (row[5], row[6])
        for side in ("holder", "other")
        for row in writer.fetch(COLLISION, keys, by=(side,))
        if row[COLLISION.position["resolved"]] is None
    }
    brought = {
        (row[1], row[2])
        for row in writer.fetch(TOUCHPOINT, set(met.values()), by=("source", "id"))
        if row[_RUN] == run
    }
    names = [(name,) for name, record in met.items() if record in brought]
    if names:
        writer.delete(COLLISION, names)
