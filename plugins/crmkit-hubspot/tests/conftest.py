"""An account on 127.0.0.1, whose clock goes on by a millisecond at each write, and connectors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crmkit_hubspot import hooks
from crmkit_hubspot.connector import HubSpot as Connector
from hubspot_kit import START

from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot

Open = Callable[..., Connector]


@pytest.fixture
def account() -> Iterator[HubSpot]:
    with HubSpot(book=Book(start=START, first=101)) as running:
        yield running


@pytest.fixture
def opened(account: HubSpot) -> Iterator[Open]:
    """Give a function that opens a connector with settings as a configuration has them."""
    (spec,) = hooks.crmkit_connectors()
    connectors = []

    def make(**settings: Any) -> Connector:
        usual = {"base_url": account.url, "access_token": account.pat, "limits": {"wait": 0}}
        connector = spec.open(spec.configure({**usual, **settings}))
        connector.clock = account.book.now
        connectors.append(connector)
        return connector

    yield make
    for connector in connectors:
        connector.close()
        connector.close()
