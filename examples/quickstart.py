"""What happened goes in; who is worth what, why, and whom to contact comes out."""

from datetime import UTC, datetime, timedelta

import crmkit

now = datetime.now(UTC)
orders = [  # (customer, days ago, amount)
    ("Ann", 300, 420),
    ("Ann", 240, 380),
    ("Ann", 180, 510),
    ("Bob", 90, 60),
    ("王小明", 45, 880),
    ("王小明", 5, 920),
]

with crmkit.connect("memory://", clock=lambda: now) as crm:
    report = crm.capture(
        (
            {
                "id": f"order-{number}",
                "kind": "purchase",
                "at": now - timedelta(days=days),
                "customer": {"name": name, "shop": name},
                "amount": amount,
                "currency": "CNY",
            }
            for number, (name, days, amount) in enumerate(orders)
        ),
        source="shop",
    )
    crm.lifecycle.advance()
    print(f"{report.new} touchpoints, none of them typed by anybody\n")
    for score in crm.value.scores():
        moved = crm.value.explain(score.customer_id, since=now - timedelta(days=90))
        print(f"{crm.customers.get(score.customer_id).name}: {score.total:.0f} of 100 points,")
        print(f"  {moved.delta:+.0f} in 90 days, mainly by {moved.causes[0].indicator}")
    for item in crm.care.agenda(now.date()):
        print(f"contact {item.name} today: {item.why[0].en}")
