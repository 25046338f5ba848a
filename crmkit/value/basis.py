"""What scores rest on besides the customers' own states: models, promotions, sources, decisions.

Everything here is read from the logs; nothing is kept between calls but compiled models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache

import attrs

from crmkit.clock import micros
from crmkit.contracts.decisions import decisions, decisions_about
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, DECISION, FED
from crmkit.model.log import Decision
from crmkit.model.value import ValueModel
from crmkit.value.history import FOREVER, View
from crmkit.value.layout import CORE_KINDS, Kinds, Layout
from crmkit.value.measure import NOTHING_SAID, Said
from crmkit.value.readers import Setting, Window
from crmkit.value.roots import roots_of

_AT = DECISION.position["at"]
_ROOT = CUSTOMER.position["root"]
_BODY = DECISION.position["body"]
SAYING_KINDS = frozenset({"decline", "override", "reinstate"})


@attrs.frozen(slots=False)
class Defaults:
    """What holds before anything was decided.

    Attributes:
        model: Model in force until another is used.
        kinds: The touchpoint kinds in force.
        guard: Called before anything is scored; raises where a plugin the data rely on is gone.
    """

    model: ValueModel
    kinds: Kinds = CORE_KINDS
    guard: Callable[[Reader], None] | None = None

    @cached_property
    def layout(self) -> Layout:
        """The default model, compiled."""
        return Layout(self.model, self.kinds)


@attrs.frozen
class Promotions:
    """Competitors' promotion windows, each with the instant it was recorded."""

    windows: tuple[tuple[Window, int], ...] = ()

    def until(self, at: int, view: View) -> tuple[Window, ...]:
        """Give the windows that ended by `at`, of those known in a view."""
        return tuple(
            window
            for window, recorded in self.windows
            if window.end <= at and view.holds(recorded, FOREVER, 0)
        )


@attrs.frozen
class Basis:
    """What one answer rests on, read once.

    Attributes:
        layouts: The model in force and those before it: (in force since, layout), oldest first.
        promotions: Competitors' windows.
        fed: FED rows.
    """

    layouts: tuple[tuple[int, Layout], ...]
    promotions: Promotions
    fed: tuple[Row, ...]

    @property
    def layout(self) -> Layout:
        """The model in force."""
        return self.layouts[-1][1]

    def layout_at(self, at: int) -> Layout:
        """Give the model that was in force at `at`; the first one used holds before it too."""
        found = self.layouts[0][1]
        for since, layout in self.layouts:
            if since <= at:
                found = layout
        return found

    def setting(
        self, layout: Layout, at: int, view: View, windows_until: int | None = None
    ) -> Setting:
        """Give what a score at `at` rests on, of what is known in a view."""
        kinds = {
            kind
            for kind, since, recorded, void, correction in self.fed
            if since <= at and view.holds(recorded, FOREVER if void is None else void, -correction)
        }
        return Setting(
            at,
            tuple(not kinds.isdisjoint(sources) for sources in layout.sources),
            self.promotions.until(at if windows_until is None else windows_until, view),
        )


def read_basis(reader: Reader, defaults: Defaults) -> Basis:
    """Read what scores rest on.

    Raises:
        PluginError: a plugin whose kinds or indicators the data rely on is missing or broken.
    """
    if defaults.guard is not None:
        defaults.guard(reader)
    used = [
        (row[_AT], _layout(row[_BODY], defaults.kinds))
        for row in reader.scan(DECISION, by=("kind", "seq"), equal=("model",))
    ]
    promotions = tuple(
        (Window(d.body["start"], d.body["end"]), micros(d.at))
        for d in decisions(reader, "promotion")
    )
    return Basis(
        tuple(used) or ((0, defaults.layout),),
        Promotions(promotions),
        tuple(reader.scan(FED)),
    )


@lru_cache(maxsize=64)
def _layout(body: str, kinds: Kinds) -> Layout:
    return Layout(ValueModel.from_dict(json.loads(body)), kinds)


# -- what was decided about customers ------------------------------------------------------


@attrs.define
class Sayings:
    """Declines, overrides and reinstatements of one merge group, in the order they were made."""

    made: list[Decision] = attrs.field(factory=list)

    def at(self, at: int) -> Said:
        """Give what was in force at `at`: ``since <= at < until``; the newest goes first."""
        if not self.made:
            return NOTHING_SAID
        declined: set[str] = set()
        overrides: dict[str, list[tuple[int | None, float]]] = {}
        for decision in self.made:
            if micros(decision.at) > at:
                break
            name = decision.body["indicator"]
            if decision.kind == "decline":
                declined.add(name)
            elif decision.kind == "override":
                entry = (decision.body["until"], decision.body["points"])
                overrides.setdefault(name, []).append(entry)
            else:
                declined.discard(name)
                overrides.pop(name, None)
        points = {
            name: in_force[-1]
            for name, made in overrides.items()
            if (in_force := [points for until, points in made if until is None or at < until])
        }
        return Said(frozenset(declined), points) if declined or points else NOTHING_SAID


NO_SAYINGS = Sayings()


def read_sayings(reader: Reader, bases: Iterable[str]) -> Sayings:
    """Read what was decided about one merge group."""
    return Sayings(list(decisions_about(reader, bases, SAYING_KINDS)))


def all_sayings(reader: Reader, roots: Sequence[str] | None = None) -> dict[str, Sayings]:
    """Read what was decided about everybody, or about some, by the root each id leads to today."""
    found: dict[str, Sayings] = {}
    if roots is not None:
        by_root = reader.fetch(CUSTOMER, [(root,) for root in roots], by=("root",))
        leads = {row[0]: row[_ROOT] for row in by_root}
        made = list(decisions_about(reader, leads, SAYING_KINDS))
    else:
        made = decisions(reader, *sorted(SAYING_KINDS))
        leads = roots_of(reader, (decision.customer_id for decision in made))
    for decision in made:
        root = leads.get(decision.customer_id)
        if root is not None:
            found.setdefault(root, Sayings()).made.append(decision)
    return found


# -- merges, as they stood ------------------------------------------------------------------


@attrs.frozen
class Merges:
    """Who had been merged into whom at any instant."""

    moves: Sequence[tuple[int, bool, str, str]] = ()
    """(recorded, whether a merge or its undoing, dropped, kept), oldest first."""

    def root(self, base: str, at: int) -> str:
        """Give the id that `base` led to at an instant."""
        parents = self._parents(at)
        while base in parents:
            base = parents[base]
        return base

    def group(self, root: str, at: int) -> set[str]:
        """Give the ids that led to `root` at an instant; none where it was merged away itself."""
        parents = self._parents(at)
        if root in parents:
            return set()
        group = {root}
        children: dict[str, list[str]] = {}
        for drop, keep in parents.items():
            children.setdefault(keep, []).append(drop)
        waiting = [root]
        while waiting:
            below = children.get(waiting.pop(), [])
            group.update(below)
            waiting.extend(below)
        return group

    def ever(self, root: str, since: int, until: int) -> set[str]:
        """Give the ids that led to `root` at any instant from `since` to `until`."""
        instants = {since, until, *(at for at, *_ in self.moves if since < at <= until)}
        return {base for at in instants for base in self.group(root, at)}

    def _parents(self, at: int) -> dict[str, str]:
        return _parents(tuple(self.moves), at)


@lru_cache(maxsize=256)
def _parents(moves: tuple[tuple[int, bool, str, str], ...], at: int) -> dict[str, str]:
    parents: dict[str, str] = {}
    for recorded, merged, drop, keep in moves:
        if recorded > at:
            break
        if merged:
            parents[drop] = keep
        else:
            parents.pop(drop, None)
    return parents


def read_merges(reader: Reader) -> Merges:
    """Read every merge and unmerge of the workspace."""
    return Merges(
        tuple(
            (micros(d.at), d.kind == "merge", d.body["drop"], d.body["keep"])
            for d in decisions(reader, "merge", "unmerge")
        )
    )
