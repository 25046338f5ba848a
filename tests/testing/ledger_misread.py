"""Connectors that each read wrongly in one way; which test must notice stands in each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import attrs

from crmkit.contracts.connector import Changes, Cursor, Ids, Remote, Schema, SyncAborted
from tests.testing.ledger import FIELDS, WORDS, Sound


class FirstPage(Sound):
    """Only the first page is read."""

    notices = "test_everything_is_read_from_the_beginning"

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        return attrs.evolve(super().changes(entity, cursor, fields=fields), more=False)


class AllAtOnce(Sound):
    """The page size is never sent."""

    notices = "test_a_page_is_no_longer_than_it_was_asked_to_be"

    def asked(self, start: Cursor, fields: Sequence[str], *, deleted: bool) -> dict[str, Any]:
        return {**super().asked(start, fields, deleted=deleted), "limit": 1000}


class OneByOne(Sound):
    """Whatever page size is set, each page holds one record."""

    notices = "test_many_come_in_one_page"

    def asked(self, start: Cursor, fields: Sequence[str], *, deleted: bool) -> dict[str, Any]:
        return {**super().asked(start, fields, deleted=deleted), "limit": 1}


class FewFields(Sound):
    """Only as many fields are read as one call may ask for."""

    notices = "test_every_field_that_is_asked_for_comes"

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        return super().changes(entity, cursor, fields=fields[:2])


class NewestFirst(Sound):
    """Each page is turned around."""

    notices = "test_pages_are_in_order"

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        page = super().changes(entity, cursor, fields=fields)
        return attrs.evolve(page, records=page.records[::-1])


class EndlessInstant(Sound):
    """The cursor is an instant, and a page that holds no other is read for ever."""

    notices = "test_one_instant_outnumbers_a_page"

    def behind(self, records: Sequence[Remote], token: str | None, start: Cursor) -> Cursor:
        return attrs.evolve(super().behind(records, token, start), id="", token=None)


class SkippedInstant(Sound):
    """The cursor is put behind its instant, and whoever shares it is missed."""

    notices = "test_one_instant_outnumbers_a_page"

    def behind(self, records: Sequence[Remote], token: str | None, start: Cursor) -> Cursor:
        cursor = super().behind(records, token, start)
        at = cursor.at and cursor.at + timedelta(microseconds=1)
        return Cursor(at if records else cursor.at)


class Exclusive(Sound):
    """An instant alone means later than it."""

    notices = "test_an_instant_alone_is_a_cursor"

    def asked(self, start: Cursor, fields: Sequence[str], *, deleted: bool) -> dict[str, Any]:
        asked = super().asked(start, fields, deleted=deleted)
        return {**asked, "after": start.id or ("~" if start.at else "")}


class FromScratch(Sound):
    """Everything is read each time."""

    notices = "test_only_what_changed_comes_again"

    def asked(self, start: Cursor, fields: Sequence[str], *, deleted: bool) -> dict[str, Any]:
        start = start if start.token else Cursor()
        return super().asked(start, fields, deleted=deleted)


class UpToNow(Sound):
    """Where nothing came, the cursor is moved to now."""

    notices = "test_nothing_new_leaves_the_cursor"

    def behind(self, records: Sequence[Remote], token: str | None, start: Cursor) -> Cursor:
        moved = attrs.evolve(start, at=datetime.now(UTC)) if start.at else start
        return super().behind(records, token, moved)


class NowAtFirst(Sound):
    """A CRM without records is read up to now."""

    notices = "test_nothing_at_all"

    def behind(self, records: Sequence[Remote], token: str | None, start: Cursor) -> Cursor:
        now = start.at or datetime.now(UTC)
        return super().behind(records, token, attrs.evolve(start, at=now))


class ShortMemory(Sound):
    """Where to go on is known to this object only, not to its cursor."""

    notices = "test_a_kill_between_two_pages"

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.places: dict[str, Cursor] = {}

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        place = self.places.get(cursor.token or "", Cursor(datetime.now(UTC))) if cursor else None
        page = super().changes(entity, place, fields=fields)
        token = str(len(self.places))
        self.places[token] = page.cursor
        return attrs.evolve(page, cursor=attrs.evolve(page.cursor, token=token))


class TokenForLife(Sound):
    """A token that the remote knows no more stops everything."""

    notices = "test_a_cursor_without_its_token"

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Any:
        said = super().call(entity, action, asked, again=again)
        if said.status == 410:
            raise SyncAborted("the token has ended")
        return said


class ByNumber(Sound):
    """Pages are counted off, and shift where a record before them is changed."""

    notices = "test_a_change_between_two_pages"

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        start = cursor or Cursor()
        asked = {**self.asked(Cursor(start.at), fields, deleted=False), "limit": 1000}
        if start.token:
            asked["since"] = None
        found = [self.record(row) for row in self.part(self.call(entity, "page", asked), "rows")]
        first = int(start.token or 0)
        page = tuple(found[first : first + self.config.page_size])
        more = len(found) > first + len(page)
        token = str(first + len(page)) if more else None
        return Changes(records=page, cursor=self.behind(page, token, start), more=more)


class EmptyTexts(Sound):
    """An empty field is an empty text."""

    notices = "test_records_are_what_they_should_be"

    def value(self, value: Any) -> Any:
        return "" if value is None else value


class NaiveClock(Sound):
    """The remote's clock has lost its zone."""

    notices = "test_the_remote_tells_its_own_clock"

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        page = super().changes(entity, cursor, fields=fields)
        return attrs.evolve(page, now=page.now and page.now.replace(tzinfo=None))


class AnyObject(Sound):
    """Every object is described alike."""

    notices = "test_an_object_that_is_none"

    def schema(self, entity: str) -> Schema:
        return attrs.evolve(super().schema("people"), entity=entity)


class BasicLatin(Sound):
    """What is no ASCII is left out where it is read."""

    notices = "test_what_people_write_is_read"

    def value(self, value: Any) -> Any:
        found = super().value(value)
        return found.encode("ascii", "ignore").decode() if isinstance(found, str) else found


class NumbersAsText(Sound):
    """Numbers come as text."""

    notices = "test_values_of_every_type"

    def value(self, value: Any) -> Any:
        found = super().value(value)
        return str(found) if isinstance(found, float) else found


class WallClock(Sound):
    """Instants lose their offset."""

    notices = "test_values_of_every_type"

    def value(self, value: Any) -> Any:
        found = super().value(value)
        return found[:19] if isinstance(found, str) and found[10:11] == "T" else found


class MadeUp(Sound):
    """A field that is none has a value all the same."""

    notices = "test_a_field_that_is_none"

    def value(self, value: Any) -> Any:
        return "?" if value is None else value


class Loose(Sound):
    """What was read can be rewritten."""

    notices = "test_a_record_stays_as_it_is"

    def record(self, row: dict[str, Any]) -> Any:
        return SimpleNamespace(**attrs.asdict(super().record(row), recurse=False))


class FeedsOnePage(Sound):
    """Of what was deleted, one page is read."""

    notices = "test_the_feed_tells_what_was_deleted"

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        return attrs.evolve(super().deleted(entity, cursor), more=False)


class FeedsTheLiving(Sound):
    """The feed gives those that are there."""

    notices = "test_the_feed_tells_what_was_deleted"

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        return self.page(entity, cursor, (), deleted=False)


class FeedsByInstant(Sound):
    """Deletions of one instant that outnumber a page are missed."""

    notices = "test_many_deletions_on_one_instant"

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        page = super().deleted(entity, cursor)
        at = page.cursor.at and page.cursor.at + timedelta(microseconds=1)
        return attrs.evolve(page, cursor=Cursor(at))


class HalfASweep(Sound):
    """A sweep ends with its first page."""

    notices = "test_a_sweep_finds_what_is_left"

    def ids(self, entity: str, after: str | None) -> Ids:
        return Ids(super().ids(entity, after).ids)


class SweepByNumber(Sound):
    """A sweep counts off, and so leaves out whoever moves up."""

    notices = "test_a_sweep_misses_nobody_while_others_go"

    def ids(self, entity: str, after: str | None) -> Ids:
        found = self.call(entity, "ids", {"after": "", "limit": 1000}).data["ids"]
        first = int(after or 0)
        end = first + self.config.page_size
        return Ids(found[first:end], str(end) if len(found) > end else None)


class LeavesOut(Sound):
    """What is gone is left out of what is read by id."""

    notices = "test_reading_by_id"

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        return [one for one in super().fetch(entity, ids, fields=fields) if not one.deleted]


class AFewById(Sound):
    """As many are read by id as a page holds; the others are taken to be gone."""

    notices = "test_reading_more_than_a_page_by_id"

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        return super().fetch(entity, ids[: self.config.page_size], fields=fields)


class OneCallById(Sound):
    """As many are read by id as one call may ask for; the others are taken to be gone."""

    notices = "test_reading_many_by_id"

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        found = super().fetch(entity, ids[:100], fields=fields)
        return [*found, *(self.missing(key) for key in ids[100:])]


class NobodyTells(Sound):
    """There is no way to find out what was deleted."""

    notices = "test_what_is_gone_is_told"
    words = WORDS - {"deleted_feed", "sweep"}


class IntoItself(Sound):
    """A merged record is said to have gone into itself."""

    notices = "test_what_people_merged_is_gone"

    def record(self, row: dict[str, Any]) -> Remote:
        found = super().record(row)
        return attrs.evolve(found, merged_into=found.merged_into and found.id)


class TwiceTheField(Sound):
    """One field is described twice."""

    notices = "test_the_schema_is_sound"

    def schema(self, entity: str) -> Schema:
        return attrs.evolve(super().schema(entity), fields=(*FIELDS, FIELDS[0]))


class OnePageSize(Sound):
    """The schema tells a page size of its own."""

    notices = "test_the_schema_tells_the_page_size"

    def schema(self, entity: str) -> Schema:
        return attrs.evolve(super().schema(entity), page=200)


class OneAtATime(Sound):
    """A second thread that reads meanwhile is turned away."""

    notices = "test_threads_read_each_for_itself"
    reading = False

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        if self.reading:
            raise RuntimeError("another thread is reading")
        self.reading = True
        try:
            return super().changes(entity, cursor, fields=fields)
        finally:
            self.reading = False
