"""A firm that never existed: touchpoints of 12 kinds over three years, in time order, streamed.

Nothing is kept but a few hundred purchases that may yet be returned, so that a generator of ten
million records weighs no more than one of ten.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate
from typing import Any

from crmkit import CRM

START = datetime(2024, 1, 1, tzinfo=UTC)
END = START + timedelta(days=3 * 365)
SOURCE = "shop"

SHARES = {
    "purchase": 46,
    "return": 3,
    "visit": 12,
    "event_invited": 9,
    "event_attended": 3,
    "survey_sent": 9,
    "survey_answered": 4,
    "suggestion": 2,
    "complaint": 3,
    "praise": 2,
    "referral": 1,
    "share": 6,
}
"""How many of a hundred touchpoints are of each kind; together they feed every indicator."""

_CHINA = timezone(timedelta(hours=8))
_RETURNABLE = 500
_STRIDE = 7_368_787  # a prime: customers take turns without being in order


def clock() -> datetime:
    """Show the end of the three years, so that every run scores the same instant."""
    return END


def touchpoints(
    customers: int, count: int, seed: int = 1, start: datetime = START, end: datetime = END
) -> Iterator[dict[str, Any]]:
    """Stream `count` records of `customers` customers, evenly from `start` to `end`.

    Every other record is its customer's turn, the rest go to few: a fifth of the customers make
    about half of them. Equal arguments give equal records.
    """
    chance = random.Random(seed)  # noqa: S311 - a shop, not a secret
    kinds, odds = list(SHARES), list(accumulate(SHARES.values()))
    returnable: deque[dict[str, Any]] = deque(maxlen=_RETURNABLE)
    step = (end - start) / (count + 1)
    at = start
    for number in range(count):
        at += step
        kind = chance.choices(kinds, cum_weights=odds)[0]
        if number % 2:
            who = int(customers * chance.random() ** 2.3)
        else:
            who = (number // 2 * _STRIDE + seed) % customers
        record: dict[str, Any] = {
            "id": f"{seed}-{number}",
            "kind": kind,
            "at": at.astimezone(_CHINA).isoformat(),
            "customer": {"member": f"m{who}", "email": f"member{who}@example.com"},
        }
        if kind == "purchase":
            returnable.append(_bought(record, chance))
        elif kind == "return" and returnable:
            _give_back(record, returnable.popleft())
        else:
            _say(record, chance, customers)
        yield record


def _bought(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    fen = int(chance.lognormvariate(9.2, 0.9)) + 100
    record["amount"] = f"{fen / 100:.2f}"
    record["margin"] = f"{fen * chance.uniform(0.1, 0.5) / 100:.2f}"
    record["currency"] = "CNY"
    record["quantity"] = chance.randint(1, 5)
    record["item"] = f"item-{int(2000 * chance.random() ** 2)}"
    record["channel"] = chance.choice(("shop", "web", "app"))
    return record


def _give_back(record: dict[str, Any], purchase: dict[str, Any]) -> None:
    record["customer"] = purchase["customer"]
    record["of"] = purchase["id"]
    record["amount"] = f"-{purchase['amount']}"
    record["margin"] = f"-{purchase['margin']}"
    record["quantity"] = -purchase["quantity"]
    record["currency"] = purchase["currency"]


def _say(record: dict[str, Any], chance: random.Random, customers: int) -> None:
    kind = record["kind"]
    if kind == "survey_answered" or (kind == "complaint" and chance.random() < 0.5):  # noqa: PLR2004
        record["rating"] = chance.randint(0, 10)
    if kind in ("suggestion", "complaint", "praise"):
        record["text"] = "送货很快,包装还可以再好一点。"
    if kind == "referral":
        record["friend"] = {"member": f"m{chance.randrange(customers)}"}


def windows() -> Iterator[tuple[datetime, datetime]]:
    """Give a competitor's promotions, one a quarter."""
    for quarter in range(12):
        start = START + timedelta(days=91 * quarter + 30)
        yield start, start + timedelta(days=9)


def promotions(crm: CRM) -> None:
    """Enter what the competitor does."""
    for start, end in windows():
        crm.market.promotion("the shop opposite", start, end)
