"""Why a score moved: one fixed path from before to after, so that the causes sum to the change.

`late`, `fading`, `behaviour`, `applicability`, `correction`, `override`, `model`: in this order.
With today's knowledge nothing is late, corrected or remodelled: it was so all along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.model.touchpoint import Touchpoint
from crmkit.model.value import Cause
from crmkit.value.basis import Basis, Merges, Sayings, read_merges, read_sayings
from crmkit.value.history import (
    Entry,
    Purchases,
    build,
    read_groups,
    read_log,
    read_purchases,
    touchpoint,
)
from crmkit.value.layout import Layout
from crmkit.value.measure import Said, measure, share_out
from crmkit.value.readers import Setting
from crmkit.value.scoring import TODAY, Valued
from crmkit.value.state import State

_KIND = TOUCHPOINT.position["kind"]
_SEQ = TOUCHPOINT.position["seq"]
_CUSTOMER = TOUCHPOINT.position["customer"]
_RECORDED = TOUCHPOINT.position["recorded"]


@attrs.frozen
class Path:
    """The way from one score to another.

    Attributes:
        before: Value at the start.
        after: Value at the end.
        steps: ``(reason, {indicator: delta}, touchpoints)`` in the order they were walked.
        state: The customer's state at the end of `behaviour`.
    """

    before: Valued
    after: Valued
    steps: Sequence[tuple[str, dict[str, float], Sequence[Entry]]]
    state: State

    def fading(self) -> dict[str, float]:
        """Give what each indicator lost by time alone."""
        return next((deltas for reason, deltas, _ in self.steps if reason == "fading"), {})

    def causes(self) -> tuple[Cause, ...]:
        """Make the public causes, largest first."""
        made: dict[int, Touchpoint] = {}
        causes = [
            Cause(
                indicator=name,
                reason=reason,
                delta=delta,
                touchpoints=_behind(self, name, entries, made) if entries else (),
            )
            for reason, deltas, entries in self.steps
            for name, delta in deltas.items()
            if delta
        ]
        return tuple(sorted(causes, key=lambda cause: -abs(cause.delta)))


def _behind(
    path: Path, name: str, entries: Sequence[Entry], made: dict[int, Touchpoint]
) -> Callable[[], tuple[Touchpoint, ...]]:
    """Make the function that gives an indicator's touchpoints, newest first."""

    def look() -> tuple[Touchpoint, ...]:
        kinds = {
            kind
            for valued in (path.before, path.after)
            for slots, kinds in zip(valued.layout.slots, valued.layout.sources, strict=True)
            if slots.indicator.name == name
            for kind in kinds
        }
        rows = [entry.row for entry in entries if entry.row[_KIND] in kinds]
        for row in rows:
            if row[_SEQ] not in made:
                made[row[_SEQ]] = touchpoint(row)
        found = {row[_SEQ]: made[row[_SEQ]] for row in rows}
        return tuple(sorted(found.values(), key=lambda t: t.at, reverse=True))

    return look


@attrs.define
class _Walk:
    """Collects the steps: each is the difference of every indicator's contribution."""

    steps: list[tuple[str, dict[str, float], Sequence[Entry]]] = attrs.field(factory=list)
    last: dict[str, float] = attrs.field(factory=dict)

    def step(self, reason: str, to: Valued, entries: Sequence[Entry] = ()) -> None:
        contributions = to.contributions()
        deltas = {
            name: contributions.get(name, 0.0) - self.last.get(name, 0.0)
            for name in dict.fromkeys((*self.last, *contributions))
        }
        self.last = contributions
        if any(deltas.values()):
            self.steps.append((reason, deltas, entries))


@attrs.frozen
class Instants:
    """A movement's start and end, and what is known at each.

    Attributes:
        since: Start, in microseconds.
        until: End, in microseconds.
        known_before: Knowledge at the start: `since` as shown, else today's.
        known_after: Knowledge at the end: `until` as shown, else today's.
    """

    since: int
    until: int
    known_before: int
    known_after: int


@attrs.frozen
class _Story:
    """One customer's entries, as the three parts of the path see them."""

    before: list[Entry]
    arrived: list[Entry]
    after: list[Entry]
    purchases: Purchases


def explain(reader: Reader, basis: Basis, customer: str, since: int, until: int) -> Path:
    """Walk the path with today's knowledge."""
    group = read_groups(reader, [customer])[customer]
    entries = [e for found in read_log(reader, group).values() for e in found if e.live]
    story = _Story(entries, entries, entries, read_purchases(reader, entries))
    instants = Instants(since, until, TODAY, TODAY)
    return _walk(basis, basis.layout, basis.layout, story, instants, read_sayings(reader, group))


def explain_as_shown(  # noqa: PLR0913 - as above, and the merges where many ask
    reader: Reader,
    basis: Basis,
    customer: str,
    since: int,
    until: int,
    merges: Merges | None = None,
) -> Path:
    """Walk the path by what had been recorded, merged and decided at each end."""
    merges = merges or read_merges(reader)
    before, after = merges.group(customer, since), merges.group(customer, until)
    log = [e for found in read_log(reader, before | after).values() for e in found]
    known = [e for e in log if e.row[_CUSTOMER] in before and e.known(since)]
    story = _Story(
        known,
        known + [e for e in log if _arrived(e, merges, before, customer, since, until)],
        [e for e in log if e.row[_CUSTOMER] in after and e.known(until)],
        read_purchases(reader, log),
    )
    sayings = read_sayings(reader, before | after)
    layouts = basis.layout_at(since), basis.layout_at(until)
    return _walk(basis, *layouts, story, Instants(since, until, since, until), sayings)


def _arrived(  # noqa: PLR0913 - one predicate
    entry: Entry, merges: Merges, before: set[str], customer: str, since: int, until: int
) -> bool:
    """Tell whether a row came in meanwhile as the customer's own, not by a correction.

    What was recorded under a dropped identity after its merge is the keeper's own.
    """
    recorded, base = entry.row[_RECORDED], entry.row[_CUSTOMER]
    if entry.correction or not since < recorded <= until:
        return False
    return base in before or merges.root(base, recorded) == customer


def _walk(  # noqa: PLR0913 - the one place where all of it meets
    basis: Basis,
    first: Layout,
    last: Layout,
    story: _Story,
    when: Instants,
    sayings: Sayings,
) -> Path:
    since, until = when.since, when.until

    def state(entries: Iterable[Entry], at: int, knowledge: int, layout: Layout = first) -> State:
        return build(layout, entries, story.purchases, at, knowledge=knowledge)

    def setting(at: int, windows_until: int, layout: Layout = first) -> Setting:
        return basis.setting(layout, at, when.known_after, windows_until)

    said, said_after = sayings.at(since), sayings.at(until)
    start = measure(
        first,
        state(story.before, since, when.known_before),
        basis.setting(first, since, when.known_before),
        said,
    )
    weights = share_out(first, start.states)
    before = Valued(first, start, weights)
    walk = _Walk(last=before.contributions())

    def step(reason: str, what: State, where: Setting, entries: Sequence[Entry] = ()) -> None:
        """Go on with the sharing-out of `since`."""
        walk.step(reason, Valued(first, measure(first, what, where, said), weights), entries)

    held = state(story.arrived, since, when.known_after)
    late = when.known_after != when.known_before
    if late:
        new = [e for e in story.arrived[len(story.before) :] if e.at <= since]
        step("late", held, setting(since, since), new)
    step("fading", held, setting(until, since))
    moved = state(story.arrived, until, when.known_after)
    news = [e for e in story.arrived if since < e.at <= until]
    step("behaviour", moved, setting(until, until), news)
    first_seen = story.arrived[len(story.before) :] + news if late else news

    def shared(
        reason: str, what: State, layout: Layout, how: Said, entries: Sequence[Entry] = ()
    ) -> Valued:
        """Go on with the weights shared out anew."""
        measured = measure(layout, what, setting(until, until, layout), how)
        valued = Valued(layout, measured, share_out(layout, measured.states))
        walk.step(reason, valued, entries)
        return valued

    mixed = Said(said_after.declined, said.points)
    after = shared("applicability", moved, first, mixed, first_seen)
    mended = moved
    if story.after is not story.arrived:
        changed = _difference(story.arrived, story.after)
        mended = state(story.after, until, when.known_after)
        after = shared("correction", mended, first, mixed, changed)
    after = shared("override", mended, first, said_after)
    if last is not first:
        mended = state(story.after, until, when.known_after, last)
        after = shared("model", mended, last, said_after)
    return Path(before, after, walk.steps, moved)


def _difference(before: Iterable[Entry], after: Iterable[Entry]) -> list[Entry]:
    """Give the entries that are in one of the two only."""
    old = {entry.row[_SEQ]: entry for entry in before}
    new = {entry.row[_SEQ]: entry for entry in after}
    return [
        *(e for s, e in old.items() if s not in new),
        *(e for s, e in new.items() if s not in old),
    ]
