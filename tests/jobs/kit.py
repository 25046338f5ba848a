"""A workspace whose clock a test moves, and what a worker told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

import crmkit
from crmkit.contracts.runner import Job

NOW = datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC)


@attrs.define
class Hands:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def opened(url: str, clock: Hands | None = None, **config: Any) -> crmkit.CRM:
    """Open a workspace with a channel that prints, and no plugin."""
    given: dict[str, Any] = {"channels": {"console": {}}, **config}
    return crmkit.connect(url, config=given, clock=clock or Hands(), plugins=[])


def worked(crm: crmkit.CRM) -> list[str]:
    """Work until nothing is due; give the ids of what was done, sorted."""
    done: list[str] = []

    def told(job: Job, result: object, _seconds: float) -> None:
        assert not isinstance(result, Exception), result
        done.append(job.id)

    crm.jobs.work(until_idle=True, told=told)
    return sorted(done)
