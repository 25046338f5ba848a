"""Small firms to whom anything may happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

import crmkit
from crmkit import Indicator
from crmkit.testing.value_models import FULL

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

_PLAIN = "frequency spend range recency events advice loyalty logins".split()
MODEL = attrs.evolve(
    FULL,
    version="every measure, and odd ones",
    indicators=(
        *(one for one in FULL.indicators if one.name in _PLAIN),
        Indicator(
            "quantities",
            ("purchase", "return", "visit"),
            "sum",
            field="quantity",
            half_life=45 * DAY,
            weight=1,
            scale=6,
            defaults={"purchase": 1},
        ),
        Indicator(
            "shades",
            ("purchase", "visit", "opinion"),
            "breadth",
            field="colour",
            half_life=300 * DAY,
            weight=0.5,
            scale=2,
            defaults={"opinion": 7},
        ),
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
            "mood",
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
            "replies",
            ("survey_answered",),
            "rate",
            opportunity=("survey_sent",),
            half_life=HOUR,
            weight=1,
        ),
    ),
    rates={"USD": 7.1},
)
"""Half-lives from a second to a year, and indicators that nobody feeds."""

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
            with suppress(crmkit.InvalidValueError):  # one like the last changes nothing
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
