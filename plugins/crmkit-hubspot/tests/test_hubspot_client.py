"""HubSpot's own client works against the simulator: what is tried here is HubSpot's wire."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hubspot import HubSpot as Client
from hubspot.crm.associations.v4 import (
    BatchInputPublicAssociationMultiPost as Links,
)
from hubspot.crm.associations.v4 import (
    BatchInputPublicFetchAssociationsBatchRequest as Asked,
)
from hubspot.crm.contacts import (
    ApiException,
)
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput as Changes,
)
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInputForCreate as New,
)
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInputUpsert as Upserts,
)
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectId as Ids,
)
from hubspot.crm.contacts import (
    BatchReadInputSimplePublicObjectId as Reading,
)
from hubspot.oauth import ApiException as NoToken
from hubspot.utils.signature import Signature

from crmkit.testing.simulators.hubspot import HubSpot, too_many


@pytest.fixture
def client(account: HubSpot) -> Iterator[Any]:
    return Client(access_token=account.pat, host=account.url)


def created(client: Any, *emails: str) -> list[str]:
    inputs = [{"properties": {"email": one}, "objectWriteTraceId": one} for one in emails]
    made = client.crm.contacts.batch_api.create(New(inputs=inputs)).results
    ids = {one.object_write_trace_id: one.id for one in made}
    return [ids[one] for one in emails]


def test_search_by_a_window_of_time(client: Any, account: HubSpot):
    """Filters, one sort, pages and the total are read by the client."""
    first, second, third = created(client, "a@x.cn", "b@x.cn", "c@x.cn")
    since = account.book.of("contacts")[second].changed
    asked = {
        "filterGroups": [
            {
                "filters": [
                    {
                        "propertyName": "lastmodifieddate",
                        "operator": "GTE",
                        "value": str(int(since.timestamp() * 1000)),
                    }
                ]
            }
        ],
        "sorts": ["lastmodifieddate"],
        "properties": ["email"],
        "limit": 1,
    }
    found = client.crm.contacts.search_api.do_search(asked)
    assert (found.total, found.results[0].id, found.paging.next.after) == (2, second, "1")
    found = client.crm.contacts.search_api.do_search({**asked, "after": "1"})
    assert (found.results[0].id, found.results[0].properties["email"]) == (third, "c@x.cn")
    assert found.paging is None
    assert first not in (second, third)


def test_beyond_ten_thousand_is_refused(client: Any):
    """The cap that HubSpot puts on a query."""
    with pytest.raises(ApiException) as error:
        client.crm.contacts.search_api.do_search({"limit": 100, "after": "10000"})
    assert error.value.status == 400


def test_upsert_update_read_and_archive(client: Any, account: HubSpot):
    """Batches carry trace ids, tell what is new, and archived records leave the list."""
    (known,) = created(client, "a@x.cn")
    api = client.crm.contacts.batch_api
    inputs = [
        {"idProperty": "email", "id": one, "objectWriteTraceId": one, "properties": {"phone": "1"}}
        for one in ("a@x.cn", "b@x.cn")
    ]
    done = api.upsert(Upserts(inputs=inputs)).results
    assert {one.object_write_trace_id: one.new for one in done} == {"a@x.cn": False, "b@x.cn": True}
    change = {"id": known, "properties": {"firstname": "王芳 🎉\nA"}}
    api.update(Changes(inputs=[change]))
    wanted = Reading(properties=["firstname"], properties_with_history=[], inputs=[{"id": known}])
    (read,) = api.read(wanted).results
    assert read.properties["firstname"] == "王芳 🎉\nA"
    api.archive(Ids(inputs=[{"id": known}]))
    assert [one.id for one in client.crm.contacts.basic_api.get_page(archived=True).results] == [
        known
    ]
    assert account.book.get("contacts", known) is None


def test_some_of_a_batch_fail(client: Any):
    """A 207 names the records that failed by their trace ids."""
    inputs = [
        {"idProperty": "email", "id": one, "objectWriteTraceId": one, "properties": {}}
        for one in ("a@x.cn", "no address")
    ]
    inputs[1]["properties"] = {"email": "no address"}
    done = client.crm.contacts.batch_api.upsert(Upserts(inputs=inputs))
    assert ([one.id for one in done.results], done.num_errors) != ([], 0)
    assert done.errors[0].context["objectWriteTraceId"] == ["no address"]


def test_a_conflict_fails_the_whole_batch(client: Any, account: HubSpot):
    """Nothing of it is written."""
    created(client, "a@x.cn")
    with pytest.raises(ApiException) as error:
        created(client, "b@x.cn", "a@x.cn")
    assert (error.value.status, len(account.book.live("contacts"))) == (409, 1)


def test_merge(client: Any):
    """The id that went into another one leads there."""
    keep, drop = created(client, "a@x.cn", "b@x.cn")
    merged = {"primaryObjectId": keep, "objectIdToMerge": drop}
    assert client.crm.contacts.basic_api.merge(merged).id == keep
    assert client.crm.contacts.basic_api.get_by_id(drop).id == keep


def test_properties(client: Any):
    """What may not be written says so."""
    known = {one.name: one for one in client.crm.properties.core_api.get_all("deals").results}
    assert known["hs_lastmodifieddate"].modification_metadata.read_only_value
    assert (known["amount"].type, known["amount"].has_unique_value) == ("number", False)


def test_associations(client: Any, account: HubSpot):
    """A note points at its contact, by the batches of v4."""
    (contact,) = created(client, "a@x.cn")
    note = account.book.create("notes", {"hs_timestamp": "2026-01-01T00:00:00.000Z"}).id
    link = {
        "from": {"id": note},
        "to": {"id": contact},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
    }
    api = client.crm.associations.v4.batch_api
    api.create("notes", "contacts", Links(inputs=[link]))
    wanted = Asked(inputs=[{"id": note}])
    (found,) = api.get_page("notes", "contacts", wanted).results
    assert [one.to_object_id for one in found.to] == [contact]


def test_tokens_and_limits(account: HubSpot):
    """A refresh token opens the account; a wrong one, and too many calls, are refused."""
    client = Client(host=account.url)
    settings = {"client_id": "hub-client", "client_secret": "hub-secret"}
    grant = {**settings, "grant_type": "refresh_token", "refresh_token": "hub-refresh"}
    token = client.oauth.tokens_api.create(**grant)
    client.access_token = token.access_token
    assert client.crm.contacts.basic_api.get_page().results == []
    account.end_token()
    account.fail(too_many("DAILY"))
    for status in (429, 401):
        with pytest.raises(ApiException) as error:
            client.crm.contacts.basic_api.get_page()
        assert error.value.status == status
    with pytest.raises(NoToken):
        client.oauth.tokens_api.create(**{**grant, "refresh_token": "another"})


def test_the_signature_is_the_one_that_the_client_checks(account: HubSpot):
    """What the simulator signs, HubSpot's own check takes."""
    url = "https://shop.example/hooks/hubspot"
    headers, body = account.signed([{"objectId": 1}], url, at=datetime.now(UTC))
    assert Signature.is_valid(
        signature=headers["X-HubSpot-Signature-v3"],
        client_secret="hub-secret",
        request_body=body.decode(),
        http_uri=url,
        signature_version="v3",
        timestamp=headers["X-HubSpot-Request-Timestamp"],
    )
