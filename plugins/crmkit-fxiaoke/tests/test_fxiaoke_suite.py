"""Every law of a connector, kept by this one on its simulator."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import attrs
import pytest
from crmkit_fxiaoke import hooks
from crmkit_fxiaoke.values import TYPES, Values

from crmkit.contracts.connector import Connector, Field
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite
from crmkit.testing.kit import Incoming
from crmkit.testing.people import BookPeople
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.fxiaoke import Fxiaoke, pushed

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.mark.row("R280")
class TestFxiaoke(ConnectorSuite):
    """The standard object of customers."""

    text: ClassVar[str | None] = "name"
    breaks: ClassVar[str | None] = "remark"
    match: ClassVar[str | None] = "email"
    writes: ClassVar[str] = "ate"  # create, update

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        (found,) = hooks.crmkit_connectors()
        return found

    @pytest.fixture
    def simulator(self) -> Iterator[Fxiaoke]:
        book = Book(start=datetime.now(UTC))
        with Fxiaoke(book=book, encoding_aes_key=KEY) as running:
            yield running

    @pytest.fixture
    def settings(self, simulator: Fxiaoke) -> Mapping[str, Any]:
        return {
            "base_url": simulator.url,
            "app_id": "FSAID_1",
            "app_secret": "app-secret",
            "permanent_code": "permanent-code",
            "mobile": "13800138000",
            "token": "push-token",
            "encoding_aes_key": KEY,
        }

    @pytest.fixture
    def people(self, simulator: Fxiaoke, entity: str) -> BookPeople:
        """Give people who see values as the connector gives them."""
        values = Values(ZoneInfo("Asia/Shanghai"))
        kinds = {name: field["type"] for name, field in simulator.fields[entity].items()}

        def types(name: str) -> tuple[str, str]:
            return kinds[name], TYPES.get(kinds[name], "text")

        return BookPeople(
            simulator.book,
            entity,
            write=lambda given: {
                name: values.write(value, *types(name)) for name, value in given.items()
            },
            read=lambda kept: {
                name: values.read(value, *types(name)) for name, value in kept.items()
            },
        )

    def samples(self, field: Field) -> Sequence[Any]:
        """Choose among the options of a list, and name a colleague."""
        own = {"tags": (["vip", "chain"], ["vip"]), "owner": ("FSUID_LIN",)}
        return own.get(field.name) or super().samples(field)

    def expire(self, simulator: Fxiaoke) -> None:
        simulator.forget_token()

    def signed_call(
        self, connector: Connector, simulator: Fxiaoke, body: bytes | None = None
    ) -> Incoming | None:
        del connector, simulator
        if body is not None:  # what is signed is sealed in the body
            return None
        sent = pushed("AccountObj", ["a"], token="push-token", aes_key=KEY, at=datetime.now(UTC))
        return Incoming(headers={"Content-Type": "application/json"}, body=sent)

    def unsigned(self, call: Incoming) -> Incoming:
        kept = {name: value for name, value in json.loads(call.body).items() if name != "sig"}
        return attrs.evolve(call, body=json.dumps(kept).encode())
