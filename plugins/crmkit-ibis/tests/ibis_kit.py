"""Small firms to whom anything may happen, and how two tables of scores are compared."""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from typing import Any

from hypothesis import strategies as st

import crmkit
from crmkit import Indicator, ValueModel

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOW = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
WHY = "because the test says so"
PEOPLE = ("ann", "bob", "cyn", "dan", "eve")
KINDS = (
    "purchase",
    "purchase",
    "purchase",
    "return",
    "refund",
    "visit",
    "event_invited",
    "event_attended",
    "survey_sent",
    "survey_answered",
    "opinion",
    "complaint",
    "praise",
    "suggestion",
)
ODD = ("red", "", "2", 2, 2.0, 2.5, True, None, ["red"], {"a": 1}, 10**19, "红", 'quo"te', "it's")
"""Values of an attribute: some are nobody's, some are equal."""

MODEL = ValueModel(
    "every measure",
    (
        Indicator("count", ("purchase", "visit"), "count", half_life=30 * DAY, weight=3, scale=3),
        Indicator(
            "spend",
            ("purchase", "return", "refund"),
            "sum",
            field="amount",
            half_life=90 * DAY,
            weight=5,
            scale=1000,
        ),
        Indicator(
            "pieces",
            ("purchase", "return", "visit"),
            "sum",
            field="quantity",
            half_life=45 * DAY,
            weight=1,
            scale=6,
            defaults={"purchase": 1},
        ),
        Indicator(
            "range", ("purchase",), "breadth", field="item", half_life=9 * DAY, weight=1, scale=4
        ),
        Indicator(
            "colours",
            ("purchase", "visit", "opinion"),
            "breadth",
            field="colour",
            half_life=300 * DAY,
            weight=0.5,
            scale=2,
            defaults={"opinion": 7},
        ),
        Indicator("recency", ("purchase", "visit"), "recency", half_life=20 * DAY, weight=2),
        Indicator(
            "ticket",
            ("purchase", "refund"),
            "mean",
            field="margin",
            half_life=365 * DAY,
            weight=2,
            scale=90,
        ),
        Indicator(
            "satisfaction",
            ("survey_answered", "opinion", "complaint", "praise"),
            "mean",
            field="rating",
            half_life=timedelta(hours=6),
            weight=2,
            scale=10,
            defaults={"complaint": 0, "praise": 10},
            opportunity=("survey_sent",),
        ),
        Indicator(
            "colour",
            ("visit",),
            "mean",
            field="colour",
            half_life=timedelta(seconds=1),
            weight=1,
            scale=3,
        ),
        Indicator(
            "events",
            ("event_attended",),
            "rate",
            opportunity=("event_invited",),
            half_life=100 * DAY,
            weight=1.5,
        ),
        Indicator(
            "surveys",
            ("survey_answered",),
            "rate",
            opportunity=("survey_sent",),
            half_life=HOUR,
            weight=1,
        ),
        Indicator(
            "advice",
            ("suggestion",),
            "count",
            opportunity=("survey_sent",),
            half_life=365 * DAY,
            weight=0.5,
        ),
        Indicator(
            "loyalty",
            ("purchase",),
            "rate",
            within="competitor_promotion",
            half_life=365 * DAY,
            weight=1,
        ),
        Indicator("logins", ("login",), "count", half_life=8 * DAY, weight=0.7),
    ),
    currency="CNY",
    rates={"USD": 7.1},
)
"""Every measure; half-lives from a second to a year, and one indicator that nobody feeds."""

_small = st.integers(0, 11)
_ages = st.one_of(st.integers(-20, 60), st.integers(0, 24 * 400))
_records = st.tuples(st.sampled_from(KINDS), st.sampled_from(PEOPLE), _ages, _small, _small)
_decisions = st.tuples(
    st.sampled_from(
        "merge merge unmerge correct retract decline override reinstate promotion".split()
    ),
    _small,
    _small,
    _small,
)
stories = st.lists(
    st.one_of(st.lists(_records, min_size=1, max_size=12), _decisions), min_size=3, max_size=16
)
"""What happens, step by step: records that are captured together, or one decision."""


class Firm:
    """A CRM whose clock the story moves."""

    def __init__(self, url: str) -> None:
        """Open an empty one."""
        self.now = NOW
        self.crm = crmkit.connect(url, clock=lambda: self.now, plugins=[])
        self.crm.value.use(MODEL)
        self.ids: dict[str, str] = {}
        self.live: list[str] = []
        self.merges: list[str] = []
        self.count = 0

    def play(self, step: list[Any] | tuple[Any, ...]) -> None:
        """Let one step of a story happen."""
        if isinstance(step, list):
            self.capture(step)
        else:
            self.decide(*step)

    def capture(self, specs: list[tuple[Any, ...]]) -> None:
        """Capture records; those who are new get an id."""
        records = [self._record(*spec) for spec in specs]
        assert self.crm.capture(records, "shop").rejected == ()
        self.live += [record["id"] for record in records]
        for name in {record["customer"]["member"] for record in records} - set(self.ids):
            found = self.crm.customers.find(member=name)
            assert found is not None
            self.ids[name] = found.id

    def _record(self, kind: str, who: str, age: int, one: int, two: int) -> dict[str, Any]:
        self.count += 1
        record: dict[str, Any] = {
            "id": f"r{self.count}",
            "kind": kind,
            "at": self.now - age * HOUR,
            "customer": {"member": who},
        }
        if kind in ("purchase", "return", "refund"):
            sign = 1 if kind == "purchase" else -1
            record["amount"] = f"{sign * (one * 111 + two / 100):.2f}"
            record["currency"] = ("CNY", "CNY", "USD", "EUR")[two % 4]
            if one % 3:
                record.update(margin=f"{sign * two * 7.5}", quantity=sign * one)
        if kind == "purchase":
            record["item"] = f"item {one % 4}"
        elif "amount" in record and self.live and two % 3:
            record["of"] = self.live[one % len(self.live)] if two % 3 == 1 else "r3"
        if kind in ("purchase", "visit"):
            record["attributes"] = {"colour": ODD[(one + two) % len(ODD)], "quantity ": one}
        if kind in ("survey_answered", "opinion", "complaint") and one % 3:
            record["rating"] = two % 11
        return record

    # -- decisions -----------------------------------------------------------------------

    def decide(self, what: str, one: int, two: int, three: int) -> None:
        """Decide something, where there is anything to decide about."""
        self.now += (1 + one) * HOUR
        if what == "promotion":
            start = self.now + (three - 9) * 7 * DAY
            self.crm.market.promotion("rival", start, start + two * DAY)
        elif self.ids:
            getattr(self, f"_{what}")(one, two, three)

    def _pick(self, number: int) -> str:
        names = sorted(self.ids)
        return self.ids[names[number % len(names)]]

    def _merge(self, one: int, two: int, _three: int) -> None:
        keep, drop = self._pick(one), self._pick(two)
        if keep != drop:
            merge = self.crm.customers.merge(keep, drop, reason=WHY)
            self.merges.append(merge.id)
            self.ids = {name: keep if id_ == drop else id_ for name, id_ in self.ids.items()}

    def _unmerge(self, *_: int) -> None:
        if self.merges:
            self.crm.customers.unmerge(self.merges.pop())
            for name in self.ids:
                found = self.crm.customers.find(member=name)
                assert found is not None
                self.ids[name] = found.id

    def _correct(self, one: int, two: int, three: int) -> None:
        if self.live:
            changes = {"rating": one % 11} if three % 2 else {"attributes": {"colour": f"{two}"}}
            key = self.live[two % len(self.live)]
            self.crm.touchpoints.correct("shop", key, changes, reason=WHY)

    def _retract(self, one: int, _two: int, _three: int) -> None:
        if self.live:
            key = self.live.pop(one % len(self.live))
            self.crm.touchpoints.retract("shop", key, reason=WHY)

    def _name(self, number: int) -> str:
        return MODEL.indicators[number % len(MODEL.indicators)].name

    def _decline(self, one: int, two: int, _three: int) -> None:
        self.crm.value.decline(self._pick(one), self._name(two), reason=WHY)

    def _override(self, one: int, two: int, three: int) -> None:
        until = self.now + three * 5 * HOUR if three % 3 else None
        self.crm.value.override(
            self._pick(one), self._name(two), three * 9.0, reason=WHY, until=until
        )

    def _reinstate(self, one: int, two: int, _three: int) -> None:
        self.crm.value.reinstate(self._pick(one), self._name(two))


@contextmanager
def told(story: list[Any], url: str = "memory://") -> Iterator[Firm]:
    """Open a firm and let the story happen to it."""
    firm = Firm(url)
    with firm.crm:
        for step in story:
            firm.play(step)
        yield firm


def captured_shop(crm: crmkit.CRM, count: int) -> datetime:
    """Capture the first lines of a real shop's invoices; give the instant of the last."""
    folder = files("crmkit") / "demo"
    mapping = tomllib.loads((folder / "online_retail.toml").read_text("utf-8"))
    mapping["fields"]["id"] = "{Line}"
    made = crmkit.map_touchpoints(mapping)
    with (
        (folder / "online_retail_sample.csv.gz").open("rb") as packed,
        gzip.open(packed, "rt", encoding="utf-8") as file,
    ):
        lines = islice(csv.DictReader(file), count)
        found = [made({**row, "Line": str(number)}) for number, row in enumerate(lines)]
    records = [one for one in found if isinstance(one, dict)]
    assert crm.capture(records, "shop").new == len(records)
    last: datetime = datetime.fromisoformat(str(records[-1]["at"]))
    return last


def rows(table: Any) -> dict[str, dict[str, Any]]:
    """Run an expression; give its rows by their first column."""
    found = table.to_pyarrow().to_pylist()
    return {next(iter(row.values())): row for row in found}


def check_scores(crm: crmkit.CRM, table: Any, at: datetime) -> int:
    """Compare every number of every customer with the core's own; tell how many customers."""
    given = rows(table)
    scores = {score.customer_id: score for score in crm.value.scores(at=at)}
    assert given.keys() == scores.keys()
    for customer, score in scores.items():
        row = given[customer]
        assert abs(row["total"] - score.total) < 1e-9
        for part in score.parts:
            assert row[f"{part.indicator}_state"] == part.state, (at, part)
            for name in ("raw", "points", "weight", "contribution"):
                mine, theirs = getattr(part, name), row[f"{part.indicator}_{name}"]
                assert abs(mine - theirs) <= 1e-9 * max(1.0, abs(mine)), (at, part, name, theirs)
    return len(scores)
