"""What the tests of the engine share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from crmkit.contracts.connector import RetryLater
from crmkit.contracts.store import Row
from crmkit.contracts.tables import PAIR, SYNC_CASE
from tests.sync.fake import CONTACTS, Fake, Shop

PLAIN: dict[str, Any] = {
    "concept": "customers",
    "object": CONTACTS,
    "match": "email",
    "fields": {"name": "Name", "email": "Email", "phone": "Phone", "industry": "Industry"},
}

ASKED = PLAIN["fields"] | {"industry": {"field": "Industry", "owner": "ask"}}
"""The same fields, of which somebody has to say whose industry holds."""
SPENT = RetryLater("the calls of the day are spent", after=9.0, kind="daily")


def shop(fake: Fake | None = None, url: str = "memory://", **rule: Any) -> Shop:
    """Open a shop whose fields belong to whoever changed them last."""
    return Shop(fake, url, mappings=[PLAIN | rule])


def quiet(one: Shop) -> None:
    """See that nothing is left to do."""
    again = one.run()
    assert again.written == 0, again
    plan = one.crm.sync.plan("crm")
    assert plan.empty, plan


@contextmanager
def failing(one: Shop, call: str, error: Exception) -> Iterator[None]:
    """Let one of the CRM's calls fail inside a block."""

    def fault(name: str) -> None:
        if name == call:
            raise error

    usual, one.fake.faults = one.fake.faults, fault
    yield
    one.fake.faults = usual


def customers(one: Shop) -> list[Any]:
    """Give all our customers."""
    return list(one.crm.customers.search(limit=1000).items)


def held(one: Shop) -> tuple[Any, ...]:
    """Give what stands in quarantine."""
    found: tuple[Any, ...] = one.crm.sync.quarantine("crm")
    return found


def rows(one: Shop) -> list[Row]:
    """Give everything that the engine keeps of records."""
    with one.crm.session.store.read() as reader:
        return [*reader.scan(PAIR), *reader.scan(SYNC_CASE)]
