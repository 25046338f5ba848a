"""The connector keeps every law of the contract, on an account whose own clock goes on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from crmkit_zoho import hooks

from crmkit.contracts.connector import Connector, Cursor, Field
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite
from crmkit.testing.kit import Incoming
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.zoho import Zoho

WORDS: dict[str, Any] = {"module": "Contacts", "ids": ["554023000000400001"], "operation": "edit"}


class TestZoho(ConnectorSuite):
    breaks = "Description"
    text = "Last_Name"
    writes = "/crm/v8/Contacts"

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        return next(iter(hooks.crmkit_connectors()))

    @pytest.fixture
    def simulator(self) -> Iterator[Zoho]:
        start = datetime.now(UTC).replace(microsecond=0)
        second = timedelta(seconds=1)
        with Zoho(book=Book(start=start, step=second, grain=second)) as running:
            yield running

    @pytest.fixture
    def settings(self, simulator: Zoho) -> Mapping[str, Any]:
        return {
            "base_url": simulator.url,
            "accounts_url": simulator.url,
            "client_id": "1000.CLIENT",
            "client_secret": "client-secret",
            "refresh_token": "1000.refresh",
            "notify_token": "n0tify-t0ken",
        }

    def samples(self, field: Field) -> Sequence[Any]:
        """Give whole numbers where Zoho takes no others, and values that its account knows."""
        known: dict[str, Sequence[Any]] = {
            "Orders": (7, 0, -3),
            "Owner": ("554023000000235012",),
            "Interests": (["Tea", "Go"], ["书法"]),
        }
        return known.get(field.name) or super().samples(field)

    def expire(self, simulator: Zoho) -> None:
        simulator.expire_tokens()

    def outdated(self, cursor: Cursor) -> Cursor:
        told = json.loads(cursor.token or "")
        return attrs.evolve(cursor, token=json.dumps({**told, "spots": ["gone"]}))

    def signed_call(
        self,
        connector: Connector,  # noqa: ARG002
        simulator: Any,  # noqa: ARG002
        body: bytes | None = None,
    ) -> Incoming | None:
        if body is not None:
            return None  # what is not Zoho's own JSON bears no token
        return Incoming(
            headers={"Content-Type": "application/json"},
            body=json.dumps({**WORDS, "token": "n0tify-t0ken"}).encode(),
        )

    def forged(self, call: Incoming) -> Incoming:
        return attrs.evolve(call, body=json.dumps({**WORDS, "token": "guess"}).encode())

    def unsigned(self, call: Incoming) -> Incoming:
        return attrs.evolve(call, body=json.dumps(WORDS).encode())
