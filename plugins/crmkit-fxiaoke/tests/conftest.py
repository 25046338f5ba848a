"""A company on 127.0.0.1 whose clock is moved by hand, and connectors that reach it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_fxiaoke import hooks
from crmkit_fxiaoke.connector import Fxiaoke as Connector

from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.fxiaoke import Fxiaoke, described

Open = Callable[..., Connector]
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture
def company() -> Iterator[Fxiaoke]:
    book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC))
    with Fxiaoke(book=book, encoding_aes_key=KEY) as running:
        running.define("AccountObj", described("score__c", "number"), described("tier__c"))
        running.define("Shop__c", described("name", is_required=True))
        yield running


@pytest.fixture
def waits() -> list[float]:
    """Give the waits of the connectors, in seconds; each lets the company's clock go on."""
    return []


@pytest.fixture
def opened(company: Fxiaoke, waits: list[float]) -> Iterator[Open]:
    """Give a function that opens a connector with settings as a configuration has them."""
    (spec,) = hooks.crmkit_connectors()
    usual = {
        "base_url": company.url,
        "app_id": "FSAID_1",
        "app_secret": "app-secret",
        "permanent_code": "permanent-code",
        "mobile": "13800138000",
        "token": "push-token",
        "encoding_aes_key": KEY,
    }
    connectors = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        company.book.advance(timedelta(seconds=seconds))

    def make(**settings: Any) -> Connector:
        config = spec.configure({**usual, "limits": {"wait": 5}, **settings}, "connectors.fxiaoke")
        connector = Connector(config, clock=company.book.now, sleep=sleep)
        connectors.append(connector)
        return connector

    yield make
    for connector in connectors:
        connector.close()
        connector.close()
