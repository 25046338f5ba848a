"""The kit's fixtures, with this plugin in them and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_storedvalue import hooks

import crmkit

pytest_plugins = ["crmkit.testing.fixtures"]

Record = Callable[..., dict[str, Any]]


@pytest.fixture
def plugin() -> object:
    return hooks


@pytest.fixture
def noon() -> datetime:
    """Give the instant that the clock shows."""
    return datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def crm(plugin_manager: Any, noon: datetime) -> Iterator[crmkit.CRM]:
    """Give an empty CRM whose clock stands still: stages and points depend on it."""
    with crmkit.connect("memory://", plugins=plugin_manager, clock=lambda: noon) as opened:
        yield opened


@pytest.fixture
def record(noon: datetime) -> Record:
    """Give a function that makes records of one customer, numbered, so many days ago."""
    made: list[dict[str, Any]] = []

    def make(kind: str, amount: str | None = None, ago: float = 0, **more: Any) -> dict[str, Any]:
        money = {} if amount is None else {"amount": amount, "currency": "CNY"}
        at = noon - timedelta(days=ago)
        key = {"id": f"r{len(made)}", "kind": kind, "at": at, "customer": {"member": "m1"}}
        made.append({**key, **money, **more})
        return made[-1]

    return make
