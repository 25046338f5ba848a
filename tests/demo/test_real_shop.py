"""The real shop's invoices: what crmkit must show on data that nobody made for it."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import crmkit
from crmkit.capture.files import read_touchpoints
from crmkit.capture.mapping import load_mapping
from crmkit.demo import DATA, MAPPING

END = datetime(2011, 12, 10, tzinfo=UTC)
QUARTER = timedelta(days=91)


def take_in(crm: crmkit.CRM) -> crmkit.CaptureReport:
    return crm.capture(read_touchpoints(DATA, load_mapping(MAPPING)), source="shop")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[crmkit.CRM]:
    """The shop's whole history in SQLite, under a model calibrated to it."""
    path: Path = tmp_path_factory.mktemp("shop") / "shop.db"
    with crmkit.connect(
        f"sqlite:///{path}", config={"currency": "GBP"}, clock=lambda: END, plugins=[]
    ) as crm:
        assert take_in(crm).new == 63_489
        crm.value.use(crm.value.calibrate())
        yield crm


def purchase_days(crm: crmkit.CRM, customer: str, until: datetime) -> list[date]:
    bought = crm.touchpoints.of(customer, until=until, kinds=["purchase"])
    return sorted({touchpoint.at.astimezone(UTC).date() for touchpoint in bought})


@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_who_heads_the_falling_list_has_broken_his_own_rhythm(
    shop: crmkit.CRM, quarters: int
) -> None:
    """Of the fifty first, at most a fifth had bought within 1.5 times their own usual gap."""
    until = END - quarters * QUARTER
    falling = shop.value.movers(until - timedelta(days=30), until, direction="falling", limit=50)
    assert len(falling) == 50
    in_rhythm = 0
    for movement in falling:
        days = purchase_days(shop, movement.customer_id, until)
        gaps = [(after - before).days for before, after in pairwise(days)]
        if len(gaps) >= 3:  # fewer make no rhythm
            silent = (until.date() - days[-1]).days
            in_rhythm += silent <= 1.5 * statistics.median(gaps)
    assert in_rhythm <= 10


def test_by_bare_size_it_would_be_most_of_the_regular_buyers(shop: crmkit.CRM) -> None:
    """Ordered by size, the same list is made of regular buyers inside their own rhythm."""
    falling = shop.value.movers(
        END - timedelta(days=30), END, direction="falling", order="size", limit=50
    )
    regular, in_rhythm = 0, 0
    for movement in falling:
        days = purchase_days(shop, movement.customer_id, END)
        gaps = [(after - before).days for before, after in pairwise(days)]
        if len(gaps) >= 3:
            regular += 1
            in_rhythm += (END.date() - days[-1]).days <= 1.5 * statistics.median(gaps)
    assert in_rhythm > regular / 2


def test_the_same_file_again_is_all_known(shop: crmkit.CRM) -> None:
    """Nothing is new the second time, and the commit order stands where it stood."""
    with shop.session.store.read() as reader:
        before = reader.watermark()
    again = take_in(shop)
    assert (again.new, again.duplicate) == (0, 63_489)
    with shop.session.store.read() as reader:
        assert reader.watermark() == before


def test_imported_history_has_a_past_and_was_not_shown_then(shop: crmkit.CRM) -> None:
    """Looking back there is fading and behaviour; as shown, nothing was known a week ago."""
    since = END - timedelta(weeks=3)
    reasons = {c.reason for m in shop.value.movers(since, END, limit=40) for c in m.causes}
    assert {"fading", "behaviour"} <= reasons
    shown = shop.value.movers(since, END, as_shown=True, limit=5)
    for movement in shown:
        assert movement.before.total == 0
        assert movement.after.total > 0
        assert {cause.reason for cause in movement.causes} <= {"late", "applicability", "model"}


def points_by_hand(
    one: crmkit.Indicator, touchpoints: Sequence[crmkit.Touchpoint], at: datetime
) -> float:
    """Give an indicator's points from its definition alone."""
    seen: list[tuple[object, float, float]] = []
    for touchpoint in touchpoints:
        fade = 2 ** (-((at - touchpoint.at) / one.half_life))
        value = getattr(touchpoint, one.field) if one.field else 1
        if touchpoint.kind in one.kinds and value is not None:
            seen.append((value, float(value) if one.measure == "sum" else 1.0, fade))
    if not seen:
        return 0.0
    if one.measure == "recency":
        return 100 * max(fade for *_, fade in seen)
    if one.measure == "breadth":
        values = {value for value, *_ in seen}
        raw = sum(max(fade for other, _, fade in seen if other == value) for value in values)
    else:
        raw = sum(x * fade for _, x, fade in seen)
    return 100 * (1 - 2 ** (-max(raw, 0) / one.scale))


def test_a_score_is_what_a_few_lines_make_of_the_touchpoints(shop: crmkit.CRM) -> None:
    """Recomputed from the touchpoints alone, the scores of forty customers are the same."""
    chance = random.Random(7)
    customers = [score.customer_id for score in shop.value.scores()]
    # Nobody here was invited or asked, and nobody captures suggestions, referrals or shares.
    fed = [
        one
        for one in shop.value.model().indicators
        if "purchase" in one.kinds and one.within is None
    ]
    for customer in chance.sample(customers, 40):
        at = END - timedelta(seconds=chance.randrange(320 * 86_400))
        touchpoints = shop.touchpoints.of(customer, until=at)
        total = sum(one.weight * points_by_hand(one, touchpoints, at) for one in fed)
        found = shop.value.score(customer, at).total
        assert found == pytest.approx(total / sum(one.weight for one in fed), abs=1e-9)
