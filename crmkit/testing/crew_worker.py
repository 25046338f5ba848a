"""``crmkit`` on a test's clock: ``python -m crmkit.testing.crew_worker CLOCK AT_WORK WORDS...``.

CLOCK is a file that holds the instant; it stands until the test writes another. In the folder
AT_WORK lies a file for each job that is being done, whose name ends in this process's number.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any


def clock() -> datetime:
    """Give the instant that the file holds."""
    return datetime.fromisoformat(Path(_CLOCK).read_text("utf-8"))


def noted(run: Callable[..., Any]) -> Callable[..., Any]:
    """Let it be seen from outside, while a job is done."""

    def run_noted(core: object, job: object, *args: Any, **more: Any) -> Any:
        file = Path(_AT_WORK) / f"{id(job)}.{os.getpid()}"
        file.touch()
        try:
            return run(core, job, *args, **more)
        finally:
            file.unlink()

    return run_noted


if __name__ == "__main__":
    _, _CLOCK, _AT_WORK, *_words = sys.argv
    # Both before anything takes them by name.
    from crmkit import clock as clocks

    clocks.system_clock = clock
    from crmkit.jobs import running

    running.run = noted(running.run)
    sys.argv = ["crmkit", *_words]
    runpy.run_module("crmkit.cli", run_name="__main__", alter_sys=True)
