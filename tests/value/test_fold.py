"""Capture adds to packed sums what a rebuild adds to plain ones: the same, to the bit."""

from __future__ import annotations

import json
import random
from struct import Struct

import pytest

from crmkit.clock import DAY
from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.model.touchpoint import KINDS
from crmkit.model.value import ValueModel
from crmkit.testing.rows import row
from crmkit.value.fold import fold, fold_batch
from crmkit.value.former import FORMER, taken_over
from crmkit.value.layout import Layout
from crmkit.value.models import default_model
from crmkit.value.program import compile_program
from crmkit.value.state import State, begin, close_row, pack, unpack
from tests.value.shop import FULL

NOW = 1_000 * DAY


def made(count: int = 600) -> list[tuple[Row, int]]:
    """Make touchpoints of every kind, in no order, each with the instant it is aged from."""
    chance = random.Random(7)
    found = []
    for seq in range(1, count + 1):
        at = chance.randrange(NOW)
        came = row(
            TOUCHPOINT,
            seq=seq,
            kind=chance.choice(sorted(KINDS)),
            at=at,
            recorded=NOW,
            amount=chance.choice([None, "12.30", "-7", "1e3"]),
            margin=chance.choice([None, "0.1"]),
            quantity=chance.choice([None, "3"]),
            currency=chance.choice(["CNY", "EUR"]),
            item=chance.choice([None, "", "tea", "茶"]),
            category=chance.choice([None, "hot"]),
            channel=chance.choice([None, "web"]),
            direction=chance.choice([None, "in", "out"]),
            rating=chance.choice([None, 7.0]),
            attributes=chance.choice([None, '{"automatic":true,"item":3,"rating":2}']),
        )
        found.append((came, chance.choice([at, at - DAY])))
    return found


@pytest.mark.parametrize("model", [default_model(), FULL])
def test_packed_sums_are_the_plain_ones_to_the_bit(model: ValueModel) -> None:
    layout = Layout(model)
    plain, program = State.empty(layout), compile_program(layout)
    kept: dict[str, Row] = {}
    for came, aged in made():
        fold(program, plain, came, aged)
        (kept["c"],) = fold_batch(layout, kept, {"c": [(came, aged)]}, NOW)
    plain.recorded = NOW
    assert kept["c"] == pack("c", plain, layout)
    assert unpack(kept["c"]) == plain


def test_a_kind_moves_the_sums_it_needs_and_no_others() -> None:
    layout = Layout(default_model())
    (share,) = [slots for slots in layout.slots if slots.indicator.name == "shares"]
    opened = begin("c", layout)
    compile_program(layout, packed=True)["share"](opened, row(TOUCHPOINT, kind="share", at=5), 5)
    sums = unpack(close_row(opened)).sums
    changed = [place for place, value in enumerate(sums) if value != layout.zero[place]]
    assert changed == [share.a, share.ref]


NUMBERS = {
    "count": ("n", "a", "ref"),
    "sum": ("n", "a", "ref", "last"),
    "breadth": ("n",),
    "recency": ("n", "ref"),
    "mean": ("n", "a", "b", "ref"),
    "rate": ("n", "chance", "a", "b", "ref"),
}


def as_before(kept: Row, layout: Layout) -> Row:
    """Pack a row as format 1 did: what every indicator had to itself, one after the other."""
    state = unpack(kept)
    sums = [state.sums[0]]
    money = {0: state.money.get(0)}
    for slots in layout.slots:
        if slots.indicator.within:
            continue
        names = NUMBERS[slots.indicator.measure]
        if slots.indicator.opportunity and "chance" not in names:
            names = (*names, "chance")
        money[len(sums)] = state.money.get(slots.a)
        places = [getattr(slots, name) for name in names]
        sums += [7.0 if place < 0 else state.sums[place] for place in places]
    rest = {"money": {place: told for place, told in money.items() if told}} | (
        {"ahead": state.ahead} if state.ahead else {}
    )
    packed = Struct(f"={len(sums)}d").pack(*sums)
    return (*kept[:1], layout.id_of(FORMER), packed, *kept[3:5], json.dumps(rest), *kept[6:])


@pytest.mark.parametrize("model", [default_model(), FULL])
def test_a_row_of_the_former_format_is_taken_over(model: ValueModel) -> None:
    layout = Layout(model)
    (kept,) = fold_batch(layout, {}, {"c": made()}, NOW - 9 * DAY)
    assert unpack(kept).money
    assert unpack(kept).ahead
    (found, other) = taken_over([as_before(kept, layout), kept], layout)
    assert found[:5] + found[6:] == kept[:5] + kept[6:]
    assert unpack(found) == unpack(other) == unpack(kept)
