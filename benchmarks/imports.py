"""What ``import crmkit`` adds to a bare interpreter."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median

from benchmarks.measuring import Result, Setting, timed

_TIMES = 21


def run(_: Setting) -> list[Result]:
    """Start both in turns, so that whatever else the machine does meets both."""
    codes = ("pass", "import crmkit", "import crmkit; crmkit.connect('memory://').close()")
    took: dict[str, list[float]] = {code: [] for code in codes}
    for _number in range(_TIMES):
        for code in codes:
            took[code].append(timed(partial(_start, code))[0])
    base = median(took["pass"])
    against = "a bare interpreter"
    return [
        Result(what="import crmkit", took=median(took[codes[1]]), against=against, base=base),
        Result(what="import and connect", took=median(took[codes[2]]), against=against, base=base),
    ]


def _start(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)
