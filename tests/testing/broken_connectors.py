"""The suite run on connectors that each break one law: see test_connector_suite_bites."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from crmkit.contracts.connector import Connector, Field
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite, Incoming
from tests.testing import ledger_misread, ledger_miswritten, ledger_otherwise, ledger_troubled
from tests.testing.ledger import KEY, Ledger, Sound, offered


def _in(*modules: ModuleType) -> list[type[Sound]]:
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Sound) and found.notices
        if found.__module__ == module.__name__
    ]


BROKEN = _in(ledger_misread, ledger_miswritten, ledger_troubled)
OTHERWISE = _in(ledger_otherwise)


def suite(cls: type[Sound]) -> type[ConnectorSuite]:
    class Suite(ConnectorSuite):
        writes = "upsert"

        @pytest.fixture
        def simulator(self) -> Iterator[Ledger]:
            with Ledger() as ledger:
                yield ledger

        @pytest.fixture
        def spec(self) -> ConnectorSpec:
            return offered(cls)

        @pytest.fixture
        def settings(self, simulator: Ledger) -> dict[str, Any]:
            return {"base_url": simulator.url, "key": KEY}

        def samples(self, field: Field) -> Any:
            return ("r7",) if field.name == "boss" else super().samples(field)

        def expire(self, simulator: Ledger) -> None:
            simulator.tokens.clear()

        def signed_call(
            self,
            connector: Connector,
            simulator: Ledger,  # noqa: ARG002
            body: bytes | None = None,
        ) -> Incoming:
            assert isinstance(connector, Sound)
            body = body or b'{"changed": [{"id": "7"}]}'
            return Incoming(headers={"X-Signature": connector.signature(body)}, body=body)

    return Suite


TestSound = suite(Sound)
for _connector in (*BROKEN, *OTHERWISE):
    globals()[f"Test{_connector.__name__}"] = suite(_connector)
