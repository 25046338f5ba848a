"""Zoho's own SDK takes the simulator for Zoho."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, ParameterMap, record
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig

from crmkit.testing.simulators.zoho import Zoho

pytestmark = pytest.mark.filterwarnings("ignore")  # the SDK's own


@pytest.fixture
def sdk(zoho: Zoho, tmp_path: Any) -> Iterator[Any]:
    """Give the SDK's record module, opened on the simulator.

    It must not follow ``api_domain``: that would lead it to Zoho itself.
    """
    token = OAuthToken(
        client_id="1000.CLIENT",
        client_secret="client-secret",
        refresh_token="1000.refresh",
        find_user=False,
    )
    config = SDKConfig(
        auto_refresh_fields=False, pick_list_validation=False, update_api_domain=False
    )
    Initializer.initialize(
        DataCenter.Environment(zoho.url, f"{zoho.url}/oauth/v2/token", zoho.url),
        token,
        store=FileStore(str(tmp_path / "tokens.csv")),
        sdk_config=config,
        resource_path=str(tmp_path),
    )
    yield record
    Initializer.initializer = None


def listed(sdk: Any, since: datetime | None = None, **params: Any) -> Any:
    asked, headers = ParameterMap(), HeaderMap()
    for name, value in params.items():
        asked.add(getattr(sdk.GetRecordsParam, name), value)
    if since is not None:
        headers.add(sdk.GetRecordsHeader.if_modified_since, since)
    return sdk.RecordOperations("Contacts").get_records(asked, headers)


def written(sdk: Any, how: str, *records: dict[str, Any]) -> Any:
    body = sdk.BodyWrapper()
    rows = []
    for given in records:
        row = sdk.Record()
        for name, value in given.items():
            row.set_id(int(value)) if name == "id" else row.add_key_value(name, value)
        rows.append(row)
    body.set_data(rows)
    body.set_trigger([])
    if how == "upsert_records":
        body.set_duplicate_check_fields(["Email"])
    return getattr(sdk.RecordOperations("Contacts"), how)(body)


@pytest.mark.row("R281")
def test_the_sdk_upserts_reads_and_deletes(sdk: Any, zoho: Zoho):
    """Found by its email the second time; unchanged is 304; a wrong record fails alone."""
    li = {"Last_Name": "李", "Email": "li@example.com"}
    first = written(sdk, "upsert_records", li, {"Email": "nameless@example.com"})
    assert first.get_status_code() == 207
    made, bad = first.get_object().get_data()
    assert made.get_action().get_value() == "insert"
    assert bad.get_code().get_value() == "MANDATORY_NOT_FOUND"
    again = written(sdk, "upsert_records", {**li, "Phone": "7"}).get_object().get_data()[0]
    assert (again.get_action().get_value(), again.get_details()["id"]) == (
        "update",
        made.get_details()["id"],
    )
    (found,) = listed(sdk, fields="Last_Name,Phone").get_object().get_data()
    assert (found.get_key_value("Last_Name"), found.get_key_value("Phone")) == ("李", "7")
    assert listed(sdk, datetime(2100, 1, 1, tzinfo=UTC), fields="id").get_status_code() == 304
    params = ParameterMap()
    params.add(sdk.DeleteRecordsParam.ids, str(found.get_id()))
    gone = sdk.RecordOperations("Contacts").delete_records(params)
    assert gone.get_object().get_data()[0].get_status().get_value() == "success"
    assert listed(sdk, fields="id").get_status_code() == 204
    assert zoho.tokens == 1
    assert zoho.writes.triggered == 0


def test_the_sdk_pages_past_2000_records_by_token(sdk: Any, zoho: Zoho):
    """By page number it is refused there, as Zoho does."""
    for number in range(2100):
        zoho.book.create("Contacts", {"Last_Name": f"n{number}"})
    refused = listed(sdk, fields="Last_Name", page=11, per_page=200)
    assert refused.get_status_code() == 400
    assert refused.get_object().get_code().get_value() == "DISCRETE_PAGINATION_LIMIT_EXCEEDED"
    params: dict[str, Any] = {"fields": "Last_Name", "per_page": 200}
    names = []
    for _page in range(11):
        page = listed(sdk, **params).get_object()
        names += [one.get_key_value("Last_Name") for one in page.get_data()]
        params["page_token"] = page.get_info().get_next_page_token()
    assert params["page_token"] is None
    assert sorted(names) == sorted(f"n{number}" for number in range(2100))
