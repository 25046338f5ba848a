"""Opportunities moved by what was captured anyhow, so that nobody types it again (R89).

The systems in which the work is done know when a quotation went out or a payment came in. A
touchpoint that names the opportunity among its attributes, and the stage it shows, moves it there;
a purchase that names it closes it as won. Only forward, and only what the log holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from crmkit.arguments import seq_of
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.errors import InvalidValueError, RefusedError
from crmkit.lifecycle.funnel.acting import step
from crmkit.lifecycle.funnel.becoming import PAID
from crmkit.lifecycle.funnel.book import BOOK
from crmkit.model.sales import FUNNEL_STAGES, OPEN, Opportunity
from crmkit.paging import pages
from crmkit.value.history import Entry, read_live
from crmkit.value.roots import roots_of

_SOURCE, _ID, _ATTRIBUTES = (TOUCHPOINT.position[n] for n in ("source", "id", "attributes"))
_NAMED = '"opportunity"'


def advance(session: Session) -> tuple[Opportunity, ...]:
    """Move every opportunity as far as the log shows; give those that moved."""
    now = session.now()
    moved = []
    with session.store.write() as writer:
        waiting = {one.id: one for one in BOOK.all(writer, states=(OPEN,))}
        leads = roots_of(writer, (one.customer_id for one in waiting.values()))
        for entry, opportunity_id, stage in _shown(writer, set(leads.values()), now):
            before = waiting.get(opportunity_id)
            if before is not None:
                after = _step(writer, before, stage, entry, now)
                if after is not None:
                    waiting[opportunity_id] = after
                    moved.append(opportunity_id)
        return tuple(waiting[one] for one in dict.fromkeys(moved))


def _shown(reader: Reader, customers: Iterable[str], now: int) -> Iterator[tuple[Entry, str, str]]:
    """Give what shows a stage of an opportunity, oldest first."""
    found: list[tuple[Entry, dict[str, object]]] = []
    for page in pages(sorted(customers)):
        found += [
            (entry, json.loads(entry.row[_ATTRIBUTES]))
            for entries in read_live(reader, page).values()
            for entry in entries
            if entry.at <= now and _NAMED in (entry.row[_ATTRIBUTES] or "")
        ]
    for entry, said in sorted(found, key=lambda one: (one[0].at, one[0].row[0])):
        named, stage = said.get("opportunity"), _stage(entry, said)
        if stage is not None and isinstance(named, str | int) and seq_of(str(named)) is not None:
            yield entry, str(named), stage


def _stage(entry: Entry, said: Mapping[str, object]) -> str | None:
    if entry.kind == "purchase":
        return PAID
    stage = said.get("stage")
    return stage if isinstance(stage, str) and stage in FUNNEL_STAGES[:-1] else None


def _step(
    writer: Writer, before: Opportunity, stage: str, entry: Entry, now: int
) -> Opportunity | None:
    """Take one step forward, as of when it happened; None: it leads nowhere."""
    if before.state != OPEN or FUNNEL_STAGES.index(stage) <= FUNNEL_STAGES.index(before.stage):
        return None
    source, touchpoint = entry.row[_SOURCE], entry.row[_ID]
    deciding = Deciding(now=now, by=None, reason=f"shown by {touchpoint} of {source}")
    at = instant(max(entry.at, micros(before.moves[-1].at)))
    purchase = (source, touchpoint) if stage == PAID else None
    try:
        return step(writer, before, stage, deciding, purchase, at=at)
    except (RefusedError, InvalidValueError):  # it was ended; the purchase is not his
        return None
