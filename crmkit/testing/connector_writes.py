"""Laws of writing: one result a record, one bad record alone, and no record twice."""

# ruff: noqa: S101, PLR2004, PT017 - a law is an assertion, and its numbers are its point
from __future__ import annotations

import attrs
import pytest

from crmkit.contracts.connector import BatchRefused, Connector, Schema, Upsert
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.connector_base import ConnectorLaws, drain, newest, one
from crmkit.testing.kit import needs
from crmkit.testing.people import People

LARGEST = 200


class WriteLaws(ConnectorLaws):
    """One law a test."""

    def made(self, schema: Schema, number: int, *, matched: bool = False) -> Upsert:
        """Give a record to write, found by its match where that is asked for."""
        values = self.record(schema, number)
        match = self.match_of(schema)
        if matched and match is None:
            pytest.skip("no text field is unique: set `match`, or describe it in the schema")
        found = (match, str(values[match])) if matched and match is not None else None
        return Upsert(key=f"k{number}", match=found, values=values)

    @pytest.mark.parametrize("size", [0, 1, 2, 7, "batch"])
    def test_one_result_a_record(
        self, connector: Connector, entity: str, people: People, size: int | str
    ) -> None:
        """A batch of any size, the empty and the largest too, gives each record one result."""
        schema = connector.schema(entity)
        count = min(schema.batch, LARGEST if size == "batch" else int(size))
        records = [self.made(schema, number) for number in range(count)]
        results = connector.upsert(entity, records)
        assert sorted(result.key for result in results) == sorted(r.key for r in records)
        assert {result.done for result in results} <= {"created"}, results
        ids = {result.remote_id for result in results}
        assert people.ids() == ids
        assert len(ids) == count
        text = self.text_of(schema)
        wrote = {record.key: record.values[text] for record in records}
        for result in results:
            seen = people.look(result.remote_id or "") or {}
            assert seen.get(text) == wrote[result.key], f"{result.key} has another's id"

    def test_one_bad_record_fails_alone(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """Wherever it stands, the others are written; or nothing is, and the batch is refused."""
        schema = connector.schema(entity)
        values = self.bad(schema)
        if values is None:
            pytest.skip("override `bad`: what does the remote refuse?")
        for place in range(min(3, schema.batch)):
            records = [self.made(schema, 10 * place + number) for number in range(3)]
            records = records[: schema.batch]
            records[place] = Upsert(key=records[place].key, values=values)
            before = people.ids()
            try:
                results = {r.key: r for r in connector.upsert(entity, records)}
            except BatchRefused as error:
                assert str(error).strip()
                assert people.ids() == before, "the batch was refused, and something was written"
                continue
            assert set(results) == {record.key for record in records}
            refused = results.pop(records[place].key)
            assert refused.done is None, refused
            assert refused.reason.strip(), "the remote's reason is missing"
            assert {result.done for result in results.values()} <= {"created"}, results
            assert len(people.ids() - before) == len(results)

    def test_a_bad_record_by_itself_says_why(
        self, connector: Connector, entity: str, people: People
    ) -> None:
        """What the remote refuses is refused in its own words, and nothing of it is kept."""
        values = self.bad(connector.schema(entity))
        if values is None:
            pytest.skip("override `bad`: what does the remote refuse?")
        try:
            result = one(connector, entity, Upsert(key="k", values=values))
        except BatchRefused as error:
            assert str(error).strip()
        else:
            assert result.done is None, result
            assert result.reason.strip()
        assert people.ids() == set()

    def test_written_again_by_id(self, connector: Connector, entity: str, people: People) -> None:
        """Writing a record a second time by its id makes no second one, and changes no other."""
        schema = connector.schema(entity)
        text = self.text_of(schema)
        first, other = connector.upsert(entity, [self.made(schema, n) for n in range(2)])[:2]
        record = Upsert(key=first.key, remote_id=first.remote_id, values={text: "Eva"})
        for done in ({"updated"}, {"updated", "unchanged"}):
            result = one(connector, entity, record)
            assert result.done in done, result
            assert result.remote_id == first.remote_id
        assert people.ids() == {first.remote_id, other.remote_id}
        assert (people.look(first.remote_id or "") or {}).get(text) == "Eva"
        assert (people.look(other.remote_id or "") or {}).get(text) != "Eva"

    def test_match_finds(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """A record without an id is found by its match, and made where nobody has it."""
        needs(spec, "upsert")
        schema = connector.schema(entity)
        there, new = self.made(schema, 0, matched=True), self.made(schema, 1, matched=True)
        key = people.add(there.values)
        people.later()
        text = self.text_of(schema)
        record = attrs.evolve(there, values={**there.values, text: "Eva"})
        results = {r.key: r for r in connector.upsert(entity, [record, new])}
        assert (results["k0"].done, results["k0"].remote_id) == ("updated", key)
        assert results["k1"].done == "created"
        assert people.ids() == {key, results["k1"].remote_id}
        assert (people.look(key) or {}).get(text) == "Eva"

    def test_a_match_is_no_query(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """A quotation mark in what a record is found by is a letter, and ends no question."""
        needs(spec, "upsert")
        record = self.made(connector.schema(entity), 0, matched=True)
        name, value = record.match or ("", "")
        odd = f"o'{value}"
        record = attrs.evolve(record, match=(name, odd), values={**record.values, name: odd})
        first = one(connector, entity, record)
        if first.done is None:
            pytest.skip(f"the remote takes none in {name}: {first.reason}")
        again = one(connector, entity, record)
        assert again.done in ("updated", "unchanged"), again
        assert again.remote_id == first.remote_id
        assert people.ids() == {first.remote_id}

    def test_the_same_batch_again(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """A batch that is written again by its matches makes no record twice."""
        needs(spec, "upsert")
        schema = connector.schema(entity)
        records = [self.made(schema, n, matched=True) for n in range(min(3, schema.batch))]
        first = {r.key: r.remote_id for r in connector.upsert(entity, records)}
        again = connector.upsert(entity, records)
        assert {r.key: r.remote_id for r in again} == first
        assert {r.done for r in again} <= {"updated", "unchanged"}, again
        assert people.ids() == set(first.values())

    def test_ids_and_matches_in_one_batch(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """Known records, matched ones and new ones share a batch; each gets its own result."""
        needs(spec, "upsert")
        schema = connector.schema(entity)
        if schema.batch < 3:
            pytest.skip("a batch holds fewer than three records")
        text = self.text_of(schema)
        known, matched = (people.add(self.record(schema, number)) for number in range(2))
        people.later()
        records = [
            attrs.evolve(self.made(schema, 2, matched=True)),
            Upsert(key="k0", remote_id=known, values={text: "Eva"}),
            self.made(schema, 1, matched=True),
            self.made(schema, 3),
        ]
        results = {r.key: r.remote_id for r in connector.upsert(entity, records[: schema.batch])}
        assert results["k0"] == known
        assert results["k1"] == matched
        assert len(set(results.values())) == len(results)
        assert people.ids() == set(results.values())

    @pytest.mark.parametrize("by", ["id", "match"])
    def test_what_is_gone_stays_gone(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People, by: str
    ) -> None:
        """A record that people archived or deleted is never brought back by a write."""
        schema = connector.schema(entity)
        if by == "match":
            needs(spec, "upsert")
        gone = people.add(self.record(schema))
        stays = people.add(self.record(schema, 1))
        people.remove(gone)
        people.later()
        record = self.made(schema, 0, matched=by == "match")
        record = attrs.evolve(record, remote_id=gone if by == "id" else None)
        good = Upsert(key="k1", remote_id=stays, values={self.text_of(schema): "Eva"})
        try:
            results = {r.key: r for r in connector.upsert(entity, [record, good][: schema.batch])}
        except BatchRefused:
            results = {}
        assert people.look(gone) is None, "it was brought back"
        if by == "id" and results:
            assert results["k0"].done is None, results
            assert results["k0"].reason.strip()
            assert people.ids() == {stays}
        if "k1" in results:
            assert results["k1"].done == "updated", "a bad record cost a good one"

    def test_our_own_echo_is_known(self, connector: Connector, entity: str, people: People) -> None:
        """The instant that a write names is the one that the record then bears."""
        schema = connector.schema(entity)
        result = one(connector, entity, self.made(schema, 0))
        if result.changed_at is None:
            pytest.skip("the remote does not tell when a write changed its record")
        assert result.changed_at.utcoffset() is not None
        people.later()
        found = newest(drain(connector, entity, None, list(self.record(schema)))[0])
        assert found[result.remote_id or ""].changed_at == result.changed_at

    def test_what_was_changed_since_is_not_written(
        self, connector: Connector, spec: ConnectorSpec, entity: str, people: People
    ) -> None:
        """A record that somebody changed in between is a conflict, and stays as he left it."""
        needs(spec, "if_unchanged")
        schema = connector.schema(entity)
        text = self.text_of(schema)
        keys = [people.add(self.record(schema, number)) for number in range(2)]
        people.later()
        found = newest(drain(connector, entity, None, [text])[0])
        people.edit(keys[0], {text: "Cid"})
        people.later()
        ours = {
            key: Upsert(
                key=key, remote_id=key, values={text: "Eva"}, unchanged_since=found[key].changed_at
            )
            for key in keys
        }
        results = [one(connector, entity, ours[key]) for key in keys]
        assert [(r.done, r.conflict) for r in results] == [(None, True), ("updated", False)]
        assert [(people.look(key) or {}).get(text) for key in keys] == ["Cid", "Eva"]
