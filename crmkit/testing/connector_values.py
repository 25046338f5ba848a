"""Laws of values: what was written comes back equal, in any script and of any type."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crmkit.contracts.connector import TYPES, BatchRefused, Connector, Remote, Upsert
from crmkit.testing.connector_base import BREAKS, ConnectorLaws, alike, drain, newest, one
from crmkit.testing.people import People

_KINDS = tuple(kind for kind in TYPES if kind != "other")
_CLEARED = ("text", "number", "date", "instant")
"""Types that every remote can leave empty, the likeliest first."""


class ValueLaws(ConnectorLaws):
    """One law a test."""

    def created(
        self, connector: Connector, entity: str, more: Mapping[str, Any] | None = None
    ) -> str:
        """Write a new record, and give its id."""
        values = self.record(connector.schema(entity)) | dict(more or {})
        result = one(connector, entity, Upsert(key="c0", values=values))
        assert result.done == "created", result
        assert result.remote_id
        return result.remote_id

    def reread(
        self, connector: Connector, entity: str, people: People, key: str, *names: str
    ) -> Remote:
        """Read one record as it is now."""
        people.later()
        return newest(drain(connector, entity, None, names)[0])[key]

    def test_any_script(self, connector: Connector, entity: str, people: People) -> None:
        """Text of every script comes back as it was written, by the letter."""
        name = self.text_of(connector.schema(entity))
        key = self.created(connector, entity)
        for what, text in self.texts.items():
            record = Upsert(key="c0", remote_id=key, values={name: text})
            assert one(connector, entity, record).done == "updated", what
            assert self.reread(connector, entity, people, key, name).values[name] == text, what
            seen = (people.look(key) or {}).get(name)
            assert seen == text, f"{what}: people see {seen!r}"

    def test_line_breaks(self, connector: Connector, entity: str, people: People) -> None:
        """A note of several lines comes back with its lines."""
        name = self.breaks or self.text_of(connector.schema(entity))
        key = self.created(connector, entity)
        for what, text in BREAKS.items():
            result = one(connector, entity, Upsert(key="c0", remote_id=key, values={name: text}))
            assert result.done == "updated", result
            assert self.reread(connector, entity, people, key, name).values[name] == text, what

    def test_what_people_write_is_read(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """Text that people wrote arrives by the letter, too."""
        schema = connector.schema(entity)
        name = self.text_of(schema)
        made = {
            people.add(self.record(schema, number) | {name: text}): text
            for number, text in enumerate(self.texts.values())
        }
        people.later()
        found = newest(drain(connector, entity, None, [name])[0])
        assert {key: record.values[name] for key, record in found.items()} == made

    @pytest.mark.parametrize("kind", _KINDS)
    def test_values_of_every_type(
        self, connector: Connector, entity: str, people: People, kind: str
    ) -> None:
        """What was taken comes back equal; what was not says why, and at least one was taken."""
        schema = connector.schema(entity)
        key = self.created(connector, entity)
        keep = {self.match_of(schema)}
        fields = [
            field
            for field in schema.fields
            if field.type == kind and not field.readonly and field.name not in keep
        ]
        tried = 0
        for field in fields[:8]:
            taken, reasons = [], []
            for value in self.samples(field):
                done, reason = self._write(connector, entity, key, field.name, value)
                if done is None:
                    assert reason.strip(), f"{field.name}: {value!r} was refused without a reason"
                    reasons.append(reason)
                    continue
                taken.append(value)
                got = self.reread(connector, entity, people, key, field.name).values[field.name]
                assert alike(got, value), f"{field.name}: {value!r} came back as {got!r}"
            assert taken or not self.samples(field), (
                f"override `samples` of {field.name}: {reasons}"
            )
            tried += len(taken)
        if not tried:
            pytest.skip(f"no field of the type {kind} that can be written, or no sample for one")

    def test_none_clears_a_field(self, connector: Connector, entity: str, people: People) -> None:
        """None empties a field, and reads as None again."""
        schema = connector.schema(entity)
        required = {field.name for field in schema.fields if field.required}
        fields = [
            field
            for field in schema.fields
            if field.type in _CLEARED
            and not field.readonly
            and field.name not in {*required, self.match_of(schema)}
        ]
        if not fields:
            pytest.skip("every field is required: none can be cleared")
        field = min(fields, key=lambda one: _CLEARED.index(one.type))
        name = field.name
        value = "Eva" if field.type == "text" else self.samples(field)[0]
        key = self.created(connector, entity, {name: value})
        result = one(connector, entity, Upsert(key="c0", remote_id=key, values={name: None}))
        assert result.done == "updated", result
        assert self.reread(connector, entity, people, key, name).values.get(name) is None
        assert (people.look(key) or {}).get(name) in (None, "")

    def test_a_missing_field_stays(self, connector: Connector, entity: str, people: People) -> None:
        """What is not among the values stays as it was."""
        schema = connector.schema(entity)
        name = self.text_of(schema)
        before = self.record(schema)
        key = self.created(connector, entity)
        result = one(connector, entity, Upsert(key="c0", remote_id=key, values={name: "Eva"}))
        assert result.done == "updated", result
        after = self.reread(connector, entity, people, key, *before).values
        for field, value in {**before, name: "Eva"}.items():
            assert alike(after.get(field), value), field

    def _write(
        self, connector: Connector, entity: str, key: str, name: str, value: Any
    ) -> tuple[str | None, str]:
        record = Upsert(key="c0", remote_id=key, values={name: value})
        try:
            result = one(connector, entity, record)
        except BatchRefused as error:
            return None, str(error)
        return result.done, result.reason
