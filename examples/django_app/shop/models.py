"""The shop's own tables."""

from django.db import models


class Order(models.Model):
    """Who ordered what."""

    email = models.EmailField()
    item = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    placed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.item} for {self.email}"

    def touchpoint(self) -> dict[str, object]:
        """Say the same to the CRM."""
        return {
            "id": f"order-{self.pk}",
            "kind": "purchase",
            "at": self.placed_at,
            "customer": {"email": self.email},
            "item": self.item,
            "amount": self.amount,
            "currency": "CNY",
        }
