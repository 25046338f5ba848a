"""What is left on whose card, to the cent: added up from the touchpoints themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

import attrs

from crmkit import CRM, Touchpoint
from crmkit_storedvalue.hooks import BALANCE, PAYMENT, TOPUP


@attrs.frozen(kw_only=True)
class Card:
    """A customer's stored value in one currency.

    Attributes:
        customer_id: Whose.
        currency: ISO 4217.
        balance: What is left; negative where a top-up is missing from the data.
        topups: How often it was topped up.
        used: When it was last topped up or paid with.
    """

    customer_id: str
    currency: str
    balance: Decimal
    topups: int
    used: datetime

    def to_dict(self) -> dict[str, object]:
        """Give it as JSON values; the balance as text, so that no cent is lost."""
        return {
            **attrs.asdict(self),
            "balance": str(self.balance),
            "used": self.used.isoformat(),
        }


def cards(crm: CRM) -> Iterator[Card]:
    """Stream every card, in the order of customer ids."""
    for customer in holders(crm):
        yield from cards_of(customer, crm.touchpoints.of(customer, kinds=(TOPUP, PAYMENT)))


def holders(crm: CRM) -> Iterator[str]:
    """Stream the ids of those who may have a card.

    Scores are streamed from kept states, so that not everybody's touchpoints must be read; under
    a model without the plugin's indicator everybody may have one.
    """
    for score in crm.value.scores():
        states = {part.indicator: part.state for part in score.parts}
        if states.get(BALANCE) != "not_applicable":
            yield score.customer_id


def cards_of(customer: str, touchpoints: Iterable[Touchpoint]) -> Iterator[Card]:
    """Add up one customer's card touchpoints, a card for each currency."""
    found: dict[str, Card] = {}
    for touchpoint in touchpoints:
        if touchpoint.amount is None or touchpoint.currency is None:
            continue
        code, topups = touchpoint.currency, int(touchpoint.kind == TOPUP)
        before = found.get(code)
        if before is None:
            card = Card(
                customer_id=customer,
                currency=code,
                balance=touchpoint.amount,
                topups=topups,
                used=touchpoint.at,
            )
        else:
            card = attrs.evolve(
                before,
                balance=before.balance + touchpoint.amount,
                topups=before.topups + topups,
                used=max(before.used, touchpoint.at),
            )
        found[code] = card
    for code in sorted(found):
        yield found[code]
