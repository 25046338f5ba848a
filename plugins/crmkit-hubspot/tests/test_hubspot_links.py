"""Associations are fields: a note's contact, a deal's company, a contact's company."""

from typing import Any

import pytest
from hubspot_kit import all_of, pages, write

from crmkit.contracts.connector import SyncAborted, Upsert
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.hubspot import HubSpot

AT = "2026-05-01T08:00:00+00:00"


@pytest.fixture
def people(account: HubSpot) -> list[str]:
    return [account.book.create("contacts", {"firstname": str(n)}).id for n in range(3)]


@pytest.fixture
def firms(account: HubSpot) -> list[str]:
    return [account.book.create("companies", {"name": str(n)}).id for n in range(3)]


def shown(connector: Any, entity: str, name: str) -> list[Any]:
    return [one.values[name] for one in all_of(pages(connector, entity, fields=[name]))]


@pytest.mark.row("R55", "R59")
@pytest.mark.parametrize("entity", ["notes", "calls", "emails", "meetings", "tasks"])
def test_an_activity_belongs_to_a_contact(
    account: HubSpot, opened: Any, people: list[str], entity: str
):
    """It is made with its contact in one call, moved to another one, and to nobody."""
    connector = opened()
    connector.schema(entity)
    account.calls.clear()
    made = write(
        connector, entity, Upsert(key="n", values={"hs_timestamp": AT, "contact": people[0]})
    )["n"]
    assert [call.path.rpartition("/")[2] for call in account.calls] == ["create"]
    assert shown(connector, entity, "contact") == [people[0]]
    for target in (people[2], people[1], None):
        update = Upsert(key="n", remote_id=made.remote_id, values={"contact": target})
        assert write(connector, entity, update)["n"].done == "updated"
        assert shown(connector, entity, "contact") == [target]


def test_a_deal_has_one_contact_and_one_main_company(
    account: HubSpot, opened: Any, people: list[str], firms: list[str]
):
    """The label moves, and the other companies stay."""
    connector = opened()
    values = {"dealname": "Tea", "contact": people[1], "company": firms[0]}
    deal = write(connector, "deals", Upsert(key="d", values=values))["d"].remote_id
    account.associations.add(("deals", "companies"), deal, firms[1])
    update = Upsert(key="d", remote_id=deal, values={"company": firms[2], "dealname": "Green"})
    assert write(connector, "deals", update)["d"].done == "updated"
    (found,) = all_of(pages(connector, "deals", fields=["dealname", "contact", "company"]))
    assert found.values == {"dealname": "Green", "contact": people[1], "company": firms[2]}
    assert {*account.associations.of(("deals", "companies"), deal)} == {*firms}
    write(connector, "deals", Upsert(key="d", remote_id=deal, values={"company": None}))
    assert {*account.associations.of(("deals", "companies"), deal)} == {*firms[:2]}


def test_a_contact_that_is_found_by_match_gets_its_company(
    account: HubSpot, opened: Any, firms: list[str]
):
    """An upsert carries no associations, so they follow it; `company` stays the firm's name."""
    connector = opened()
    values = {"associatedcompanyid": firms[1], "company": "Tea Ltd"}
    write(connector, "contacts", Upsert(key="c", match=("email", "a@x.cn"), values=values))
    (found,) = all_of(pages(connector, "contacts", fields=["associatedcompanyid", "company"]))
    assert found.values == values
    assert account.objects["contacts"]["company"].type == "string"


def test_an_association_that_is_refused_says_so(opened: Any, people: list[str]):
    """The record is written, and its result names the field."""
    connector = opened()
    values = {"hs_timestamp": AT, "contact": people[0]}
    note = write(connector, "notes", Upsert(key="n", values=values))["n"].remote_id
    update = Upsert(key="n", remote_id=note, values={"contact": "999", "hs_note_body": "Hello"})
    found = write(connector, "notes", update)["n"]
    assert (found.done, found.field, found.code) == (None, "contact", "OBJECT_NOT_FOUND")
    assert found.remote_id == note


def test_the_contact_of_a_merge_is_the_survivor(account: HubSpot, opened: Any, people: list[str]):
    """A note goes along with its contact."""
    connector = opened()
    write(connector, "notes", Upsert(key="n", values={"hs_timestamp": AT, "contact": people[2]}))
    account.book.merge("contacts", people[0], people[2])
    assert shown(connector, "notes", "contact") == [people[0]]


def test_of_several_contacts_one_is_meant(account: HubSpot, opened: Any, people: list[str]):
    """Always the same one, as a number: 99 is less than 101."""
    note = account.book.create("notes", {"hs_timestamp": AT}).id
    early = account.book.create("contacts", {}, id="99").id
    for one in (people[1], early, people[0]):
        account.associations.add(("notes", "contacts"), note, one)
    assert shown(opened(), "notes", "contact") == [early]


def test_a_hundred_and_more_are_read_in_few_calls(account: HubSpot, opened: Any, people: list[str]):
    """One call more for each field and page."""
    for n in range(150):
        note = account.book.create("notes", {"hs_timestamp": AT}).id
        account.associations.add(("notes", "contacts"), note, people[n % 3])
    connector = opened(page_size=200)
    connector.schema("notes")
    account.calls.clear()
    (page,) = pages(connector, "notes", fields=["hs_note_body", "contact"])
    assert [one.values["contact"] for one in page.records] == [people[n % 3] for n in range(150)]
    assert len(account.calls) == 3
    assert (
        len(connector.fetch("notes", [one.id for one in page.records], fields=["contact"])) == 150
    )


def test_an_account_without_associations_gives_the_rest(
    account: HubSpot, opened: Any, people: list[str]
):
    """Who may not read them is told; where there is no such address the field is left out."""
    note = account.book.create("notes", {"hs_timestamp": AT, "hs_note_body": "Hi"}).id
    account.associations.add(("notes", "contacts"), note, people[0])
    account.fail(Fault(answer=Answer(b"<html>", 404), on="associations"))
    (found,) = all_of(pages(opened(), "notes", fields=["hs_note_body", "contact"]))
    assert found.values == {"hs_note_body": "Hi"}
    account.fail(Fault(answer=Answer({"message": "no scope"}, 403), on="associations"))
    with pytest.raises(SyncAborted, match="no scope"):
        pages(opened(), "notes", fields=["contact"])
