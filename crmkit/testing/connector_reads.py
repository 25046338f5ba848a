"""Laws of reading: complete and in order, whatever comes between two pages."""

# ruff: noqa: S101 - a law is an assertion, and its numbers are its point
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
import pytest

from crmkit.contracts.connector import Changes, Connector, Cursor, Remote, SyncError
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.connector_base import ConnectorLaws, drain, newest
from crmkit.testing.kit_opening import Opened
from crmkit.testing.people import People

HANDFUL, FIELDS = 7, 12
GRAIN = timedelta(seconds=1)
"""How much older than its cursor a record may be that a remote gives again."""


class ReadLaws(ConnectorLaws):
    """One law a test."""

    def names(self, connector: Connector, entity: str) -> list[str]:
        """Name the fields that the laws read."""
        return list(self.record(connector.schema(entity)))

    def test_nothing_at_all(self, connector: Connector, entity: str) -> None:
        """A CRM without records gives none, and no place in time."""
        page = connector.changes(entity, None, fields=self.names(connector, entity))
        assert (page.records, page.more, page.cursor.at) == ((), False, None), page

    def test_everything_is_read_from_the_beginning(
        self, paged: Connector, entity: str, people: People
    ) -> None:
        """Without a cursor every record comes, over as many pages as it takes."""
        ids = self._crowd(paged, entity, people, 5)
        found, _ = drain(paged, entity, None, self.names(paged, entity))
        assert set(newest(found)) == set(ids)
        text = self.text_of(paged.schema(entity))
        told = {key: record.values.get(text) for key, record in newest(found).items()}
        assert told == {key: (people.look(key) or {}).get(text) for key in ids}

    def test_a_page_is_no_longer_than_it_was_asked_to_be(
        self, paged: Connector, entity: str, people: People
    ) -> None:
        """The setting page_size bounds what one call gives."""
        self._crowd(paged, entity, people, 5)
        page = paged.changes(entity, None, fields=self.names(paged, entity))
        assert len(page.records) <= self.page, page
        assert page.more

    def test_many_come_in_one_page(self, connector: Connector, entity: str, people: People) -> None:
        """Unless pages are asked to be small, a handful of records is not read one by one."""
        ids = self._crowd(connector, entity, people, HANDFUL)
        names, cursor, sizes = self.names(connector, entity), None, list[int]()
        for _ in ids:
            page = connector.changes(entity, cursor, fields=names)
            cursor = page.cursor
            sizes.append(len(page.records))
            if not page.more:
                break
        assert max(sizes) > 1, f"{HANDFUL} records came in pages of {sizes}"

    def test_records_are_what_they_should_be(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """Ids are texts, instants have an offset, and an empty field is None."""
        schema = connector.schema(entity)
        names = [field.name for field in schema.fields][:40]
        self._crowd(connector, entity, people, 1)
        (record,) = drain(connector, entity, None, names)[0]
        assert isinstance(record, Remote)
        assert isinstance(record.id, str)
        assert record.id
        for at in (record.changed_at, record.created_at):
            assert at is None or at.utcoffset() is not None, record
        assert "" not in record.values.values(), "an empty text is None"
        assert not [value for value in record.values.values() if value in ([], ())], record

    def test_every_field_that_is_asked_for_comes(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """Many fields at once, those that hold something last, are read as each is by itself."""
        schema = connector.schema(entity)
        values = self.record(schema)
        others = [f.name for f in schema.fields if f.type == "text" and f.name not in values]
        names = [*others[:FIELDS], *values]
        people.add(values)
        people.later()
        together = newest(drain(connector, entity, None, names)[0])
        for name in names:
            for key, record in newest(drain(connector, entity, None, [name])[0]).items():
                assert together[key].values.get(name) == record.values.get(name), name

    def test_pages_are_in_order(self, paged: Connector, entity: str, people: People) -> None:
        """The oldest change comes first, within a page and from page to page."""
        ids = self._crowd(paged, entity, people, 5)
        people.edit(ids[0], {self.text_of(paged.schema(entity)): "Eva"})
        people.later()
        found, cursor = drain(paged, entity, None, self.names(paged, entity))
        instants = [record.changed_at for record in found if record.changed_at is not None]
        assert instants == sorted(instants), instants
        if cursor.at is not None and instants:
            assert cursor.at <= instants[-1], "the cursor lies behind every change that came"

    def test_one_instant_outnumbers_a_page(
        self, paged: Connector, entity: str, people: People
    ) -> None:
        """More records than a page bear one instant: all come, and reading ends."""
        schema = paged.schema(entity)
        first = people.add(self.record(schema, 90))
        with people.together():
            ids = {people.add(self.record(schema, number)) for number in range(3 * self.page + 1)}
        last = people.add(self.record(schema, 91))
        people.later()
        found, cursor = drain(paged, entity, None, self.names(paged, entity))
        assert set(newest(found)) == {first, *ids, last}
        again, _ = drain(paged, entity, cursor, self.names(paged, entity))
        assert set(newest(again)) <= {first, *ids, last}

    def test_only_what_changed_comes_again(
        self, paged: Connector, entity: str, people: People
    ) -> None:
        """From the last cursor on, nothing older than it is read, and nothing newer is missed."""
        schema = paged.schema(entity)
        ids = []
        for number in range(3):
            ids.append(people.add(self.record(schema, number)))
            people.later()
        names = self.names(paged, entity)
        seen, cursor = drain(paged, entity, None, names)
        people.edit(ids[1], {self.text_of(paged.schema(entity)): "Eva"})
        people.later()
        found, _ = drain(paged, entity, cursor, names)
        assert newest(found)[ids[1]].values[self.text_of(paged.schema(entity))] == "Eva"
        assert cursor.at is not None, f"no place behind {len(seen)} records"
        old = [one for one in found if one.changed_at and one.changed_at < cursor.at - GRAIN]
        assert old == [], f"older than the cursor {cursor}"

    def test_nothing_new_leaves_the_cursor(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """Where nothing came, the cursor is the one that was given, and never now."""
        names = self.names(connector, entity)
        empty = connector.changes(entity, None, fields=names)
        assert empty.cursor.at is None, empty
        self._crowd(connector, entity, people, 1)
        seen, cursor = drain(connector, entity, None, names)
        for _ in range(2):
            people.later()
            found, after = drain(connector, entity, cursor, names)
            assert {one.id for one in found} <= {one.id for one in seen}
            assert after.at == cursor.at, "nothing new came, and the cursor moved"
            if not found:
                assert (after.at, after.id) == (cursor.at, cursor.id)
        later = Cursor(max(_instants(seen)) + timedelta(days=1))
        page = connector.changes(entity, later, fields=names)
        assert page.cursor.at == later.at, "nothing came, and the cursor moved"

    def test_an_instant_alone_is_a_cursor(
        self, paged: Connector, entity: str, people: People
    ) -> None:
        """A cursor without id and token gives all that changed at its instant or later."""
        names = self.names(paged, entity)
        for turn in range(3):
            people.add(self.record(paged.schema(entity), turn))
            people.later()
        with people.together():
            for turn in range(3, 6):
                people.add(self.record(paged.schema(entity), turn))
        people.later()
        everything, _ = drain(paged, entity, None, names)
        for record in everything:
            if record.changed_at is None:
                pytest.skip("its records tell no instant")
            found, _ = drain(paged, entity, Cursor(record.changed_at), names)
            due = {o.id for o in everything if o.changed_at and o.changed_at >= record.changed_at}
            assert due <= set(newest(found)), f"missed since {record.changed_at}"

    def test_a_kill_between_two_pages(
        self, open_paged: Opened, paged: Connector, entity: str, people: People
    ) -> None:
        """Another process goes on from the cursor that was kept, hours later."""
        ids = set(self._crowd(paged, entity, people, 6))
        names = self.names(paged, entity)
        page = paged.changes(entity, None, fields=names)
        kept = Cursor.from_dict(page.cursor.to_dict())
        drain(paged, entity, page.cursor, names)
        people.later()
        found, _ = drain(open_paged(), entity, kept, names)
        assert {one.id for one in page.records} | set(newest(found)) >= ids

    def test_a_cursor_without_its_token(
        self, paged: Connector, entity: str, people: People
    ) -> None:
        """Where a token is lost or has ended, the instant and the id lead on as well."""
        ids = set(self._crowd(paged, entity, people, 6))
        names = self.names(paged, entity)
        page = paged.changes(entity, None, fields=names)
        cursors = [attrs.evolve(page.cursor, token=None)]
        cursors += [self.outdated(page.cursor)] if page.cursor.token is not None else []
        for cursor in cursors:
            found, _ = drain(paged, entity, cursor, names)
            assert {one.id for one in page.records} | set(newest(found)) >= ids, cursor

    def test_a_change_between_two_pages(
        self, paged: Connector, entity: str, people: People, spec: ConnectorSpec
    ) -> None:
        """Records that are changed or removed while pages are read make nobody be missed."""
        text = self.text_of(paged.schema(entity))
        ids = self._crowd(paged, entity, people, 9)
        names = self.names(paged, entity)
        page = paged.changes(entity, None, fields=names)
        read = {one.id for one in page.records}
        waiting = [key for key in ids if key not in read]
        changed = [*sorted(read)[:-1][:1], waiting[-1]]
        for key in changed:
            people.edit(key, {text: "Eva"})
        gone = max(read)
        people.remove(gone)
        people.later()
        found, cursor = drain(paged, entity, page.cursor, names)
        seen = newest([*page.records, *found])
        if "shifting" in spec.capabilities:
            again, cursor = drain(paged, entity, None, names)
            seen = newest([*page.records, *found, *again])
        late, _ = drain(paged, entity, cursor, names)
        seen |= newest(late)
        assert set(seen) | {gone} == set(ids)
        assert {key: seen[key].values[text] for key in changed} == dict.fromkeys(changed, "Eva")

    def test_the_remote_tells_its_own_clock(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """What a page says of the remote's clock is an instant, and no change lies far behind."""
        self._crowd(connector, entity, people, 1)
        page = connector.changes(entity, None, fields=self.names(connector, entity))
        assert isinstance(page, Changes)
        if page.now is None:
            pytest.skip("the remote does not tell its clock")
        assert page.now.utcoffset() is not None
        for at in _instants(page.records):
            assert at <= page.now + timedelta(minutes=1), (at, page.now)

    def test_an_object_that_is_none(self, connector: Connector) -> None:
        """An object that the remote does not have is a SyncError, and no empty page."""
        with pytest.raises(SyncError):
            connector.schema("NoSuchObject7")


def _instants(records: Sequence[Remote]) -> list[datetime]:
    return [record.changed_at for record in records if record.changed_at is not None]
