"""What one look at the workspace needs to judge everybody: read once, columns for every instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit.clock import DAY, micros, span
from crmkit.contracts.decisions import decisions_about
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import DECISION, STANDING
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.columns import Columns
from crmkit.lifecycle.ended import ended_roots
from crmkit.lifecycle.frame import Frame
from crmkit.lifecycle.matching import Matcher
from crmkit.lifecycle.measuring import measure_all, replay_all
from crmkit.lifecycle.roster import Roster, read_roster
from crmkit.lifecycle.rules import Ruleset
from crmkit.lifecycle.signals import Signals, read_signals
from crmkit.lifecycle.stages import ENDED
from crmkit.model.lifecycle import STAGES
from crmkit.value.basis import Basis, Defaults, read_basis
from crmkit.value.kinds import KindRules

MOVE_KINDS = ("stage", "tier")
_NAMES = ("tier", "tier_since", "stage", "stage_since")
_PLACES = tuple(STANDING.position[name] for name in _NAMES)


@attrs.frozen(kw_only=True)
class Guide:
    """What decides where everybody stands.

    Attributes:
        defaults: Value model and kinds that hold before anything was decided.
        rules: The stage rules.
        policy: Cadence of the agenda.
        kind_rules: Thresholds of the kinds of customer; their period is the quarter.
        retention: Years that the record of somebody ended is kept, by the ending's reason (R253).
    """

    defaults: Defaults
    rules: Ruleset
    policy: AgendaPolicy
    kind_rules: KindRules = attrs.field(factory=KindRules)
    retention: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def period(self) -> int:
        """Length of the quarter, in microseconds."""
        return span(self.kind_rules.period)


@attrs.define
class Held:
    """Where everybody stands, by id: what was recorded last.

    Attributes:
        tier: Tier, and since when.
        stage: Stage, and since when.
    """

    tier: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    stage: dict[str, tuple[str, int]] = attrs.field(factory=dict)

    def has_ended(self, customer: str) -> bool:
        """Tell whether the relationship with somebody has ended."""
        stage = self.stage.get(customer)
        return stage is not None and stage[0] == ENDED

    def of(self, customer: str) -> tuple[str | None, int | None, str | None, int | None]:
        """Give the four columns of STANDING."""
        tier, stage = self.tier.get(customer), self.stage.get(customer)
        return (*(tier or (None, None)), *(stage or (None, None)))

    def take(self, customer: str, row: Row) -> None:
        """Take over what a STANDING row says."""
        tier, tier_since, stage, stage_since = held_in(row)
        if tier is not None:
            self.tier[customer] = tier, tier_since
        if stage is not None:
            self.stage[customer] = stage, stage_since


def held_in(row: Row) -> Row:
    """Give tier, tier_since, stage and stage_since of a STANDING row."""
    return tuple(row[place] for place in _PLACES)


@attrs.frozen
class World:
    """One look.

    Attributes:
        basis: What scores rest on.
        roster: Who everybody is.
        signals: What the log tells.
        columns: Everybody measured, at each instant.
        rows: STANDING rows, by id.
        held: Where everybody stands.
        watermark: Everything up to this ``seq`` was seen.
    """

    basis: Basis
    roster: Roster
    signals: Signals
    columns: Sequence[Columns]
    rows: dict[str, Row]
    held: Held
    watermark: int

    def frame(self, guide: Guide, place: int) -> Frame:
        """Give everybody's facts at one of the instants, with the tiers held until then."""
        columns = self.columns[place]
        tiers = {one: tier for one, (tier, since) in self.held.tier.items() if since <= columns.at}
        return Frame(columns, self.roster, self.signals, guide.kind_rules, tiers)

    def matcher(self, guide: Guide, frame: Frame) -> Matcher:
        """Bind the rules to a frame."""
        names = {stage for stage, _ in self.held.stage.values()}
        names.update(STAGES, *(({rule.to, *rule.since}) for rule in guide.rules.rules))
        return Matcher.of(guide.rules, frame, frozenset(names))


def look(reader: Reader, guide: Guide, steps: Sequence[int]) -> World:
    """Measure everybody at these instants, and read where everybody stands."""
    watermark = reader.watermark()
    basis = read_basis(reader, guide.defaults)
    if len(steps) == 1:
        columns = [measure_all(reader, basis, steps[0], guide.period)]
    else:
        columns = replay_all(reader, basis, steps, guide.period)
    roster = read_roster(reader)
    signals = read_signals(
        reader,
        roster.roots,
        basis.layout.kinds,
        steps[0] - DAY,  # the agenda looks back to the day's beginning
        steps[-1],
        guide.rules.counted,
    )
    rows = {row[0]: row for row in reader.scan(STANDING)}
    held = read_held(reader, columns[-1].ids, rows)
    return World(basis, roster, signals, columns, rows, held, watermark)


def read_held(reader: Reader, ids: Iterable[str], rows: dict[str, Row]) -> Held:
    """Read where these customers stand: from their rows, else from the decisions themselves.

    Rows are missing after an unmerge, or where they were dropped to be rebuilt. An ending goes
    before all of it, since it holds for whoever was merged with him too.
    """
    held = Held()
    missing = []
    for customer in ids:
        row = rows.get(customer)
        if row is None:
            missing.append(customer)
        else:
            held.take(customer, row)
    recorded = any(
        True
        for kind in MOVE_KINDS
        for _ in reader.scan(DECISION, by=("kind", "seq"), equal=(kind,), limit=1)
    )
    if missing and recorded:
        for decision in decisions_about(reader, missing, frozenset(MOVE_KINDS)):
            where = held.stage if decision.kind == "stage" else held.tier
            if decision.customer_id is not None:
                where[decision.customer_id] = decision.body["after"], decision.body["at"]
    for root, ending in ended_roots(reader).items():
        if ending.approved_at is not None:
            held.stage[root] = ENDED, micros(ending.approved_at)
    return held
