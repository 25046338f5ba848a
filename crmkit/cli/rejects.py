"""Rejected records: the first are shown, all are written to a file where one was named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import attrs

from crmkit.model.touchpoint import Rejection

_LINE = re.compile(r"line (\d+)\b")
SHOWN = 10
"""Rejections that a report shows."""


@attrs.define
class Rejects:
    """What was rejected so far.

    Attributes:
        file: Where each is written as a line of JSON; None: nowhere.
        first: The first of them.
        count: How many there were.
    """

    file: IO[str] | None = None
    first: list[Rejection] = attrs.field(factory=list)
    count: int = 0

    def add(self, rejection: Rejection) -> None:
        """Take one."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(rejection)
        if self.file is not None:
            plain = {"line": line_of(rejection), **rejection.to_dict()}
            self.file.write(json.dumps(plain, ensure_ascii=False, allow_nan=False) + "\n")


def line_of(rejection: Rejection) -> int | None:
    """Give the number of the line it came from, where it came from a file."""
    line: int | None = getattr(rejection.record, "line", None)
    if line is not None:
        return line
    said = _LINE.match(rejection.reason)
    return int(said[1]) if said else None


@contextmanager
def collected(path: Path | None) -> Iterator[Rejects]:
    """Collect rejections while the block runs; the file is there also where none came."""
    if path is None:
        yield Rejects()
        return
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        yield Rejects(file)
