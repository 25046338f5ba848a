"""What `explain` and `movers` promise for every history, and what a user reads in them."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from crmkit.model.value import Indicator, ValueModel
from tests.value.oracle import REASONS
from tests.value.shop import (
    DAY,
    FULL,
    START,
    Shop,
    by_reason,
    cause_differences,
    close,
    differences,
    generated,
    shop,
)
from tests.value.stories import MANY, Story, stories, told

ANN, BOB, CYN = "ann@x.org", "bob@x.org", "cyn@x.org"


def model(*indicators: Indicator, version: str = "1") -> ValueModel:
    """Make a model of a few indicators."""
    return ValueModel(version, indicators, currency="CNY")


def visits(name: str = "visits", kind: str = "visit", **rest: Any) -> Indicator:
    """Count visits with a half-life of ten days; one earns 50 points."""
    return Indicator(name, (kind,), "count", **{"half_life": 10 * DAY, "weight": 1, **rest})


# -- laws ------------------------------------------------------------------------------------


@MANY
@given(story=stories())
def test_causes_sum_to_the_difference_of_two_scores(story: Story) -> None:
    """In both views: before and after are scores, and the causes add up to what lies between."""
    with told(story) as opened:
        for person, since, until, as_shown in questions(story, opened):
            moved = opened.explain(since, until, person, as_shown=as_shown)
            before = opened.score(person, since, as_shown=as_shown)
            after = opened.score(person, until, as_shown=as_shown)
            where = (person, since, until, as_shown)
            assert (moved.customer_id, moved.before.at, moved.after.at) == (
                opened.ids[person],
                since,
                until,
            )
            assert close(moved.before.total, before.total), where
            assert close(moved.after.total, after.total), where
            assert moved.delta == moved.after.total - moved.before.total
            assert close(math.fsum(cause.delta for cause in moved.causes), moved.delta), where
            assert {cause.reason for cause in moved.causes} <= set(REASONS)
            keys = [(cause.indicator, cause.reason) for cause in moved.causes]
            assert len(set(keys)) == len(keys)


@MANY
@given(story=stories())
def test_each_cause_is_the_oracles(story: Story) -> None:
    """Each step of the path changes each indicator by what the raw facts say."""
    check_causes(story)


def check_causes(story: Story) -> None:
    with told(story) as opened:
        for person, since, until, as_shown in questions(story, opened):
            moved = opened.explain(since, until, person, as_shown=as_shown)
            expected = opened.world.explain(person, since, until, as_shown=as_shown)
            where = (person, since, until, as_shown)
            assert not (found := differences(moved.before, expected.before)), (*where, found)
            assert not (found := differences(moved.after, expected.after)), (*where, found)
            if as_shown and unmerged_between(opened, since, until):
                continue  # whose a record was meanwhile is told by an example below
            assert not (found := cause_differences(moved.causes, expected.causes)), (*where, found)
            if expected.unexpected is not None:
                assert close(moved.unexpected, expected.unexpected), where


@MANY
@given(story=stories())
def test_movers_are_everybodys_explanations(story: Story) -> None:
    """`movers` says of each customer what `explain` says, and leaves out who stood still."""
    with told(story) as opened:
        people = {opened.ids[person]: person for person in opened.world.customers()}
        for since, until in pairwise(story.instants(opened)):
            for as_shown in (False, True):
                moved = list(opened.crm.value.movers(since, until, as_shown=as_shown))
                assert len({movement.customer_id for movement in moved}) == len(moved)
                for movement in moved:
                    person = people[movement.customer_id]
                    same = opened.explain(since, until, person, as_shown=as_shown)
                    where = (person, since, until, as_shown)
                    assert close(movement.delta, same.delta), where
                    assert close(movement.unexpected, same.unexpected), where
                    assert not cause_differences(movement.causes, by_reason(same.causes)), where
                named = {people[movement.customer_id] for movement in moved}
                for person in people.values():
                    delta = opened.world.explain(person, since, until, as_shown=as_shown).delta
                    assert person in named or abs(delta) < 1e-9, (person, since, until, as_shown)


@pytest.mark.slow("a thousand histories")
@settings(MANY, max_examples=1000)
@given(story=stories(4, 24))
def test_each_cause_of_many_more_and_longer_histories_is_the_oracles(story: Story) -> None:
    """The same law, looked at for longer."""
    check_causes(story)


def unmerged_between(opened: Shop, since: datetime, until: datetime) -> bool:
    """Tell whether a merge was taken back in that time."""
    return any(
        decision["kind"] == "unmerge" and since < decision["at"] <= until
        for decision in opened.world.decisions
    )


def questions(story: Story, opened: Shop) -> list[tuple[str, datetime, datetime, bool]]:
    """Ask about everybody, between the instants of the story, in both views."""
    times = story.instants(opened)
    spans = [*pairwise(times), (times[0], times[-1])]
    return [
        (person, since, until, as_shown)
        for person in opened.world.customers()
        for since, until in spans
        for as_shown in (False, True)
    ]


@pytest.mark.parametrize("days", [1, 30, 400])
def test_movers_of_a_bigger_shop_equal_the_oracle(days: int) -> None:
    """Of 150 customers with three years behind them, every cause of everybody is the oracle's."""
    people = [f"p{number:03}@x.org" for number in range(150)]
    with shop(FULL) as opened:
        records = generated(days, people, 2000, opened.now)
        opened.capture(*records[::2])
        opened.wait(DAY)
        opened.capture(*records[1::2])
        for number in range(6):
            start = START - timedelta(days=70 * number)
            opened.promotion(start, start + 9 * DAY)
        opened.wait(DAY / 2)
        since = opened.now - days * DAY
        moved = {m.customer_id: m for m in opened.crm.value.movers(since, opened.now)}
        for person in people:
            expected = opened.world.explain(person, since, opened.now)
            movement = moved.pop(opened.ids[person], None)
            if movement is None:
                assert abs(expected.delta) < 1e-9
                continue
            assert close(movement.delta, expected.delta)
            assert not (found := cause_differences(movement.causes, expected.causes)), found
            if expected.unexpected is not None:
                assert close(movement.unexpected, expected.unexpected)
        assert not moved


# -- one reason at a time --------------------------------------------------------------------


def test_time_alone_is_fading() -> None:
    """One half-life after the only visit: 50 points became 100 * (1 - 2 ** -0.5)."""
    with shop(model(visits())) as opened:
        opened.note("visit", START)
        opened.wait(10 * DAY)
        assert opened.causes(START) == pytest.approx({("visits", "fading"): 50 - 50 * 2**0.5})


def test_a_new_visit_is_behaviour_and_names_its_touchpoint() -> None:
    """The visit since then brought the points, and the cause shows it."""
    with shop(model(visits())) as opened:
        opened.note("visit", START)
        opened.wait(10 * DAY)
        newest = opened.note("visit", opened.now)
        moved = opened.explain(START)
        cause = next(cause for cause in moved.causes if cause.reason == "behaviour")
        assert [touchpoint.id for touchpoint in cause.touchpoints] == [newest]
        assert cause.delta == pytest.approx(100 * (2**-0.5 - 2**-1.5))


def test_touchpoints_of_a_cause_are_newest_first() -> None:
    """Three visits, captured in any order, are shown from the newest to the oldest."""
    with shop(model(visits())) as opened:
        opened.note("visit", START - DAY)
        opened.wait(4 * DAY)
        for age in (2, 1, 3):
            opened.note("visit", opened.now - age * DAY, id=f"v{age}")
        causes = opened.explain(START).causes
        cause = next(cause for cause in causes if cause.reason == "behaviour")
        assert [touchpoint.id for touchpoint in cause.touchpoints] == ["v1", "v2", "v3"]


def test_causes_come_largest_first() -> None:
    """What changed the score most is read first, whichever way it went."""
    with shop(model(visits(weight=3), visits("rare", half_life=DAY))) as opened:
        opened.note("visit", START)
        opened.wait(9 * DAY)
        opened.note("visit", opened.now)
        sizes = [abs(cause.delta) for cause in opened.explain(START).causes]
        assert len(sizes) >= 3
        assert sizes == sorted(sizes, reverse=True)


def test_a_first_invitation_shares_the_weights_out_anew() -> None:
    """Until he was invited, events were no matter; now the other points weigh half."""
    came = Indicator(
        "events",
        ("event_attended",),
        "rate",
        opportunity=("event_invited",),
        half_life=10 * DAY,
        weight=1,
    )
    with shop(model(visits(), came)) as opened:
        opened.note("visit", START)
        opened.wait(10 * DAY)
        invited = opened.note("event_invited", opened.now)
        faded = 100 * (1 - 2**-0.5)
        assert opened.causes(START) == pytest.approx(
            {("visits", "fading"): faded - 50, ("visits", "applicability"): -faded / 2}
        )
        came_too = opened.note("event_attended", opened.now)
        assert opened.causes(START)["events", "applicability"] == pytest.approx(50)
        opened.note("visit", opened.now)
        for as_shown in (False, True):  # no visit made the visits weigh less
            moved = opened.explain(START, as_shown=as_shown)
            behind = [one.touchpoints for one in moved.causes if one.reason == "applicability"]
            assert [{one.id for one in found} for found in behind] == [{invited, came_too}] * 2


def test_a_promotion_that_ended_is_behaviour() -> None:
    """Who did not buy through the second rival promotion fell by what that says of him."""
    loyal = Indicator(
        "loyalty", ("purchase",), "rate", within="competitor_promotion", half_life=DAY, weight=1
    )
    with shop(model(loyal)) as opened:
        opened.promotion(START - 2 * DAY, START - DAY)
        opened.note("purchase", START - DAY)
        opened.promotion(START + 2 * DAY, START + 3 * DAY)
        opened.wait(4 * DAY)
        causes = opened.causes(START)
        assert causes == pytest.approx({("loyalty", "behaviour"): 100 / 17 - 100})


def test_late_arrivals_move_only_what_was_shown() -> None:
    """A visit of last week learnt today is late in what was shown, and old in today's view."""
    with shop(model(visits())) as opened:
        opened.note("visit", START - 10 * DAY)
        opened.wait(DAY)
        since = opened.now
        opened.wait(DAY)
        late = opened.note("visit", START)
        shown = opened.explain(since, as_shown=True)
        cause = next(cause for cause in shown.causes if cause.reason == "late")
        assert [touchpoint.id for touchpoint in cause.touchpoints] == [late]
        assert cause.delta > 0
        assert {key[1] for key in opened.causes(since)} == {"fading"}


def test_a_correction_is_a_correction_and_not_late() -> None:
    """What was corrected since is `correction` in what was shown, nothing in today's view."""
    spend = Indicator(
        "spend", ("purchase",), "sum", field="amount", half_life=9999 * DAY, weight=1, scale=100
    )
    with shop(model(spend)) as opened:
        key = opened.note("purchase", START, amount="100", currency="CNY")
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.correct(key, amount="200")
        shown = opened.causes(since, as_shown=True)
        assert shown["spend", "correction"] == pytest.approx(25, abs=0.1)
        assert {reason for _, reason in shown} == {"fading", "correction"}
        assert {reason for _, reason in opened.causes(since)} == {"fading"}


@pytest.mark.parametrize("how", ["retract", "undo"])
def test_what_was_taken_back_is_a_correction(how: str) -> None:
    """A retracted touchpoint, or an undone capture, takes its points away under that name."""
    with shop(model(visits())) as opened:
        opened.note("visit", START)
        key = opened.note("visit", START)
        since = opened.wait(DAY)
        opened.wait(timedelta(seconds=1))
        opened.retract(key) if how == "retract" else opened.undo(list(opened.runs)[-1])
        shown = opened.causes(since, as_shown=True)
        assert shown["visits", "correction"] < -20
        assert {reason for _, reason in opened.causes(since)} == {"fading"}


def test_a_merge_and_an_unmerge_are_corrections() -> None:
    """The other half's visits come with the merge, and leave with the unmerge."""
    with shop(model(visits())) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        apart = opened.wait(DAY)
        opened.wait(DAY)
        merge = opened.merge(ANN, BOB)
        together = opened.wait(DAY)
        assert opened.causes(apart, as_shown=True)["visits", "correction"] > 20
        assert {reason for _, reason in opened.causes(apart)} == {"fading"}
        opened.wait(DAY)
        opened.unmerge(merge)
        assert opened.causes(together, as_shown=True)["visits", "correction"] < -20
        assert opened.causes(together, person=BOB, as_shown=True)["visits", "correction"] > 20
        assert {reason for _, reason in opened.causes(together, person=BOB)} == {"fading"}


def test_what_a_retraction_leaves_unfed_is_a_correction() -> None:
    """The only call there ever was is retracted: nothing of that is late, it is a correction."""
    with shop(model(visits(half_life=9999 * DAY), visits("calls", "call"))) as opened:
        opened.note("visit", START)
        key = opened.note("call", START)
        since = opened.wait(DAY)
        opened.wait(timedelta(seconds=1))
        opened.retract(key)
        causes = opened.causes(since, as_shown=True)
        assert causes["calls", "correction"] == pytest.approx(-23.8, abs=0.1)
        assert causes["visits", "correction"] == pytest.approx(25, abs=0.1)
        assert {reason for _, reason in causes} == {"fading", "correction"}


def test_a_return_whose_purchase_was_retracted_is_a_correction() -> None:
    """The return is now aged from its own day; that is a correction too, and nothing is late."""
    spend = Indicator(
        "spend",
        ("purchase", "return"),
        "sum",
        field="amount",
        half_life=10 * DAY,
        weight=1,
        scale=100,
    )
    with shop(model(spend)) as opened:
        opened.note("purchase", START, amount="200", currency="CNY")
        old = opened.note("purchase", START - 20 * DAY, amount="100", currency="CNY")
        opened.note("return", START, amount="-50", currency="CNY", of=old)
        since = opened.wait(timedelta(seconds=1))
        opened.wait(timedelta(seconds=1))
        opened.retract(old)
        causes = opened.causes(since, as_shown=True)
        before, after = 100 * (1 - 2**-2.125), 100 * (1 - 2**-1.5)
        assert causes["spend", "correction"] == pytest.approx(after - before, abs=0.001)
        assert {reason for _, reason in causes} == {"fading", "correction"}


def test_what_comes_after_an_unmerge_never_was_the_keepers() -> None:
    """Bob's visit after the unmerge is no behaviour of Ann's that would have to be corrected."""
    with shop(model(visits(half_life=9999 * DAY))) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        merge = opened.merge(ANN, BOB)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.unmerge(merge)
        opened.wait(DAY)
        newest = opened.note("visit", opened.now, BOB)
        causes = opened.causes(since, as_shown=True)
        assert causes["visits", "correction"] == pytest.approx(-25, abs=0.1)
        assert {reason for _, reason in causes} == {"fading", "correction"}
        moved = opened.explain(since, person=BOB, as_shown=True)
        cause = next(cause for cause in moved.causes if cause.reason == "behaviour")
        assert [touchpoint.id for touchpoint in cause.touchpoints] == [newest]


def test_an_override_of_the_dropped_half_comes_with_the_merge() -> None:
    """Bob's override holds for Ann once they are one; before, it was not shown of her."""
    with shop(model(visits(half_life=9999 * DAY))) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        opened.wait(DAY)
        opened.override(BOB, "visits", 90)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.merge(ANN, BOB)
        moved = opened.explain(since, as_shown=True)
        assert moved.before.total == pytest.approx(opened.score(at=since, as_shown=True).total)
        assert moved.before.total == pytest.approx(50, abs=0.1)
        assert moved.after.total == pytest.approx(90)
        assert sum(cause.delta for cause in moved.causes) == pytest.approx(moved.delta)


def test_an_override_that_begins_and_one_that_ends_are_override() -> None:
    """Points set by a person come and go under their own name, in both views."""
    with shop(model(visits(half_life=9999 * DAY))) as opened:
        opened.note("visit", START)
        opened.wait(DAY)
        opened.override(ANN, "visits", 80, until=opened.now + 5 * DAY)
        middle = opened.wait(DAY)
        opened.wait(9 * DAY)
        for as_shown in (False, True):
            began = opened.causes(START, middle, as_shown=as_shown)
            ended = opened.causes(middle, as_shown=as_shown)
            assert began["visits", "override"] == pytest.approx(30, abs=0.1)
            assert ended["visits", "override"] == pytest.approx(-30, abs=0.1)


def test_a_decline_shares_its_weight_out_as_applicability() -> None:
    """Who declines one indicator keeps the other's points, now at full weight."""
    with shop(model(visits(half_life=9999 * DAY), visits("other", "call"))) as opened:
        opened.note("visit", START)
        opened.note("call", START, BOB)
        since = opened.wait(timedelta(seconds=1))
        opened.wait(timedelta(seconds=1))
        opened.decline(ANN, "other")
        for as_shown in (False, True):
            causes = opened.causes(since, as_shown=as_shown)
            assert causes["visits", "applicability"] == pytest.approx(25, abs=0.001)
            assert {reason for _, reason in causes} <= {"fading", "applicability"}


def test_a_new_model_is_the_last_step_of_what_was_shown() -> None:
    """Under a new model the old indicator leaves, the new one comes, both under `model`."""
    with shop(model(visits(half_life=9999 * DAY))) as opened:
        opened.note("visit", START)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.use(model(visits("calls", "call"), visits("seen"), version="2"))
        shown = opened.causes(since, as_shown=True)
        assert shown["visits", "model"] == pytest.approx(-50, abs=0.1)
        assert shown["seen", "model"] > 40
        assert {reason for _, reason in opened.causes(since)} == {"fading"}


# -- what is news ------------------------------------------------------------------------------


def test_fading_inside_the_customers_own_rhythm_is_expected() -> None:
    """Who buys every ten days has not drifted away after fifteen days, and has after sixteen."""
    buys = Indicator("buys", ("purchase",), "count", half_life=10 * DAY, weight=1)
    with shop(model(buys)) as opened:
        for number in range(5):
            opened.note("purchase", START - 10 * number * DAY)
        opened.wait(20 * DAY)
        inside = opened.explain(START, START + 15 * DAY)
        outside = opened.explain(START, START + 16 * DAY)
        assert inside.delta < -10
        assert inside.unexpected == pytest.approx(0, abs=1e-9)
        assert outside.unexpected == pytest.approx(outside.delta)


def test_other_causes_are_always_news() -> None:
    """An override counts whole, while the fading beside it was expected."""
    buys = Indicator("buys", ("purchase",), "count", half_life=10 * DAY, weight=1)
    with shop(model(buys, visits())) as opened:
        for number in range(5):
            opened.note("purchase", START - 10 * number * DAY)
        opened.note("visit", START)
        opened.wait(DAY)
        opened.override(ANN, "visits", 0)
        moved = opened.explain(START)
        causes = by_reason(moved.causes)
        assert moved.unexpected == pytest.approx(causes["visits", "override"])


def test_each_indicator_goes_by_its_own_last_touchpoint() -> None:
    """Visits stopped forty days ago, purchases did not: the visits' fading is news."""
    buys = Indicator("buys", ("purchase",), "count", half_life=10 * DAY, weight=1)
    with shop(model(buys, visits())) as opened:
        for number in range(5):
            opened.note("purchase", START - 10 * number * DAY)
        opened.note("visit", START - 40 * DAY)
        opened.wait(5 * DAY)
        moved = opened.explain(START)
        causes = by_reason(moved.causes)
        assert moved.unexpected == pytest.approx(causes["visits", "fading"])


def test_two_purchases_on_one_day_are_one_purchase_day() -> None:
    """Splitting an order in two does not make a customer's rhythm faster."""
    buys = Indicator("buys", ("purchase",), "count", half_life=10 * DAY, weight=1)
    with shop(model(buys)) as opened:
        for number in range(5):
            at = START - 10 * number * DAY
            for part in range(3):
                opened.note("purchase", at + timedelta(minutes=part))
        opened.wait(14 * DAY)
        assert opened.explain(START + DAY).unexpected == pytest.approx(0, abs=1e-9)


def test_who_has_no_rhythm_yet_goes_by_the_median_of_his_tier() -> None:
    """A newcomer among people who buy every ten days is missed after sixteen days, not before."""
    buys = Indicator("buys", ("purchase",), "count", half_life=10 * DAY, weight=1)
    with shop(model(buys)) as opened:
        for day in range(40):
            opened.note("purchase", START - day * DAY, "daily@x.org")
        for person in ("a@x.org", "b@x.org", "c@x.org"):
            for number in range(4):
                opened.note("purchase", START - 10 * number * DAY, person)
        opened.note("purchase", START)
        opened.wait(20 * DAY)
        inside = opened.explain(START, START + 15 * DAY)
        outside = opened.explain(START, START + 16 * DAY)
        assert inside.unexpected == pytest.approx(0, abs=1e-9)
        assert outside.unexpected == pytest.approx(outside.delta)


# -- movers ------------------------------------------------------------------------------------


@pytest.fixture
def street() -> Any:
    """Four customers: one rises, one falls hard, one falls a little, one stands still."""
    likes = Indicator(
        "likes", ("opinion",), "mean", field="rating", half_life=DAY, weight=1, scale=10
    )
    with shop(model(likes)) as opened:
        for person, rating in (("rise", 2), ("fall", 9), ("slip", 5), ("calm", 7)):
            opened.note("opinion", START, f"{person}@x.org", rating=rating)
        opened.wait(DAY)
        for person, rating in (("rise", 8), ("fall", 0), ("slip", 4)):
            opened.note("opinion", opened.now, f"{person}@x.org", rating=rating)
        yield opened


def names(opened: Shop, **filters: Any) -> list[str]:
    """Give the movers' names in order."""
    people = {number: person.split("@")[0] for person, number in opened.ids.items()}
    return [people[m.customer_id] for m in opened.crm.value.movers(START, **filters)]


def test_movers_come_largest_first_and_who_stood_still_is_none(street: Shop) -> None:
    """Sixty points down, forty up, seven down; the calm one is no mover."""
    for order in ("unexpected", "size"):
        assert names(street, order=order) == ["fall", "rise", "slip"]


def test_movers_by_direction(street: Shop) -> None:
    """Rising and falling divide the movers."""
    assert names(street, direction="rising") == ["rise"]
    assert names(street, direction="falling") == ["fall", "slip"]


def test_movers_of_at_least_some_points_and_at_most_so_many(street: Shop) -> None:
    """`min_delta` leaves out the small ones, `limit` the later ones."""
    assert names(street, min_delta=10) == ["fall", "rise"]
    assert names(street, limit=1) == ["fall"]
    assert names(street, direction="falling", limit=1) == ["fall"]


def test_movers_of_one_tier_are_those_who_held_it_at_the_start(street: Shop) -> None:
    """The key customer of the start is a mover of that tier though he fell out of it."""
    assert names(street, tier="key") == ["fall"]
    assert names(street, tier="base") == ["rise", "slip"]


def test_movers_of_equal_size_come_by_id() -> None:
    """Equal movements are listed by customer id."""
    with shop(model(visits())) as opened:
        for number in range(6):
            opened.note("visit", START, f"p{number}@x.org")
        opened.wait(DAY)
        moved = [m.customer_id for m in opened.crm.value.movers(START)]
        assert moved == sorted(opened.ids.values())


def test_movers_goes_by_the_unexpected_part_and_by_size_where_asked() -> None:
    """A regular buyer's fading is the larger movement, a lost one's the more telling."""
    buys = Indicator("buys", ("purchase",), "count", half_life=10 * DAY, weight=1, scale=3)
    with shop(model(buys)) as opened:
        for number in range(5):
            opened.note("purchase", START - 10 * number * DAY, "calm@x.org")
            opened.note("purchase", START - (30 + number) * DAY, "gone@x.org")
        opened.wait(5 * DAY)
        assert names(opened)[0] == "gone"
        assert names(opened, order="size")[0] == "calm"


def test_a_customer_seen_for_the_first_time_is_a_mover() -> None:
    """Who was nobody at the start rises by his whole score."""
    with shop(model(visits())) as opened:
        opened.note("visit", START, BOB)
        opened.wait(DAY)
        opened.note("visit", opened.now)
        moved = {m.customer_id: m for m in opened.crm.value.movers(START)}
        assert moved[opened.ids[ANN]].delta == pytest.approx(50)


def test_explaining_no_time_at_all_finds_no_cause() -> None:
    """Between an instant and itself nothing moved."""
    with shop(FULL) as opened:
        opened.note("purchase", START, amount="10", currency="CNY")
        moved = opened.explain(opened.now, opened.now)
        assert (moved.delta, moved.unexpected, moved.causes) == (0, 0, ())
        assert list(opened.crm.value.movers(opened.now, opened.now)) == []


def test_the_present_is_the_default_end() -> None:
    """Without an end, both look up to now."""
    with shop(FULL) as opened:
        opened.note("purchase", START, amount="10", currency="CNY")
        opened.wait(DAY)
        assert opened.explain(START).after.at == opened.now
        assert {m.after.at for m in opened.crm.value.movers(START)} == {opened.now}


def test_results_can_be_sent_as_json() -> None:
    """A movement is plain data and comes back equal."""
    with shop(FULL) as opened:
        opened.note("purchase", START, amount="10", currency="CNY")
        opened.wait(DAY)
        moved = opened.explain(START - DAY)
        assert type(moved).from_dict(json.loads(json.dumps(moved.to_dict()))) == moved
