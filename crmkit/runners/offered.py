"""What the core offers at ``crmkit_runners``."""

from __future__ import annotations

from crmkit.contracts.specs import RunnerSpec
from crmkit.runners.settings import EmbeddedSettings

EMBEDDED = "embedded"

BUILT_IN: tuple[RunnerSpec, ...] = (
    RunnerSpec(
        name=EMBEDDED,
        open="crmkit.runners.embedded:Embedded",
        config=EmbeddedSettings,
        capabilities={"transactional"},
        thread_safe=True,
        summary="Works in this process; the queue lies beside the data.",
    ),
)
"""The runners of the core, offered through the same record as a plugin's."""
