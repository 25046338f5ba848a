"""Two ways to look back: with today's knowledge, and as it was shown then."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from crmkit.model.value import Indicator, ValueModel
from tests.value.shop import DAY, START, Shop, shop

ANN, BOB = "ann@x.org", "bob@x.org"
VISITS = Indicator("visits", ("visit",), "count", half_life=10 * DAY, weight=1)
MODEL = ValueModel("1", (VISITS,), currency="CNY")


def counts(opened: Shop, at: object, person: str = ANN) -> tuple[float, float]:
    """Give how many visits count, with today's knowledge and as shown, fading left out."""
    found = []
    for as_shown in (False, True):
        part = opened.part("visits", person, at, as_shown=as_shown)
        first = min(row["at"] for row in opened.world.records)
        found.append(round(part.raw * 2 ** ((at - first) / (10 * DAY)), 9))
    return found[0], found[1]


def test_history_imported_today_has_a_past_that_was_not_shown() -> None:
    """A visit of a year ago counts a year ago, though nobody could have seen it then."""
    with shop(MODEL) as opened:
        opened.note("visit", START - 365 * DAY)
        opened.wait(DAY)
        assert counts(opened, START - 365 * DAY) == (1, 0)
        assert counts(opened, START - timedelta(microseconds=1)) == (1, 0)
        assert counts(opened, START) == (1, 1)


def test_what_happened_later_counts_in_neither_view() -> None:
    """A score of yesterday knows nothing of today's visit."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        opened.wait(DAY)
        opened.note("visit", opened.now)
        assert counts(opened, START) == (1, 1)


def test_a_merge_is_looked_through_today_and_was_not_then() -> None:
    """Today they were always one person; what was shown before the merge is one half."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        opened.wait(DAY)
        opened.merge(ANN, BOB)
        assert counts(opened, START) == (2, 1)
        assert counts(opened, opened.now) == (2, 2)


def test_an_unmerge_gives_both_back_and_what_was_shown_remains() -> None:
    """While they were merged two visits were shown; today each has his own."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        opened.wait(DAY)
        merge = opened.merge(ANN, BOB)
        together = opened.wait(DAY)
        opened.wait(DAY)
        opened.unmerge(merge)
        assert counts(opened, together) == (1, 2)
        assert counts(opened, together, BOB) == (1, 0)
        assert counts(opened, START, BOB) == (1, 1)
        assert counts(opened, opened.now, BOB) == (1, 1)


def test_what_came_under_the_dropped_key_while_merged_goes_where_the_key_goes() -> None:
    """A visit under Bob's address counts for Ann while they are one, and for Bob thereafter."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        opened.wait(DAY)
        merge = opened.merge(ANN, BOB)
        opened.note("visit", START, BOB)
        together = opened.wait(DAY)
        assert counts(opened, together) == (3, 3)
        opened.wait(DAY)
        opened.unmerge(merge)
        assert counts(opened, opened.now) == (1, 1)
        assert counts(opened, opened.now, BOB) == (2, 2)
        assert counts(opened, together) == (1, 3)


def test_what_came_under_the_dropped_key_after_the_merge_is_no_correction() -> None:
    """The merge brought Bob's old visit as a correction; his new one is Ann's own behaviour."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        opened.note("visit", START, BOB)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.merge(ANN, BOB)
        newest = opened.note("visit", opened.now, BOB)
        causes = {cause.reason: cause for cause in opened.explain(since, as_shown=True).causes}
        assert [touchpoint.id for touchpoint in causes["behaviour"].touchpoints] == [newest]
        assert causes["correction"].delta > 0


def test_a_correction_is_true_for_the_past_and_was_not_shown_then() -> None:
    """A visit that was really a call never was one today, and was shown until it was corrected."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        key = opened.note("visit", START)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.correct(key, kind="call")
        assert counts(opened, since) == (1, 2)
        assert counts(opened, opened.now) == (1, 1)


def test_a_kind_that_came_by_a_correction_first_is_captured_all_the_same() -> None:
    """What a visit brings is told as such, though an earlier one is there by a correction alone."""
    with shop(MODEL) as opened:
        key = opened.note("call", START)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.correct(key, kind="visit")
        opened.wait(DAY)
        opened.note("visit", opened.now)
        until = opened.wait(DAY)
        told = opened.explain(since, until, as_shown=True)
        wanted = opened.world.explain(ANN, since, until, as_shown=True).causes
        found = {(cause.indicator, cause.reason): cause.delta for cause in told.causes}
        assert found == pytest.approx(wanted)
        assert {reason for _, reason in wanted} == {"applicability", "correction"}


def test_a_corrected_instant_moves_the_touchpoint() -> None:
    """A visit moved to an earlier day is as old as that day in today's view."""
    with shop(MODEL) as opened:
        key = opened.note("visit", START)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.correct(key, at=START - 10 * DAY)
        assert opened.part("visits", at=since).raw == pytest.approx(2**-1.1)
        assert opened.part("visits", at=since, as_shown=True).raw == pytest.approx(2**-0.1)


def test_a_retraction_and_an_undone_capture_never_happened_but_were_shown() -> None:
    """Both are gone from the past as we know it today, and stay in what was shown."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        retracted = opened.note("visit", START)
        opened.note("visit", START)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.retract(retracted)
        opened.undo(list(opened.runs)[-1])
        assert counts(opened, since) == (1, 3)
        assert counts(opened, opened.now) == (1, 1)


def test_records_captured_again_after_an_undo_count_again() -> None:
    """The same records come back as new; in between nothing was shown of them."""
    with shop(MODEL) as opened:
        opened.note("visit", START)
        opened.wait(DAY)
        opened.note("visit", START)
        shown = opened.wait(DAY)
        opened.wait(DAY)
        records = opened.undo(list(opened.runs)[-1])
        undone = opened.wait(DAY)
        opened.wait(DAY)
        opened.capture(*records)
        assert counts(opened, shown) == (2, 2)
        assert counts(opened, undone) == (2, 1)
        assert counts(opened, opened.now) == (2, 2)


def test_a_return_ages_from_a_purchase_only_once_that_is_known() -> None:
    """The purchase arrives after its return: what was shown in between aged the return alone."""
    spend = Indicator(
        "spend", ("purchase", "return"), "sum", field="amount", half_life=10 * DAY, weight=1
    )
    with shop(ValueModel("1", (spend,), currency="CNY")) as opened:
        opened.note("return", START, amount="-100", currency="CNY", of="late")
        alone = opened.wait(DAY)
        opened.wait(DAY)
        opened.note("purchase", START - 10 * DAY, id="late", amount="100", currency="CNY")
        assert opened.part("spend", at=alone).raw == pytest.approx(0, abs=1e-9)
        assert opened.part("spend").raw == pytest.approx(0, abs=1e-9)
        shown = opened.part("spend", at=alone, as_shown=True).raw
        assert shown == pytest.approx(-100 * 2**-0.1)
        opened.retract("late")
        assert opened.part("spend").raw == pytest.approx(-100 * 2**-0.2)


def test_a_promotion_entered_after_its_end_was_not_shown_before() -> None:
    """Who bought through it was loyal then, and nobody knew before it was entered."""
    loyal = Indicator(
        "loyalty", ("purchase",), "rate", within="competitor_promotion", half_life=DAY, weight=1
    )
    with shop(ValueModel("1", (loyal,), currency="CNY")) as opened:
        opened.note("purchase", START)
        since = opened.wait(2 * DAY)
        opened.wait(DAY)
        opened.promotion(START - DAY, START + DAY)
        assert opened.part("loyalty", at=since).state == "observed"
        assert opened.part("loyalty", at=since, as_shown=True).state == "not_applicable"
        moved = opened.explain(since, as_shown=True)
        assert {cause.reason for cause in moved.causes} == {"applicability"}


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (0, 0, "observed"),
        (-5, 0, "observed"),
        (0, 5, "observed"),
        (-5, -1, "not_applicable"),
        (1, 5, "unobserved"),
    ],
)
def test_both_ends_of_a_promotion_belong_to_it(start: int, end: int, state: str) -> None:
    """A purchase at the very start or end is inside; a window before the first one is no chance."""
    loyal = Indicator(
        "loyalty", ("purchase",), "rate", within="competitor_promotion", half_life=DAY, weight=1
    )
    with shop(ValueModel("1", (loyal,), currency="CNY")) as opened:
        opened.note("purchase", START)
        opened.promotion(START + start * DAY, START + end * DAY)
        opened.wait(9 * DAY)
        assert opened.part("loyalty").state == state


def test_a_running_promotion_is_no_chance_yet() -> None:
    """A window counts from its end on, at that very instant too."""
    loyal = Indicator(
        "loyalty", ("purchase",), "rate", within="competitor_promotion", half_life=DAY, weight=1
    )
    with shop(ValueModel("1", (loyal,), currency="CNY")) as opened:
        opened.note("purchase", START)
        opened.promotion(START, START + DAY)
        opened.wait(2 * DAY)
        before = START + DAY - timedelta(microseconds=1)
        assert opened.part("loyalty", at=before).state == "not_applicable"
        assert opened.part("loyalty", at=START + DAY).state == "observed"


def test_the_model_of_then_and_the_model_of_today() -> None:
    """What was shown names the model in force then; the first one holds before it, too."""
    with shop(MODEL) as opened:
        opened.note("visit", START - DAY)
        opened.wait(DAY)
        half = attrs.evolve(VISITS, scale=2.0)
        opened.use(ValueModel("2", (half,), currency="CNY"))
        assert opened.score(at=START).model == "2"
        assert opened.score(at=START, as_shown=True).model == "1"
        assert opened.score(at=START - DAY, as_shown=True).model == "1"
        assert opened.score(at=opened.now, as_shown=True).model == "2"
        assert opened.crm.value.model().version == "2"


def test_what_nobody_did_by_then_applied_to_nobody_then() -> None:
    """The workspace's first call came late: a score of before it leaves calls out, as shown."""
    calls = Indicator("calls", ("call",), "count", half_life=10 * DAY, weight=1)
    with shop(ValueModel("1", (VISITS, calls), currency="CNY")) as opened:
        opened.note("visit", START - DAY)
        since = opened.wait(DAY)
        opened.wait(DAY)
        opened.note("call", START, BOB)
        assert opened.part("calls", at=START - DAY).state == "not_applicable"
        assert opened.part("calls", at=since).state == "unobserved"
        assert opened.part("calls", at=since, as_shown=True).state == "not_applicable"


def test_at_the_present_both_views_are_one() -> None:
    """What is shown now is what is known now."""
    with shop() as opened:
        opened.note("purchase", START, amount="10", currency="CNY")
        opened.wait(DAY)
        now, shown = opened.score(), opened.score(as_shown=True)
        assert now.parts == shown.parts
        assert now.total == shown.total
