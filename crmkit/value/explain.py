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
    TODAY,
    Arrived,
    Entry,
    Known,
    Purchases,
    View,
    build,
    read_groups,
    read_log,
    read_purchases,
    touchpoint,
)
from crmkit.value.layout import Layout
from crmkit.value.measure import Measured, Said, measure, share_out, turning
from crmkit.value.readers import Setting
from crmkit.value.rhythm import Faded, faded
from crmkit.value.scoring import Valued
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
        steps: ``(reason, {indicator: delta}, touchpoints)`` in the order they were walked. Behind
            an indicator's delta are those of its own kinds; behind weights that moved, all.
        state: The customer's state at the end of `behaviour`.
    """

    before: Valued
    after: Valued
    steps: Sequence[tuple[str, dict[str, float], Sequence[Entry]]]
    state: State

    def fading(self, until: int) -> Faded:
        """Give what time alone brought until the path's end."""
        lost = next((deltas for reason, deltas, _ in self.steps if reason == "fading"), {})
        layout = self.before.layout
        points = [lost.get(slots.indicator.name, 0.0) for slots in layout.slots]
        return faded(layout, self.state, points, until)

    def causes(self) -> tuple[Cause, ...]:
        """Make the public causes, largest first."""
        made: dict[int, Touchpoint] = {}
        causes = [
            Cause(
                indicator=name,
                reason=reason,
                delta=delta,
                touchpoints=_behind(self, reason, name, entries, made) if entries else (),
            )
            for reason, deltas, entries in self.steps
            for name, delta in deltas.items()
            if delta
        ]
        return tuple(sorted(causes, key=lambda cause: -abs(cause.delta)))


def _behind(
    path: Path, reason: str, name: str, entries: Sequence[Entry], made: dict[int, Touchpoint]
) -> Callable[[], tuple[Touchpoint, ...]]:
    """Make the function that gives the touchpoints behind a cause, newest first."""

    def look() -> tuple[Touchpoint, ...]:
        kinds = {
            kind
            for valued in (path.before, path.after)
            for slots, kinds in zip(valued.layout.slots, valued.layout.sources, strict=True)
            if slots.indicator.name == name
            for kind in kinds
        }
        weights = reason == "applicability"  # another indicator's touchpoints moved this one's
        rows = [entry.row for entry in entries if weights or entry.row[_KIND] in kinds]
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
class _Story:
    """One customer's movement, as the three parts of the path see it.

    Attributes:
        since: Start, in microseconds.
        until: End, in microseconds.
        views: What is known before, on the way (captures only), and after the corrections.
        entries: The touchpoints that are his in each of these views.
        sayings: What was decided about him, as seen before and after the corrections.
        purchases: What the returns among the entries name.
    """

    since: int
    until: int
    views: tuple[View, View, View]
    entries: tuple[list[Entry], list[Entry], list[Entry]]
    sayings: tuple[Sayings, Sayings]
    purchases: Purchases

    @property
    def as_shown(self) -> bool:
        """Whether the views differ at all; with today's knowledge they do not."""
        return self.views[0] != self.views[2]


def explain(reader: Reader, basis: Basis, customer: str, since: int, until: int) -> Path:
    """Walk the path with today's knowledge."""
    group = read_groups(reader, [customer])[customer]
    entries = [e for found in read_log(reader, group).values() for e in found if e.live]
    sayings = read_sayings(reader, group)
    story = _Story(
        since,
        until,
        (TODAY, TODAY, TODAY),
        (entries, entries, entries),
        (sayings, sayings),
        read_purchases(reader, entries),
    )
    return _walk(basis, (basis.layout, basis.layout), story)


def explain_as_shown(  # noqa: PLR0913 - as above, and the merges where many ask
    reader: Reader,
    basis: Basis,
    customer: str,
    since: int,
    until: int,
    merges: Merges | None = None,
) -> Path:
    """Walk the path by what had been recorded, merged and decided at each end.

    What was recorded under a dropped identity after its merge is the keeper's own behaviour.
    """
    merges = merges or read_merges(reader)
    before, after = merges.group(customer, since), merges.group(customer, until)
    bases = merges.ever(customer, since, until)
    log = [e for found in read_log(reader, sorted(bases)).values() for e in found]
    views = Known(since), Arrived(since, until), Known(until)
    known = [e for e in log if e.row[_CUSTOMER] in before and e.known(views[0])]
    came = [
        e
        for e in log
        if e.row[_RECORDED] > since
        and e.known(views[1])
        and merges.root(e.row[_CUSTOMER], e.row[_RECORDED]) == customer
    ]
    story = _Story(
        since,
        until,
        views,
        (known, known + came, [e for e in log if e.row[_CUSTOMER] in after and e.known(views[2])]),
        (read_sayings(reader, before), read_sayings(reader, after)),
        read_purchases(reader, log),
    )
    return _walk(basis, (basis.layout_at(since), basis.layout_at(until)), story)


def _walk(basis: Basis, layouts: tuple[Layout, Layout], story: _Story) -> Path:
    """Walk from the score at the start to the one at the end, a step a reason."""
    first, last = layouts
    since, until = story.since, story.until
    before, on_the_way, after = range(3)

    def state(part: int, at: int, layout: Layout = first) -> State:
        view, entries = story.views[part], story.entries[part]
        return build(layout, entries, story.purchases, at, view=view)

    def setting(part: int, at: int, windows_until: int, layout: Layout = first) -> Setting:
        return basis.setting(layout, at, story.views[part], windows_until)

    said = story.sayings[0].at(since)
    start = measure(first, state(before, since), setting(before, since, since), said)
    weights = share_out(first, start.states)
    begin = Valued(first, start, weights)
    walk = _Walk(last=begin.contributions())

    def step(reason: str, what: State, where: Setting, entries: Sequence[Entry] = ()) -> None:
        """Go on with the sharing-out of the start."""
        walk.step(reason, Valued(first, measure(first, what, where, said), weights), entries)

    arrived = story.entries[on_the_way]
    came = arrived[len(story.entries[before]) :] if story.as_shown else []
    held = state(on_the_way, since)
    if story.as_shown:
        late = [entry for entry in came if entry.at <= since]
        step("late", held, setting(on_the_way, since, since), late)
    step("fading", held, setting(on_the_way, until, since))
    moved = state(on_the_way, until)
    news = [entry for entry in arrived if since < entry.at <= until]
    step("behaviour", moved, setting(on_the_way, until, until), news)

    def shared(
        reason: str, measured: Measured, entries: Sequence[Entry] = (), layout: Layout = first
    ) -> Valued:
        """Go on with the weights shared out anew."""
        valued = Valued(layout, measured, share_out(layout, measured.states))
        walk.step(reason, valued, entries)
        return valued

    declined = Said(story.sayings[0].at(until).declined, said.points)
    measured = measure(first, moved, setting(on_the_way, until, until), declined)
    kinds = turning(first, start.states, measured.states)
    turned = [entry for entry in came or news if entry.row[_KIND] in kinds]
    end = shared("applicability", measured, turned)
    said_after = story.sayings[1].at(until)
    mended, where = moved, setting(after, until, until)
    if story.as_shown:
        changed = _difference(arrived, story.entries[after])
        mended = state(after, until)
        declined = Said(said_after.declined, said.points)
        end = shared("correction", measure(first, mended, where, declined), changed)
    end = shared("override", measure(first, mended, where, said_after))
    if last is not first:
        mended = state(after, until, last)
        where = setting(after, until, until, last)
        end = shared("model", measure(last, mended, where, said_after), layout=last)
    return Path(begin, end, walk.steps, moved)


def _difference(before: Iterable[Entry], after: Iterable[Entry]) -> list[Entry]:
    """Give the entries that are in one of the two only."""
    old = {entry.row[_SEQ]: entry for entry in before}
    new = {entry.row[_SEQ]: entry for entry in after}
    return [
        *(e for s, e in old.items() if s not in new),
        *(e for s, e in new.items() if s not in old),
    ]
