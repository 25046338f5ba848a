"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import RunnerSpec
from crmkit_procrastinate.settings import ProcrastinateSettings


@hookimpl
def crmkit_runners() -> Iterator[RunnerSpec]:
    """Offer Procrastinate."""
    yield RunnerSpec(
        name="procrastinate",
        open="crmkit_procrastinate.runner:Procrastinate",
        config=ProcrastinateSettings,
        capabilities={"transactional"},
        thread_safe=True,
        summary="Procrastinate: jobs queue in PostgreSQL, beside the data.",
    )
