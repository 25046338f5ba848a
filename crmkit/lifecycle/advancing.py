"""Bringing everybody to where the rules say he stands: now, and step by step through the past.

What is found is written in pages, each a transaction: a run that was killed is gone on with by
calling again, and a customer whom somebody else moved meanwhile is left as he is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding, decide_all
from crmkit.contracts.meta import write_fact
from crmkit.contracts.store import Row, Store, Writer
from crmkit.contracts.tables import CUSTOMER, STANDING
from crmkit.lifecycle.judging import Step, judge, read_earlier
from crmkit.lifecycle.standing import ADVANCED, changed, read_note, standing_rows
from crmkit.lifecycle.world import Guide, World, held_in, look
from crmkit.model.lifecycle import AdvanceReport, Move

_PAGE = 5000
_AT, _TIER, _OWNER, _QUEUE = (STANDING.position[n] for n in ("at", "tier", "owner", "queue"))
_UNKNOWN: Row = tuple(
    None if column.null else 0.0 if column.type == "real" else 0 for column in STANDING.columns
)


@attrs.frozen
class Made:
    """The moves that were recorded of one instant."""

    at: int
    steps: Sequence[Step]
    replayed: bool


def advance(store: Store, guide: Guide, now: int, replay: Sequence[int] = ()) -> AdvanceReport:
    """Apply the rules to everybody: at each past instant of `replay`, then at `now`."""
    with store.read() as reader:
        world = look(reader, guide, (*replay, now))
        earlier = {at: read_earlier(reader, world.held, at) for at in (*replay, now)}
        recorder = _Recorder(store, now, world, read_note(reader))
        made = []
        for place, at in enumerate(replay):
            frame = world.frame(guide, place)
            moved = judge(world, guide, frame, earlier[at])
            written = recorder.record(moved, recorder.past(moved, at), at, replayed=True)
            made.append(Made(at, written, replayed=True))
        frame = world.frame(guide, len(replay))
        moved = judge(world, guide, frame, earlier[now])
        rows = standing_rows(reader, guide, world, frame, guide.policy.day_at(now))
    written = recorder.record(moved, changed(rows, recorder.rows), now, replayed=False)
    made.append(Made(now, written, replayed=False))
    recorder.finish(guide, rows)
    steps = [step for one in made for step in one.steps]
    return AdvanceReport(
        at=instant(now),
        customers=len(rows),
        stages=sum(step.what == "stage" for step in steps),
        tiers=sum(step.what == "tier" for step in steps),
        steps=len(replay),
        moves=_moves(made, now),
    )


class _Recorder:
    """Writes moves and rows, page by page."""

    def __init__(self, store: Store, now: int, world: World, note: Mapping[str, Any]) -> None:
        self.rows = dict(world.rows)
        self._note = note
        self._store = store
        self._now = now
        self._world = world
        self._lost: set[str] = set()

    def past(self, steps: Iterable[Step], at: int) -> list[Row]:
        """Give the rows of those who moved in the past: where they stand, and nothing else."""
        rows = []
        for customer in sorted({step.customer for step in steps}):
            row = self.rows.get(customer) or (customer, *_UNKNOWN[1:])
            held = self._world.held.of(customer)
            rows.append((customer, at, *row[_AT + 1 : _TIER], *held, *row[_TIER + 4 :]))
        return rows

    def record(
        self, steps: Sequence[Step], rows: Sequence[Row], at: int, *, replayed: bool
    ) -> list[Step]:
        """Write moves with the rows they lead to; give those that were written."""
        by_customer: dict[str, list[Step]] = {row[0]: [] for row in rows}
        for step in steps:
            by_customer.setdefault(step.customer, []).append(step)
        found = {row[0]: row for row in rows}
        customers = sorted(by_customer)
        written: list[Step] = []
        for start in range(0, len(customers), _PAGE):
            page = customers[start : start + _PAGE]
            with self._store.write() as writer:
                self._drop_lost(writer, page)
                kept = [customer for customer in page if customer not in self._lost]
                moved = [step for customer in kept for step in by_customer[customer]]
                self._decide(writer, moved, at, replayed=replayed)
                new = [found[customer] for customer in kept if customer in found]
                writer.put(STANDING, new)
            self.rows.update((row[0], row) for row in new)
            written += moved
        return written

    def _drop_lost(self, writer: Writer, page: list[str]) -> None:
        """Leave out those whom somebody else moved, merged or erased since they were read."""
        there = {
            row[0]: held_in(row)
            for row in writer.fetch(STANDING, [(customer,) for customer in page])
        }
        for customer in page:
            row = self.rows.get(customer)
            if there.get(customer) != (None if row is None else held_in(row)):
                self._lost.add(customer)
        # Whoever goes takes his row along, so that only those without one are to be looked up.
        new = [(customer,) for customer in page if customer not in self.rows]
        roots = writer.fetch_columns(CUSTOMER, new, ("id", "root"))
        self._lost.update({one for (one,) in new} - {one for one, root in roots if one == root})

    def _decide(self, writer: Writer, steps: list[Step], at: int, *, replayed: bool) -> None:
        deciding = Deciding(now=self._now)
        for kind in ("stage", "tier"):
            batch = [
                (step.customer, step.reason, _body(step, at, replayed=replayed))
                for step in steps
                if step.what == kind
            ]
            if batch:
                decide_all(writer, kind, batch, deciding)

    def finish(self, guide: Guide, rows: Sequence[Row]) -> None:
        """Forget those who were merged or erased, and note what the standings rest on.

        Of two at the same time either may have written a row last: they rest on the first look.
        """
        gone = sorted(set(self._world.rows) - {row[0] for row in rows})
        owners = {row[_OWNER] for row in rows if row[_QUEUE] is not None}
        note: dict[str, Any] = {
            "at": self._now,
            "day": guide.policy.day_at(self._now),
            "watermark": self._world.watermark,
            "policy": guide.policy.fingerprint,
            "owners": sorted(owner for owner in owners if owner is not None),
        }
        with self._store.write() as writer:
            if gone:
                writer.delete(STANDING, [(customer,) for customer in gone])
            other = read_note(writer)
            if other and other != self._note and other["watermark"] < note["watermark"]:
                note = other | {"owners": sorted({*other["owners"], *note["owners"]})}
            write_fact(writer, ADVANCED, json.dumps(note, ensure_ascii=False))


def _body(step: Step, at: int, *, replayed: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "before": step.before,
        "after": step.after,
        "at": at,
        "replayed": replayed,
    }
    if step.what == "tier":
        return {**body, **step.facts}
    return {**body, "rule": step.rule, "facts": dict(step.facts)}


def _moves(made: Sequence[Made], recorded: int) -> Callable[[], tuple[Move, ...]]:
    def make() -> tuple[Move, ...]:
        return tuple(
            Move(
                customer_id=step.customer,
                what=step.what,
                before=step.before,
                after=step.after,
                at=instant(one.at),
                recorded_at=instant(recorded),
                rule=step.rule,
                reason=step.reason,
                facts=step.facts,
                replayed=one.replayed,
            )
            for one in made
            for step in one.steps
        )

    return make
