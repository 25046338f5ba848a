"""The connector keeps every law, of contacts by OAuth and of companies by a private app."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from crmkit_hubspot import hooks, values

from crmkit.contracts.connector import Connector, Schema
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite
from crmkit.testing.kit import Incoming
from crmkit.testing.people import BookPeople
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot, Property

URL = "https://shop.example/hooks/hubspot"


class Laws(ConnectorSuite):
    page = 3  # of a page the last instant is left to the next one
    writes = "/batch/"

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        (spec,) = hooks.crmkit_connectors()
        return spec

    @pytest.fixture
    def simulator(self) -> Iterator[HubSpot]:
        with HubSpot(book=Book(start=datetime.now(UTC), first=101)) as running:
            for entity in ("contacts", "companies"):
                for known in (
                    Property("score", "number", "number"),
                    Property("vip", "bool", "booleancheckbox"),
                    Property("birthday", "date", "date"),
                    Property("visit", "datetime", "date"),
                    Property("wants", "enumeration", "checkbox", options=("a", "b")),
                ):
                    running.add_property(entity, known)
            yield running

    @pytest.fixture
    def people(self, simulator: HubSpot, entity: str, connector: Connector) -> BookPeople:
        types = {field.name: field.type for field in connector.schema(entity).fields}

        def write(given: Mapping[str, Any]) -> dict[str, Any]:
            return {name: values.sent(types[name], value) for name, value in given.items()}

        def read(kept: Mapping[str, Any]) -> dict[str, Any]:
            return {name: values.given(types[name], value) for name, value in kept.items()}

        return BookPeople(simulator.book, entity, write=write, read=read)

    def signed_call(
        self, _connector: Connector, simulator: HubSpot, body: bytes | None = None
    ) -> Incoming:
        event = {"subscriptionType": "contact.creation", "objectId": 101, "eventId": 1}
        headers, signed = simulator.signed([event], URL, at=datetime.now(UTC), body=body)
        return Incoming(headers=headers, body=signed, url=URL)


class TestContacts(Laws):
    @pytest.fixture
    def settings(self, simulator: HubSpot) -> Mapping[str, Any]:
        return {
            "base_url": simulator.url,
            "client_id": "hub-client",
            "client_secret": "hub-secret",
            "refresh_token": "hub-refresh",
            "limits": {},
        }

    def expire(self, simulator: HubSpot) -> None:
        simulator.end_token()

    def bad(self, schema: Schema) -> dict[str, Any]:
        return {**self.record(schema, 99), "lifecyclestage": "no such stage"}


class TestCompanies(Laws):
    @pytest.fixture
    def settings(self, simulator: HubSpot) -> Mapping[str, Any]:
        simulator.add_property("companies", Property("crmkit_id", unique=True))
        return {
            "base_url": simulator.url,
            "access_token": simulator.pat,
            "client_secret": "hub-secret",
            "version": "2026-03",
            "limits": {},
        }

    @pytest.fixture
    def entity(self) -> str:
        return "companies"
