"""Section ``[runner]`` of the embedded runner."""

from __future__ import annotations

from typing import Any

import attrs


def _within(least: float, most: float) -> Any:
    return [attrs.validators.ge(least), attrs.validators.le(most)]


@attrs.frozen(kw_only=True)
class EmbeddedSettings:
    """How the embedded runner works.

    Attributes:
        threads: Jobs done at the same time, 1 to 64: most wait for a network.
        attempts: How often a job that fails is tried before it is given up, 1 to 1000.
        backoff: Seconds to wait after the first failure, doubled with each up to an hour.
        interval: Seconds between two looks at the queue, 0.01 to 3600; while a job runs, it is
            looked at every 30 seconds at least.
    """

    threads: int = attrs.field(default=4, validator=_within(1, 64))
    attempts: int = attrs.field(default=5, validator=_within(1, 1000))
    backoff: float = attrs.field(default=10.0, validator=_within(0.0, 3600.0))
    interval: float = attrs.field(default=1.0, validator=_within(0.01, 3600.0))
