"""The value score, recomputed from raw facts: slow, plain and obviously right.

It keeps two lists, what was captured and what was decided, and answers every question by going
through both from the start. Nothing is folded, cached across questions or subtracted, and
nothing is imported from `crmkit.value`: where the two agree, it is not by copying.

People are called by a key of the test's own (here an e-mail address), never by a customer id.

Where the design leaves a choice, the choice made here is marked with "Reading:".
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from crmkit.model.value import Indicator, ValueModel

FOREVER = datetime.max.replace(tzinfo=UTC)
MONEY = ("amount", "margin")
EXACT = ("amount", "margin", "quantity")
REASONS = ("late", "fading", "behaviour", "applicability", "correction", "override", "model")


@dataclass(frozen=True)
class Part:
    """One indicator of one customer at one instant."""

    indicator: str
    state: str
    raw: float
    points: float
    weight: float = 0.0

    @property
    def contribution(self) -> float:
        """Points as they enter the total."""
        return self.weight * self.points


@dataclass(frozen=True)
class Score:
    """All parts of one customer at one instant."""

    parts: tuple[Part, ...]
    model: str

    @property
    def total(self) -> float:
        """Sum of the contributions."""
        return math.fsum(part.contribution for part in self.parts)

    def part(self, name: str) -> Part:
        """Give the part of that indicator."""
        return next(part for part in self.parts if part.indicator == name)


@dataclass(frozen=True)
class Movement:
    """A change from one instant to another, with its causes by (indicator, reason).

    `unexpected` is None where the rhythm is not the customer's own, or is another one depending on
    whether he is looked at before or after what was merged and corrected meanwhile.
    """

    before: Score
    after: Score
    causes: dict[tuple[str, str], float]
    unexpected: float | None

    @property
    def delta(self) -> float:
        """Change of the total."""
        return self.after.total - self.before.total


@dataclass(frozen=True)
class Wishes:
    """What a customer declined, and the points that a person set."""

    declined: frozenset[str]
    points: dict[str, float]


@dataclass(frozen=True)
class Look:
    """What somebody knows: the touchpoints, the promotions, and when each kind first happened."""

    rows: list[dict[str, Any]]
    promotions: list[dict[str, Any]]
    by_owner: dict[str, list[dict[str, Any]]]
    by_key: dict[tuple[str, str], dict[str, Any]]
    first: dict[str, datetime]


@dataclass
class World:
    """Everything that was captured and decided, in the order in which it was."""

    records: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    _looks: dict[Any, Look] = field(default_factory=dict)
    _seq: int = 0

    # -- writing down ----------------------------------------------------------------------

    def meet(self, person: str) -> None:
        """Note that this customer exists."""
        if person not in self.people:
            self.people.append(person)

    def rename(self, person: str, *, gone: bool) -> str:
        """Give somebody whose key was undone another name: the key may be met anew.

        Args:
            person: The key that finds nobody any more.
            gone: Whether the customer went with it.
        """
        former = f"{person}, until {self._seq}"
        self._looks.clear()
        self.people[self.people.index(person)] = former
        if gone:
            self.gone.add(former)
        for note in (*self.records, *self.decisions):
            for name in ("customer", "recorded_for", "person", "keep", "drop"):
                if note.get(name) == person:
                    note[name] = former
        return former

    def record(self, record: dict[str, Any], *, recorded_at: datetime, run: str) -> None:
        """Note one captured record; its `customer` is the person's key."""
        self._seq += 1
        self._looks.clear()
        self.meet(record["customer"])
        row = dict(record, recorded_at=recorded_at, run=run, seq=self._seq)
        row["recorded_for"] = self.root(record["customer"], FOREVER)
        self.records.append(row)

    def decide(self, kind: str, at: datetime, **body: Any) -> None:
        """Note one decision.

        merge(id, keep, drop) unmerge(merge) correct(source, id, changes) retract(source, id)
        undo(run) decline(person, indicator) override(person, indicator, points, until)
        reinstate(person, indicator) promotion(start, end) model(model)
        """
        self._seq += 1
        self._looks.clear()
        self.decisions.append(dict(body, kind=kind, at=at, seq=self._seq))

    # -- who is who ------------------------------------------------------------------------

    def root(self, person: str, decided_by: datetime) -> str:
        """Follow the merges that were in force by then."""
        merges: dict[str, dict[str, Any]] = {}
        for decision in self.decisions:
            if decision["at"] > decided_by:
                continue
            if decision["kind"] == "merge":
                merges[decision["id"]] = decision
            elif decision["kind"] == "unmerge":
                merges.pop(decision["merge"], None)
        into = {merge["drop"]: merge["keep"] for merge in merges.values()}
        while person in into:
            person = into[person]
        return person

    def customers(self) -> list[str]:
        """Everybody who stands on his own today."""
        return [
            person
            for person in self.people
            if person not in self.gone and self.root(person, FOREVER) == person
        ]

    # -- what is known ---------------------------------------------------------------------

    def look(self, known_by: datetime = FOREVER, decided_by: datetime = FOREVER) -> Look:
        """Give what had been recorded by the one instant, as decided by the other.

        Reading: what was recorded after `decided_by` is the own of whom it was recorded for, so
        of the keeper where its key had been merged away. A later unmerge gives it back.
        """
        if (known_by, decided_by) in self._looks:
            return self._looks[known_by, decided_by]
        owners = {person: self.root(person, decided_by) for person in self.people}
        rows = []
        for record in self.records:
            if record["recorded_at"] > known_by:
                continue
            row = self._as_decided(record, decided_by)
            if row is not None:
                later = row["recorded_at"] > decided_by
                row["owner"] = row["recorded_for"] if later else owners[row["customer"]]
                rows.append(row)
        promotions = [
            decision
            for decision in self.decisions
            if decision["kind"] == "promotion" and decision["at"] <= known_by
        ]
        by_owner: dict[str, list[dict[str, Any]]] = {person: [] for person in self.people}
        for row in rows:
            by_owner[row["owner"]].append(row)
        by_key = {(row.get("source", "shop"), row["id"]): row for row in rows}
        first: dict[str, datetime] = {}
        for row in rows:
            first[row["kind"]] = min(first.get(row["kind"], row["at"]), row["at"])
        look = Look(rows, promotions, by_owner, by_key, first)
        self._looks[known_by, decided_by] = look
        return look

    def _as_decided(self, record: dict[str, Any], by: datetime) -> dict[str, Any] | None:
        """Give the record with its corrections, or None where it was taken back."""
        row = dict(record)
        for decision in self.decisions:
            if decision["at"] > by or decision["seq"] < record["seq"]:
                continue
            kind = decision["kind"]
            if kind == "undo" and decision["run"] == record["run"]:
                return None
            if kind not in ("correct", "retract"):
                continue
            if (decision["source"], decision["id"]) == (row.get("source", "shop"), row["id"]):
                if kind == "retract":
                    return None
                row.update(decision["changes"])
        return row

    def model(self, by: datetime = FOREVER) -> ValueModel:
        """Give the model in force; the first one holds before it was used, too."""
        used = [decision for decision in self.decisions if decision["kind"] == "model"]
        model: ValueModel = used[0]["model"]
        for decision in used:
            if decision["at"] <= by:
                model = decision["model"]
        return model

    # -- what was declined and overridden --------------------------------------------------

    def wishes(self, person: str, at: datetime, decided_by: datetime) -> Wishes:
        """Give the indicators that are declined, and the points that are set, at an instant.

        Reading: what was decided about anybody who is merged into the customer holds for him;
        `reinstate` takes back everything that is in force for that indicator.
        """
        standing: dict[str, list[dict[str, Any]]] = {}
        for decision in self.decisions:
            if decision["at"] > at or decision["kind"] not in ("decline", "override", "reinstate"):
                continue
            if self.root(decision["person"], decided_by) != person:
                continue
            notes = standing.setdefault(decision["indicator"], [])
            if decision["kind"] == "reinstate":
                now = decision["at"]
                notes[:] = [note for note in notes if not in_force(note, now)]
            else:
                notes.append(decision)
        declined, points = set(), {}
        for indicator, notes in standing.items():
            for note in notes:
                if in_force(note, at) and note["kind"] == "decline":
                    declined.add(indicator)
                elif in_force(note, at):
                    points[indicator] = float(note["points"])
        return Wishes(frozenset(declined), points)

    # -- the score -------------------------------------------------------------------------

    def score(self, person: str, at: datetime, *, as_shown: bool = False) -> Score:
        """Give somebody's score."""
        by = at if as_shown else FOREVER
        look = self.look(by, by)
        return evaluate(self.model(by), look, person, at, at, self.wishes(person, at, by))

    def explain(
        self, person: str, since: datetime, until: datetime, *, as_shown: bool = False
    ) -> Movement:
        """Walk from one score to another along the one path, and note each step's part."""
        then, now = (since, until) if as_shown else (FOREVER, FOREVER)
        old, new = self.model(then), self.model(now)
        wished_then = self.wishes(person, since, then)
        wished_now = self.wishes(person, until, now)
        known = self.look(then, then)
        arrived = self.look(now, then)
        decided = self.look(now, now)

        start = evaluate(old, known, person, since, since, wished_then)
        late = evaluate(old, arrived, person, since, since, wished_then)
        faded = evaluate(old, arrived, person, since, until, wished_then)
        behaved = evaluate(old, arrived, person, until, until, wished_then)
        # Reading: a decline is a state that shares its weight out, so it is `applicability`.
        declined = mixed(self.wishes(person, until, then), wished_then)
        applied = evaluate(old, arrived, person, until, until, declined)
        declined = mixed(wished_now, wished_then)
        corrected = evaluate(old, decided, person, until, until, declined)
        overridden = evaluate(old, decided, person, until, until, wished_now)
        end = evaluate(new, decided, person, until, until, wished_now)

        shared = {part.indicator: part.weight for part in start.parts}
        path = [contributions(start)]
        path += [
            {part.indicator: shared[part.indicator] * part.points for part in step.parts}
            for step in (late, faded, behaved)
        ]
        path += [contributions(step) for step in (applied, corrected, overridden, end)]
        causes = {
            (name, reason): after.get(name, 0.0) - before.get(name, 0.0)
            for reason, before, after in zip(REASONS, path, path[1:], strict=False)
            for name in {**before, **after}
        }
        causes = {key: delta for key, delta in causes.items() if delta}
        readings = {
            self._unexpected(end.total - start.total, causes, old, look, person, until)
            for look in (arrived, decided)
        }
        return Movement(start, end, causes, readings.pop() if len(readings) == 1 else None)

    def _unexpected(
        self,
        delta: float,
        causes: dict[tuple[str, str], float],
        model: ValueModel,
        look: Look,
        person: str,
        until: datetime,
    ) -> float | None:
        """Leave out the fading of what is not overdue yet."""
        rhythm = own_rhythm(look, person, until)
        if rhythm is None:
            return None
        for indicator in model.indicators:
            fading = causes.get((indicator.name, "fading"), 0.0)
            last = last_touch(model, indicator, look, person, until)
            if last is not None and until - last <= 1.5 * rhythm:
                delta -= fading
        return delta

    def movers(
        self, since: datetime, until: datetime, *, as_shown: bool = False
    ) -> dict[str, Movement]:
        """Explain everybody."""
        return {
            person: self.explain(person, since, until, as_shown=as_shown)
            for person in self.customers()
        }

    # -- rank ------------------------------------------------------------------------------

    def is_known(self, person: str, at: datetime) -> bool:
        """Tell whether a customer had been met, or recorded under any of his names, by then."""
        return any(row["at"] <= at for row in self.look().by_owner[person]) or any(
            record["recorded_at"] <= at
            for record in self.records
            if self.root(record["customer"], FOREVER) == person
        )

    def tiers(self, at: datetime, ids: dict[str, str]) -> dict[str, str]:
        """Give everybody's tier by rank: 2 % (rounded up) key, down to 20 % core.

        Reading: a rank of the past is one among those who were known by then, by a touchpoint
        (as it is known today) or by a record.
        """
        known = [person for person in self.customers() if self.is_known(person, at)]
        totals = {person: self.score(person, at).total for person in known}
        ranked = sorted(totals, key=lambda person: (-totals[person], ids[person]))
        key = math.ceil(Decimal(len(ranked)) * 2 / 100)
        core = math.ceil(Decimal(len(ranked)) * 20 / 100)
        return {
            person: "key" if place < key else "core" if place < core else "base"
            for place, person in enumerate(ranked)
        }

    def revenue(self, person: str, at: datetime) -> float:
        """Give purchases less returns, in the base currency."""
        model = self.model()
        total = 0.0
        for row in self.look().by_owner[person]:
            if row["at"] <= at and row["kind"] in ("purchase", "return", "refund"):
                total += money(model, row, "amount") or 0.0
        return total


def own_rhythm(look: Look, person: str, until: datetime) -> timedelta | None:
    """Give the median gap between somebody's purchase days; None below three gaps.

    Reading: days are days in UTC, and purchases up to `until` count.
    """
    days = sorted(
        {
            row["at"].astimezone(UTC).date()
            for row in look.by_owner[person]
            if row["kind"] == "purchase" and row["at"] <= until
        }
    )
    gaps = [after - before for before, after in pairwise(days)]
    return statistics.median(gaps) if len(gaps) >= 3 else None


def contributions(score: Score) -> dict[str, float]:
    """Give each indicator's contribution."""
    return {part.indicator: part.contribution for part in score.parts}


def mixed(declined: Wishes, points: Wishes) -> Wishes:
    """Take what was declined from one side, the points that were set from the other."""
    return Wishes(declined.declined, points.points)


def in_force(note: dict[str, Any], at: datetime) -> bool:
    """Tell whether a decline or an override holds at an instant."""
    until = note.get("until")
    return note["at"] <= at and (until is None or at < until)


# -- one score -----------------------------------------------------------------------------


def evaluate(
    model: ValueModel,
    look: Look,
    person: str,
    cut: datetime,
    at: datetime,
    wishes: Wishes,
) -> Score:
    """Score what happened by `cut` as it has faded by `at`."""
    parts = []
    for indicator in model.indicators:
        raw, points, state = measure(model, indicator, look, person, cut, at)
        if indicator.name in wishes.declined:
            state, points = "declined", 0.0
        elif indicator.name in wishes.points:
            state, points = "observed", wishes.points[indicator.name]
        parts.append(Part(indicator.name, state, raw, points))
    applies = [
        indicator.weight if part.state in ("observed", "unobserved") else 0.0
        for indicator, part in zip(model.indicators, parts, strict=True)
    ]
    whole = math.fsum(applies)
    return Score(
        tuple(
            Part(part.indicator, part.state, part.raw, part.points, weight / whole if whole else 0)
            for part, weight in zip(parts, applies, strict=True)
        ),
        model.version,
    )


def measure(
    model: ValueModel,
    indicator: Indicator,
    look: Look,
    person: str,
    cut: datetime,
    at: datetime,
) -> tuple[float, float, str]:
    """Give raw, points and state of one indicator, before anything declined or overridden."""
    own = [row for row in look.by_owner[person] if row["at"] <= cut]
    hits = [row for row in own if is_hit(model, indicator, row)]
    chances = [row["at"] for row in own if row["kind"] in indicator.opportunity]
    needs_chance = bool(indicator.opportunity) or indicator.within is not None
    if indicator.within is not None:
        chances, hit_at = windows(look, hits, cut)
    else:
        hit_at = [row["at"] for row in hits]
    sources = (*indicator.kinds, *indicator.opportunity)
    fed = any(kind in look.first and look.first[kind] <= cut for kind in sources)
    if not fed or (needs_chance and not chances and not hit_at):
        return 0.0, 0.0, "not_applicable"
    if not hit_at:
        return 0.0, 0.0, "unobserved"

    if indicator.measure in ("mean", "rate"):
        return *quotient(model, indicator, hits, hit_at, chances), "observed"
    return *faded(model, indicator, look, hits, at), "observed"


def faded(
    model: ValueModel, indicator: Indicator, look: Look, hits: list[dict[str, Any]], at: datetime
) -> tuple[float, float]:
    """Give raw and points of the measures that fade while nothing happens."""

    def aged(instant: datetime) -> float:
        return fade(at - instant, indicator.half_life)

    newest = max(row["at"] for row in hits)
    if indicator.measure == "recency":
        return aged(newest), 100.0 * aged(newest)
    if indicator.measure == "count":
        raw = math.fsum(aged(row["at"]) for row in hits)
    elif indicator.measure == "sum":
        raw = math.fsum(
            value(model, indicator, row) * aged(counted_from(look, row)) for row in hits
        )
    else:
        seen: dict[Any, datetime] = {}
        for row in hits:
            what = value(model, indicator, row)
            seen[what] = max(seen.get(what, row["at"]), row["at"])
        raw = math.fsum(aged(instant) for instant in seen.values())
    return raw, saturating(max(raw, 0.0), indicator.scale)


def quotient(
    model: ValueModel,
    indicator: Indicator,
    hits: list[dict[str, Any]],
    hit_at: list[datetime],
    chances: list[datetime],
) -> tuple[float, float]:
    """Give raw and points of a mean or a rate: both sums at the newest instant, never 0.0 / 0.0."""
    newest = max(hit_at if indicator.measure == "mean" else [*hit_at, *chances])

    def aged(instant: datetime) -> float:
        return fade(newest - instant, indicator.half_life)

    done = math.fsum(aged(instant) for instant in hit_at)
    if indicator.measure == "mean":
        raw = math.fsum(value(model, indicator, row) * aged(row["at"]) for row in hits) / done
        return raw, min(max(100.0 * raw / indicator.scale, 0.0), 100.0)
    could = math.fsum(aged(instant) for instant in chances)
    raw = min(done / could, 1.0) if could else 1.0
    return raw, 100.0 * raw


def fade(age: timedelta, half_life: timedelta) -> float:
    """Give what is left of 1 after that long."""
    return float(2.0 ** -(age / half_life))


def saturating(raw: float, scale: float) -> float:
    """Give points that reach 50 at `scale` and never 100."""
    return 100.0 * (1.0 - 2.0 ** -(raw / scale))


def windows(
    look: Look, hits: list[dict[str, Any]], cut: datetime
) -> tuple[list[datetime], list[datetime]]:
    """Give the ends of the promotion windows that were a chance, and of those that succeeded."""
    bought = [row["at"] for row in hits]
    chances = [
        window
        for window in look.promotions
        if bought and min(bought) <= window["end"] and window["end"] <= cut
    ]
    taken = [
        window
        for window in chances
        if any(window["start"] <= instant <= window["end"] for instant in bought)
    ]
    return [window["end"] for window in chances], [window["end"] for window in taken]


# -- one touchpoint ------------------------------------------------------------------------


def is_hit(model: ValueModel, indicator: Indicator, row: dict[str, Any]) -> bool:
    """Tell whether the indicator counts this touchpoint."""
    if row["kind"] not in indicator.kinds:
        return False
    return indicator.measure not in ("sum", "mean", "breadth") or (
        value(model, indicator, row) is not None
    )


def value(model: ValueModel, indicator: Indicator, row: dict[str, Any]) -> Any:
    """Give what the indicator reads from a touchpoint, None where it cannot use it."""
    assert indicator.field is not None
    found = lookup(row, indicator.field)
    if found is None:
        return indicator.defaults.get(row["kind"])
    if indicator.measure == "breadth":
        return found if is_number(found) or (isinstance(found, str) and found) else None
    if not is_number(found) or abs(found) >= 10**18:
        return None
    if indicator.field in MONEY:
        return money(model, row, indicator.field)
    return float(found)


def lookup(row: dict[str, Any], name: str) -> Any:
    """Look for a field among the record's keys, then in its attributes."""
    found = row.get(name)
    if found is None:
        return (row.get("attributes") or {}).get(name)
    return Decimal(str(found)) if name in EXACT else found


def money(model: ValueModel, row: dict[str, Any], name: str) -> float | None:
    """Give money in the base currency; None where there is none, or no rate for it."""
    amount = lookup(row, name)
    currency = row.get("currency")
    if amount is None or currency is None:
        return None
    rate = 1.0 if currency == model.currency else model.rates.get(currency)
    return None if rate is None else float(amount) * rate


def is_number(found: Any) -> bool:
    """Tell numbers from the rest; True and False are no numbers here."""
    return isinstance(found, (int, float, Decimal)) and not isinstance(found, bool)


def counted_from(look: Look, row: dict[str, Any]) -> datetime:
    """Give the instant a touchpoint is aged from: for a return, its purchase's."""
    if row["kind"] in ("return", "refund") and row.get("of") is not None:
        purchase = look.by_key.get((row.get("source", "shop"), row["of"]))
        if purchase is not None:
            return purchase["at"]  # type: ignore[no-any-return]
    return row["at"]  # type: ignore[no-any-return]


def last_touch(
    model: ValueModel, indicator: Indicator, look: Look, person: str, until: datetime
) -> datetime | None:
    """Give the instant of the indicator's last touchpoint."""
    return max(
        (
            row["at"]
            for row in look.by_owner[person]
            if row["at"] <= until and is_hit(model, indicator, row)
        ),
        default=None,
    )
