"""Mappings that would never come to rest are refused before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit.contracts.connector import Field, SyncAborted
from crmkit.errors import ConfigError
from tests.sync.fake import CONTACTS, FIELDS, Fake, Shop
from tests.sync.kit import PLAIN

LEADS = "Leads"
TWO = {CONTACTS: FIELDS, LEADS: FIELDS}
OWNED = PLAIN | {"fields": {"name": {"field": "Name", "owner": "theirs"}, "email": "Email"}}
SCORES: dict[str, Any] = {"concept": "scores", "object": CONTACTS, "fields": {"total": "Level"}}


@pytest.mark.parametrize(
    "mappings",
    [
        [PLAIN | {"fields": {"attributes.level": "Level", "attributes": {"level": "Key"}}}],
        [PLAIN, SCORES | {"fields": {"total": "Level", "score": "Key"}}],
    ],
)
def test_a_field_of_ours_has_one_rule(mappings: list[dict[str, Any]]) -> None:
    """Spelled in two ways it went to two fields, and either emptied it in turn."""
    with pytest.raises(ConfigError, match="has two rules for one field"):
        Shop(mappings=mappings).crm.sync.doctor("crm")


@pytest.mark.parametrize("name", ["score", "tier"])
def test_a_score_among_a_customers_fields_is_shown_its_place(name: str) -> None:
    """Where people look it stands beside the name; here it is a concept of its own."""
    mapping = PLAIN | {"fields": PLAIN["fields"] | {name: "Level"}}
    place = rf"fields\.{name}: is no field of customers; .* concept = \"scores\""
    with pytest.raises(ConfigError, match=place):
        Shop(mappings=[mapping]).crm.sync.doctor("crm")


def test_an_object_has_one_mapping_of_scores() -> None:
    """Only the first was ever filled."""
    second = SCORES | {"fields": {"tier": "Key"}}
    with pytest.raises(ConfigError, match=r"is mapped by .* already"):
        Shop(mappings=[PLAIN, SCORES, second]).crm.sync.doctor("crm")


@pytest.mark.parametrize("name", ["name", "industry"])
def test_a_field_that_is_theirs_in_two_objects_is_refused(name: str) -> None:
    """Each would undo the other for ever."""
    theirs = {"field": name.title(), "owner": "theirs"}
    rule = PLAIN | {"fields": {"email": "Email", name: theirs}}
    one = Shop(Fake(fields=TWO), mappings=[rule, rule | {"object": LEADS}])
    one.save("Ann", "ann@example.com")
    with pytest.raises(SyncAborted, match=f"{name} belongs to crm's Contacts and to crm's Leads"):
        one.run()
    assert one.theirs() == []


@pytest.mark.parametrize("concept", ["touchpoints", "contacts", "opportunities"])
def test_what_is_about_customers_is_theirs_in_one_object(concept: str) -> None:
    """Unless what comes from one never goes over to the other."""
    name = "text" if concept == "touchpoints" else "name"
    about = {
        "concept": concept,
        "fields": {"customer": "Parent", name: {"field": "Name", "owner": "theirs"}},
    }
    fields = (*FIELDS, Field(name="Parent", type="reference"))
    objects = {CONTACTS: FIELDS, "Calls": fields, "Notes": fields}
    calls, notes = about | {"object": "Calls"}, about | {"object": "Notes"}
    one = Shop(Fake(fields=objects), mappings=[PLAIN, calls, notes])
    (found,) = one.crm.sync.doctor("crm")
    assert f"{name} belongs to crm's Calls and to crm's Notes" in found.what
    apart: dict[str, Any] = {"direction": "in", "fields": {"customer": "Parent", name: "Name"}}
    assert (
        Shop(Fake(fields=objects), mappings=[PLAIN, calls, notes | apart]).crm.sync.doctor("crm")
        == ()
    )


def test_people_and_organisations_may_be_theirs_in_an_object_each() -> None:
    """As in the CRMs that keep them apart: nobody is in both."""
    rules = [
        OWNED | {"select": {"kind": ["person"]}},
        OWNED | {"object": LEADS, "select": {"kind": "organisation"}},
    ]
    one = Shop(Fake(fields=TWO), mappings=rules)
    assert one.crm.sync.doctor("crm") == ()
    kinds = [PLAIN | {"select": {"kind": ["person"]}}, OWNED | {"object": LEADS}]
    assert Shop(Fake(fields=TWO), mappings=kinds).crm.sync.doctor("crm") == ()


def test_a_default_is_among_the_choices() -> None:
    """What is sent where ours is empty can be taken there."""
    choices = [Field(name="Industry", type="choice", choices=("retail", "hotel"))]
    fields = [*(one for one in FIELDS if one.name != "Industry"), *choices]
    rule = {"name": "Name", "email": "Email", "industry": {"field": "Industry", "default": "tea"}}
    one = Shop(Fake(fields={CONTACTS: tuple(fields)}), mappings=[PLAIN | {"fields": rule}])
    (found,) = one.crm.sync.doctor("crm")
    assert "has no choice 'tea'" in found.what
    rule["industry"] = {"field": "Industry", "default": "hotel"}
    one = Shop(Fake(fields={CONTACTS: tuple(fields)}), mappings=[PLAIN | {"fields": rule}])
    assert one.crm.sync.doctor("crm") == ()
