"""Laws of what is gone: deleting, being told of it, counting what is left, and merging."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

import pytest

from crmkit.contracts.connector import Connector, Cursor, Remote
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.connector_base import MOST_PAGES, ConnectorLaws, drain, newest
from crmkit.testing.kit import needs
from crmkit.testing.people import People

MANY = 201
"""Records, one more than most remotes read by id in one call."""


class DeleteLaws(ConnectorLaws):
    """One law a test."""

    def test_deleting(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Each id has its result, the others stay, and deleting again is no refusal."""
        needs(spec, "delete")
        ids = self._crowd(connector, entity, people, 4)
        for done in ({"deleted"}, {"deleted", "unchanged"}):  # not every remote tells which
            results = connector.delete(entity, ids[:3])
            assert sorted(r.key for r in results) == sorted(ids[:3])
            assert {r.done for r in results} <= done, results
            assert people.ids() == {ids[3]}
        assert {r.done for r in connector.delete(entity, ids[2:])} <= {"unchanged", "deleted"}
        assert people.ids() == set()
        assert list(connector.delete(entity, [])) == []

    def test_the_feed_tells_what_was_deleted(
        self, paged: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Every deletion comes once its cursor is followed, over pages; what lives does not."""
        needs(spec, "deleted_feed")
        ids = self._crowd(paged, entity, people, 7)
        for key in ids[:5]:
            people.remove(key)
        people.later()
        found, cursor = _feed(paged, entity, None)
        assert {one.id for one in found} == set(ids[:5])
        assert all(one.deleted for one in found)
        people.remove(ids[5])
        people.later()
        found, cursor = _feed(paged, entity, cursor)
        assert ids[5] in {one.id for one in found}
        assert ids[6] not in {one.id for one in found}
        people.later()
        again, after = _feed(paged, entity, cursor)
        assert {one.id for one in again} <= set(ids[:6])
        assert after.at == cursor.at, "nothing was deleted, and the cursor moved"

    def test_many_deletions_on_one_instant(
        self, paged: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """More deletions than a page bear one instant: all come, and reading ends."""
        needs(spec, "deleted_feed")
        ids = self._crowd(paged, entity, people, 3 * self.page + 1)
        with people.together():
            for key in ids:
                people.remove(key)
        people.later()
        assert {one.id for one in _feed(paged, entity, None)[0]} == set(ids)

    def test_a_sweep_finds_what_is_left(
        self, paged: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Every record that is there is counted, over pages; those that are gone are not."""
        needs(spec, "sweep")
        assert _sweep(paged, entity) == []
        ids = self._crowd(paged, entity, people, 7)
        people.remove(ids[3])
        people.later()
        found = _sweep(paged, entity)
        assert sorted(set(found)) == sorted({*ids} - {ids[3]})

    def test_a_sweep_misses_nobody_while_others_go(
        self, paged: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """A record that is deleted between two pages hides no other: that would be deleted, too."""
        needs(spec, "sweep")
        ids = self._crowd(paged, entity, people, 9)
        gone: set[str] = set()

        def between(page: list[str]) -> None:
            if not gone:
                gone.add(page[0])
                people.remove(page[0])
                people.later()

        assert {*ids} - gone <= set(_sweep(paged, entity, between))

    def test_reading_by_id(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Any number is read, each once; what is gone, or never was, comes as deleted."""
        needs(spec, "fetch")
        schema = connector.schema(entity)
        text = self.text_of(schema)
        ids = self._crowd(connector, entity, people, 5)
        people.remove(ids[0])
        people.later()
        found = connector.fetch(entity, ids, fields=[text])
        assert sorted(one.id for one in found) == sorted(ids)
        assert {one.id for one in found if one.deleted} == {ids[0]}
        for one in found:
            if not one.deleted:
                assert one.values[text] == (people.look(one.id) or {}).get(text)
        assert list(connector.fetch(entity, [], fields=[text])) == []

    def test_reading_more_than_a_page_by_id(
        self, paged: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """More ids than a page holds are all read."""
        needs(spec, "fetch")
        ids = self._crowd(paged, entity, people, 3 * self.page + 1)
        text = self.text_of(paged.schema(entity))
        assert {one.id for one in paged.fetch(entity, ids, fields=[text])} == set(ids)

    def test_reading_many_by_id(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """More ids than one call may ask for are all read."""
        needs(spec, "fetch")
        ids = self._crowd(connector, entity, people, MANY)
        found = connector.fetch(entity, ids, fields=[self.text_of(connector.schema(entity))])
        assert {one.id for one in found if not one.deleted} == set(ids)

    def test_what_is_gone_is_told(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """What people deleted is found out: by the changes, the feed, or a sweep."""
        ids = self._crowd(connector, entity, people, 3)
        text = self.text_of(connector.schema(entity))
        _, cursor = drain(connector, entity, None, [text])
        people.remove(ids[1])
        people.later()
        found, _ = drain(connector, entity, cursor, [text])
        told = {one.id for one in found if one.deleted}
        told |= {one.id for one in _feed(connector, entity, None)[0]} if _feeds(spec) else set()
        told |= {*ids} - {*_sweep(connector, entity)} if "sweep" in spec.capabilities else set()
        assert told == {ids[1]}, "declare deleted_feed or sweep, or tell it in the changes"
        assert ids[1] not in newest(drain(connector, entity, None, [text])[0])
        for one in found:
            assert not one.deleted or not one.values, "what is gone has no values"

    def test_merging(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Of two records one is left; merging them again changes nothing."""
        needs(spec, "merge")
        keep, drop = self._crowd(connector, entity, people, 2)
        for done in (("updated", "deleted"), ("unchanged",)):
            assert connector.merge(entity, keep, drop).done in done
            assert people.ids() == {keep}

    def test_what_people_merged_is_gone(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """The record that went into another is told as deleted, or is not counted any more."""
        keep, drop = self._crowd(connector, entity, people, 2)
        people.merge(keep, drop)
        people.later()
        text = self.text_of(connector.schema(entity))
        found = drain(connector, entity, None, [text])[0]
        found += _feed(connector, entity, None)[0] if _feeds(spec) else []
        assert drop not in newest(found)
        into = {one.merged_into for one in found if one.id == drop}
        assert into <= {None, keep}, into
        if "sweep" in spec.capabilities:
            assert _sweep(connector, entity) == [keep]


def _feeds(spec: ConnectorSpec) -> bool:
    return "deleted_feed" in spec.capabilities


def _feed(connector: Connector, entity: str, cursor: Cursor | None) -> tuple[list[Remote], Cursor]:
    found: list[Remote] = []
    for _ in range(MOST_PAGES):
        page = connector.deleted(entity, cursor)
        found += page.records
        cursor = page.cursor
        if not page.more:
            return found, cursor
    pytest.fail(f"after {MOST_PAGES} pages there is still more: {len(found)} deletions came")


def _sweep(connector: Connector, entity: str, between: object = None) -> list[str]:
    found: list[str] = []
    after = None
    for _ in range(MOST_PAGES):
        page = connector.ids(entity, after)
        found += page.ids
        after = page.after
        if after is None:
            return found
        if callable(between) and page.ids:
            between(list(page.ids))
    pytest.fail(f"after {MOST_PAGES} pages there is still more: {len(found)} ids came")
