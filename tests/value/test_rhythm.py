"""What a rhythm explains of a fall, and what can be said before it is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.clock import DAY
from crmkit.contracts.tables import STANDING
from crmkit.value import ranks
from crmkit.value.rhythm import PATIENCE, least_unexplained, unexplained
from tests.lifecycle.firm import firm

LOST = st.floats(-20, 20)
SILENT = st.integers(-DAY, 400 * DAY)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.tuples(LOST, SILENT)), st.floats(0, 1e4))
def test_no_rhythm_leaves_less_unexplained(
    indicators: dict[str, tuple[float, int]], gap: float
) -> None:
    """The least is that of some gap, and no gap has less."""
    fading = {name: lost for name, (lost, _) in indicators.items()}
    silent = {name: lasted for name, (_, lasted) in indicators.items()}
    least = least_unexplained(fading, silent)
    assert least <= unexplained(fading, silent, gap) + 1e-9
    # Half a microsecond: two may be silent for one microsecond more than one another.
    gaps = [None, *((lasted + 0.5) / (PATIENCE * DAY) for lasted in silent.values())]
    some = [unexplained(fading, silent, one) for one in gaps]
    assert least == pytest.approx(min(some), abs=1e-9)


def test_one_kind_does_not_take_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who bought twice has no rhythm of his own; that of his tier is not asked for in vain."""
    with firm() as shop:
        for number in range(6):
            shop.buyer(f"c{number}", 90, 70, 50, 30, 10)
        shop.buyer("new", 100, 1)
        shop.lifecycle.advance()
        with shop.crm.session.store.read() as reader:
            (row,) = reader.fetch(STANDING, [("new",)])
        monkeypatch.setattr(ranks, "survey", None)
        assert shop.crm.value.kind("new").name == row[STANDING.position["kind"]]
