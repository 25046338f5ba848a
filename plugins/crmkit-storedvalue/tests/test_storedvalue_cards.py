"""Balances, and the command that lists them."""

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crmkit_storedvalue.cards import cards

import crmkit

Record = Callable[..., dict[str, Any]]


def test_a_balance_is_exact(crm: crmkit.CRM, record: Record):
    """Ten times ten cents off a yuan leave nothing, not almost nothing."""
    paid = [record("card_payment", "-0.10", ago=1) for _ in range(10)]
    crm.capture([record("card_topup", "1.00", ago=2), *paid], source="till")
    (card,) = cards(crm)
    assert (card.balance, card.topups) == (Decimal("0.00"), 1)


def test_currencies_are_kept_apart(crm: crmkit.CRM, record: Record):
    """A card in euros and one in yuan are two."""
    euros = record("card_topup", "20.50", ago=3, currency="EUR")
    crm.capture([record("card_topup", "100", ago=5), euros], source="till")
    found = {card.currency: card.balance for card in cards(crm)}
    assert found == {"CNY": Decimal(100), "EUR": Decimal("20.50")}


def test_only_holders_are_listed(crm: crmkit.CRM, record: Record):
    """A customer who only buys has no card."""
    crm.capture([record("purchase", "80")], source="till")
    assert list(cards(crm)) == []


def test_what_is_taken_back_is_not_on_the_card(crm: crmkit.CRM, record: Record):
    """A retracted top-up is as if it had never been."""
    crm.capture([record("card_topup", "100", ago=2), record("card_topup", "50")], source="till")
    crm.touchpoints.retract("till", "r0", reason="typed twice")
    (card,) = cards(crm)
    assert card.balance == 50


@pytest.mark.parametrize(("options", "shown"), [((), ["500.00", "0"]), (("--left",), ["500.00"])])
def test_the_command_lists_them(
    tmp_path: Path, record: Record, options: tuple[str, ...], shown: list[str]
):
    """The installed program has the command, and its JSON is JSON alone."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    other = {"member": "m2"}
    with crmkit.connect(url, plugins=["crmkit-storedvalue"]) as crm:
        crm.capture(
            [
                record("card_topup", "500.00", ago=3),
                record("card_topup", "20", ago=2, customer=other),
                record("card_payment", "-20", ago=1, customer=other),
            ],
            source="till",
        )
    command = [sys.executable, "-m", "crmkit.cli", "--url", url, "card", "--json", *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    assert [card["balance"] for card in json.loads(done.stdout)] == shown
