"""How HubSpot words its answers: errors, and what became of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from crmkit.testing.simulators.base import Answer, Fault

POLICIES = {
    "SECONDLY": "secondly",
    "TEN_SECONDLY_ROLLING": "ten_secondly_rolling",
    "DAILY": "daily",
    "CONCURRENT": "concurrent",
}
"""Kinds of limits, and the word for each in a message."""


class Refused(Exception):  # noqa: N818 - it carries the answer to give
    """A call is refused as a whole."""

    def __init__(self, answer: Answer) -> None:
        """Keep what to say."""
        super().__init__()
        self.answer = answer


def failure(status: int, category: str, message: str, **more: Any) -> Answer:
    """Word an error of a whole call."""
    return Answer({"status": "error", "category": category, **_told(message), **more}, status)


def refuse(status: int, category: str, message: str, **more: Any) -> Refused:
    """Make the error that ends a call."""
    return Refused(failure(status, category, message, **more))


def too_many(policy: str = "TEN_SECONDLY_ROLLING", *, after: float | None = None) -> Fault:
    """Make the fault of an account that called too often; `policy` is one of `POLICIES`."""
    body = {
        "status": "error",
        **_told(f"You have reached your {POLICIES[policy]} limit."),
        "errorType": "RATE_LIMIT",
        "policyName": policy,
        "groupName": "publicapi:private-apps:api-calls-" + POLICIES[policy],
    }
    headers = {} if after is None else {"Retry-After": f"{after:g}"}
    return Fault(answer=Answer(body, 429, headers))


def batch(
    results: Iterable[Mapping[str, Any]],
    errors: Iterable[Mapping[str, Any]] = (),
    *,
    at: str,
    status: int = 200,
) -> Answer:
    """Word the outcome of a batch: 207 where some of it failed.

    The results come in another order than they were asked for, since none is promised.
    """
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": list(results)[::-1],
        "startedAt": at,
        "completedAt": at,
    }
    failed = list(errors)
    if failed:
        return Answer({**body, "numErrors": len(failed), "errors": failed}, 207)
    return Answer(body, status)


def error(category: str, message: str, **context: Iterable[str]) -> dict[str, Any]:
    """Word the error of one record of a batch."""
    told = {name: [*values] for name, values in context.items()}
    return {"status": "error", "category": category, "message": message, "context": told}


def _told(message: str) -> dict[str, str]:
    return {"message": message, "correlationId": str(uuid4())}
