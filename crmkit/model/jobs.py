"""What is known of the jobs that a CRM does by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class JobState(Record):
    """One job, when it is due, and what became of it when it was last done.

    Attributes:
        name: What it does: ``dispatch``, ``sync``...
        of: Of which channel or connector; None: there are no several.
        summary: What it does, in a line.
        every: Its period; None: it is done only when somebody asks for it.
        next: When it is due by its period.
        last: When it was last done, or failed; None: it never was.
        seconds: How long it took.
        result: What it came to, by name; None: it failed.
        error: Why it failed; None: it did not.
    """

    name: str
    of: str | None = None
    summary: str = ""
    every: timedelta | None = None
    next: datetime | None = None
    last: datetime | None = None
    seconds: float | None = None
    result: Mapping[str, Any] | None = None
    error: str | None = None
