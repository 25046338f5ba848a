"""What a type checker must see in the errors: read by mypy, never run.

A file here states types by `assert_type`; what must be refused carries a `type: ignore` with its
code, and mypy complains once that is no longer needed.
"""

from __future__ import annotations

from crmkit.errors import CrmkitError, CustomerNotFound


def a_missing_customer_is_both(error: CustomerNotFound) -> tuple[LookupError, CrmkitError]:
    return error, error


def an_error_needs_a_message() -> None:
    CrmkitError()  # type: ignore[call-arg]
