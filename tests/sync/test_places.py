"""How far a sync has come: nothing is read for ever, and nothing committed late is missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.connector import Changes, Cursor, SyncAborted
from crmkit.sync.places import Window
from tests.sync.fake import CONTACTS, Fake
from tests.sync.kit import shop

OVERLAP = timedelta(seconds=60)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def page(cursor: float, now: float, *, more: bool = False) -> Changes:
    return Changes(records=(), cursor=Cursor(at=at(cursor)), more=more, now=at(now))


def test_a_window_read_whole_after_the_overlap_is_settled():
    """Once its newest has been seen for so long; then not even its last instant is read again."""
    early = Window().after(page(0, 30), OVERLAP)
    assert not early.settled
    assert early.start(OVERLAP) == Cursor(at=at(-60))
    assert not early.after(page(-60, 90), OVERLAP).settled
    late = early.after(page(-60, 92), OVERLAP)
    assert late.settled
    start = late.start(OVERLAP)
    assert start is not None
    assert start.at is not None
    assert start.at > at(0)


def test_a_settled_window_in_which_nothing_came_stays_where_it_was():
    """Its cursor is a change that was applied, however often nothing is read behind it."""
    window = Window().after(page(0, 30), OVERLAP).after(page(-60, 100), OVERLAP)
    for _ in range(3):
        start = window.start(OVERLAP)
        assert start is not None
        window = window.after(Changes(records=(), cursor=start, now=at(200)), OVERLAP)
        assert window.settled
        assert window.cursor == Cursor(at=at(0))


@given(
    steps=st.lists(st.tuples(st.floats(0, 30), st.floats(0, 300)), min_size=1, max_size=6),
    ahead=st.floats(-100_000, 100_000),
    lag=st.floats(0, 59),
)
def test_a_clock_that_answers_is_not_the_one_that_stamps_records(
    steps: list[tuple[float, float]], ahead: float, lag: float
):
    """A proxy's clock may be hours off: what is stamped and shown later is read all the same."""
    window, now, newest = Window(), 0.0, 0.0
    for took, wait in steps:
        now += wait
        window = window.after(page(newest, now + ahead, more=True), OVERLAP)
        now += took
        newest = now
        window = window.after(page(newest, now + ahead), OVERLAP)
        unseen = now - took - lag  # committed behind the first page, and shown just after it
        start = window.start(OVERLAP)
        assert start is not None
        assert start.at is not None
        assert start.at <= at(unseen)


def test_nothing_is_settled_by_a_remote_without_a_clock():
    """Its overlap is read each time."""
    told = Changes(records=(), cursor=Cursor(at=NOON), now=None)
    assert Window().after(told, OVERLAP).start(OVERLAP) == Cursor(at=at(-60))


@given(
    pages=st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=6),
    written=st.floats(-100, 1_000),
    lag=st.floats(0, 59),
)
def test_what_is_committed_late_is_read_by_the_next_run(
    pages: list[tuple[float, float]], written: float, lag: float
):
    """A record that shows within the overlap is on a page that was read, or the next run's."""
    window, now, upto, seen = Window(), 0.0, 0.0, False
    for number, (step, wait) in enumerate(pages):
        now += wait
        last = number == len(pages) - 1
        first, upto = upto if number else -1_000.0, min(upto + step, now)
        shows = written + lag <= now and first <= written
        if last and shows:  # which has whatever there is
            upto = max(upto, written)
        seen |= shows and written <= upto
        told = page(upto, now, more=not last)
        window = window.after(told, OVERLAP)
    start = window.start(OVERLAP)
    assert start is not None
    assert start.at is not None
    shown = written + lag <= now or written > now - 59
    assert seen or not shown or at(written) >= start.at


def standing(page: Changes, cursor: Cursor | None) -> Changes:
    return attrs.evolve(page, cursor=cursor or Cursor(), more=True)


class StandingChanges(Fake):
    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        return standing(super().changes(entity, None, fields=fields), cursor)


class StandingDeletions(Fake):
    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        return standing(super().deleted(entity, None), cursor)


@pytest.mark.parametrize("fake", [StandingChanges, StandingDeletions])
def test_a_connector_that_stands_still_stops_the_run(fake: type[Fake]) -> None:
    """It would give the same page for ever; the run says what is to be mended."""
    here = shop(fake())
    here.book.create(CONTACTS, {"Name": "Ann", "Email": "ann@x.org"})
    gone = here.book.create(CONTACTS, {"Name": "Bob", "Email": "bob@x.org"})
    here.book.delete(CONTACTS, gone.id)
    with pytest.raises(SyncAborted, match="crm: Contacts: a page of 1 records ended where it"):
        here.run()
