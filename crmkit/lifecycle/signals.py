"""What rules and the agenda ask of the log itself: open matters, and how often a kind occurred.

Value states keep sums, not single touchpoints; so one pass reads the rows of the few kinds that
are asked about, for everybody and every instant at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.value.history import Entry, read_live
from crmkit.value.layout import Kinds
from crmkit.value.live import live_rows, voided
from crmkit.value.ops import is_automatic

OPEN_KINDS = frozenset({"complaint", "suggestion", "opinion"})
"""What a customer says and waits for our answer to."""
OPEN_FOR = 180 * DAY
"""After so long a matter is no longer taken up by itself."""

_DIRECTION, _ATTRIBUTES = (TOUCHPOINT.position[name] for name in ("direction", "attributes"))
_COLUMNS = ("seq", "customer", "kind", "at", "direction", "attributes")


def touches(kind: str, attributes: str | None, kinds: Kinds) -> bool:
    """Tell whether it is real contact between two people; a machine's message is none."""
    if kind not in kinds.two_way:
        return False
    return attributes is None or not is_automatic(attributes)


def answers(kind: str, direction: str | None, attributes: str | None, kinds: Kinds) -> bool:
    """Tell whether it is our contact: what we send, and every talk that he did not begin."""
    if direction == "in" or (direction is None and kind == "message_in"):
        return False
    return touches(kind, attributes, kinds)


@attrs.define
class Story:
    """One customer's matters and our contacts, each oldest first."""

    matters: list[tuple[int, str]] = attrs.field(factory=list)
    answers: list[int] = attrs.field(factory=list)

    def open(self, at: int, kinds: frozenset[str] | None = None) -> list[int]:
        """Give the instants of the matters that were open at `at`, oldest first."""
        place = bisect_right(self.answers, at)
        answered = self.answers[place - 1] if place else -1
        low = max(answered, at - OPEN_FOR)
        return [
            since
            for since, kind in self.matters
            if low < since <= at and (kinds is None or kind in kinds)
        ]


@attrs.frozen
class Signals:
    """What was read: stories by root, and the instants of each counted kind by root."""

    stories: Mapping[str, Story]
    counted: Mapping[str, Mapping[str, list[int]]]

    def open(self, customers: Iterable[str], at: int) -> list[int]:
        """Give the instants of open matters, oldest first; an answer to one is one to them all."""
        found = [self.stories[one] for one in customers if one in self.stories]
        if len(found) > 1:
            matters = sorted(matter for story in found for matter in story.matters)
            found = [Story(matters, sorted(at for story in found for at in story.answers))]
        return found[0].open(at) if found else []

    def count(self, kind: str, customer: str, at: int) -> int:
        """Count a customer's touchpoints of a kind up to `at`."""
        return bisect_right(self.counted[kind].get(customer, ()), at)

    def newest(self, kind: str, customer: str, at: int) -> int | None:
        """Give the instant of the newest touchpoint of a kind up to `at`."""
        instants = self.counted[kind].get(customer, ())
        place = bisect_right(instants, at)
        return instants[place - 1] if place else None


def story_of(entries: Iterable[Entry], kinds: Kinds) -> Story:
    """Gather somebody's matters and our contacts, from what holds of him in whichever order."""
    story = Story()
    for entry in sorted(entries, key=lambda entry: entry.at):
        if entry.kind in OPEN_KINDS:
            story.matters.append((entry.at, entry.kind))
        elif answers(entry.kind, entry.row[_DIRECTION], entry.row[_ATTRIBUTES], kinds):
            story.answers.append(entry.at)
    return story


def read_signals_of(
    reader: Reader, customer: str, kinds: Kinds, at: int, counted: Iterable[str] = ()
) -> Signals:
    """Read what is needed to judge one customer, by his root id, at one instant."""
    happened = [entry for entry in read_live(reader, [customer])[customer] if entry.at <= at]
    found = {
        kind: {customer: sorted(entry.at for entry in happened if entry.kind == kind)}
        for kind in counted
    }
    return Signals({customer: story_of(happened, kinds)}, found)


def read_signals(  # noqa: PLR0913 - what to look for, and where
    reader: Reader,
    roots: Mapping[str, str],
    kinds: Kinds,
    first: int,
    last: int,
    counted: Iterable[str] = (),
) -> Signals:
    """Read what is needed to judge everybody at the instants from `first` to `last`.

    Args:
        reader: Where to read.
        roots: Where merged ids lead to; an id that is missing leads to itself.
        kinds: The touchpoint kinds in force.
        first: Earliest instant that is judged, in microseconds.
        last: Latest.
        counted: Kinds of which every touchpoint is needed, however old.
    """
    gone = voided(reader)
    stories: dict[str, Story] = {}
    asked = tuple(sorted(OPEN_KINDS | kinds.two_way))
    for _, customer, kind, at, direction, attributes in live_rows(
        reader, _COLUMNS, since=first - OPEN_FOR, until=last + 1, kinds=asked, gone=gone
    ):
        is_matter = kind in OPEN_KINDS
        if is_matter or answers(kind, direction, attributes, kinds):
            story = stories.setdefault(roots.get(customer, customer), Story())
            if is_matter:
                story.matters.append((at, kind))
            else:
                story.answers.append(at)
    found: dict[str, dict[str, list[int]]] = {kind: {} for kind in counted}
    if found:
        for _, customer, kind, at in live_rows(
            reader, _COLUMNS[:4], until=last + 1, kinds=sorted(found), gone=gone
        ):
            found[kind].setdefault(roots.get(customer, customer), []).append(at)
    return Signals(stories, found)


def next_after(instants: Sequence[int], at: int) -> int | None:
    """Give the least instant above `at`, of ordered ones."""
    place = bisect_right(instants, at)
    return instants[place] if place < len(instants) else None
