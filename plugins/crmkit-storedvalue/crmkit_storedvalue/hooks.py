"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from crmkit import Indicator, StageRule, hookimpl
from crmkit.contracts.specs import CommandSpec, KindSpec

TOPUP = "card_topup"
PAYMENT = "card_payment"
BALANCE = "card_balance"
"""Indicator: the money on the card; what has lain there for two years counts half."""


@hookimpl
def crmkit_touchpoint_kinds() -> Iterator[KindSpec]:
    """Declare what happens to a card; a payment's amount is negative, as a refund's is."""
    yield KindSpec(name=TOPUP, en="Card top-up", zh="储值卡充值")
    yield KindSpec(name=PAYMENT, en="Card payment", zh="储值卡消费", negative=True)


@hookimpl
def crmkit_indicators() -> Iterator[Indicator]:
    """Measure the card; who never had one had no chance, and is not judged by it."""
    yield Indicator(
        BALANCE,
        (TOPUP, PAYMENT),
        "sum",
        field="amount",
        half_life=timedelta(days=730),
        scale=500,
        weight=4,
        opportunity=(TOPUP,),
    )
    yield Indicator(
        "card_topups",
        (TOPUP,),
        "count",
        half_life=timedelta(days=365),
        scale=4,
        weight=4,
        opportunity=(TOPUP,),
    )


@hookimpl
def crmkit_stage_rules() -> Iterator[StageRule]:
    """Hold on to somebody who paid in advance and then fell silent: sooner than to others."""
    yield StageRule(
        name="card_lies_idle",
        to="retention",
        since=("development", "maintenance", "upgrade", "won_back"),
        when={f"touchpoints.{TOPUP}": {"min": 1}, "days_since_own": {"min": 60}},
        reason=f"topped up {{touchpoints.{TOPUP}}} times, and silent for {{days_since_own}} days",
    )


@hookimpl
def crmkit_commands() -> Iterator[CommandSpec]:
    """Add ``crmkit card``."""
    yield CommandSpec(
        name="card",
        command="crmkit_storedvalue.command:card",
        summary="List the balances of stored-value cards.",
    )
