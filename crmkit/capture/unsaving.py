"""An import of customers taken back: whom it made, what it changed, the keys it taught.

As with touchpoints, what something else has confirmed or used since stays: whoever has touchpoints,
the key that led one to him, and whoever was saved again by somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import attrs

from crmkit.arguments import seq_of, show, text
from crmkit.capture.alone import alone, live_of
from crmkit.capture.customer_rows import customer_of
from crmkit.capture.exact import Fault
from crmkit.capture.ids import next_generation
from crmkit.capture.merge import index
from crmkit.capture.saving import Saver
from crmkit.capture.traces import Trace, trace_of, untraced
from crmkit.contracts.decisions import Deciding, decide, decided
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import (
    COLLISION,
    CUSTOMER,
    IDENTITY,
    STANDING,
    STATE,
    SYNC_CASE,
    TOUCHPOINT,
)
from crmkit.errors import DecisionNotFound
from crmkit.model.customer import Customer
from crmkit.model.log import Decision
from crmkit.paging import pages
from crmkit.value.roots import roots_of

_SEQ, _ROOT = CUSTOMER.position["seq"], CUSTOMER.position["root"]
_CUSTOMER, _VIA = TOUCHPOINT.position["customer"], TOUCHPOINT.position["via"]
_HOLDER, _OTHER, _RECORDED, _RESOLVED = (
    COLLISION.position[name] for name in ("holder", "other", "recorded", "resolved")
)


@attrs.define
class _Import:
    """Whom an import left its trace with.

    Attributes:
        made: Customers that it made.
        changed: Customers that it changed, or taught a key.
        at: When it was, in microseconds.
    """

    made: dict[str, None] = attrs.field(factory=dict)
    changed: dict[str, None] = attrs.field(factory=dict)
    at: int = 0


def unsave(
    writer: Writer, run: str, deciding: Deciding, saving: Callable[[Writer], Saver]
) -> Decision:
    """Take back what one import of customers did.

    Args:
        writer: The transaction; it holds the whole of it.
        run: Id of the import, from its report.
        deciding: Who, when and why.
        saving: Makes what saves customers.

    Raises:
        DecisionNotFound: no import of customers has that id, or nothing of it is left.
    """
    number = seq_of(text("run", run)) or 0
    found = _find(writer, number) if number else _Import()
    if not found.made and not found.changed:
        message = f"no import of customers has the id {show(run)}, or all of it was taken back"
        raise DecisionNotFound(message, id=run)
    kept = _restore(writer, found.changed, number, saving)
    gone = _drop(writer, found.made)
    if gone and kept:  # a number that he had may be free again
        kept = _restore(writer, kept, number, saving)
    _forget_collisions(writer, gone, found.at)
    next_generation(writer)
    for page in pages(found.changed):
        index(writer, sorted({row[_ROOT] for row in writer.fetch(CUSTOMER, [(b,) for b in page])}))
    body = {
        "run": run,
        "customers": sorted(gone),
        "restored": sorted(found.changed.keys() - kept),
        "kept": sorted({*found.made, *kept} - gone),
    }
    seq = decide(writer, "undo", None, deciding, body)
    return decided(seq, "undo", None, deciding, body)


def _find(writer: Writer, run: int) -> _Import:
    found = _Import()
    if any(writer.fetch(TOUCHPOINT, [(run,)], by=("seq",))):
        return found  # it brought touchpoints
    # Whoever was changed since stands behind him in the order, and nobody before.
    traced = {"body": f'"run": {run}'}
    for row in writer.scan(CUSTOMER, by=("seq",), low=run, contains=traced):
        trace = trace_of(row)
        if trace is not None and trace.run == run:
            (found.made if trace.new else found.changed)[row[0]] = None
            found.at = trace.at
    return found


def _restore(
    writer: Writer, changed: Iterable[str], run: int, saving: Callable[[Writer], Saver]
) -> set[str]:
    """Let customers say again what they said before; give those of whom that is refused."""
    refused: set[str] = set()
    for page in pages(changed):
        found = writer.fetch(CUSTOMER, [(base,) for base in page])
        traces = {row: trace for row in found if (trace := trace_of(row)) and trace.run == run}
        _forget_keys(writer, traces)
        told = [_before(row, trace) for row, trace in traces.items() if trace.said]
        outcomes = saving(writer).save(told).outcomes
        refused |= {
            one.id for one, how in zip(told, outcomes, strict=True) if isinstance(how, Fault)
        }
        former = {row[0]: row for row in traces if row[0] not in refused}
        if former:
            seq = writer.sequence(len(former))
            rows = sorted(writer.fetch(CUSTOMER, [(base,) for base in former]))
            rows = [(row[0], seq + at, *row[_SEQ + 1 :]) for at, row in enumerate(rows)]
            writer.put(CUSTOMER, [untraced(row, former[row[0]]) for row in rows])
    return refused


def _forget_keys(writer: Writer, traces: Mapping[Row, Trace]) -> None:
    """Forget the keys that the import taught, but for those that led a touchpoint to somebody."""
    keys = {key: row[0] for row, trace in traces.items() for key in trace.keys}
    held = {(row[0], row[1]): row[2] for row in writer.fetch(IDENTITY, keys) if row[2] is not None}
    used = {(row[_CUSTOMER], row[_VIA]) for row in live_of(writer, set(held.values()))}
    # A key that found him through somebody merged into him was taught to that one.
    roots = roots_of(writer, {*keys.values(), *held.values()})
    forgotten = [
        key
        for key, holder in held.items()
        if roots.get(holder) == roots.get(keys[key]) and (holder, f"{key[0]}:{key[1]}") not in used
    ]
    if forgotten:
        writer.delete(IDENTITY, forgotten)


def _before(row: Row, trace: Trace) -> Customer:
    return Customer.from_dict({**customer_of(row).to_dict(), **trace.said})


def _drop(writer: Writer, made: Collection[str]) -> set[str]:
    """Drop whom nothing but the import stands behind."""
    used: set[str] = set()
    for page in pages(made):
        used |= {row[_CUSTOMER] for row in live_of(writer, page)}
    gone = alone(writer, [base for base in made if base not in used])
    for page in pages(sorted(gone)):
        keys = [(base,) for base in page]
        for table in (IDENTITY, SYNC_CASE):
            writer.delete(table, keys, by=("customer",))
        for table in (CUSTOMER, STATE, STANDING):
            writer.delete(table, keys)
    return gone


def _forget_collisions(writer: Writer, gone: set[str], at: int) -> None:
    """Forget what waits to be resolved: what the import brought up, and where one is gone."""
    names = [
        (row[0],)
        for row in writer.scan(COLLISION)
        if row[_RESOLVED] is None
        and (row[_RECORDED] == at or not gone.isdisjoint((row[_HOLDER], row[_OTHER])))
    ]
    if names:
        writer.delete(COLLISION, names)
