"""Money, numbers and values: what an indicator can use, and what it leaves alone."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from crmkit.model.value import Indicator, ValueModel
from tests.value.shop import DAY, START, Shop, shop

ANN, BOB = "ann@x.org", "bob@x.org"


def spend(*kinds: str, **rest: Any) -> Indicator:
    """Sum money with a half-life of ten days; a hundred yuan earn 50 points."""
    rest = {"field": "amount", "half_life": 10 * DAY, "weight": 1, "scale": 100, **rest}
    return Indicator("i", kinds or ("purchase", "return", "refund"), "sum", **rest)


def model(indicator: Indicator, **rest: Any) -> ValueModel:
    """Make a model of one indicator in yuan."""
    return ValueModel("1", (indicator,), **{"currency": "CNY", **rest})


def raw(opened: Shop, person: str = ANN, **view: Any) -> float:
    """Give the raw value."""
    return opened.part("i", person, **view).raw


def test_a_hundred_yuan_of_a_scale_of_a_hundred_earn_fifty_points() -> None:
    """The scale is the raw value that earns half."""
    with shop(model(spend())) as opened:
        opened.note("purchase", START, amount="99.90", currency="CNY")
        opened.note("purchase", START, amount=Decimal("0.10"), currency="CNY")
        part = opened.part("i")
        assert (part.raw, part.points) == (pytest.approx(100), pytest.approx(50))


def test_every_currency_counts_at_its_rate() -> None:
    """Ten dollars, ten euro and ten yuan are 71 + 79 + 10 yuan."""
    with shop(model(spend(), rates={"USD": 7.1, "EUR": 7.9})) as opened:
        for currency in ("USD", "EUR", "CNY"):
            opened.note("purchase", START, amount="10", currency=currency)
        assert raw(opened) == pytest.approx(160)


def test_money_without_a_rate_is_kept_named_and_not_counted() -> None:
    """The report names the currency, the score leaves it out, the touchpoint has it still."""
    with shop(model(spend())) as opened:
        report = opened.capture(
            {
                "id": "g",
                "kind": "purchase",
                "at": START,
                "customer": ANN,
                "amount": "3.000",
                "currency": "XAU",
            }
        )
        assert report.unpriced == ("XAU",)
        assert (opened.part("i").state, raw(opened)) == ("unobserved", 0.0)
        [kept] = opened.crm.touchpoints.of(opened.ids[ANN])
        assert (str(kept.amount), kept.currency) == ("3.000", "XAU")


def test_a_new_rate_counts_what_was_kept_without_asking_for_a_rebuild() -> None:
    """Once the model prices it, what was left out is there, in the past as well."""
    with shop(model(spend())) as opened:
        opened.note("purchase", START - 10 * DAY, amount="3", currency="XAU")
        opened.use(attrs.evolve(model(spend(), rates={"XAU": "20000"}), version="2"))
        assert raw(opened) == pytest.approx(30_000)
        assert raw(opened, at=START - 10 * DAY) == pytest.approx(60_000)
        opened.use(attrs.evolve(model(spend(), rates={"XAU": Decimal("0.5")}), version="3"))
        assert raw(opened) == pytest.approx(0.75)


def test_another_base_currency_counts_its_own_at_one() -> None:
    """In dollars, ten dollars are ten and yuan have no rate."""
    with shop(model(spend(), currency="USD")) as opened:
        opened.note("purchase", START, amount="10", currency="USD")
        opened.note("purchase", START, amount="10", currency="CNY")
        assert raw(opened) == pytest.approx(10)


def test_a_full_return_leaves_nothing_whatever_it_took() -> None:
    """A return that names its purchase is aged from it, so that the two cancel for ever."""
    with shop(model(spend())) as opened:
        bought = opened.note("purchase", START - 30 * DAY, amount="80", currency="CNY")
        opened.note("return", START, amount="-80", currency="CNY", of=bought)
        assert raw(opened, at=START - DAY) == pytest.approx(80 * 2**-2.9)
        assert raw(opened, at=START) == pytest.approx(0, abs=1e-9)
        opened.wait(47 * DAY)
        assert raw(opened) == pytest.approx(0, abs=1e-9)
        assert opened.part("i").state == "observed"


def test_a_partial_refund_leaves_its_part() -> None:
    """Thirty of eighty refunded leave fifty, aged from the purchase."""
    with shop(model(spend())) as opened:
        bought = opened.note("purchase", START - 10 * DAY, amount="80", currency="CNY")
        opened.note("refund", START, amount="-30", currency="CNY", of=bought)
        assert raw(opened) == pytest.approx(25)


def test_a_return_that_names_nothing_ages_by_itself_and_points_stop_at_zero() -> None:
    """Raw below zero is shown; points never are."""
    with shop(model(spend())) as opened:
        opened.note("purchase", START - 10 * DAY, amount="100", currency="CNY")
        opened.note("return", START, amount="-100", currency="CNY")
        part = opened.part("i")
        assert (part.raw, part.points) == (pytest.approx(-50), 0.0)


def test_of_is_looked_up_in_the_same_source_only() -> None:
    """Two systems may both have an order 1; a return means its own system's."""
    with shop(model(spend())) as opened:
        opened.note("purchase", START - 20 * DAY, id="1", amount="100", currency="CNY")
        opened.note(
            "purchase", START - 10 * DAY, id="1", amount="100", currency="CNY", source="web"
        )
        opened.note("return", START, amount="-100", currency="CNY", of="1", source="web")
        assert raw(opened) == pytest.approx(25)


def test_a_purchase_of_another_customer_still_ages_the_return() -> None:
    """A gift brought back by its receiver is aged from when it was bought."""
    with shop(model(spend())) as opened:
        bought = opened.note("purchase", START - 10 * DAY, amount="100", currency="CNY")
        opened.note("return", START, BOB, amount="-100", currency="CNY", of=bought)
        assert raw(opened, BOB) == pytest.approx(-50)


def test_of_ages_returns_and_refunds_only() -> None:
    """A note that names a purchase is as old as itself."""
    pieces = spend("visit", field="pieces", scale=1)
    with shop(model(pieces)) as opened:
        bought = opened.note("purchase", START - 10 * DAY)
        opened.note("visit", START, of=bought, pieces=3)
        assert raw(opened) == pytest.approx(3)


def test_a_return_captured_before_its_purchase_is_aged_from_it_once_both_are_known() -> None:
    """Records come in any order."""
    with shop(model(spend())) as opened:
        opened.note("return", START, amount="-80", currency="CNY", of="p")
        assert raw(opened) == pytest.approx(-80)
        opened.note("purchase", START - 10 * DAY, id="p", amount="80", currency="CNY")
        assert raw(opened) == pytest.approx(0, abs=1e-9)
        opened.correct("p", at=START - 20 * DAY)
        assert raw(opened) == pytest.approx(0, abs=1e-9)
        opened.retract("p")
        assert raw(opened) == pytest.approx(-80)


@pytest.mark.parametrize(
    ("pieces", "counts"),
    [
        (2, 2),
        (2.5, 2.5),
        (-1, -1),
        (0, 0),
        ("2", None),
        ("", None),
        (True, None),
        (False, None),
        ([2], None),
        ({"n": 2}, None),
        (10**18 - 1, 1e18),
        (10**18, None),
        (-1e18, None),
        (1e308, None),
        pytest.param(10**400, None, id="huge"),
    ],
)
def test_a_sum_reads_numbers_and_nothing_else(pieces: Any, counts: float | None) -> None:
    """Text, truth values and lists are no numbers: such a touchpoint is not the indicator's."""
    indicator = spend("visit", field="pieces")
    with shop(model(indicator)) as opened:
        opened.note("visit", START, attributes={"pieces": pieces})
        opened.note("visit", START, BOB, pieces=pieces)
        for person in (ANN, BOB):
            part = opened.part("i", person)
            assert part.raw == (counts or 0)
            assert part.state == ("unobserved" if counts is None else "observed")


def test_a_missing_field_counts_the_kinds_default() -> None:
    """A purchase that does not say how many pieces is one piece."""
    indicator = spend("purchase", field="quantity", defaults={"purchase": 1})
    with shop(model(indicator)) as opened:
        opened.note("purchase", START, quantity="2.5")
        opened.note("purchase", START)
        assert raw(opened) == pytest.approx(3.5)


def test_no_sum_leaves_the_range_of_numbers() -> None:
    """The largest amounts at the highest rate, faded fast: every number is one that JSON has."""
    most = "9" * 18
    steep = spend(scale=1e-9, weight=1e6, half_life=timedelta(seconds=1))
    with shop(model(steep, rates={"USD": 1e12})) as opened:
        opened.note("purchase", START, amount=most, currency="CNY")
        bought = opened.note("purchase", START, amount=most, currency="USD")
        for age in (900 * DAY, 0 * DAY):  # one before its purchase, whose clock went wrong
            opened.note("return", START - age, amount=f"-{most}", currency="USD", of=bought)
        for at in (None, START - 800 * DAY):
            score = opened.score(at=at)
            json.dumps(score.to_dict(), allow_nan=False)
            assert score.total in (0.0, 100.0)
        assert float(opened.crm.value.pyramid()[0].revenue) == pytest.approx(-1e30)


def test_margin_is_money_in_the_touchpoints_currency() -> None:
    """A margin of ten dollars is seventy yuan."""
    with shop(model(spend(field="margin"), rates={"USD": 7})) as opened:
        opened.note("purchase", START, amount="99", margin="10", currency="USD")
        opened.note("purchase", START, amount="99", currency="USD")
        assert raw(opened) == pytest.approx(70)


def test_a_mean_of_money_is_in_the_base_currency() -> None:
    """Ten dollars and thirty yuan are fifty yuan an order; gold is no order of it."""
    ticket = Indicator(
        "i", ("purchase",), "mean", field="amount", half_life=DAY, weight=1, scale=200
    )
    with shop(model(ticket, rates={"USD": 7})) as opened:
        opened.note("purchase", START, amount="10", currency="USD")
        opened.note("purchase", START, amount="30", currency="CNY")
        opened.note("purchase", START, amount="30", currency="XAU")
        opened.wait(3000 * DAY)
        part = opened.part("i")
        assert (part.raw, part.points) == (pytest.approx(50), pytest.approx(25))


def test_a_mean_takes_ratings_of_several_kinds_with_their_defaults() -> None:
    """A survey of 8, a praise (10) and a complaint (0): six of ten."""
    likes = Indicator(
        "i",
        ("survey_answered", "praise", "complaint", "opinion"),
        "mean",
        field="rating",
        half_life=DAY,
        weight=1,
        scale=10,
        defaults={"praise": 10, "complaint": 0},
    )
    with shop(model(likes)) as opened:
        opened.note("survey_answered", START, rating=8)
        opened.note("praise", START)
        opened.note("complaint", START)
        opened.note("opinion", START, text="no rating, so no part of it")
        assert (raw(opened), opened.part("i").points) == (pytest.approx(6), pytest.approx(60))
        opened.note("praise", START, rating=2)
        assert raw(opened) == pytest.approx(5)


def test_a_mean_is_cut_to_its_points_but_not_in_its_raw_value() -> None:
    """Above the scale a hundred points, below zero none."""
    mark = Indicator("i", ("visit",), "mean", field="mark", half_life=DAY, weight=1, scale=10)
    with shop(model(mark)) as opened:
        opened.note("visit", START, mark=25)
        opened.note("visit", START, BOB, mark=-3)
        assert (opened.part("i").raw, opened.part("i").points) == (25.0, 100.0)
        assert (opened.part("i", BOB).raw, opened.part("i", BOB).points) == (-3.0, 0.0)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        (("tea", "tea"), 1),
        (("tea", "Tea"), 2),
        (("tea", "tea "), 2),
        (("", None), 0),
        ((1, 1.0), 1),
        ((1, "1"), 2),
        ((0, True, False), 1),
        ((1, True), 1),
        (("茶", "壺", "茶"), 2),
        ((["tea"], {"tea": 1}), 0),
    ],
)
def test_breadth_counts_distinct_texts_and_numbers(values: tuple[Any, ...], count: int) -> None:
    """Values are compared exactly, numbers as numbers; empty, missing and true are no values."""
    wide = Indicator("i", ("visit",), "breadth", field="what", half_life=DAY, weight=1)
    with shop(model(wide)) as opened:
        for value in values:
            opened.note("visit", START, attributes={"what": value})
        part = opened.part("i")
        assert part.raw == pytest.approx(count)
        assert part.state == ("observed" if count else "unobserved")


def test_breadth_reads_a_records_own_keys_first() -> None:
    """The record's item goes before an attribute of that name."""
    wide = Indicator("i", ("visit",), "breadth", field="item", half_life=DAY, weight=1)
    with shop(model(wide)) as opened:
        opened.note("visit", START, item="tea", attributes={"item": "cup"})
        opened.note("visit", START, attributes={"item": "tea"})
        assert raw(opened) == pytest.approx(1)


def test_breadth_of_quantities_compares_them_as_numbers() -> None:
    """2, 2.0 and 2.50 are two quantities."""
    wide = Indicator("i", ("purchase",), "breadth", field="quantity", half_life=DAY, weight=1)
    with shop(model(wide)) as opened:
        for quantity in ("2", "2.0", "2.50", 2):
            opened.note("purchase", START, quantity=quantity)
        assert raw(opened) == pytest.approx(2)


def test_large_sums_stay_exact_enough() -> None:
    """Ten thousand orders of 0.10 are a thousand, within a billionth."""
    with shop(model(spend(scale=1000))) as opened:
        records = [
            {
                "id": f"{number}",
                "kind": "purchase",
                "at": START,
                "customer": ANN,
                "amount": "0.10",
                "currency": "CNY",
            }
            for number in range(10_000)
        ]
        opened.capture(*records)
        assert raw(opened) == pytest.approx(1000, rel=1e-9)
        assert opened.part("i").points == pytest.approx(50, abs=1e-9)
