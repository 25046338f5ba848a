"""Ids of jobs: the same work has the same id, whoever asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

from crmkit.arguments import ID_LIMIT

_DIGITS = 40


def job_id(
    name: str, workspace: str, one: str | None, part: tuple[int, int], at: datetime | None
) -> str:
    """Name a job by everything that makes it another one.

    Args:
        name: What it does.
        workspace: Whose data.
        one: Which channel or connector; None: there are no several.
        part: Shard, and how many there are.
        at: When it may start; None: at once.

    Example:
        >>> at = datetime(2026, 11, 22, 10, tzinfo=UTC)
        >>> job_id("sync", "default", "hubspot", (0, 1), at)
        'sync:default:hubspot:2026-11-22T10:00:00Z'
    """
    shard, shards = part
    parts = [quote(workspace, safe="")]
    parts += [] if one is None else [quote(one, safe="")]
    parts += [] if shards == 1 else [f"{shard}of{shards}"]
    text = ":".join([name, *parts])
    when = "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if len(text) + len(when) >= ID_LIMIT:
        text = f"{name}:{sha256(text.encode()).hexdigest()[:_DIGITS]}"
    return ":".join(filter(None, (text, when)))
