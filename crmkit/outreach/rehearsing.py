"""A dry run: the states that what is due would come to, with nothing sent and nothing written."""

from __future__ import annotations

from collections import Counter

from crmkit.model.outreach import ACCEPTED, FAILED, PLANNED, REFUSED
from crmkit.outreach.capacity import Capacity
from crmkit.outreach.ledger import due
from crmkit.outreach.preparing import counted, prepared
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import finished


def rehearse(setup: Setup, limit: int | None) -> Counter[str]:
    """Count the states of what is due, if every channel took everything.

    Caps and capacities count what would have gone before in the same run.
    """
    states: Counter[str] = Counter()
    with setup.session.store.read() as reader:
        entries = due(reader, (PLANNED, FAILED), setup.session.now(), limit)
    batch = finished(prepared(setup, 0, only=[one.number for one in entries]))
    if batch is None:
        return states
    with setup.session.store.read() as reader:
        lines = {one.attempt.line for one in batch.ready if one.attempt is not None}
        capacity = Capacity.read(reader, setup.session, lines, setup.zone)
        gate = batch.gate.counting(reader)
    for one in batch.ready:
        verdict = one.verdict or counted(one, gate, capacity)
        if verdict is None:
            states[ACCEPTED] += 1
        else:
            states[REFUSED if verdict.next is None else PLANNED] += 1
    return states
