"""What Zoho says of one record of a batch, as a `Result`.

Source: zoho/crm-oas, upsertRecords: ``code``, ``details`` with ``api_name``, ``message``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.contracts.connector import Result
from crmkit.contracts.reading import mapping, rows
from crmkit_zoho.values import instant

FATAL = frozenset(
    "INVALID_MODULE OAUTH_SCOPE_MISMATCH NO_PERMISSION AUTHORIZATION_FAILED API_NOT_SUPPORTED "
    "INVALID_URL_PATTERN INVALID_REQUEST_METHOD".split()
)
"""Codes of a call that can never work before somebody acts."""
_OWN = frozenset(("NO_PERMISSION", "AUTHORIZATION_FAILED"))
_LATER = frozenset("RECORD_LOCKED INTERNAL_ERROR TOO_MANY_REQUESTS DEPENDENT_SERVICE_ERROR".split())
_CHANGED = frozenset(("ALREADY_MODIFIED", "RECORD_MODIFIED"))
_SEVERAL = "MULTIPLE_OR_MULTI_ERRORS"
_FACTS = {
    "expected_data_type": "it takes {}",
    "maximum_length": "at most {} characters",
    "supported_values": "it takes {}",
    "permissions": "it takes the permissions {}",
}


def whole(items: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether what is said of each record is about the call, and not about any of them."""
    return bool(items) and all(item.get("code") in FATAL - _OWN for item in items)


def result(key: str, item: Mapping[str, Any], remote_id: str | None = None) -> Result:
    """Give the result of a record that was refused.

    Args:
        key: Its key.
        item: What Zoho says of it.
        remote_id: Its id, where it is known.
    """
    first = item
    if item.get("code") == _SEVERAL:
        first = next(iter(rows(item, "details", "errors")), item)
    code = str(first.get("code") or "")
    field = mapping(first, "details").get("api_name")
    return Result(
        key=key,
        remote_id=remote_id,
        code=code or None,
        field=field if isinstance(field, str) and field else None,
        reason=_reason(item),
        retry=code in _LATER,
        conflict=code in _CHANGED,
        changed_at=instant(mapping(first, "details").get("Modified_Time")),
    )


def _reason(item: Mapping[str, Any]) -> str:
    errors = rows(item, "details", "errors")
    if errors:
        return "; ".join(_reason(one) for one in errors)
    details = mapping(item, "details")
    words = str(item.get("message") or item.get("code") or "Zoho CRM refuses it without a word")
    field = details.get("api_name")
    named = f"{words}: {field}" if isinstance(field, str) and field else words
    facts = [form.format(_words(details[name])) for name, form in _FACTS.items() if name in details]
    other = mapping(details, "duplicate_record").get("id") or details.get("id")
    if item.get("code") == "DUPLICATE_DATA" and other:
        facts.append(f"record {other} has it already")
    return f"{named} ({'; '.join(facts)})" if facts else named


def _words(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
