"""Writing: a batch is taken whole or not at all, nobody is made twice, and nobody comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Open
from crmkit_tryton.connector import Tryton
from tryton_proxy import Proxy
from tryton_server import People

from crmkit.contracts.connector import BatchRefused, Result, SyncAborted, Upsert

PARTY = "party.party"
PHONE, OTHER = "+8613800138000", "+8613800138001"


def new(number: int, *, match: str | None = None, **values: Any) -> Upsert:
    """Make a record to write, found by one of its values where `match` names it."""
    given: Mapping[str, Any] = {"name": f"n{number}", **values}
    found = None if match is None else (match, str(given[match]))
    return Upsert(key=f"c{number}", match=found, values=given)


def known(party: int, **values: Any) -> Upsert:
    return Upsert(key=f"k{party}", remote_id=str(party), values=values)


def write(tryton: Tryton, *records: Upsert) -> list[Result]:
    return list(tryton.upsert(PARTY, records))


def test_a_batch_is_one_call(opened: Open, people: People, proxy: Proxy):
    """New parties with their contacts are made in one call, and one more tells when."""
    tryton = opened(base_url=proxy.url)
    tryton.schema(PARTY)
    before = len(proxy.methods())
    batch = [new(i, email=f"n{i}@x.example", phone=PHONE, identifier=f"c{i}") for i in (1, 2)]
    results = write(tryton, *batch)
    assert proxy.methods()[before:] == ["model.party.party.create", "model.party.party.search_read"]
    assert [one.done for one in results] == ["created", "created"]
    rows = people.parties("name", "email", "phone", "identifiers.code")
    assert [str(row["id"]) for row in rows] == [one.remote_id for one in results]
    assert [row["email"] for row in rows] == ["n1@x.example", "n2@x.example"]
    assert rows[1]["identifiers."][0]["code"] == "crmkit:c2"


def test_our_own_echo_is_known(tryton: Tryton):
    """What comes back from a write bears the instant that the write was told."""
    (made,) = write(tryton, new(1, email="a@x.example"))
    (record,) = tryton.changes(PARTY, None, fields=("name", "email")).records
    assert made.changed_at == record.changed_at
    assert made.remote_id is not None
    (changed,) = write(tryton, known(int(made.remote_id), email="b@x.example"))
    (record,) = tryton.changes(PARTY, None, fields=("name", "email")).records
    assert changed.done == "updated"
    assert changed.changed_at == record.changed_at
    assert record.values["email"] == "b@x.example"


def test_values_come_back_as_they_went(tryton: Tryton, people: People):
    """Characters of every script, links and references are the same on both sides."""
    red, blue = (people.create("party.category", name=name) for name in ("red", "blue"))
    values = {"name": '王二 😀 O\'Brien "x"', "categories": [str(red), str(blue)]}
    (made,) = write(tryton, Upsert(key="c1", values=values))
    assert made.remote_id is not None
    (record,) = tryton.fetch(PARTY, [made.remote_id], fields=("name", "categories", "lang"))
    assert {**record.values, "lang": None} == {**values, "lang": None}
    write(tryton, known(int(made.remote_id), categories=[str(blue)]))
    assert people.read(int(made.remote_id), "categories")["categories"] == [blue]


def test_contacts_are_changed_in_place(tryton: Tryton, people: People):
    """The row that counts is changed; the others, and what hangs on it, stay."""
    ada = people.party("Ada", email="a@x.example", phone=PHONE)
    row, phone = people.read(ada, "contact_mechanisms")["contact_mechanisms"]
    people.create("party.contact_mechanism", party=ada, type="email", value="second@x.example")
    write(tryton, known(ada, email="b@x.example", mobile=OTHER))
    found = people.read(ada, "contact_mechanisms")["contact_mechanisms"]
    assert found[:2] == [row, phone]
    assert people.read(row, "value", model="party.contact_mechanism")["value"] == "b@x.example"
    write(tryton, known(ada, phone=None))
    assert people.read(ada, "phone", "mobile", "email") == {
        "id": ada,
        "phone": "",
        "mobile": "+86 138 0013 8001",
        "email": "b@x.example",
    }


def test_a_foreign_identifier_is_left(tryton: Tryton, people: People):
    """Ours stands beside an identifier of somebody else, and never in its place."""
    ada = people.create(name="Ada", identifiers=[["create", [{"code": "loyalty-7"}]]])
    write(tryton, known(ada, identifier="c1"))
    write(tryton, known(ada, identifier="c2"))
    rows = people.read(ada, "identifiers.code")["identifiers."]
    assert sorted(row["code"] for row in rows) == ["crmkit:c2", "loyalty-7"]


def test_what_crmkit_knows_stands_where_people_look(tryton: Tryton, people: People):
    """Score, tier and the rest are contacts of a name of their own; a party's others stay apart."""
    ada = people.party("Ada", other="door code 7")
    values = {"crmkit_score": "87.5", "crmkit_tier": "core", "crmkit_next_contact": "2026-12-01"}
    write(tryton, known(ada, **values))
    write(tryton, known(ada, crmkit_tier="key", crmkit_score=None))
    rows = people.read(ada, "contact_mechanisms.name", "contact_mechanisms.value")
    assert {(row["name"], row["value"]) for row in rows["contact_mechanisms."]} == {
        (None, "door code 7"),
        ("crmkit tier", "key"),
        ("crmkit next contact", "2026-12-01"),
    }
    (record,) = tryton.fetch(PARTY, [str(ada)], fields=("crmkit_tier", "crmkit_score"))
    assert record.values == {"crmkit_tier": "key", "crmkit_score": None}


def test_notes_are_records_like_any_other(tryton: Tryton, people: People):
    """A note of a party is written and read by the party's id, line breaks and all."""
    ada = people.party("Ada")
    values = {"resource": str(ada), "message": "电话\nCalled twice. 😀"}
    (made,) = tryton.upsert("ir.note", [Upsert(key="t1", values=values)])
    (record,) = tryton.changes("ir.note", None, fields=("resource", "message")).records
    assert (record.id, record.values) == (made.remote_id, values)
    assert people.call("model.ir.note.search_count", [["resource", "=", f"{PARTY},{ada}"]], {}) == 1


def test_nothing_to_write_writes_nothing(tryton: Tryton, people: People):
    """What Tryton has already is told, and leaves its time as it is; so does another spelling."""
    ada = people.party("Ada", email="a@x.example", phone="+86 138-0013-8000")
    before = people.read(ada, "write_date")
    (result,) = write(tryton, known(ada, name="Ada", email="a@x.example", phone=PHONE, fax=None))
    assert (result.done, result.remote_id) == ("unchanged", str(ada))
    assert people.read(ada, "write_date") == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "Ada_%@X.example"),
        ("phone", "+86 (138) 0013-8000"),
        ("identifier", "c1"),
        ("code", "A-7"),
    ],
)
def test_a_match_finds_instead_of_making(tryton: Tryton, people: People, field: str, value: str):
    """Written twice, a record is made once: by each field that can be its match."""
    (made,) = write(tryton, new(1, match=field, **{field: value}))
    (again,) = write(tryton, new(1, match=field, **{field: value, "name": "changed"}))
    assert (made.done, again.done) == ("created", "updated")
    assert made.remote_id == again.remote_id
    assert [row["name"] for row in people.parties("name")] == ["changed"]


def test_a_match_is_no_pattern(tryton: Tryton, people: People):
    """An underscore in an address stands for itself."""
    people.party("Other", email="adaX@x.example")
    (made,) = write(tryton, new(1, match="email", email="ada_@x.example"))
    assert made.done == "created"


def test_an_unclear_match_is_told(tryton: Tryton, people: People):
    """Two parties of one address, or two records of one batch: neither is chosen in silence."""
    people.party("Ada", email="a@x.example")
    people.party("Ida", email="a@x.example")
    twice = [new(i, match="email", email="b@x.example") for i in (2, 3)]
    first, second, third = write(tryton, new(1, match="email", email="a@x.example"), *twice)
    assert (first.done, first.code, first.field) == (None, "ambiguous", "email")
    assert (second.done, third.code) == ("created", "duplicate")


def test_one_bad_record_leaves_the_batch_undone(tryton: Tryton, people: People):
    """Tryton refuses all for one; alone, its own words say why, and of which field."""
    good, bad = new(1), new(2, name="two\nlines")
    with pytest.raises(BatchRefused, match="invalid chars"):
        write(tryton, good, bad)
    assert people.parties("name") == []
    (refused,) = write(tryton, bad)
    assert (refused.done, refused.code, refused.field) == (None, "UserError", "name")
    assert "contains some invalid chars" in refused.reason
    with pytest.raises(BatchRefused, match="not valid"):
        write(tryton, good, new(2, phone="+123"))
    ada = people.party("Ada")
    with pytest.raises(BatchRefused):
        write(tryton, known(ada, name="x\ny"), known(people.party("Ida"), name="Ida 2"))
    assert [row["name"] for row in people.parties("name")] == ["Ada", "Ida"]


def test_what_was_made_is_told_beside_a_refusal(tryton: Tryton, people: People):
    """New records are made before changed ones are refused: no id is lost."""
    ada, ida = people.party("Ada"), people.party("Ida")
    results = write(tryton, new(1), known(ada, name="x\ny"), known(ida, name="Ida 2"))
    assert [one.done for one in results] == ["created", None, "updated"]
    assert "invalid chars" in results[1].reason
    assert [row["name"] for row in people.parties("name")] == ["Ada", "Ida 2", "n1"]


def test_a_value_that_fits_no_field_is_refused_alone(tryton: Tryton):
    """It is found before anything is sent; the others are written."""
    results = write(tryton, new(1, lang="many"), new(2))
    assert [one.done for one in results] == [None, "created"]
    assert (results[0].field, results[0].code) == ("lang", "value")
    with pytest.raises(SyncAborted, match="shoe_size"):
        write(tryton, new(3, shoe_size="43"))


def test_the_archived_stay_archived(tryton: Tryton, people: People):
    """Neither by id nor by match is an inactive party written, or made active."""
    ada = people.party("Ada", email="a@x.example")
    eve = people.party("Eve")
    people.write(ada, active=False)
    people.delete(eve)
    archived, gone = write(tryton, known(ada, name="B"), known(eve, name="C"))
    assert (archived.done, archived.code) == (None, "archived")
    assert (gone.done, gone.code) == (None, "gone")
    (again,) = write(tryton, new(2, match="email", email="a@x.example"))
    assert again.done == "created"
    assert not people.read(ada, "active")["active"]


def test_somebody_was_faster(tryton: Tryton, people: People):
    """A record changed since it was read is not overwritten; its telephone number counts too."""
    ada = people.party("Ada", phone=PHONE)
    (seen,) = tryton.fetch(PARTY, [str(ada)], fields=("name", "phone"))
    assert seen.changed_at is not None
    since = {"remote_id": str(ada), "unchanged_since": seen.changed_at}
    (fine,) = write(tryton, Upsert(key="c1", values={"name": "Ada 2"}, **since))
    assert fine.done == "updated"
    (late,) = write(tryton, Upsert(key="c1", values={"name": "Ada 3"}, **since))
    assert (late.done, late.conflict) == (None, True)
    (now,) = write(tryton, Upsert(key="c1", values={"name": "Ada 2"}, **since))
    assert now.done == "unchanged"
    assert people.read(ada, "name")["name"] == "Ada 2"
    far = datetime.now(UTC) + timedelta(days=1)
    (result,) = write(
        tryton,
        Upsert(key="c1", remote_id=str(ada), unchanged_since=far, values={"phone": OTHER}),
    )
    assert result.done == "updated"


def test_deleted_is_gone(tryton: Tryton, people: People):
    """Deleting is for good; what is gone already is unchanged."""
    ada, ida = people.party("Ada", email="a@x.example"), people.party("Ida")
    people.write(ida, active=False)
    assert [one.done for one in tryton.delete(PARTY, [str(ada), str(ida), "999"])] == [
        "deleted",
        "deleted",
        "unchanged",
    ]
    assert people.parties("name") == []
    assert [one.done for one in tryton.delete(PARTY, [str(ada)])] == ["unchanged"]


def test_archiving_instead(opened: Open, people: People):
    """Where the settings say so, a deleted customer stays with Tryton's people, inactive."""
    tryton = opened(on_delete="archive")
    ada = people.party("Ada")
    assert [one.done for one in tryton.delete(PARTY, [str(ada)])] == ["deleted"]
    assert [row["active"] for row in people.parties("active")] == [0]
    assert [one.done for one in tryton.delete(PARTY, [str(ada)])] == ["unchanged"]


def test_what_others_need_is_not_deleted(tryton: Tryton, people: People):
    """A refusal keeps its reason to itself; the rest of the batch goes."""
    inner = people.call("model.party.address.format.search", [], 0, 1, [["id", "ASC"]], {})
    own = people.create("party.address.format", language_code="xx")
    ids = [str(inner[0]), str(own)]
    refused, done = tryton.delete("party.address.format", ids)
    assert (refused.key, refused.done) == (ids[0], None)
    assert "not allowed" in refused.reason
    assert done.done == "deleted"


def test_two_parties_become_one(tryton: Tryton, people: People):
    """Tryton's own wizard merges; whoever went is told with where he went, once and twice."""
    ada, ida = people.party("Ada", email="a@x.example"), people.party("Ida", phone=PHONE)
    merged = tryton.merge(PARTY, str(ada), str(ida))
    assert (merged.done, merged.remote_id) == ("updated", str(ada))
    assert tryton.merge(PARTY, str(ada), str(ida)).done == "unchanged"
    gone = [one for one in tryton.changes(PARTY, None, fields=("name",)).records if one.deleted]
    assert [(one.id, one.merged_into) for one in gone] == [(str(ida), str(ada))]
    assert tryton.merge(PARTY, "999", str(ada)).done is None
    assert tryton.merge("party.category", "1", "2").code == "unsupported"
