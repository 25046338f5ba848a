"""What customers are pushed with otherwise: bare posts, and the vendors' own clients in a loop."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.vendors import Vendor

Person = tuple[str, str, str]
"""Name, e-mail address and number."""


def bare_posts(vendor: Vendor, path: str, bodies: Iterable[bytes]) -> None:
    """Post bodies that are ready to Zoho, one after the other over one connection."""
    with requests.Session() as session:
        form = {
            "grant_type": "refresh_token",
            "client_id": "1000.CLIENT",
            "client_secret": "client-secret",
            "refresh_token": "1000.refresh",
        }
        token = session.post(f"{vendor.url}/oauth/v2/token", data=form).json()["access_token"]
        headers = {
            "Authorization": f"Zoho-oauthtoken {token}",
            "Content-Type": "application/json",
        }
        for body in bodies:
            answer = session.post(vendor.url + path, data=body, headers=headers)
            _sure(all(one["status"] == "success" for one in json.loads(answer.content)["data"]))


def by_zoho(vendor: Vendor, people: Sequence[Person]) -> None:
    """Upsert with Zoho's own client, a hundred a call."""
    from zohocrmsdk.src.com.zoho.api.authenticator import oauth_token  # noqa: PLC0415
    from zohocrmsdk.src.com.zoho.api.authenticator.store import file_store  # noqa: PLC0415
    from zohocrmsdk.src.com.zoho.crm.api import initializer, record, sdk_config  # noqa: PLC0415
    from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        initializer.Initializer.initialize(
            DataCenter.Environment(vendor.url, f"{vendor.url}/oauth/v2/token", vendor.url),
            oauth_token.OAuthToken(
                client_id="1000.CLIENT",
                client_secret="client-secret",  # noqa: S106 - the simulator's
                refresh_token="1000.refresh",  # noqa: S106 - likewise
                find_user=False,
            ),
            store=file_store.FileStore(f"{folder}/tokens.csv"),
            sdk_config=sdk_config.SDKConfig(
                auto_refresh_fields=False, pick_list_validation=False, update_api_domain=False
            ),
            resource_path=folder,
        )
        operations = record.RecordOperations("Contacts")
        for batch in _batches(people, 100):
            body, rows = record.BodyWrapper(), []
            for name, email, _ in batch:
                row = record.Record()
                row.add_key_value("Last_Name", name)
                row.add_key_value("Email", email)
                rows.append(row)
            body.set_data(rows)
            body.set_trigger([])
            body.set_duplicate_check_fields(["Email"])
            answer = operations.upsert_records(body).get_object()
            _sure(all(one.get_status().get_value() == "success" for one in answer.get_data()))


def by_hubspot(vendor: Vendor, people: Sequence[Person]) -> None:
    """Upsert with HubSpot's own client, a hundred a call."""
    from hubspot import HubSpot  # noqa: PLC0415 - its group may not be installed
    from hubspot.crm import contacts  # noqa: PLC0415

    client = HubSpot(access_token=vendor.facts["pat"], host=vendor.url)
    for batch in _batches(people, 100):
        inputs = [
            {"id": email, "idProperty": "email", "properties": {"lastname": name, "email": email}}
            for name, email, _ in batch
        ]
        asked = contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
        _sure(len(client.crm.contacts.batch_api.upsert(asked).results) == len(batch))


def by_salesforce(vendor: Vendor, people: Sequence[Person]) -> None:
    """Upsert with simple-salesforce, two hundred a call."""
    from simple_salesforce import Salesforce  # noqa: PLC0415 - its group may not be installed

    with _Loopback(vendor.url) as session:
        client = Salesforce(
            instance_url=vendor.url,
            session_id=vendor.facts["session_id"],
            version="59.0",
            session=session,
        )
        for batch in _batches(people, 200):
            records = [
                {"attributes": {"type": "Contact"}, "Ext__c": number, "LastName": name}
                for name, _, number in batch
            ]
            body = {"allOrNone": False, "records": records}
            path = "composite/sobjects/Contact/Ext__c"
            told: Any = client.restful(path, method="PATCH", json=body)
            _sure(all(one["success"] for one in told))


class _Loopback(requests.Session):
    """Leads every call to the simulator: the client knows ``https`` alone."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: Any, url: Any, **more: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, self._base + parts.path + query, **more)


def _batches(people: Sequence[Person], size: int) -> Iterable[Sequence[Person]]:
    return (people[start : start + size] for start in range(0, len(people), size))


def _sure(fine: bool) -> None:  # noqa: FBT001 - one word
    if not fine:
        message = "the CRM refused a customer"
        raise RuntimeError(message)
