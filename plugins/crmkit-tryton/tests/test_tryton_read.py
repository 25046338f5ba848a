"""Reading: what changed comes once, in order and whole, whatever Tryton keeps it in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from conftest import Open
from crmkit_tryton.connector import Tryton
from tryton_proxy import Proxy
from tryton_server import People

from crmkit.contracts.connector import Cursor, Remote, SyncAborted

PARTY = "party.party"
FIELDS = ("name", "email", "phone", "identifier")


def all_changes(
    tryton: Tryton, cursor: Cursor | None = None, fields: tuple[str, ...] = FIELDS
) -> tuple[list[Remote], Cursor]:
    """Read pages to the end."""
    records: list[Remote] = []
    while True:
        page = tryton.changes(PARTY, cursor, fields=fields)
        records += page.records
        cursor = page.cursor
        if not page.more:
            return records, cursor


def many(people: People, count: int) -> list[int]:
    """Make parties in one transaction, so that all bear one instant."""
    given = [
        {
            "name": f"n{i}",
            "contact_mechanisms": [["create", [{"type": "email", "value": f"n{i}@x.example"}]]],
        }
        for i in range(count)
    ]
    ids: list[int] = people.call("model.party.party.create", given, {})
    return ids


def test_a_party_is_read_whole(tryton: Tryton, people: People):
    """Name, first e-mail, telephone and our identifier are fields like any other."""
    number = people.create(
        name="王二 😀",
        contact_mechanisms=[
            [
                "create",
                [
                    {"type": "email", "value": "first@x.example"},
                    {"type": "email", "value": "second@x.example"},
                    {"type": "phone", "value": "+86 138-0013-8000"},
                ],
            ]
        ],
        identifiers=[["create", [{"code": "loyalty-7"}, {"code": "crmkit:c1"}]]],
    )
    ((record,), _) = all_changes(tryton)
    assert record.id == str(number)
    assert record.values == {
        "name": "王二 😀",
        "email": "first@x.example",
        "phone": "+8613800138000",
        "identifier": "c1",
    }
    assert record.created_at == record.changed_at
    assert not record.deleted


@pytest.mark.parametrize("size", [1, 3])
def test_one_instant_outnumbers_a_page(opened: Open, people: People, size: int):
    """Records of one transaction come once each, however many pages they fill."""
    made = many(people, 7)
    records, _ = all_changes(opened(page_size=size))
    assert [int(one.id) for one in records] == made
    assert len({one.changed_at for one in records}) == 1


def test_a_page_is_three_calls(opened: Open, people: People, proxy: Proxy):
    """One for the records and one for each kind of row behind them; nothing is read twice."""
    many(people, 5)
    tryton = opened(base_url=proxy.url)
    tryton.changes(PARTY, None, fields=FIELDS)
    reads = [one for one in proxy.methods() if one.endswith("search_read")]
    assert sorted(reads) == [
        "model.party.contact_mechanism.search_read",
        "model.party.identifier.search_read",
        "model.party.party.search_read",
    ]


def test_a_new_number_changes_its_party(tryton: Tryton, people: People):
    """Tryton leaves the party's time as it is, where only its telephone number was changed."""
    number = people.party("Ada", phone="+8613800138000")
    many(people, 2)
    _, cursor = all_changes(tryton)
    before = people.read(number, "write_date")
    (phone,) = people.read(number, "contact_mechanisms")["contact_mechanisms"]
    people.write(phone, "party.contact_mechanism", value="+8613800138001")
    assert people.read(number, "write_date") == before
    ((record,), after) = all_changes(tryton, cursor)
    assert (record.id, record.values["phone"]) == (str(number), "+8613800138001")
    assert record.changed_at == after.at
    assert after.at is not None
    assert cursor.at is not None
    assert after.at > cursor.at


def test_a_row_made_inactive_is_gone(tryton: Tryton, people: People):
    """A number that is no longer used changes the party, too."""
    number = people.party("Ada", phone="+8613800138000")
    _, cursor = all_changes(tryton)
    (phone,) = people.read(number, "contact_mechanisms")["contact_mechanisms"]
    people.write(phone, "party.contact_mechanism", active=False)
    ((record,), _) = all_changes(tryton, cursor)
    assert record.values["phone"] is None


def test_an_identifier_changes_its_party(tryton: Tryton, people: People):
    """So it does where somebody gave it an identifier of ours by hand."""
    number = people.party("Ada")
    _, cursor = all_changes(tryton)
    people.create("party.identifier", party=number, code="crmkit:c9")
    ((record,), _) = all_changes(tryton, cursor)
    assert record.values["identifier"] == "c9"


def test_rows_nobody_asked_for_are_not_read(opened: Open, people: People, proxy: Proxy):
    """Where no field is kept in rows, a page is one call."""
    people.party("Ada", email="a@x.example")
    all_changes(opened(base_url=proxy.url), fields=("name",))
    reads = [one for one in proxy.methods() if one.endswith("search_read")]
    assert reads == ["model.party.party.search_read"]


def test_an_inactive_party_is_gone(tryton: Tryton, people: People):
    """Archived counts as deleted, and comes when it happens."""
    number = people.party("Ada", email="a@x.example")
    _, cursor = all_changes(tryton)
    people.write(number, active=False)
    ((record,), _) = all_changes(tryton, cursor)
    assert (record.id, record.deleted, record.values) == (str(number), True, {})
    assert record.merged_into is None


def test_a_cursor_is_inclusive(tryton: Tryton, people: People):
    """From an instant on, records of that very instant are given; from an id on, those behind."""
    made = many(people, 3)
    records, last = all_changes(tryton)
    at = records[0].changed_at
    assert len(all_changes(tryton, Cursor(at))[0]) == 3
    rest, _ = all_changes(tryton, Cursor(at, str(made[0])))
    assert [int(one.id) for one in rest] == made[1:]
    assert all_changes(tryton, last) == ([], last)


def test_where_nothing_came_the_cursor_stays(tryton: Tryton):
    """It is never moved to now; the server's clock is told beside it."""
    given = Cursor(datetime(2026, 1, 1, tzinfo=UTC))
    page = tryton.changes(PARTY, given, fields=("name",))
    assert (page.records, page.cursor, page.more) == ((), given, False)
    assert page.now is not None
    assert abs(page.now - datetime.now(UTC)) < timedelta(minutes=5)
    assert tryton.changes(PARTY, None, fields=("name",)).cursor == Cursor()


def test_edits_between_pages_lose_nothing(opened: Open, people: People):
    """What is changed while pages are read comes with what it is then; the others still come."""
    tryton = opened(page_size=2)
    made = many(people, 6)
    first = tryton.changes(PARTY, None, fields=FIELDS)
    people.write(made[0], name="changed")
    people.write(made[5], name="changed")
    rest, _ = all_changes(tryton, first.cursor)
    last = {int(one.id): one.values["name"] for one in rest}
    assert last == {
        made[0]: "changed",
        **{number: f"n{i}" for i, number in enumerate(made[:5]) if i > 1},
        made[5]: "changed",
    }


def test_ids_and_records_by_id(tryton: Tryton, people: People):
    """Active ids are enumerated; what is inactive or gone comes as deleted."""
    ada, bob, eve = (people.party(name) for name in ("Ada", "Bob", "Eve"))
    people.write(bob, active=False)
    people.delete(eve)
    assert list(tryton.ids(PARTY, None).ids) == [str(ada)]
    assert tryton.ids(PARTY, None).after is None
    asked = [str(ada), str(bob), str(eve), "none"]
    found = tryton.fetch(PARTY, asked, fields=("name",))
    assert [one.id for one in found] == asked
    assert [one.deleted for one in found] == [False, True, True, True]
    assert found[0].values == {"name": "Ada"}


def test_the_schema_is_the_servers(tryton: Tryton):
    """Types, choices, what must be given and what cannot be written, as Tryton tells them."""
    party = {field.name: field for field in tryton.schema(PARTY).fields}
    kinds = {name: party[name].type for name in ("name", "active", "lang", "categories", "email")}
    assert kinds == {
        "name": "text",
        "active": "flag",
        "lang": "reference",
        "categories": "list",
        "email": "text",
    }
    assert party["create_date"].type == "instant"
    assert party["create_date"].readonly
    assert party["contact_mechanisms"].readonly
    assert not party["code"].required  # a sequence gives it
    assert party["identifier"].unique
    assert party["name"].label == "Name"
    rows = {field.name: field for field in tryton.schema("party.contact_mechanism").fields}
    assert rows["value"].required
    assert rows["party"].required
    assert not rows["type"].required  # Tryton fills in "other"
    assert "email" in rows["type"].choices


def test_objects_and_account(tryton: Tryton):
    """Customers come first; the account is the database, and when it was made."""
    assert tryton.entities()[0] == PARTY
    assert "party.address" in tryton.entities()
    account = tryton.account()
    assert account is not None
    assert account.startswith("crm of 20")
    assert tryton.check() == ()


def test_what_is_not_there_is_named(tryton: Tryton):
    """An unknown model or field stops the run, by its name."""
    with pytest.raises(SyncAborted, match="no party\\.nobody"):
        tryton.schema("party.nobody")
    with pytest.raises(SyncAborted, match="no field shoe_size"):
        tryton.changes(PARTY, None, fields=("name", "shoe_size"))


def test_a_server_with_two_times(opened: Open, people: People):
    """Where Tryton has no one time of the last change, both that it has make one order."""
    tryton = opened(page_size=2)
    for name in (PARTY, "party.contact_mechanism", "party.identifier"):
        model = tryton._model(name)
        fields = {one: told for one, told in model.fields.items() if one != "last_modified_at"}
        tryton._models[name] = attrs.evolve(model, fields=fields)
    made = many(people, 5)
    people.server.execute("UPDATE party_party SET write_date = NULL WHERE id <> 2")
    people.write(made[0], name="changed")
    records, cursor = all_changes(tryton)
    assert [int(one.id) for one in records] == [*made[1:], made[0]]
    assert all_changes(tryton, cursor) == ([], cursor)
