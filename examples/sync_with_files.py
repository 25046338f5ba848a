"""A team that keeps its customers in a spreadsheet, and crmkit beside it.

What people type into the file comes in, what crmkit knows goes out: customers of the web shop, and
everybody's score. By another `type` in the configuration it would be Zoho, HubSpot, Salesforce,
Tryton or 纷享销客, and nothing else would change.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import crmkit

FILE = Path("office/customers.csv")
CONFIG = {
    "currency": "CNY",
    "connectors": {
        "office": {
            "type": "csv",
            "folder": str(FILE.parent),
            "mapping": [
                {
                    "concept": "customers",
                    "object": "customers",
                    "match": "email",
                    "fields": {
                        "email": "mail",
                        "name": {"field": "name", "owner": "theirs"},  # the team knows best
                        "language": {"field": "language", "owner": "ask"},
                    },
                },
                {"concept": "scores", "object": "customers", "fields": {"total": "score"}},
            ],
        }
    },
}


def orders(email: str, name: str, count: int) -> Iterator[dict[str, Any]]:
    """Give what the web shop would tell of a customer's orders."""
    now = datetime.now(UTC)
    for number in range(count):
        yield {
            "id": f"{email}-{number}",
            "kind": "purchase",
            "at": now - timedelta(days=20 * number + 1),
            "customer": {"email": email, "name": name},
            "amount": "480.00",
            "currency": "CNY",
        }


def rows() -> list[dict[str, str]]:
    """Read the file as the team sees it."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if not FILE.exists():  # what the team has so far
    FILE.parent.mkdir()
    lines = ("id,mail,name,language,score", "1,ann@example.com,Ann Able,en,", "2,wang@x.org,王梅,,")
    FILE.write_text("\n".join(lines) + "\n", "utf-8")

with crmkit.connect("sqlite:///in_step.db", config=CONFIG) as crm:
    crm.capture(orders("ann@example.com", "A. Able", 6), source="shop")
    crm.capture(orders("li@example.com", "李雷", 2), source="shop")

    plan = crm.sync.plan("office")  # what a person would approve
    for change in (*plan.creates, *plan.updates, *plan.deletes):
        print(f"planned, {change.side}: {change.name}", *change.fields)
    try:
        report = crm.sync.run("office")
    except crmkit.SyncBusy as error:
        raise SystemExit(f"not now: {error}") from error
    print(f"written: {report.written}, held back: {report.quarantined}")
    for conflict in crm.sync.conflicts("office"):
        print(f"{conflict.name}: {conflict.field} was {conflict.ours!r} and {conflict.theirs!r}")
    print(f"and again: {crm.sync.run('office').written}")

for row in rows():
    print(f"{row['name']}: {row['score']}")
