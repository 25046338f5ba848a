"""The account: its id, its objects, the dated paths, and what the token reaches."""

from typing import Any

import pytest
from crmkit_hubspot.settings import BASE_URL, SEARCHES, HubSpotConfig
from hubspot_kit import all_of, pages, write

from crmkit.contracts.connector import SyncAborted, Upsert
from crmkit.contracts.limits import CallLimits
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.hubspot import HubSpot, Property


def test_an_account_has_an_id(account: HubSpot, opened: Any):
    """Where the token may not ask for it, none; other calls go on."""
    connector = opened()
    assert connector.account() == str(account.portal)
    for status in (403, 404, 400):
        account.fail(Fault(answer=Answer(b"<html>", status)))
        assert connector.account() is None
    for zone in ("Eastern time", "../etc", "", 7, "US/Eastern"):
        account.fail(Fault(answer=Answer({"portalId": 1, "timeZone": zone})))
        assert connector.account() == "1"


def test_a_schema_says_what_may_be_written(account: HubSpot, opened: Any):
    """Types, choices, what is unique, required and read only; associations are references."""
    account.add_property("contacts", Property("wants", "enumeration", "checkbox", options=("tea",)))
    account.add_property("contacts", Property("crmkit_id", unique=True))
    known = {one.name: one for one in opened().schema("contacts").fields}
    assert (known["email"].unique, known["crmkit_id"].unique, known["phone"].unique) == (
        True,
        True,
        False,
    )
    assert (known["lifecyclestage"].type, known["lifecyclestage"].choices) == (
        "choice",
        ("lead", "customer"),
    )
    types = {name: known[name].type for name in ("wants", "date_of_birth", "createdate", "phone")}
    assert types == {
        "wants": "list",
        "date_of_birth": "date",
        "createdate": "instant",
        "phone": "text",
    }
    assert known["lastmodifieddate"].readonly
    assert known["associatedcompanyid"].type == "reference"
    assert known["phone"].length == 65_536
    notes = {one.name: one for one in opened().schema("notes").fields}
    assert [name for name, one in notes.items() if one.required] == ["hs_timestamp"]
    assert notes["contact"].type == "reference"


def test_an_object_that_is_not_there_stops_the_run(opened: Any):
    """Named before anything is written."""
    with pytest.raises(SyncAborted, match="unicorns"):
        opened().schema("unicorns")


def test_a_check_names_a_token_that_reaches_nothing(account: HubSpot, opened: Any):
    """One object is enough: what is mapped is looked at by itself."""
    assert opened().check() == ()
    no = Answer({"category": "MISSING_SCOPES", "message": "crm.schemas needed"}, 403)
    account.fail(Fault(answer=no))
    assert opened().check() == ()
    account.fail(*[Fault(answer=no)] * 9)
    (found,) = opened().check()
    assert found.fatal
    assert "crm.schemas needed" in found.what


def test_a_dated_api_has_other_paths_and_the_same_bodies(account: HubSpot, opened: Any):
    """Everything works there as it does on v3."""
    connector = opened(version="2026-03")
    person = write(connector, "contacts", Upsert(key="c", match=("email", "a@x.cn"), values={}))
    values = {"hs_timestamp": "2026-05-01T08:00:00+00:00", "contact": person["c"].remote_id}
    write(connector, "notes", Upsert(key="n", values=values))
    assert all_of(pages(connector, "notes", fields=[*values]))[0].values == values
    connector.delete("notes", [all_of(pages(connector, "notes"))[0].id])
    assert len(connector.deleted("notes", None).records) == 1
    assert connector.account() == str(account.portal)
    paths = {call.path for call in account.calls}
    assert "/crm/objects/2026-03/contacts/batch/upsert" in paths
    assert "/crm/associations/2026-03/notes/contacts/batch/read" in paths
    assert not [path for path in paths if "v3" in path or "v4" in path]


def test_the_search_has_limits_of_its_own():
    """Five a second at HubSpot, at another address what is set for all calls."""
    token = Secret("t")
    assert HubSpotConfig(access_token=token).searching == SEARCHES
    own = CallLimits(per_second=4)
    assert HubSpotConfig(access_token=token, search_limits=own).searching == own
    proxied = HubSpotConfig(access_token=token, base_url="http://127.0.0.1:1", limits=own)
    assert proxied.searching == own
    assert HubSpotConfig(access_token=token, base_url=BASE_URL + "/").searching == SEARCHES


def test_plans_know_how_long_writing_takes(opened: Any):
    """A thousand calls at a hundred in ten seconds."""
    connector = opened(limits={"per_second": 10, "burst": 100})
    assert connector.seconds(1000) == 90.0
