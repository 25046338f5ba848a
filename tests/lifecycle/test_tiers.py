"""Tiers held still, and the past replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.contracts.store import Store
from crmkit.lifecycle import advancing
from crmkit.lifecycle.tiers import tier_by_rank, tier_held
from tests.lifecycle.firm import DAY, Firm, firm


@pytest.mark.parametrize(
    ("held", "rank", "after"),
    [
        ("core", 200, "core"),
        ("core", 220, "core"),
        ("core", 221, "base"),
        ("base", 201, "base"),
        ("base", 181, "base"),
        ("base", 179, "core"),
        ("key", 22, "key"),
        ("key", 23, "core"),
        ("key", 221, "base"),
        ("core", 19, "core"),
        ("core", 17, "key"),
        ("base", 1, "key"),
        (None, 20, "key"),
        (None, 21, "core"),
        (None, 201, "base"),
    ],
)
def test_a_tier_is_left_a_tenth_beyond_its_cut(held: str | None, rank: int, after: str) -> None:
    """Of 1,000 the cuts are 20 and 200: core goes down beyond 220 and is entered above 180."""
    assert tier_held(held, rank, 1000) == after


@pytest.mark.parametrize("count", [1, 2, 5, 10, 49, 50, 51, 99])
def test_in_a_small_firm_the_best_is_key(count: int) -> None:
    """Where a tenth is less than one rank the cut itself decides, so that key is never empty."""
    for held in ("core", "base", None):
        assert tier_held(held, 1, count) == tier_by_rank(1, count) == "key"


def test_tiers_are_recorded_when_they_move() -> None:
    """The first placing and each move is one entry of the history, with its rank."""
    with firm() as shop:
        for number in range(10):
            shop.buyer(f"c{number}", 10, amount=str(1000 - number))
        shop.lifecycle.advance()
        shop.wait(1)
        shop.buy("c9", 0, 0.1, 0.2, amount="3000")
        report = shop.lifecycle.advance()
        moved = {m.customer_id: (m.before, m.after) for m in report.moves if m.what == "tier"}
        assert moved == {"c0": ("key", "core"), "c1": ("core", "base"), "c9": ("base", "key")}
        (first, last) = (m for m in shop.lifecycle.history("c9") if m.what == "tier")
        assert (first.before, first.after, first.facts) == (None, "base", {"rank": 10, "count": 10})
        assert (last.rule, last.facts["rank"]) == ("rank", 1)
        assert shop.crm.value.score("c9").tier == "key"


# -- replaying imported history ----------------------------------------------------------------


def live(shop: Firm, days: int, every: int, *, advance: bool) -> None:
    """Let ten people live for some days; `advance` runs from the first day on."""
    for day in range(days + 1):
        for number in range(10):
            name = f"c{number}"
            if day == number * 7:
                shop.save(name)
                shop.note(name, "visit")
            if day >= number * 7 and (day + number) % (3 + 4 * number) == 0:
                shop.buy(name, 0, amount=str(50 + 13 * number + day))
            if day == 70 + number:
                shop.note(name, "complaint")
        if advance and day % every == 0:
            shop.lifecycle.advance()
        if day < days:
            shop.wait(1)


def moves(shop: Firm) -> list[object]:
    return [
        (move.customer_id, move.what, move.before, move.after, move.at, move.rule, move.reason)
        for number in range(10)
        for move in shop.lifecycle.history(f"c{number}")
    ]


def test_a_replay_equals_what_was_found_step_by_step() -> None:
    """Imported history replayed week by week gives the moves of a firm that advanced each week."""
    with firm() as stepwise, firm() as imported:
        live(stepwise, 280, 7, advance=True)
        live(imported, 280, 7, advance=False)
        report = imported.lifecycle.advance(since=imported.at(280), step=7 * DAY)
        assert report.steps == 40
        assert moves(imported) == moves(stepwise)
        assert len(moves(imported)) > 40


def test_replayed_moves_are_marked() -> None:
    """What is found of the past says so; what holds as of now does not."""
    with firm() as shop:
        live(shop, 90, 7, advance=False)
        shop.lifecycle.advance(since=shop.at(90))
        found = [move for number in range(10) for move in shop.lifecycle.history(f"c{number}")]
        assert {move.replayed for move in found if move.at < shop.now} == {True}
        assert {move.replayed for move in found if move.at == shop.now} <= {False}
        assert {move.recorded_at for move in found} == {shop.now}


def test_a_replay_can_be_repeated() -> None:
    """Called again, as after a kill, a replay adds nothing and rewrites nothing."""
    with firm() as shop:
        live(shop, 120, 7, advance=False)
        shop.lifecycle.advance(since=shop.at(120), step=10 * DAY)
        before = moves(shop)
        again = shop.lifecycle.advance(since=shop.at(120), step=10 * DAY)
        assert (again.stages, again.tiers) == (0, 0)
        assert moves(shop) == before


class PowerCut(Exception):  # noqa: N818 - it is no error of ours
    """The process is gone."""


@pytest.mark.parametrize("commits", [0, 1, 2, 3, 5, 8, 13])
def test_an_advance_that_was_killed_is_gone_on_with(
    commits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after some transactions and called again, a replay ends like one that was not."""
    monkeypatch.setattr(advancing, "_PAGE", 3)
    with firm() as whole, firm(url=f"sqlite:///{tmp_path}/shop.db") as shop:
        for one in (whole, shop):
            live(one, 100, 7, advance=False)
        store = shop.crm.session.store
        write, left = type(store).write, iter(range(commits))

        def failing(self: Store) -> object:
            if next(left, None) is None:
                raise PowerCut
            return write(self)

        monkeypatch.setattr(type(store), "write", failing)
        with pytest.raises(PowerCut):
            shop.lifecycle.advance(since=shop.at(100), step=20 * DAY)
        monkeypatch.setattr(type(store), "write", write)
        shop.lifecycle.advance(since=shop.at(100), step=20 * DAY)
        whole.lifecycle.advance(since=whole.at(100), step=20 * DAY)
        assert moves(shop) == moves(whole)
        assert shop.listed() == whole.listed()
