"""The laws of every connector, on an external id, and on an address that is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import pytest
from crmkit_salesforce import hooks

from crmkit.contracts.connector import Connector, Field
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite
from crmkit.testing.kit import Incoming
from crmkit.testing.simulators.salesforce import Salesforce as Organisation
from crmkit.testing.simulators.salesforce import limit_exceeded, outbound

TOKEN = "agreed-word"


class TestByExternalId(ConnectorSuite):
    """Contacts that are upserted on an external id; pages of two rows."""

    match = "Ext__c"
    breaks = "Description"
    writes = "composite/sobjects"

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        (found,) = hooks.crmkit_connectors()
        return found

    @pytest.fixture
    def simulator(self) -> Iterator[Organisation]:
        with Organisation(rows=self.page) as running:
            yield running

    @pytest.fixture
    def settings(self, simulator: Organisation) -> Mapping[str, Any]:
        return {
            "base_url": simulator.url,
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "refresh_token": simulator.refresh_token,
            "webhook_token": TOKEN,
        }

    def samples(self, field: Field) -> Sequence[Any]:
        if field.type == "list":
            return ([*field.choices[:2]], [*field.choices[-1:]])
        return ("ann@example.com",) if field.name == "Email" else super().samples(field)

    def fail(self, simulator: Any, trouble: str, times: int = 1, *, on: str = "") -> None:
        if trouble != "full":
            super().fail(simulator, trouble, times, on=on)
            return
        simulator.fail(*[attrs.evolve(limit_exceeded(concurrent=True), on=on)] * times)

    def expire(self, simulator: Any) -> None:
        simulator.expire()

    def signed_call(
        self,
        connector: Connector,  # noqa: ARG002
        simulator: Any,  # noqa: ARG002
        body: bytes | None = None,
    ) -> Incoming:
        headers, made = outbound([("Contact", "0035g0000000001AAA")])
        url = f"https://shop.example/hook?token={TOKEN}"
        return Incoming(headers=headers, body=made if body is None else body, url=url)

    def forged(self, call: Incoming) -> Incoming:
        return attrs.evolve(call, url=call.url[:-1] + "x")  # its address is what is signed


class TestByAddress(TestByExternalId):
    """Contacts that are found by their address, which is no external id."""

    match = "Email"
