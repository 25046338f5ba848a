"""The oracle itself, against numbers worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crmkit.model.value import Indicator, ValueModel
from tests.value.oracle import World

DAY = timedelta(days=1)
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """Give the instant that many days after the start."""
    return T0 + number * DAY


def world(*indicators: Indicator, **model: Any) -> World:
    """Make an empty world with one model."""
    made = World()
    made.decide("model", T0, model=ValueModel("1", indicators, currency="CNY", **model))
    return made


def note(made: World, kind: str, at: float, /, person: str = "ann", **fields: Any) -> str:
    """Capture one record, at the instant it happened unless `known` says otherwise."""
    known = fields.pop("known", at)
    key = fields.pop("id", f"r{len(made.records)}")
    record = {"id": key, "kind": kind, "at": day(at), "customer": person, **fields}
    made.record(record, recorded_at=day(known), run=f"run-{key}")
    return key


def part(made: World, at: float, name: str = "i", person: str = "ann", **view: Any) -> Any:
    """Give one part as (state, raw, points, weight)."""
    found = made.score(person, day(at), **view).part(name)
    return found.state, found.raw, found.points, found.weight


def indicator(measure: str, *kinds: str, **rest: Any) -> Indicator:
    """Make the indicator ``i`` with a half-life of ten days."""
    rest = {"half_life": 10 * DAY, "weight": 1, **rest}
    return Indicator(rest.pop("name", "i"), kinds or ("purchase",), measure, **rest)


def test_count_halves_with_each_half_life():
    """Purchases now and one half-life ago count one and a half, and the scale earns fifty."""
    made = world(indicator("count", scale=1.5))
    note(made, "purchase", 0)
    note(made, "purchase", 10)
    assert part(made, 10) == ("observed", 1.5, 50.0, 1.0)
    assert part(made, 20) == ("observed", 0.75, pytest.approx(100 * (1 - 2**-0.5)), 1.0)


def test_a_sum_converts_money_and_leaves_out_what_has_no_rate():
    """Ten dollars at seven make seventy, and gold without a rate makes nothing."""
    made = world(indicator("sum", field="amount", scale=70), rates={"USD": 7})
    note(made, "purchase", 0, amount="10", currency="USD")
    note(made, "purchase", 0, amount="1000", currency="XAU")
    assert part(made, 0) == ("observed", 70.0, 50.0, 1.0)


def test_money_without_a_rate_alone_is_not_observed():
    """A customer whose only money has no rate has shown nothing yet."""
    made = world(indicator("sum", field="amount"))
    note(made, "purchase", 0, amount="1000", currency="XAU")
    assert part(made, 0) == ("unobserved", 0.0, 0.0, 1.0)


def test_a_return_cancels_its_purchase_at_every_later_instant():
    """A full return that names its purchase leaves nothing, however long it took."""
    made = world(indicator("sum", "purchase", "return", field="amount", scale=100))
    bought = note(made, "purchase", 0, amount="100", currency="CNY")
    note(made, "return", 10, amount="-100", currency="CNY", of=bought)
    assert part(made, 5)[1] == pytest.approx(100 * 2**-0.5)
    assert part(made, 10)[1] == 0.0
    assert part(made, 33)[1] == 0.0


def test_a_return_without_a_known_purchase_ages_from_its_own_instant():
    """A return of 100 against a purchase it does not name leaves less than nothing: 0 points."""
    made = world(indicator("sum", "purchase", "return", field="amount", scale=100))
    note(made, "purchase", 0, amount="100", currency="CNY")
    note(made, "return", 10, amount="-100", currency="CNY", of="elsewhere")
    assert part(made, 10) == ("observed", -50.0, 0.0, 1.0)


def test_breadth_counts_each_value_once_by_its_newest():
    """Tea twice and a cup once are two values, and tea is as new as its last purchase."""
    made = world(indicator("breadth", field="item", scale=1.5))
    note(made, "purchase", 0, item="cup")
    note(made, "purchase", 0, item="tea")
    note(made, "purchase", 10, item="tea")
    note(made, "purchase", 10, item="")
    assert part(made, 10) == ("observed", 1.5, 50.0, 1.0)


def test_breadth_compares_numbers_as_numbers():
    """1 and 1.0 are one value, "1" is another, and True is none."""
    made = world(indicator("breadth", field="size"))
    for size in (1, 1.0, "1", True, None):
        note(made, "purchase", 0, attributes={"size": size})
    assert part(made, 0)[1] == 2.0


def test_recency_is_the_newest_ones_fading():
    """One half-life after the last purchase, half the points are left."""
    made = world(indicator("recency"))
    note(made, "purchase", 3)
    note(made, "purchase", 10)
    assert part(made, 20) == ("observed", 0.5, 50.0, 1.0)


def test_a_mean_weighs_by_age_and_counts_defaults():
    """A praise now (10) and a complaint one half-life ago (0) make 20/3; it does not fade."""
    made = world(
        indicator(
            "mean",
            "praise",
            "complaint",
            field="rating",
            scale=10,
            defaults={"praise": 10, "complaint": 0},
        )
    )
    note(made, "complaint", 0)
    note(made, "praise", 10)
    for at in (10, 20, 20_000):
        assert part(made, at)[1] == pytest.approx(20 / 3)
        assert part(made, at)[2] == pytest.approx(200 / 3)


def test_a_mean_is_cut_to_its_range():
    """Eleven on a scale of ten is a hundred points, and below zero is none."""
    made = world(indicator("mean", field="mark", scale=10))
    note(made, "purchase", 0, attributes={"mark": 11})
    note(made, "purchase", 0, "bob", attributes={"mark": -1})
    assert part(made, 0)[1:3] == (11.0, 100.0)
    assert part(made, 0, person="bob")[1:3] == (-1.0, 0.0)


def test_a_rate_divides_successes_by_chances():
    """Two invitations a half-life apart and one visit at the newer: two thirds, for ever."""
    made = world(indicator("rate", "event_attended", opportunity=("event_invited",)))
    note(made, "event_invited", 0)
    assert part(made, 0) == ("unobserved", 0.0, 0.0, 1.0)
    note(made, "event_invited", 10)
    note(made, "event_attended", 10)
    assert part(made, 10)[1:3] == (pytest.approx(2 / 3), pytest.approx(200 / 3))
    assert part(made, 20_000)[1] == pytest.approx(2 / 3)


def test_a_success_without_a_chance_is_a_full_rate():
    """Who came without being invited came every time."""
    made = world(indicator("rate", "event_attended", opportunity=("event_invited",)))
    note(made, "event_attended", 0)
    assert part(made, 5) == ("observed", 1.0, 100.0, 1.0)


def test_promotion_windows_are_chances_dated_at_their_end():
    """Of two windows a half-life apart the newer was bought in: two thirds."""
    made = world(indicator("rate", within="competitor_promotion"))
    for start, end in ((-5, -1), (0, 2), (11, 12), (30, 31)):
        made.decide("promotion", day(0), start=day(start), end=day(end))
    note(made, "purchase", 1)
    assert part(made, 1)[0] == "not_applicable"
    assert part(made, 2) == ("observed", 1.0, 100.0, 1.0)
    assert part(made, 12)[1] == pytest.approx(1 / 3)
    note(made, "purchase", 12)
    assert part(made, 12)[1] == 1.0


def test_weights_are_shared_out_over_what_applies():
    """Who was never invited is measured by his purchases alone."""
    made = world(
        indicator("count", name="buys", weight=3),
        indicator("rate", "event_attended", name="comes", opportunity=("event_invited",), weight=1),
    )
    note(made, "purchase", 0)
    note(made, "event_invited", 0, "bob")
    assert part(made, 0, "buys") == ("observed", 1.0, 50.0, 1.0)
    assert part(made, 0, "comes") == ("not_applicable", 0.0, 0.0, 0.0)
    assert part(made, 0, "buys", "bob") == ("unobserved", 0.0, 0.0, 0.75)
    assert made.score("ann", day(0)).total == 50.0


def test_what_nobody_ever_did_costs_nobody_points():
    """An indicator that no source feeds applies to nobody, until somebody feeds it."""
    made = world(indicator("count", name="buys"), indicator("count", "share", name="shares"))
    note(made, "purchase", 0)
    assert part(made, 0, "shares") == ("not_applicable", 0.0, 0.0, 0.0)
    note(made, "share", 5, "bob")
    assert part(made, 4, "shares")[0] == "not_applicable"
    assert part(made, 5, "shares") == ("unobserved", 0.0, 0.0, 0.5)


def test_decline_override_and_reinstate():
    """A decline goes before an override, the newer override before the older one."""
    made = world(indicator("count", name="buys"), indicator("recency", name="late"))
    note(made, "purchase", 0)
    made.decide("override", day(1), person="ann", indicator="buys", points=10, until=None)
    made.decide("override", day(2), person="ann", indicator="buys", points=90, until=day(4))
    assert part(made, 0, "buys")[2] == 50.0
    assert part(made, 1, "buys")[2] == 10.0
    assert part(made, 3.9, "buys")[2] == 90.0
    assert part(made, 4, "buys")[2] == 10.0
    made.decide("decline", day(5), person="ann", indicator="buys")
    assert part(made, 5, "buys")[::2] == ("declined", 0.0)
    assert part(made, 5, "late")[3] == 1.0
    made.decide("reinstate", day(6), person="ann", indicator="buys")
    assert part(made, 6, "buys")[0] == "observed"
    assert part(made, 6, "buys")[2] == pytest.approx(100 * (1 - 2 ** -(2**-0.6)))


def test_both_views_of_what_came_late():
    """A purchase of day 1 learnt on day 9 was there on day 5, but was not shown then."""
    made = world(indicator("count"))
    note(made, "purchase", 0)
    note(made, "purchase", 1, known=9)
    assert part(made, 5)[1] == pytest.approx(2**-0.5 + 2**-0.4)
    assert part(made, 5, as_shown=True)[1] == pytest.approx(2**-0.5)
    moved = made.explain("ann", day(5), day(10), as_shown=True)
    late = 100 * (2 ** -(2**-0.5) - 2 ** -(2**-0.5 + 2**-0.4))
    assert moved.causes["i", "late"] == pytest.approx(late)
    assert set(made.explain("ann", day(5), day(10)).causes) == {("i", "fading")}


def test_merges_corrections_and_undone_runs_by_view():
    """Today's view has what is true today; what was shown follows each decision's day."""
    made = world(indicator("count"))
    note(made, "purchase", 0)
    note(made, "purchase", 0, "bob")
    wrong = note(made, "purchase", 0)
    made.decide("merge", day(2), id="m", keep="ann", drop="bob")
    note(made, "purchase", 3, "bob")
    made.decide("retract", day(4), source="shop", id=wrong)
    made.decide("unmerge", day(5), merge="m")
    made.decide("undo", day(6), run="run-r1")
    shown = [part(made, at, as_shown=True)[1] * 2 ** (at / 10) for at in (1, 2, 3, 4, 5)]
    grown = 2**0.3
    assert shown == pytest.approx([2, 3, 3 + grown, 2 + grown, 1])
    assert part(made, 3)[1] * 2**0.3 == pytest.approx(1)
    bob = [part(made, at, person="bob", as_shown=True)[1] * 2 ** (at / 10) for at in (1, 5, 6)]
    assert bob == pytest.approx([1, 1 + grown, grown])


def test_the_path_of_an_explanation_by_hand():
    """Fading and behaviour keep the old weights; the first invitation shares them out anew."""
    made = world(
        indicator("recency", name="buys", weight=1),
        indicator("rate", "event_attended", name="comes", opportunity=("event_invited",)),
    )
    note(made, "purchase", 0)
    note(made, "event_invited", 5, "bob")
    note(made, "event_invited", 10)
    moved = made.explain("ann", day(0), day(10))
    assert moved.causes == {("buys", "fading"): -50.0, ("buys", "applicability"): -25.0}
    assert moved.delta == -75.0


def test_the_model_in_force_is_the_last_one_used_and_the_first_holds_before_it():
    """A switch of models is the last step of what was shown, and no step of today's view."""
    made = World()
    note(made, "purchase", 0)
    first = ValueModel("1", (indicator("recency", name="a"),), currency="CNY")
    second = ValueModel("2", (indicator("recency", name="b", half_life=20 * DAY),), currency="CNY")
    made.decide("model", day(5), model=first)
    made.decide("model", day(8), model=second)
    assert made.score("ann", day(1), as_shown=True).model == "1"
    assert made.score("ann", day(1)).model == "2"
    moved = made.explain("ann", day(0), day(10), as_shown=True)
    assert moved.causes["a", "fading"] == pytest.approx(-50)
    assert moved.causes["a", "model"] == pytest.approx(-50)
    assert moved.causes["b", "model"] == pytest.approx(100 * 2**-0.5)


def test_fading_inside_the_customers_rhythm_is_not_news():
    """Who buys every ten days is not missed after fifteen, and is after sixteen."""
    made = world(indicator("recency"))
    for at in (0, 10, 20, 30):
        note(made, "purchase", at)
    inside, outside = (made.explain("ann", day(30), day(at)) for at in (45, 46))
    assert inside.delta < -60
    assert inside.unexpected == pytest.approx(0)
    assert outside.unexpected == outside.delta


def test_tiers_round_the_key_customers_up():
    """Of 51 customers two are key and eleven are key or core."""
    made = world(indicator("recency"))
    for number in range(51):
        note(made, "purchase", number, f"p{number:02}")
    ids = {person: person for person in made.people}
    tiers = made.tiers(day(60), ids)
    assert [person for person in tiers if tiers[person] == "key"] == ["p50", "p49"]
    assert sum(tier == "core" for tier in tiers.values()) == 9
