"""What a module looks like is told as Zoho tells it, however much or little that is."""

from collections.abc import Callable
from typing import Any

import pytest
from crmkit_zoho.connector import Zoho as Connector

from crmkit.contracts.connector import Cursor, Field, SyncAborted, Upsert
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.zoho import Column, Zoho

Open = Callable[..., Connector]


def fields(connector: Connector, module: str = "Contacts") -> dict[str, Field]:
    return {field.name: field for field in connector.schema(module).fields}


@pytest.mark.row("R281")
def test_a_schema_has_types_lengths_and_rules(connector: Connector, zoho: Zoho):
    """So that a mapping is checked before anything is written."""
    zoho.modules["Contacts"].append(Column(name="Number", kind="bigint", unique=True))
    schema = connector.schema("Contacts")
    known = fields(connector)
    assert (schema.batch, schema.page) == (100, 200)
    assert known["Last_Name"] == Field(
        name="Last_Name", label="Last Name", required=True, length=80
    )
    assert known["Email"].unique
    assert known["Number"].unique
    assert not known["Phone"].unique
    assert known["Lead_Source"].choices == ("Advertisement", "Cold Call", "Web", "朋友介绍")
    assert [name for name in known if known[name].readonly] == [
        "id",
        "Created_Time",
        "Modified_Time",
    ]
    types = {
        "Account_Name": "reference",
        "Owner": "reference",
        "Email_Opt_Out": "flag",
        "Orders": "number",
        "Number": "number",
        "Interests": "list",
        "Date_of_Birth": "date",
        "Next_Contact": "instant",
        "Lead_Source": "choice",
        "Description": "text",
    }
    assert {name: known[name].type for name in types} == types
    assert [name for name in known if known[name].never_empty] == ["Email_Opt_Out"]


def test_fields_of_which_only_the_name_is_told_work(connector: Connector, zoho: Zoho):
    """Zoho's own names mean what they always mean; values of others pass as they are."""
    names = ("Last_Name", "Owner", "Account_Name", "Modified_Time", "Value_Score", "Email")
    bare = Answer({"fields": [{"api_name": name} for name in names] + [{}, None]})
    zoho.fail(Fault(answer=bare, on="settings/fields"))
    known = fields(connector)
    assert {name: field.type for name, field in known.items()} == {
        "Last_Name": "other",
        "Owner": "reference",
        "Account_Name": "reference",
        "Modified_Time": "instant",
        "Value_Score": "other",
        "Email": "text",
    }
    assert known["Email"].unique
    values = {"Last_Name": "王", "Owner": "554023000000235012", "Value_Score": 87.5, "Phone": None}
    (done,) = connector.upsert("Contacts", [Upsert(key="a", values=values)])
    (found,) = connector.fetch("Contacts", [str(done.remote_id)], fields=tuple(values))
    assert found.values == values


@pytest.mark.parametrize("strange", [{}, {"unique": False}, {"pick_list_values": None}])
def test_parts_that_are_missing_or_of_another_kind_do_no_harm(
    connector: Connector, zoho: Zoho, strange: dict[str, Any]
):
    """Another version may leave out what this one tells."""
    told = {"api_name": "Stage", "data_type": "picklist", "length": "120", **strange}
    odd = {"api_name": "Odd", "data_type": "subform", "operation_type": {"api_create": False}}
    zoho.fail(Fault(answer=Answer({"fields": [told, odd]})))
    known = fields(connector, "Deals")
    assert known["Stage"] == Field(name="Stage", type="choice", label="Stage")
    assert (known["Odd"].type, known["Odd"].readonly) == ("other", False)


def test_an_unknown_module_is_named(connector: Connector):
    """Before anything is read or written."""
    with pytest.raises(SyncAborted, match=r"fields of Kontakte.*no module of that name"):
        connector.schema("Kontakte")


def test_a_module_without_fields_is_named(connector: Connector, zoho: Zoho):
    """Zoho answers 204 to what this user does not see."""
    zoho.fail(Fault(answer=Answer(status=204)))
    with pytest.raises(SyncAborted, match="no fields of Deals"):
        connector.schema("Deals")


def test_a_changed_schema_is_seen(connector: Connector, zoho: Zoho):
    """It is asked for anew each time."""
    assert "Colour" not in fields(connector)
    zoho.modules["Contacts"].append(Column(name="Colour"))
    assert "Colour" in fields(connector)


def test_modules_are_named_contacts_first(opened: Open, zoho: Zoho):
    """Custom ones come last; where Zoho does not tell them, it is those that everybody has."""
    zoho.modules["Branches"] = list(zoho.modules["Accounts"])
    names = opened().entities()
    assert (names[0], names[-1]) == ("Contacts", "Branches")
    zoho.scopes = {"ZohoCRM.modules.ALL"}
    assert opened().entities()[:2] == ("Contacts", "Accounts")


def test_the_account_is_named_where_it_may_be(opened: Open, zoho: Zoho):
    """Without that scope nobody is told, and nothing stops."""
    assert opened().account() == "760000001"
    zoho.scopes = {"ZohoCRM.modules.ALL"}
    assert opened().account() is None
    zoho.fail(Fault(), Fault(answer=Answer(b"<html>not here</html>", 404)))
    assert opened().account() is None


@pytest.mark.parametrize(
    ("scopes", "settings", "found"),
    [
        (("ZohoCRM.modules.ALL", "ZohoCRM.settings.ALL"), {}, []),
        (("ZohoCRM.modules.ALL",), {}, ["modules and fields"]),
        (("ZohoCRM.users.READ",), {}, ["modules and fields", "no scope for records"]),
        ((), {"refresh_token": "no"}, ["access token"]),
    ],
)
def test_the_check_says_what_the_credentials_do_not_reach(
    opened: Open, zoho: Zoho, scopes: tuple[str, ...], settings: dict[str, str], found: list[str]
):
    """Each with its remedy; no module is called for it, since that would count."""
    zoho.scopes = set(scopes)
    findings = opened(**settings).check()
    assert len(findings) == len(found)
    for finding, word in zip(findings, found, strict=True):
        assert word in finding.what
        assert "ZohoCRM.modules.ALL" in finding.remedy
    paths = {call.path for call in zoho.calls}
    assert paths <= {"/oauth/v2/token", "/crm/v8/settings/modules"}


def test_limits_tell_how_long_many_calls_take(opened: Open):
    """Ten calls a second."""
    assert opened(limits={"per_second": 10}).seconds(1000) == pytest.approx(99)
    assert opened().seconds(1000) == 0


def test_a_cursor_that_is_not_ours_begins_at_its_instant(connector: Connector, zoho: Zoho):
    """What its token held is left."""
    made = zoho.book.create("Contacts", {"Last_Name": "x"})
    for token in ("nonsense", "[1]", '{"spots": [[1]]}', '{"spots": []}'):
        page = connector.changes("Contacts", Cursor(made.changed, "", token), fields=("Phone",))
        assert [one.id for one in page.records] == [made.id]
