"""A web shop whose own functions feed the CRM: nobody types anything."""

from uuid import uuid4

import crmkit

PRICES = {"tea": "88.00", "cup": "35.50"}

crm = crmkit.connect("sqlite:///shop.db")


@crm.captures(kind="purchase", source="web-shop")
def place_order(email: str, item: str) -> dict[str, object]:
    """Take an order; what is given back becomes a touchpoint once the function is done."""
    return {
        "id": f"order-{uuid4()}",
        "customer": {"email": email},
        "item": item,
        "amount": PRICES[item],
        "currency": "CNY",
    }


@crm.captures(kind="complaint", source="web-shop")
def leave_word(email: str, text: str) -> dict[str, object] | None:
    """Take a word left in the shop; None captures nothing."""
    if "broken" not in text:
        return None
    return {"id": f"word-{uuid4()}", "customer": {"email": email}, "text": text}


# A web framework would call these; the decorator leaves what they give back as it is.
print("sold:", place_order("ann@example.com", "tea")["amount"])
place_order("ann@example.com", "cup")
place_order("bob@example.com", "tea")
leave_word("ann@example.com", "the cup came broken")
leave_word("bob@example.com", "thanks")

for email in ("ann@example.com", "bob@example.com"):
    customer = crm.customers.find(email=email)
    print(email, [touchpoint.kind for touchpoint in crm.touchpoints.of(customer.id)])

report = "none" if crm.captures.failed == 0 else crm.captures.failed
print("lost on the way:", report)
crm.close()
