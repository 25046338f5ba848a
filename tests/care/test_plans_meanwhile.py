"""What others do to a customer between two looks of what is drawn up or approved for him."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit.contracts.store import Reader, Store
from crmkit.contracts.tables import DOCUMENT
from tests.care.test_planned import buyers, running
from tests.lifecycle.firm import Firm, firm


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "0" * 64)
    with firm(url=f"sqlite:///{tmp_path}/shop.db") as opened:
        buyers(opened, 2)
        yield opened


def before(
    shop: Firm, patch: pytest.MonkeyPatch, number: int, do: Callable[[], object]
) -> Iterator[int]:
    """Do something before a transaction of the firm's store, counted from 1; give the counter."""
    kind = type(shop.crm.session.store)
    counted = count(1)

    def patched(name: str) -> None:
        plain = getattr(kind, name)

        def opened(self: Store) -> object:
            if next(counted) == number:
                do()
            return plain(self)

        patch.setattr(kind, name, opened)

    patched("read")
    patched("write")
    return counted


@pytest.mark.parametrize("what", ["erased", "merged"])
def test_a_draft_for_somebody_who_goes_meanwhile(what: str, shop: Firm) -> None:
    """Whenever it happens: no plan of him is written, and the error says what became of him."""
    customers = shop.crm.customers
    with shop.crm.session.store.read() as reader:
        assert documents(reader) == []
    for number in range(1, 20):
        name = shop.buyer(f"d{number}", 30, 60, owner="lin")
        ways: dict[str, Callable[[], object]] = {
            "erased": lambda name=name: customers.erase(name, reason="asked for it"),
            "merged": lambda name=name: customers.merge("c1", name, reason="one person"),
        }
        with pytest.MonkeyPatch.context() as patch:
            counted = before(shop, patch, number, ways[what])
            refused: Any = None
            try:
                shop.care.draft(name, owner="lin")
            except crmkit.CustomerNotFound as error:
                refused = error
            if refused is None:
                assert number > 3
                assert next(counted) <= number  # it came to its end before he went
                return
        assert refused.customer_id == name
        with shop.crm.session.store.read() as reader:
            assert documents(reader) == []
    raise AssertionError("it never comes to its end")


def test_a_plan_whose_customer_is_erased_as_it_is_approved(shop: Firm) -> None:
    """What was approved is given as it was; that nobody knows his tier any more is no error."""
    plan = running(shop, "c0", (1, "lin"), approve=False)
    with pytest.MonkeyPatch.context() as patch:
        before(shop, patch, 2, lambda: shop.crm.customers.erase("c0", reason="asked for it"))
        approved = shop.care.approve(plan.id, by="boss")
    assert (approved.state, approved.reached) == ("running", None)


def documents(reader: Reader) -> list[str]:
    return [row[DOCUMENT.position["customer"]] for row in reader.scan(DOCUMENT)]
