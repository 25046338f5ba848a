"""What a customer declined and what a person set: in force from, until, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

import crmkit
from crmkit.model.value import Indicator, ValueModel
from tests.value.shop import DAY, START, WHY, Shop, shop

ANN, BOB = "ann@x.org", "bob@x.org"
SECOND = timedelta(seconds=1)
MODEL = ValueModel(
    "1",
    (
        Indicator("visits", ("visit",), "count", half_life=9999 * DAY, weight=3),
        Indicator(
            "surveys",
            ("survey_answered",),
            "rate",
            opportunity=("survey_sent",),
            half_life=9999 * DAY,
            weight=1,
        ),
        Indicator("shares", ("share",), "count", half_life=9999 * DAY, weight=4),
    ),
    currency="CNY",
)


@pytest.fixture
def opened() -> Iterator[Shop]:
    """A shop in which Ann came once and ignored a survey, and nobody ever shared anything."""
    with shop(MODEL) as made:
        made.note("visit", START)
        made.note("survey_sent", START)
        made.wait(DAY)
        yield made


def states(opened: Shop, person: str = ANN) -> dict[str, tuple[str, float]]:
    """Give state and weight of each indicator."""
    parts = opened.score(person).parts
    return {part.indicator: (part.state, round(part.weight, 9)) for part in parts}


def test_the_four_states(opened: Shop) -> None:
    """Seen, not seen, had no chance, declined: four answers, and only the first two weigh."""
    opened.note("visit", START, BOB)
    assert states(opened) == {
        "visits": ("observed", 0.75),
        "surveys": ("unobserved", 0.25),
        "shares": ("not_applicable", 0.0),
    }
    assert states(opened, BOB) == {
        "visits": ("observed", 1.0),
        "surveys": ("not_applicable", 0.0),
        "shares": ("not_applicable", 0.0),
    }
    opened.decline(ANN, "surveys")
    assert states(opened)["surveys"] == ("declined", 0.0)


def test_a_quiet_buyer_who_was_never_invited_is_not_punished(opened: Shop) -> None:
    """Ann's ignored survey costs her points; Bob, who was never asked, has none to lose."""
    opened.note("visit", START, BOB)
    assert opened.score(BOB).total == pytest.approx(50, abs=0.01)
    assert opened.score(ANN).total == pytest.approx(37.5, abs=0.01)


def test_who_asked_not_to_be_surveyed_is_not_punished_either(opened: Shop) -> None:
    """After she declined, Ann's total is what her visits alone are worth."""
    opened.decline(ANN, "surveys")
    assert opened.score().total == pytest.approx(50, abs=0.01)
    assert opened.score().total == pytest.approx(sum(p.contribution for p in opened.score().parts))


def test_the_first_share_of_anybody_makes_sharing_count_for_all(opened: Shop) -> None:
    """What the host never captured costs nobody points, until he captures it."""
    opened.note("share", opened.now, BOB)
    assert states(opened)["shares"] == ("unobserved", 0.5)


def test_a_kind_that_is_gone_from_the_log_feeds_nobody(opened: Shop) -> None:
    """When the only share of the workspace is retracted, sharing applies to nobody again."""
    key = opened.note("share", opened.now, BOB)
    opened.retract(key)
    assert states(opened)["shares"] == ("not_applicable", 0.0)


def test_an_answer_without_a_survey_sent_is_a_full_rate(opened: Shop) -> None:
    """Who answers unasked always answers."""
    opened.note("survey_answered", opened.now, BOB)
    part = opened.part("surveys", BOB)
    assert (part.state, part.raw, part.points) == ("observed", 1.0, 100.0)


def test_a_declined_indicator_still_shows_what_was_measured(opened: Shop) -> None:
    """Declined visits earn nothing and weigh nothing; the count is still there to be seen."""
    opened.decline(ANN, "visits")
    part = opened.part("visits")
    assert (part.points, part.weight, part.contribution) == (0.0, 0.0, 0.0)
    assert part.raw == pytest.approx(1, abs=0.001)


def test_an_override_sets_points_and_keeps_the_measure(opened: Shop) -> None:
    """The points are the ones that were set, observed, beside the raw value as measured."""
    opened.override(ANN, "visits", 90)
    part = opened.part("visits")
    assert (part.state, part.points) == ("observed", 90.0)
    assert part.raw == pytest.approx(1, abs=0.001)
    assert opened.score().total == pytest.approx(67.5)


def test_an_override_makes_an_indicator_apply(opened: Shop) -> None:
    """Points can be set for what nobody was ever seen doing; it weighs from then on."""
    opened.override(ANN, "shares", 100)
    assert states(opened)["shares"] == ("observed", 0.5)


def test_an_override_ends_at_its_date(opened: Shop) -> None:
    """In force up to its end, exclusive, and not before it was decided."""
    until = opened.now + DAY
    opened.override(ANN, "visits", 90, until=until)
    microsecond = timedelta(microseconds=1)
    since = opened.now
    opened.wait(10 * DAY)
    assert opened.part("visits", at=since - microsecond).points < 60
    assert opened.part("visits", at=since).points == 90
    assert opened.part("visits", at=until - microsecond).points == 90
    assert opened.part("visits", at=until).points < 60


def test_the_older_override_comes_back_when_the_newer_ends(opened: Shop) -> None:
    """Ten points for ever, ninety for a day, and then ten again."""
    opened.override(ANN, "visits", 10)
    opened.wait(SECOND)
    opened.override(ANN, "visits", 90, until=opened.now + DAY)
    assert opened.part("visits").points == 90
    opened.wait(DAY)
    assert opened.part("visits").points == 10


def test_the_newer_of_two_overrides_of_one_instant_holds(opened: Shop) -> None:
    """Two calls at one tick of the clock: the second one counts."""
    opened.override(ANN, "visits", 10)
    opened.override(ANN, "visits", 20)
    assert opened.part("visits").points == 20


def test_a_decline_goes_before_an_override(opened: Shop) -> None:
    """What the customer asked for counts, in whichever order the two came."""
    opened.decline(ANN, "visits")
    opened.wait(SECOND)
    opened.override(ANN, "visits", 90)
    assert states(opened)["visits"] == ("declined", 0.0)
    opened.override(ANN, "surveys", 90)
    opened.wait(SECOND)
    opened.decline(ANN, "surveys")
    assert states(opened)["surveys"] == ("declined", 0.0)


def test_reinstate_takes_back_a_decline_and_an_override(opened: Shop) -> None:
    """From then on both are measured again; before it, both views remember."""
    before = opened.score().total
    opened.decline(ANN, "surveys")
    opened.override(ANN, "visits", 90)
    middle = opened.now
    opened.wait(SECOND)
    opened.reinstate(ANN, "surveys")
    opened.reinstate(ANN, "visits")
    assert opened.score().total == pytest.approx(before, abs=0.01)
    for as_shown in (False, True):
        assert opened.score(at=middle, as_shown=as_shown).total == pytest.approx(90)


def test_a_decline_says_nothing_about_the_time_before_it(opened: Shop) -> None:
    """Yesterday's score is still the one with the ignored survey in it, in both views."""
    before = opened.now
    opened.wait(DAY)
    opened.decline(ANN, "surveys")
    for as_shown in (False, True):
        assert opened.part("surveys", at=before, as_shown=as_shown).state == "unobserved"


def test_a_decline_concerns_that_customer_only(opened: Shop) -> None:
    """What Ann declined is measured of Bob."""
    opened.note("survey_sent", opened.now, BOB)
    opened.decline(ANN, "surveys")
    assert states(opened, BOB)["surveys"] == ("unobserved", 0.25)


def test_when_everything_is_declined_the_total_is_zero(opened: Shop) -> None:
    """Where nothing applies there is no total, and no division by zero."""
    for name in ("visits", "surveys", "shares"):
        opened.decline(ANN, name)
    score = opened.score()
    assert score.total == 0.0
    assert {part.state for part in score.parts} == {"declined"}


def test_points_outside_the_scale_are_refused(opened: Shop) -> None:
    """Points are 0 to 100; the error is one of crmkit's own."""
    for points in (-1, 100.5, float("nan")):
        with pytest.raises(crmkit.CrmkitError):
            opened.crm.value.override(opened.ids[ANN], "visits", points, reason=WHY)


def test_an_unknown_indicator_or_customer_is_refused(opened: Shop) -> None:
    """A misspelt name is an error that says so, not a decision without effect."""
    with pytest.raises(crmkit.CrmkitError, match="visit_s"):
        opened.crm.value.decline(opened.ids[ANN], "visit_s", reason=WHY)
    with pytest.raises(crmkit.CustomerNotFound):
        opened.crm.value.decline("nobody", "visits", reason=WHY)
