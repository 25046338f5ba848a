"""What a rhythm explains of a fall, and what can be said before it is known."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.clock import DAY, micros
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import STANDING
from crmkit.model.value import Indicator, Movement, ValueModel
from crmkit.value import ranks
from crmkit.value.basis import Basis
from crmkit.value.rhythm import PATIENCE, all_unexpected, unexpected
from crmkit.value.scoring import Totalled
from tests.lifecycle.firm import firm
from tests.value import shop
from tests.value.shop import START, Shop

LOST = st.floats(-20, 20)
SILENT = st.integers(-DAY, 400 * DAY)


@given(LOST, st.lists(st.tuples(SILENT, LOST), max_size=7), st.floats(0, 1e4))
def test_what_any_rhythm_leaves_unexpected_is_known_before_it(
    delta: float, indicators: list[tuple[int, float]], gap: float
) -> None:
    """What comes out of a gap stands in the list, and each of the list comes out of some gap."""
    fading = array("d", [number for pair in indicators for number in pair])
    found = all_unexpected(delta, fading)
    assert unexpected(delta, fading, gap) in found
    # Half a microsecond: two may be silent for one microsecond more than one another.
    gaps = [(silent + 0.5) / (PATIENCE * DAY) for silent, _ in indicators]
    assert {unexpected(delta, fading, one) for one in (None, *gaps)} == set(found)


def test_one_kind_does_not_take_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who bought twice has no rhythm of his own; that of his tier is not asked for in vain."""
    with firm() as shop:
        for number in range(6):
            shop.buyer(f"c{number}", 90, 70, 50, 30, 10)
        shop.buyer("new", 100, 1)
        shop.lifecycle.advance()
        with shop.crm.session.store.read() as reader:
            (row,) = reader.fetch(STANDING, [("new",)])
        monkeypatch.setattr(ranks, "totals_of_known", None)
        assert shop.crm.value.kind("new").name == row[STANDING.position["kind"]]


QUARTER = 90 * shop.DAY


@pytest.fixture
def street() -> Iterator[Shop]:
    """Ten customers, and ten who came in the quarter after.

    Ann had bought three times and is fourth of the ten, so in the base: there most buy every
    seventy days. Fourth of twenty would be core: there most buy every five.
    """
    buys = Indicator("buys", ("purchase",), "count", half_life=30 * shop.DAY, weight=1, scale=3)
    with shop.shop(ValueModel("1", (buys,), currency="CNY")) as opened:
        rhythms = {"daily": (1, 60), "five1": (5, 30), "five2": (5, 30), "ann": (1, 3)}
        rhythms |= {f"slow{number}": (70, 4) for number in range(6)}
        for person, (gap, times) in rhythms.items():
            for number in range(times):
                opened.note("purchase", START - gap * number * shop.DAY, f"{person}@x.org")
        opened.wait(QUARTER)
        for number in range(10):
            opened.note("purchase", opened.now, f"new{number}@x.org")
        yield opened


def learn_more(opened: Shop) -> None:
    """Import what makes the whole base buy every five days, but for Ann and the newcomers."""
    opened.wait(shop.DAY)
    for person in [f"slow{number}@x.org" for number in range(6)]:
        for number in range(30):
            opened.note("purchase", START - (300 + 5 * number) * shop.DAY, person)


def of_ann(opened: Shop, *, as_shown: bool = False) -> Movement:
    """Ann's movement as the list of everybody's tells it."""
    moved = opened.crm.value.movers(START, START + QUARTER, as_shown=as_shown)
    return next(one for one in moved if one.customer_id == opened.ids["ann@x.org"])


@pytest.mark.parametrize("as_shown", [False, True])
def test_who_came_later_moves_nobody_to_another_tier(street: Shop, *, as_shown: bool) -> None:
    """Ann's silence is that of her tier, as it was among those who were known then."""
    explained = street.explain(START, START + QUARTER, as_shown=as_shown)
    assert explained.delta < -30
    assert explained.unexpected == pytest.approx(0, abs=1e-9)
    assert of_ann(street, as_shown=as_shown).unexpected == pytest.approx(0, abs=1e-9)


def test_a_kind_rests_on_the_tier_among_those_known_then(street: Shop) -> None:
    """By itself and by `advance`: Ann has not fallen because ten others came."""
    ann = street.ids["ann@x.org"]
    street.crm.lifecycle.advance()
    assert street.crm.value.kind(ann).name == "ordinary"
    assert street.crm.customers.search(kind="migrating").items == ()


def test_what_was_shown_rests_on_the_rhythm_known_then(street: Shop) -> None:
    """What was learnt since changes today's answer alone, whichever is asked for first."""
    learn_more(street)
    until = START + QUARTER
    for _ in range(2):
        shown = street.explain(START, until, as_shown=True)
        assert shown.unexpected == pytest.approx(0, abs=1e-9)
        assert of_ann(street, as_shown=True).unexpected == pytest.approx(0, abs=1e-9)
        today = street.explain(START, until)
        assert today.unexpected == pytest.approx(today.delta)
        assert of_ann(street).unexpected == pytest.approx(today.delta)


def test_a_list_looked_at_late_leaves_no_old_rhythm_behind(street: Shop) -> None:
    """A list was made, more was learnt, and the list is looked at: the answer is the new one."""
    moved = street.crm.value.movers(START, START + QUARTER)
    learn_more(street)
    looked = {one.customer_id: one for one in moved}[street.ids["ann@x.org"]]
    assert looked.unexpected == pytest.approx(looked.delta)
    explained = street.explain(START, START + QUARTER)
    assert explained.unexpected == pytest.approx(explained.delta)


def test_everybody_is_ranked_once_for_each_instant(
    street: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tier's rhythm and the tiers rest on the same two rankings; a list brings one of its own."""
    asked = []
    real = ranks.totals_of_known

    def counted(reader: Reader, basis: Basis, at: int) -> Iterator[Totalled]:
        asked.append(at)
        return real(reader, basis, at)

    monkeypatch.setattr(ranks, "totals_of_known", counted)
    until = START + QUARTER
    moved = street.explain(START, until)
    assert (moved.unexpected, moved.before.tier, moved.after.tier) == (0.0, "base", "base")
    assert asked == [micros(START), micros(until)]
    opposite = street.explain(until, until + shop.DAY)
    assert opposite.before.tier == "base"
    assert len(asked) == 2
    learn_more(street)
    assert {one.before.tier for one in street.crm.value.movers(START, until)} >= {"base", None}
    assert len(asked) == 2
