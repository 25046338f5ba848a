"""The program ``crmkit`` on a clock of the test's: ``python -m tests.jobs.shifted CLOCK WORDS...``.

CLOCK is a file that holds the instant; it stands until the test writes another.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from crmkit.cli import settings
from crmkit.cli.program import main


def clock() -> datetime:
    return datetime.fromisoformat(Path(sys.argv[1]).read_text("utf-8"))


if __name__ == "__main__":
    settings.system_clock = clock
    main(sys.argv[2:])
