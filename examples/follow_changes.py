"""Follow everything that changes, and miss nothing: a cursor that outlives the process."""

from datetime import UTC, datetime
from pathlib import Path

import crmkit

PLACE = Path("cursor.txt")


def follow(crm: crmkit.CRM) -> None:
    """Handle what is new since the last call; run it as often as you like."""
    cursor = PLACE.read_text() if PLACE.exists() else None
    while batch := crm.changes(after=cursor, limit=100):
        for change in batch:
            print(f"  {change.what} of customer {change.customer_id}")
        cursor = batch[-1].cursor
        PLACE.write_text(cursor)  # only now: a crash before this line hands the batch out again


def visit(number: int) -> dict[str, object]:
    """Make a record of somebody who came by."""
    return {
        "id": f"visit-{number}",
        "kind": "visit",
        "at": datetime(2026, 5, number, 10, tzinfo=UTC),
        "customer": {"email": "ann@example.com", "name": "Ann"},
    }


with crmkit.connect("sqlite:///changes.db") as crm:
    for number in (1, 2):
        crm.capture([visit(number)], source="door")
        print(f"after visit {number}:")
        follow(crm)
    ann = crm.customers.find(email="ann@example.com")
    crm.value.decline(ann.id, "suggestions", reason="she asked not to be asked")
    print("after a decision:")
    follow(crm)
