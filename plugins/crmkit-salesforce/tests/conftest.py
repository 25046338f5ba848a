"""An organisation on 127.0.0.1, and connectors that reach it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crmkit_salesforce import hooks
from crmkit_salesforce.connector import SalesforceConnector

from crmkit.testing.simulators.salesforce import Salesforce as Organisation

Open = Callable[..., SalesforceConnector]


@pytest.fixture
def org() -> Iterator[Organisation]:
    with Organisation() as running:
        yield running


@pytest.fixture
def opened(org: Organisation) -> Iterator[Open]:
    """Give a function that opens a connector with settings as a configuration has them."""
    (spec,) = hooks.crmkit_connectors()
    usual = {
        "base_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "refresh_token": org.refresh_token,
        "limits": {"wait": 0.0},
    }
    connectors = []

    def make(**settings: Any) -> SalesforceConnector:
        given = {name: value for name, value in {**usual, **settings}.items() if value is not None}
        connector = spec.open(spec.configure(given))
        assert isinstance(connector, SalesforceConnector)
        connectors.append(connector)
        return connector

    yield make
    for connector in connectors:
        connector.close()
        connector.close()


@pytest.fixture
def connector(opened: Open) -> SalesforceConnector:
    return opened()
