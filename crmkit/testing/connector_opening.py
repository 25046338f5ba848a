"""Laws of the spec, opening and closing, and of what the remote looks like."""

# ruff: noqa: S101, PT017 - a law is an assertion
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import attrs
import pytest

from crmkit.contracts.connector import TYPES, Connector, Finding, SyncError
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.connector_base import ConnectorLaws, drain, newest
from crmkit.testing.people import People

THREADS = 4


class OpeningLaws(ConnectorLaws):
    """One law a test, beside those of all that is opened."""

    def use(self, opened: Connector, spec: ConnectorSpec, turn: int = 0) -> None:  # noqa: ARG002
        """Read the first page of the first object."""
        entity = opened.entities()[0]
        names = [self.text_of(opened.schema(entity))]
        assert opened.changes(entity, None, fields=names).cursor is not None

    def test_the_spec_is_sound(self, spec: ConnectorSpec) -> None:
        """It is a connector's, and each object can be told of deletions in some way."""
        assert isinstance(spec, ConnectorSpec)

    def test_the_objects_it_keeps(self, connector: Connector, entity: str) -> None:
        """Each has a name of its own, and the one that is tried is among them."""
        names = list(connector.entities())
        assert all(isinstance(name, str) and name for name in names)
        assert len(set(names)) == len(names)
        assert entity in names

    def test_the_schema_is_sound(self, connector: Connector, entity: str) -> None:
        """Fields have names of their own and known types; pages and batches hold something."""
        schema = connector.schema(entity)
        assert schema.entity == entity
        names = [field.name for field in schema.fields]
        assert names
        assert len(set(names)) == len(names)
        for field in schema.fields:
            assert field.type in TYPES
            assert field.length is None or field.length > 0, field
            assert field.type != "choice" or all(isinstance(one, str) for one in field.choices)
        assert schema.batch >= 1
        assert schema.page >= 1

    def test_the_schema_tells_the_page_size(self, paged: Connector, entity: str) -> None:
        """The setting page_size is what the schema says, where the remote takes so few."""
        assert paged.schema(entity).page == self.page

    def test_looking_changes_nothing(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """The check of sound settings finds nothing fatal, and touches no record."""
        key = people.add(self.record(connector.schema(entity)))
        before = people.look(key)
        findings = connector.check()
        assert [one for one in findings if one.fatal] == []
        assert all(isinstance(one, Finding) and one.what and one.remedy for one in findings)
        account = connector.account()
        assert account is None or (isinstance(account, str) and account)
        assert connector.account() == account
        assert (people.ids(), people.look(key)) == ({key}, before)

    def test_what_the_limits_leave(self, connector: Connector) -> None:
        """More calls take no less time, and none take none."""
        times = [connector.seconds(calls) for calls in (0, 1, 10, 1000, 100_000)]
        assert times == sorted(times)
        assert times[0] == 0

    def test_engine_attributes(self, connector: Connector) -> None:
        """Tokens and meter may be given before the first call; the overlap is no wild guess."""
        assert connector.overlap >= 0
        connector.tokens = connector.meter = None

    def test_a_field_that_is_none(self, connector: Connector, entity: str, people: People) -> None:
        """A field that the remote does not have is left out or named, never made up."""
        people.add(self.record(connector.schema(entity)))
        people.later()
        try:
            found = drain(connector, entity, None, ["No_Such_Field_7"])[0]
        except SyncError as error:
            assert "No_Such_Field_7" in str(error)
        else:
            assert {record.values.get("No_Such_Field_7") for record in found} == {None}

    def test_threads_read_each_for_itself(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Several threads use one connector at once, where it says that they may."""
        if not spec.thread_safe:
            pytest.skip("the spec does not declare thread_safe")
        schema = connector.schema(entity)
        ids = {people.add(self.record(schema, number)) for number in range(3)}
        people.later()
        start = Barrier(THREADS)

        def work(_: int) -> set[str]:
            start.wait()
            return set(newest(drain(connector, entity, None, [self.text_of(schema)])[0]))

        with ThreadPoolExecutor(THREADS) as pool:
            assert [*pool.map(work, range(THREADS))] == [ids] * THREADS

    def test_a_record_stays_as_it_is(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """Nobody rewrites what the remote said."""
        people.add(self.record(connector.schema(entity)))
        people.later()
        names = [self.text_of(connector.schema(entity))]
        (record,) = drain(connector, entity, None, names)[0]
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            record.id = "another"  # type: ignore[misc]
