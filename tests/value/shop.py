"""A small firm for the tests: a CRM and the oracle's world, told the same things at once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import crmkit
from crmkit.model.value import Indicator, Score, ValueModel
from crmkit.testing.value_models import FULL
from tests.value import oracle

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
WHY = "because the test says so"

SHORT = ValueModel(
    "short",
    (
        Indicator("frequency", ("purchase",), "count", half_life=2 * DAY, weight=1, scale=1),
        Indicator(
            "spend",
            ("purchase", "return", "refund"),
            "sum",
            field="amount",
            half_life=3 * DAY,
            weight=2,
            scale=30,
        ),
        Indicator(
            "ticket", ("purchase",), "mean", field="amount", half_life=DAY, weight=1, scale=90
        ),
        Indicator("recency", ("purchase",), "recency", half_life=timedelta(hours=5), weight=0),
        Indicator(
            "satisfaction",
            ("opinion", "praise"),
            "mean",
            field="rating",
            half_life=9 * DAY,
            weight=1,
            scale=5,
        ),
    ),
    currency="USD",
    rates={"CNY": 0.14, "EUR": 1.1},
)
"""Other half-lives, another currency, an indicator without weight, names shared with `FULL`."""

YEARS = ValueModel(
    "years",
    (
        Indicator("spend", ("purchase",), "sum", field="amount", half_life=900 * DAY, weight=1),
        Indicator("events", ("event_attended",), "count", half_life=1500 * DAY, weight=1),
        Indicator("notes", ("note",), "recency", half_life=700 * DAY, weight=1),
    ),
    currency="EUR",
)
"""Half-lives of years, and money in other currencies not counted at all."""

MODELS = (FULL, SHORT, YEARS)


class Shop:
    """A CRM and the oracle's world side by side, with a clock that the test moves."""

    def __init__(
        self,
        model: ValueModel = FULL,
        url: str = "memory://",
        now: datetime = START,
        **options: Any,
    ) -> None:
        """Open an empty CRM under a model."""
        self.now = now
        self.world = oracle.World()
        self.ids: dict[str, str] = {}
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.merges: dict[str, tuple[str, str]] = {}
        self.known: dict[tuple[str, str], dict[str, Any]] = {}
        self.count = 0
        self.crm = crmkit.connect(url, clock=lambda: self.now, **options)
        self.use(model)

    def wait(self, span: timedelta) -> datetime:
        """Let time pass."""
        self.now += span
        return self.now

    def use(self, model: ValueModel) -> None:
        """Switch the value model."""
        self.crm.value.use(model)
        self.world.decide("model", self.now, model=model)

    # -- facts ---------------------------------------------------------------------------

    def capture(self, *records: dict[str, Any]) -> Any:
        """Capture records, each about a person named by `customer`, and give the report."""
        report = self.crm.capture(
            [{**record, "customer": {"email": record["customer"]}} for record in records], "shop"
        )
        assert report.rejected == ()
        taken = []
        for record in records:
            if key_of(record) not in self.known:
                self.known[key_of(record)] = record
                taken.append(record)
        assert (report.new, report.duplicate) == (len(taken), len(records) - len(taken))
        if taken:
            self.runs[report.run] = taken
        for record in taken:
            person = record["customer"]
            self.world.record(record, recorded_at=self.now, run=report.run)
            if person not in self.ids:
                self.ids[person] = self.crm.customers.find(email=person).id
        return report

    def note(self, kind: str, at: datetime, person: str = "ann@x.org", **fields: Any) -> str:
        """Capture one record and give its id."""
        self.count += 1
        key = fields.pop("id", f"r{self.count}")
        self.capture({"id": key, "kind": kind, "at": at, "customer": person, **fields})
        return key

    def correct(self, key: str, source: str = "shop", **changes: Any) -> None:
        """Correct a touchpoint."""
        self.crm.touchpoints.correct(source, key, changes, reason=WHY)
        self.world.decide("correct", self.now, source=source, id=key, changes=changes)

    def retract(self, key: str, source: str = "shop") -> None:
        """Retract a touchpoint."""
        self.crm.touchpoints.retract(source, key, reason=WHY)
        self.world.decide("retract", self.now, source=source, id=key)

    def undo(self, run: str) -> list[dict[str, Any]]:
        """Take a whole capture back and give its records."""
        self.crm.touchpoints.undo(run)
        self.world.decide("undo", self.now, run=run)
        taken = self.runs.pop(run)
        for record in taken:
            del self.known[key_of(record)]
        for person in {record["customer"] for record in taken} & set(self.ids):
            if self.crm.customers.find(email=person) is None:
                number = self.ids.pop(person)
                gone = self._is_gone(number)
                former = self.world.rename(person, gone=gone)
                if not gone:
                    self.ids[former] = number
        return taken

    def _is_gone(self, number: str) -> bool:
        try:
            self.crm.customers.get(number)
        except crmkit.CustomerMerged:
            return False
        except crmkit.CustomerNotFound:
            return True
        return False

    def merge(self, keep: str, drop: str) -> str:
        """Merge two people and give the merge's id."""
        merge = self.crm.customers.merge(self.ids[keep], self.ids[drop], reason=WHY)
        self.world.decide("merge", self.now, id=merge.id, keep=keep, drop=drop)
        self.merges[merge.id] = (keep, drop)
        return merge.id

    def unmerge(self, merge: str) -> None:
        """Take a merge back."""
        self.crm.customers.unmerge(merge)
        self.world.decide("unmerge", self.now, merge=merge)
        del self.merges[merge]

    def decline(self, person: str, indicator: str) -> None:
        """Note that somebody does not want to be measured so."""
        self.crm.value.decline(self.ids[person], indicator, reason=WHY)
        self.world.decide("decline", self.now, person=person, indicator=indicator)

    def override(
        self, person: str, indicator: str, points: float, until: datetime | None = None
    ) -> None:
        """Set somebody's points."""
        self.crm.value.override(self.ids[person], indicator, points, reason=WHY, until=until)
        self.world.decide(
            "override", self.now, person=person, indicator=indicator, points=points, until=until
        )

    def reinstate(self, person: str, indicator: str) -> None:
        """Take back what is declined or overridden."""
        self.crm.value.reinstate(self.ids[person], indicator)
        self.world.decide("reinstate", self.now, person=person, indicator=indicator)

    def promotion(self, start: datetime, end: datetime) -> None:
        """Note a competitor's promotion."""
        self.crm.market.promotion("rival", start, end)
        self.world.decide("promotion", self.now, start=start, end=end)

    # -- questions -----------------------------------------------------------------------

    def score(self, person: str = "ann@x.org", at: datetime | None = None, **view: Any) -> Score:
        """Ask the CRM for somebody's score."""
        return self.crm.value.score(self.ids[person], at, **view)

    def part(
        self, indicator: str, person: str = "ann@x.org", at: datetime | None = None, **view: Any
    ) -> Any:
        """Ask the CRM for one part of somebody's score."""
        parts = self.score(person, at, **view).parts
        return next(part for part in parts if part.indicator == indicator)

    def explain(
        self,
        since: datetime,
        until: datetime | None = None,
        person: str = "ann@x.org",
        **view: Any,
    ) -> Any:
        """Ask the CRM why somebody's score moved."""
        return self.crm.value.explain(self.ids[person], since, until, **view)

    def causes(
        self,
        since: datetime,
        until: datetime | None = None,
        person: str = "ann@x.org",
        **view: Any,
    ) -> dict[tuple[str, str], float]:
        """Give the causes that the CRM names, rounded, by (indicator, reason)."""
        return by_reason(self.explain(since, until, person, **view).causes)


def key_of(record: dict[str, Any]) -> tuple[str, str]:
    """Give a record's source and id."""
    return record.get("source", "shop"), record["id"]


@contextmanager
def shop(model: ValueModel = FULL, url: str = "memory://", **options: Any) -> Iterator[Shop]:
    """Open a shop for the time of a block."""
    opened = Shop(model, url, **options)
    try:
        yield opened
    finally:
        opened.crm.close()


# -- comparing -------------------------------------------------------------------------------


def close(one: float, other: float) -> bool:
    """Tell whether two numbers are equal within 1e-9 (relatively so, above 1)."""
    return abs(one - other) <= 1e-9 * max(1.0, abs(other))


def differences(score: Score, expected: oracle.Score) -> list[str]:
    """Name every field in which a score is not the oracle's."""
    wrong = []
    if score.model != expected.model:
        wrong.append(f"model {score.model} is not {expected.model}")
    if not close(score.total, expected.total):
        wrong.append(f"total {score.total} is not {expected.total}")
    names = [part.indicator for part in expected.parts]
    if [part.indicator for part in score.parts] != names:
        return [*wrong, f"parts {[part.indicator for part in score.parts]} are not {names}"]
    for part, right in zip(score.parts, expected.parts, strict=True):
        if part.state != right.state:
            wrong.append(f"{part.indicator}: state {part.state} is not {right.state}")
        for name in ("raw", "points", "weight", "contribution"):
            found, wanted = getattr(part, name), getattr(right, name)
            if not close(found, wanted):
                wrong.append(f"{part.indicator}: {name} {found!r} is not {wanted!r}")
    return wrong


def by_reason(causes: Iterable[Any]) -> dict[tuple[str, str], float]:
    """Add causes up by indicator and reason."""
    added: dict[tuple[str, str], float] = {}
    for cause in causes:
        key = (cause.indicator, cause.reason)
        added[key] = added.get(key, 0.0) + cause.delta
    return added


def cause_differences(causes: Iterable[Any], expected: dict[tuple[str, str], float]) -> list[str]:
    """Name every (indicator, reason) whose part is not the oracle's."""
    found = by_reason(causes)
    return [
        f"{key}: {found.get(key, 0.0)!r} is not {expected.get(key, 0.0)!r}"
        for key in sorted({*found, *expected})
        if not close(found.get(key, 0.0), expected.get(key, 0.0))
    ]


# -- generated shops -------------------------------------------------------------------------

_WEIGHTED = (
    ("purchase", 10),
    ("return", 2),
    ("refund", 1),
    ("visit", 3),
    ("event_invited", 2),
    ("event_attended", 1),
    ("survey_sent", 2),
    ("survey_answered", 1),
    ("opinion", 1),
    ("complaint", 1),
    ("praise", 1),
    ("suggestion", 1),
    ("share", 1),
    ("note", 1),
    ("message_out", 1),
)
ITEMS = ("tea", "cup", "kettle", "壺", "Tea")
COLOURS = ("red", "blue", "", 1, 1.0, 2, True, None)
MARKS = (1, 2.5, 9, -3, "5", True, None)
CURRENCIES = ("CNY", "CNY", "CNY", "USD", "EUR", "XAU")


def generated(seed: int, people: Sequence[str], count: int, end: datetime) -> list[dict[str, Any]]:
    """Make up records of three years, returns with their purchases among them, newest last."""
    rng = random.Random(seed)
    kinds = [kind for kind, weight in _WEIGHTED for _ in range(weight)]
    records = []
    for number in range(count):
        kind = rng.choice(kinds)
        at = end - timedelta(seconds=int(rng.random() ** 2 * 3 * 365 * 86_400))
        records.append(fields(rng, f"g{number}", kind, at, rng.choice(people)))
    bought = [record for record in records if record["kind"] == "purchase"]
    for record in records:
        if record["kind"] in ("return", "refund") and rng.random() < 0.8:
            purchase = rng.choice(bought)
            record.update(
                of=purchase["id"],
                customer=purchase["customer"] if rng.random() < 0.95 else record["customer"],
                at=min(purchase["at"] + rng.random() * 40 * DAY, end),
            )
    return sorted(records, key=lambda record: (record["at"], record["id"]))


def fields(rng: random.Random, key: str, kind: str, at: datetime, person: str) -> dict[str, Any]:
    """Make up one record."""
    record: dict[str, Any] = {"id": key, "kind": kind, "at": at, "customer": person}
    if kind in ("purchase", "return", "refund"):
        sign = 1 if kind == "purchase" else -1
        record["amount"] = f"{sign * rng.randint(0, 90_000) / 100:.2f}"
        record["currency"] = rng.choice(CURRENCIES)
        if rng.random() < 0.5:
            record["margin"] = f"{sign * rng.randint(0, 20_000) / 100:.2f}"
        if rng.random() < 0.5:
            record["quantity"] = str(sign * rng.randint(1, 5))
        if rng.random() < 0.8:
            record["item"] = rng.choice(ITEMS)
    if kind in ("purchase", "visit"):
        record["attributes"] = {"colour": rng.choice(COLOURS), "mark": rng.choice(MARKS)}
    if kind in ("survey_answered", "opinion") or (kind == "praise" and rng.random() < 0.3):
        record["rating"] = rng.choice((0, 3, 7.5, 10))
    return record
