"""A simulated Zoho with a clock of its own, and connectors that reach it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_zoho import hooks
from crmkit_zoho.connector import Zoho as Connector

from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.zoho import Zoho

Open = Callable[..., Connector]


@pytest.fixture
def zoho() -> Iterator[Zoho]:
    """Give an account whose clock goes on by a second a write."""
    book = Book(
        start=datetime(2027, 3, 1, 8, tzinfo=UTC),
        step=timedelta(seconds=1),
        grain=timedelta(seconds=1),
        first=554023000000400001,
    )
    with Zoho(book=book) as running:
        yield running


@pytest.fixture
def opened(zoho: Zoho) -> Iterator[Open]:
    """Give a function that opens a connector as a configuration does; it never really waits."""
    (spec,) = hooks.crmkit_connectors()
    usual = {
        "base_url": zoho.url,
        "accounts_url": zoho.url,
        "client_id": "1000.CLIENT",
        "client_secret": "client-secret",
        "refresh_token": "1000.refresh",
    }
    connectors = []

    def make(**settings: Any) -> Connector:
        connector = spec.open(spec.configure({**usual, **settings}))
        assert isinstance(connector, Connector)
        service = connector._api.service
        service._clock = service.tokens._clock = zoho.book.now  # type: ignore[attr-defined]
        connector._api._clock = connector._notifications._clock = zoho.book.now
        service._sleep = lambda seconds: zoho.book.advance(timedelta(seconds=seconds))
        connectors.append(connector)
        return connector

    yield make
    for connector in connectors:
        connector.close()
        connector.close()


@pytest.fixture
def connector(opened: Open, zoho: Zoho) -> Connector:
    """Give one whose token and fields are fetched already, so that calls can be counted."""
    made = opened()
    made.schema("Contacts")
    zoho.calls.clear()
    return made
