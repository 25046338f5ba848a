"""Every number of every score, against the oracle's recomputation from the raw facts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from tests.value import oracle
from tests.value.shop import (
    DAY,
    FULL,
    MODELS,
    SHORT,
    START,
    Shop,
    close,
    differences,
    generated,
    shop,
)
from tests.value.stories import MANY, Story, stories, told

PEOPLE = [f"p{number:04}@x.org" for number in range(1000)]


def instants(seed: int, end: datetime, count: int = 10) -> list[datetime]:
    """Pick instants of the last three years, the present among them."""
    rng = random.Random(seed)
    spans = [timedelta(seconds=rng.randint(0, 3 * 365 * 86_400)) for _ in range(count - 1)]
    return [end, *(end - span for span in spans)]


def fill(opened: Shop, seed: int, count: int, captures: int = 7) -> list[dict[str, Any]]:
    """Capture a generated shop in several captures, shuffled, some of it twice."""
    records = generated(seed, PEOPLE, count, opened.now)
    rng = random.Random(seed)
    rng.shuffle(records)
    for number in range(captures):
        batch = records[number::captures]
        opened.capture(*batch)
        opened.capture(*rng.sample(batch, 3))
        opened.wait(timedelta(hours=7))
    for number in range(12):
        start = START - timedelta(days=80 * number)
        opened.promotion(start, start + 9 * DAY)
    return records


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of a thousand customers with three years behind it."""
    folder = tmp_path_factory.mktemp("big")
    url = "memory://" if request.param == "memory" else f"sqlite:///{folder / 'shop.db'}"
    with shop(FULL, url) as opened:
        fill(opened, 1, 12_000)
        yield opened


EXPECTED: dict[tuple[str, datetime, str], oracle.Score] = {}
"""The same shop is looked at in two stores; the oracle is asked once."""


def expected(opened: Shop, person: str, at: datetime) -> oracle.Score:
    """Give the oracle's score of one of the big shops, which hold the same."""
    key = (person, at, opened.world.model().version)
    if key not in EXPECTED:
        EXPECTED[key] = opened.world.score(person, at)
    return EXPECTED[key]


@pytest.mark.parametrize("model", [FULL, SHORT], ids=lambda model: model.version)
def test_a_thousand_customers_at_ten_instants_equal_the_oracle(big: Shop, model: Any) -> None:
    """Every state, raw value, points and weight of a big shop is what the raw facts give."""
    big.wait(DAY)
    big.use(attrs.evolve(model, version=f"{model.version}-{big.now:%j}"))
    people = {number: person for person, number in big.ids.items()}
    for at in instants(2, big.now):
        scores = {score.customer_id: score for score in big.crm.value.scores(at=at)}
        assert set(scores) == set(people)
        wrong = {
            (person, at): wrong
            for number, person in people.items()
            if (wrong := differences(scores[number], expected(big, person, at)))
        }
        assert not wrong, (len(wrong), dict(list(wrong.items())[:3]))


def test_one_score_equals_the_same_one_among_all(big: Shop) -> None:
    """Asking for one customer and asking for everybody gives the same numbers."""
    for at in instants(3, big.now, 3):
        for person in PEOPLE[::97]:
            one = big.score(person, at)
            many = list(big.crm.value.scores([big.ids[person]], at))
            assert [score.customer_id for score in many] == [one.customer_id]
            assert not differences(many[0], big.world.score(person, at))
            assert not differences(one, big.world.score(person, at))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_capture_does_not_matter(seed: int) -> None:
    """The same records, in another order and cut otherwise, give the same scores."""
    with shop() as one, shop() as other:
        records = generated(seed, PEOPLE[:30], 600, one.now)
        random.Random(seed).shuffle(records)
        one.capture(*records)
        for start in range(0, len(records), 101):
            other.capture(*records[::-1][start : start + 101])
        for at in instants(seed, one.now, 4):
            for person in one.ids:
                mine, theirs = one.score(person, at), other.score(person, at)
                for part, same in zip(mine.parts, theirs.parts, strict=True):
                    assert part.state == same.state
                    assert close(part.raw, same.raw)
                assert close(mine.total, theirs.total)


@pytest.mark.parametrize("seed", range(3))
def test_a_state_grown_touchpoint_by_touchpoint_equals_a_rebuilt_one(seed: int) -> None:
    """Switching to the same model under another name reads the log anew and changes nothing."""
    with shop() as opened:
        records = generated(seed, PEOPLE[:20], 400, opened.now)
        random.Random(seed).shuffle(records)
        for start in range(0, len(records), 37):
            opened.capture(*records[start : start + 37])
            opened.wait(timedelta(hours=30))
        for record in records[:40:4]:
            opened.retract(record["id"])
        before = {person: opened.score(person) for person in opened.ids}
        opened.use(attrs.evolve(SHORT, version="between"))
        opened.use(attrs.evolve(FULL, version="again"))
        for person, grown in before.items():
            rebuilt = opened.score(person)
            assert [(part.state, part.indicator) for part in rebuilt.parts] == [
                (part.state, part.indicator) for part in grown.parts
            ]
            assert all(
                close(part.raw, same.raw)
                for part, same in zip(rebuilt.parts, grown.parts, strict=True)
            )
            assert not differences(rebuilt, opened.world.score(person, opened.now))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.version)
def test_every_model_equals_the_oracle_after_a_merge_and_an_unmerge(model: Any) -> None:
    """Two merged histories are one history, and an unmerge gives both back."""
    with shop(model) as opened:
        opened.capture(*generated(5, PEOPLE[:8], 200, opened.now))
        opened.wait(DAY)
        merges = [opened.merge(PEOPLE[0], PEOPLE[1]), opened.merge(PEOPLE[2], PEOPLE[0])]
        _check_everybody(opened)
        opened.wait(DAY)
        opened.unmerge(merges[0])
        _check_everybody(opened)
        opened.unmerge(merges[1])
        _check_everybody(opened)


def _check_everybody(opened: Shop) -> None:
    for person in opened.world.customers():
        for at in (opened.now, opened.now - 200 * DAY):
            found = differences(opened.score(person, at), opened.world.score(person, at))
            assert not found, (person, at, found)


def test_touchpoints_ahead_of_the_clock_wait_for_their_time() -> None:
    """A booking of tomorrow counts nothing today, and counts tomorrow without being asked to."""
    with shop() as opened:
        opened.note("purchase", opened.now - DAY)
        opened.note("visit", opened.now + timedelta(hours=20))
        assert not differences(opened.score(), opened.world.score("ann@x.org", opened.now))
        opened.wait(DAY)
        assert not differences(opened.score(), opened.world.score("ann@x.org", opened.now))


def test_ages_of_a_thousand_half_lives_leave_quotients_alone() -> None:
    """After five years a mean over six-hour half-lives is still a number, and the same one."""
    with shop() as opened:
        for mark in (3, 6):
            opened.note("visit", opened.now - DAY, attributes={"mark": mark})
        opened.wait(5 * 365 * DAY)
        assert opened.part("mark").raw == pytest.approx(4.5)
        assert not differences(opened.score(), opened.world.score("ann@x.org", opened.now))


@MANY
@given(story=stories())
def test_any_story_has_the_oracles_scores(story: Story) -> None:
    """Whatever was captured, corrected, merged and decided: both views equal the oracle's."""
    with told(story) as opened:
        for person in opened.world.customers():
            for at in story.instants(opened):
                for as_shown in (False, True):
                    found = differences(
                        opened.score(person, at, as_shown=as_shown),
                        opened.world.score(person, at, as_shown=as_shown),
                    )
                    assert not found, (person, at, as_shown, found)


@pytest.mark.slow("a hundred databases")
@settings(MANY, max_examples=100)
@given(story=stories())
def test_any_story_on_disk_has_the_oracles_scores(story: Story) -> None:
    """The same in SQLite, and everybody's scores at once are the same as each one's."""
    with TemporaryDirectory() as folder, told(story, f"sqlite:///{folder}/shop.db") as opened:
        people = {opened.ids[person]: person for person in opened.world.customers()}
        for at in story.instants(opened):
            for score in opened.crm.value.scores(at=at):
                person = people[score.customer_id]
                right = opened.world.score(person, at)
                assert not (found := differences(score, right)), (person, at, found)
                shown = opened.score(person, at, as_shown=True)
                right = opened.world.score(person, at, as_shown=True)
                assert not (found := differences(shown, right)), (person, at, found)
