"""Capture adds to packed sums what a rebuild adds to plain ones: the same, to the bit."""

from __future__ import annotations

import random

import pytest

from crmkit.clock import DAY
from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.model.touchpoint import KINDS
from crmkit.model.value import ValueModel
from crmkit.testing.rows import row
from crmkit.value.fold import fold, fold_batch
from crmkit.value.layout import Layout
from crmkit.value.models import default_model
from crmkit.value.program import compile_program
from crmkit.value.state import State, pack, unpack
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
    state = State.empty(layout, packed=True)
    compile_program(layout, packed=True)["share"](state, row(TOUCHPOINT, kind="share", at=5), 5)
    sums = unpack(pack("c", state, layout)).sums
    changed = [place for place, value in enumerate(sums) if value != layout.zero[place]]
    assert changed == [share.n, share.a, share.ref]
