"""A real Tryton that starts once, empty for each test; connectors, and people who work there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crmkit_tryton import hooks
from crmkit_tryton.connector import Tryton
from tryton_proxy import Proxy
from tryton_server import DATABASE, PASSWORD, USER, People, Server

from crmkit.contracts.connector import Tokens
from crmkit.contracts.service import OwnTokens

Open = Callable[..., Tryton]


def tryton_of(server: Server, **settings: Any) -> Tryton:
    """Open a connector with settings as a configuration has them."""
    (spec,) = hooks.crmkit_connectors()
    usual = {"database": DATABASE, "username": USER, "password": PASSWORD}
    opened: Tryton = spec.open(spec.configure({"base_url": server.url, **usual, **settings}))
    return opened


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture
def server(running: Server, staff: object) -> Server:
    assert staff
    running.reset()
    return running


@pytest.fixture(scope="session")
def staff(running: Server) -> tuple[People, Tokens]:
    """Log in once for all tests, as a password takes Tryton its time; a reset keeps these two."""
    people, tokens = People(running), OwnTokens()
    connector = tryton_of(running)
    connector.tokens = tokens
    connector.account()
    connector.close()
    running.keep()
    return people, tokens


@pytest.fixture
def people(staff: tuple[People, Tokens], server: Server) -> People:
    assert server.url
    return staff[0]


@pytest.fixture
def opened(staff: tuple[People, Tokens], server: Server) -> Iterator[Open]:
    """Give a function that opens a connector with settings as a configuration has them."""
    connectors = []

    def make(**settings: Any) -> Tryton:
        connector = tryton_of(server, **settings)
        connector.tokens = staff[1]
        connectors.append(connector)
        return connector

    yield make
    for connector in connectors:
        connector.close()
        connector.close()


@pytest.fixture
def tryton(opened: Open) -> Tryton:
    return opened()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server) as standing:
        yield standing
