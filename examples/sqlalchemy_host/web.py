"""The shop's web service: plain WSGI, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import shop

import crmkit

Respond = Callable[[str, list[tuple[str, str]]], object]


def orders(given: dict[str, str]) -> dict[str, Any]:
    """POST /orders: take an order."""
    order = shop.place_order(given["email"], given["item"])
    return {"order": order.id, "amount": order.amount}


def words(given: dict[str, str]) -> dict[str, Any]:
    """POST /words: take what somebody says; what he said is noted by the way."""
    return {"complaint": shop.leave_word(given["email"], given["text"]) is not None}


def agenda(given: dict[str, str]) -> dict[str, Any]:
    """GET /agenda?day=...: whom to contact that day, or today, and why."""
    today = datetime.now(UTC).date()
    day = date.fromisoformat(given["day"]) if "day" in given else today
    return {"agenda": [item.to_dict() for item in shop.crm.care.agenda(day)]}


def score(given: dict[str, str]) -> dict[str, Any]:
    """GET /score?email=...: what a customer is worth, and what changed that in a quarter."""
    customer = shop.crm.customers.find(email=given["email"])
    if customer is None:
        raise crmkit.CustomerNotFound("nobody has that address", customer_id=given["email"])
    since = datetime.now(UTC) - timedelta(days=90)
    return shop.crm.value.explain(customer.id, since=since).to_dict()


ROUTES = {
    ("POST", "/orders"): orders,
    ("POST", "/words"): words,
    ("GET", "/agenda"): agenda,
    ("GET", "/score"): score,
}


def answer(method: str, path: str, given: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Give the status and the body for a request."""
    view = ROUTES.get((method, path))
    if view is None:
        return "404 Not Found", {"error": "no such page"}
    try:
        return "200 OK", view(given)
    except KeyError as error:
        return "400 Bad Request", {"error": f"{error} is missing"}
    except (shop.Refused, ValueError) as error:
        return "422 Unprocessable Content", {"error": str(error)}
    except crmkit.CustomerNotFound as error:
        return "404 Not Found", {"error": str(error)}


def app(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
    """Serve a request: the one thing that a WSGI server calls."""
    given = {name: found[-1] for name, found in parse_qs(environ["QUERY_STRING"]).items()}
    if environ["REQUEST_METHOD"] == "POST":
        size = int(environ.get("CONTENT_LENGTH") or 0)
        given |= json.loads(environ["wsgi.input"].read(size))
    status, body = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], given)
    respond(status, [("Content-Type", "application/json")])
    return [json.dumps(body, default=str, ensure_ascii=False).encode()]
