"""Tokens are fetched once and shared; Zoho is found in every data centre, and nowhere else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from crmkit_zoho import hooks
from crmkit_zoho.connector import Zoho as Connector
from crmkit_zoho.settings import DATA_CENTRES, ZohoConfig

from crmkit.contracts.connector import Meter, RetryLater, SyncAborted, Token, Tokens
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.zoho import Zoho

Open = Callable[..., Connector]
CREDENTIALS = {"client_id": "1000.X", "client_secret": "hunter2", "refresh_token": "1000.r"}


def configured(**settings: Any) -> ZohoConfig:
    (spec,) = hooks.crmkit_connectors()
    config = spec.configure({**CREDENTIALS, **settings})
    assert isinstance(config, ZohoConfig)
    return config


@pytest.mark.parametrize("centre", DATA_CENTRES)
def test_each_data_centre_has_its_own_addresses(centre: str):
    """Zoho's own name for it is followed, a sandbox's too, and no other's."""
    accounts, api = DATA_CENTRES[centre]
    config = configured(data_centre=centre)
    assert config.token_url == f"{accounts}/oauth/v2/token"
    assert config.api_url(None) == f"{api}/crm/v8"
    sandbox = api.replace("www", "sandbox")
    assert config.api_url(sandbox) == f"{sandbox}/crm/v8"
    strange = (
        "https://evil.example",
        "https://evilzohoapis.com",
        "https://www.zohoapis.com.evil.example",
        "https://www.zohoapis.com@evil.example",
        "http://www.zohoapis.com",
        "https://",
        "",
    )
    assert {config.api_url(one) for one in strange} == {f"{api}/crm/v8"}


def test_what_base_url_says_holds(opened: Open, zoho: Zoho):
    """A token may name any host: the calls stay where they were told to go."""
    zoho.api_domain = "https://www.zohoapis.com"  # type: ignore[assignment]
    assert opened(base_url=f"{zoho.url}/crm/v8/").account() == "760000001"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"client_id": "1000.Y"}, "invalid_client.*data_centre"),
        ({"client_secret": "hunter2"}, "invalid_client_secret"),
        ({"refresh_token": "hunter2"}, "invalid_code.*refresh_token is revoked"),
    ],
)
def test_credentials_refused_under_http_200_are_refused(
    opened: Open, zoho: Zoho, settings: dict[str, str], said: str
):
    """The run stops, says which to look at, and never shows one."""
    with pytest.raises(SyncAborted, match=said) as caught:
        opened(**settings).schema("Contacts")
    assert "hunter2" not in str(caught.value)
    assert {call.path for call in zoho.calls} == {"/oauth/v2/token"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"error": "Access Denied", "error_description": "too many requests"}), RetryLater),
        (Answer(b"<html><title>Zoho Accounts</title></html>"), SyncAborted),
        (Answer({"access_token": ""}), SyncAborted),
        (Answer({"error": "invalid_client"}, 400), SyncAborted),
    ],
)
def test_what_else_may_come_instead_of_a_token(
    opened: Open, zoho: Zoho, answer: Answer, error: type[Exception]
):
    """Ten tokens in ten minutes are the most that Zoho gives: then it is to be waited for."""
    zoho.fail(*[Fault(answer=answer)] * 5)
    with pytest.raises(error):
        opened().schema("Contacts")


def test_eight_threads_fetch_one_token(opened: Open, zoho: Zoho):
    """The first time, and when it ended."""
    connector = opened(limits={"concurrent": 8})

    def read(_: int) -> str:
        return connector.schema("Contacts").entity

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(16))) == {"Contacts"}
        assert zoho.tokens == 1
        zoho.expire_tokens()
        assert set(pool.map(read, range(16))) == {"Contacts"}
    assert zoho.tokens == 2


def test_the_engines_tokens_and_meter_are_used(opened: Open, zoho: Zoho):
    """A token that another process fetched is taken; each call is counted but those for tokens."""
    given: list[Token] = []

    class Shared(Tokens):
        def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
            if not given or given[-1] == stale:
                given.append(refresh())
            return given[-1]

    class Count(Meter):
        taken = 0

        def take(self, calls: int = 1) -> None:
            Count.taken += calls

    for _ in range(2):
        connector = opened()
        connector.tokens, connector.meter = Shared(), Count()
        connector.schema("Contacts")
    assert (zoho.tokens, len(given), Count.taken) == (1, 1, 2)
    assert given[0].expires is not None
    assert given[0].expires > zoho.book.now()
    assert isinstance(given[0].value, Secret)
