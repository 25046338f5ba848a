"""The shop's web service: JSON in and out."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from shop.crm import captures, crm
from shop.models import Order

PRICES = {"tea": Decimal("88.00"), "cup": Decimal("35.50")}


class Refused(Exception):  # noqa: N818 - what a customer is told
    """The order cannot be taken; nothing of it was kept."""


def place_order(email: str, item: str) -> Order:
    """Take an order: its row and its touchpoint are committed together, or neither is.

    Raises:
        Refused: there is no such item, or nobody can be told by this address.
    """
    if item not in PRICES:
        raise Refused(f"we do not sell {item}")
    with transaction.atomic():
        order = Order.objects.create(email=email, item=item, amount=PRICES[item])
        report = crm().capture([order.touchpoint()], source="shop")
        for rejection in report.rejected:
            raise Refused(rejection.reason)  # leaves the block, and so undoes the order
    return order


@captures(kind="complaint", source="shop")
def leave_word(email: str, text: str) -> dict[str, object] | None:
    """Take a word left in the shop; one about something broken becomes a touchpoint."""
    if "broken" not in text:
        return None
    return {"id": f"word-{uuid4()}", "customer": {"email": email}, "text": text}


@csrf_exempt  # a service without cookies
@require_POST
def orders(request: HttpRequest) -> JsonResponse:
    """POST /orders: take an order."""
    given = json.loads(request.body)
    try:
        order = place_order(given["email"], given["item"])
    except Refused as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"order": order.pk, "amount": order.amount})


@csrf_exempt
@require_POST
def words(request: HttpRequest) -> JsonResponse:
    """POST /words: take what somebody says; what he said is noted by the way."""
    given = json.loads(request.body)
    return JsonResponse({"complaint": leave_word(given["email"], given["text"]) is not None})


@require_GET
def agenda(request: HttpRequest) -> JsonResponse:
    """GET /agenda?day=...: whom to contact that day, or today, and why."""
    day = parse_date(request.GET.get("day", "")) or timezone.now().date()
    return JsonResponse({"agenda": [item.to_dict() for item in crm().care.agenda(day)]})


@require_GET
def score(request: HttpRequest) -> JsonResponse:
    """GET /score?email=...: what a customer is worth, and what changed that in a quarter."""
    customer = crm().customers.find(email=request.GET.get("email", ""))
    if customer is None:
        return JsonResponse({"error": "nobody has that address"}, status=404)
    since = timezone.now() - timedelta(days=90)
    return JsonResponse(crm().value.explain(customer.id, since=since).to_dict())
