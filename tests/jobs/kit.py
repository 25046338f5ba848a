"""A workspace whose clock a test moves, and what a worker told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import crmkit
from crmkit.contracts.runner import Job
from crmkit.testing.runner_base import Hands

NOW = datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC)


def hands() -> Hands:
    """Give a clock that stands at `NOW` until it is moved."""
    return Hands(NOW)


def opened(url: str, clock: Hands | None = None, **config: Any) -> crmkit.CRM:
    """Open a workspace with a channel that prints, and no plugin."""
    given: dict[str, Any] = {"channels": {"console": {}}, **config}
    return crmkit.connect(url, config=given, clock=clock or hands(), plugins=[])


def worked(crm: crmkit.CRM) -> list[str]:
    """Work until nothing is due; give the ids of what was done, sorted."""
    done: list[str] = []

    def told(job: Job, result: object, _seconds: float) -> None:
        assert not isinstance(result, Exception), result
        done.append(job.id)

    crm.jobs.work(until_idle=True, told=told)
    return sorted(done)
