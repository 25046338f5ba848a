"""Fit the value model to the shop: propose, look what would move, then put it in force."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import crmkit

FILE = Path("model.toml")
now = datetime.now(UTC)

with crmkit.connect("memory://", clock=lambda: now, actor="lin") as crm:
    crm.capture(
        {
            "source": "shop",
            "id": f"{customer}-{step}",
            "kind": "purchase",
            "at": now - timedelta(days=30 * step + customer),
            "customer": {"shop": str(customer), "name": f"customer {customer}"},
            "amount": 40 * customer,
            "currency": "CNY",
        }
        for customer in range(1, 21)
        for step in range(1 + customer // 4)
    )

    # A proposal is a file of numbers that a person reads and changes.
    FILE.write_text(crmkit.dump_model(crm.value.calibrate()), encoding="utf-8")
    model = crmkit.load_model(FILE)

    print(f"from model {crm.value.model().version} to {model.version}, these would move most:")
    for moved in crm.value.compare(model)[:3]:
        name = crm.customers.get(moved.customer_id).name
        print(f"  {name}: {moved.before.total:.0f} to {moved.after.total:.0f} points")

    crm.value.use(model, reason="fitted to our prices")
    print(f"in force: {crm.value.model().version}")
