"""A process that imports a made-up stream into a database, to be killed: ``importer URL``."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

from crmkit.capture.engine import Capture, Settings
from crmkit.stores import open_store
from tests.capture.kit import LAYOUT, NOW, purchase

COUNT = 6_000
BATCH = 150


def stream() -> Iterator[dict[str, Any]]:
    """Give records of everything: new keys, shared phones, returns, repetitions, nonsense."""
    dice = random.Random(7)
    for number in range(COUNT):
        who = dice.randrange(400)
        customer: dict[str, Any] = {"shop": str(who)}
        if dice.random() < 0.3:
            customer["email"] = f"c{who if dice.random() < 0.9 else who - 1}@example.com"
        if dice.random() < 0.2:
            customer = {"phone": f"+86138001{who // 2:05d}"} | (customer if who % 3 else {})
        record = purchase(dice.randrange(number + 1) if dice.random() < 0.05 else number)
        record |= {"customer": customer, "at": f"2025-{1 + number % 12:02d}-03T10:00:00Z"}
        if dice.random() < 0.1:
            wanted = max(0, number + dice.randrange(-200, 50))
            record |= {"kind": "return", "amount": "-1.5", "of": f"o-{wanted}"}
        if dice.random() < 0.02:
            record |= {"amount": "much"}
        yield record


def main(url: str) -> None:
    """Import the stream, telling each batch that was committed."""
    settings = Settings(
        clock=lambda: NOW,
        region="CN",
        batch=BATCH,
        told=lambda rows, _roots: print(len(rows), flush=True),  # noqa: T201 - read by the test
    )
    store = open_store(url)
    print(Capture(settings).run(store, stream(), LAYOUT, source="shop").run)  # noqa: T201
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
