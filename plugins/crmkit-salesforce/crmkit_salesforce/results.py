"""What became of a record, in Salesforce's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.contracts.connector import Result
from crmkit.contracts.reading import rows

GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
"""Codes of a record that is deleted, purged, or lost a merge; nothing undeletes it."""
_PASSING = frozenset(
    {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"}
)
"""Codes of what may go well the next time."""


def saved(key: str, told: Mapping[str, Any], done: str) -> Result:
    """Read the result of one record of a collection.

    Args:
        key: Of the record.
        told: What the answer says of it.
        done: What it is where the answer does not say whether it was created.
    """
    if not told.get("success"):
        return refused_by(key, told)
    created = told.get("created")
    if isinstance(created, bool):
        done = "created" if created else "updated"
    id_ = told.get("id")
    return Result(key=key, done=done, remote_id=id_ if isinstance(id_, str) else None)


def refused_by(key: str, told: Mapping[str, Any], words: str = "") -> Result:
    """Read why a record was refused; `words` stand where it does not say."""
    errors = rows(told.get("errors"))
    first: Mapping[str, Any] = errors[0] if errors else {}
    code = str(first.get("statusCode") or first.get("errorCode") or "") or None
    fields = first.get("fields")
    field = str(fields[0]) if isinstance(fields, list) and fields else None
    reason = "; ".join(str(one["message"]) for one in errors if one.get("message"))
    return refused(key, code, reason or words.strip() or "it gives no reason", field)


def refused(
    key: str, code: str | None, reason: str, field: str | None = None, *, retry: bool = False
) -> Result:
    """Give the result of a record that was refused; the reason names the field at fault."""
    if field and field not in reason:
        reason = f"{reason} ({field})"
    again = retry or code in _PASSING
    return Result(key=key, retry=again, field=field, code=code, reason=reason)
