"""Django's own tests of the site: each is undone at its end, the CRM's part of it too."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from shop.crm import crm
from shop.models import Order

ANN = "ann@example.com"


class Service(TestCase):
    """The site as a browser sees it."""

    def order(self, item: str, email: str = ANN) -> int:
        """Order something, and give the status of the answer."""
        body = {"email": email, "item": item}
        return self.client.post("/orders", body, content_type="application/json").status_code

    def test_an_order_is_a_touchpoint(self) -> None:
        """What was ordered is known to the CRM when the answer comes."""
        assert [self.order("tea"), self.order("cup")] == [200, 200]
        ann = crm().customers.find(email=ANN)
        assert ann is not None
        bought = [(one.item, one.amount) for one in crm().touchpoints.of(ann.id)]
        kept = [(order.item, order.amount) for order in Order.objects.order_by("-id")]
        assert bought == kept

    def test_each_test_begins_with_nobody(self) -> None:
        """What another test captured was undone together with its orders."""
        assert (crm().report().customers, Order.objects.count()) == (0, 0)

    def test_both_or_neither(self) -> None:
        """An order that the CRM rejects is none; one that the shop refuses is no touchpoint."""
        assert self.order("tea", email="nobody") == 422
        assert self.order("a cow") == 422
        assert (crm().report().touchpoints, Order.objects.count()) == (0, 0)

    def test_a_complaint_comes_up_in_the_agenda(self) -> None:
        """Somebody is told to answer what was said in passing."""
        self.order("cup")
        said = {"email": ANN, "text": "the cup came broken"}
        answer = self.client.post("/words", said, content_type="application/json")
        assert answer.json() == {"complaint": True}
        crm().lifecycle.advance()
        soon = timezone.now().date() + timedelta(days=3)
        (item,) = self.client.get("/agenda", {"day": soon.isoformat()}).json()["agenda"]
        assert item["why"][0]["code"] == "open_complaint"

    def test_a_score_explains_itself(self) -> None:
        """What a customer is worth comes with its causes, which sum to it."""
        self.order("tea")
        moved = self.client.get("/score", {"email": ANN}).json()
        assert moved["after"]["total"] > moved["before"]["total"] == 0
        causes = sum(cause["delta"] for cause in moved["causes"])
        assert round(causes - moved["after"]["total"], 9) == 0
        assert self.client.get("/score", {"email": "no@one.org"}).status_code == 404
