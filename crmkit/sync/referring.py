"""Fields that name a customer: whom they mean there and here, and who waits for whom.

A customer may be kept in step in several objects of one CRM, persons in one and organisations in
another: a field leads to the one that the CRM's schema says, or else to the first that has him.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crmkit.capture.exact import Fault
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import PAIR
from crmkit.sync.fields import CUSTOMERS
from crmkit.sync.pairs import LINKED, WANTED, Pair
from crmkit.sync.settings import FieldRule
from crmkit.value.roots import roots_of

if TYPE_CHECKING:
    from crmkit.sync.concepts.base import Local
    from crmkit.sync.track import Track

References = Mapping[str, Mapping[str, str]]
"""The CRM's ids of customers, by our field and our id of the customer."""


class Waiting(Fault):
    """A field names a record that is not in step yet: its own goes over as soon as that is.

    Args:
        field: The field.
        reason: What is waited for, in words.
        awaited: The CRM's id of the record that is waited for, where it is theirs.
    """

    def __init__(self, field: str, reason: str, awaited: str = "") -> None:
        """Keep what is waited for."""
        super().__init__(field, reason)
        self.awaited = awaited


def leads_to(track: Track, rule: FieldRule) -> list[Track]:
    """Give the tracks of customers that a field may lead to, in the order they are looked into."""
    found = track.related(CUSTOMERS)
    field = track.fields.get(rule.theirs)
    said = [one for one in found if field is not None and one.entity in field.targets]
    return said or list(found)


def outward(track: Track, reader: Reader, locals_: Iterable[Local]) -> dict[str, dict[str, str]]:
    """Find the CRM's ids of the customers that our records name, by field."""
    listed = list(locals_)
    found: dict[str, dict[str, str]] = {}
    for rule in track.rules:
        if track.kinds[rule.ours] != "customer":
            continue
        wanted = {str(local.values[rule.ours]) for local in listed if local.values.get(rule.ours)}
        there = found.setdefault(rule.ours, {})
        for other in leads_to(track, rule):
            for key, pair in other.pairs.of(reader, wanted - there.keys()).items():
                if pair.state == LINKED and pair.theirs is not None:
                    there[key] = pair.theirs
    return found


def inward(track: Track, reader: Reader, rule: FieldRule, remote_ids: Iterable[str]) -> None:
    """Find whom of ours a field of theirs means, and keep it in mind until the page is done."""
    wanted = {one for one in remote_ids if (rule.ours, one) not in track.met}
    for other in leads_to(track, rule):
        pairs = other.pairs.by_theirs(reader, wanted) if wanted else {}
        known = {one: pair for one, pair in pairs.items() if pair.state == LINKED}
        roots = roots_of(reader, (pair.ours for pair in known.values()))
        for one, pair in known.items():
            track.met[rule.ours, one] = roots.get(pair.ours, pair.ours)
        wanted -= known.keys()


def whom(track: Track, reader: Reader, rule: FieldRule, remote_id: str) -> str:
    """Give the customer of ours whom a field of theirs means.

    Raises:
        Waiting: none of ours is in step with that record.
    """
    if (rule.ours, remote_id) not in track.met:
        inward(track, reader, rule, [remote_id])
    found = track.met.get((rule.ours, remote_id))
    if found is None:
        told = f"names record {remote_id}, which no customer of ours is linked to"
        raise Waiting(rule.theirs, told, remote_id)
    return found


def wake(track: Track, writer: Writer) -> None:
    """See that what waited for customers who have just come into step is looked at again."""
    begun = sorted(track.pairs.begun)
    others = {one.entity: one for one in track.dependents}
    for row in writer.fetch(PAIR, [(key,) for key in begun], by=("customer",)):
        pair = Pair(*row)
        other = others.get(pair.object)
        waits = pair.connector == track.link.name and pair.state in (LINKED, WANTED)
        if waits and other is not None and other is not track and pair.due is None:
            writer.put(PAIR, [pair._replace(due=1)])
