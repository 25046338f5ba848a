"""What is told of a record that Tryton, or this connector, does not write."""

from __future__ import annotations

import re

from crmkit.contracts.connector import Result
from crmkit_tryton.model import Model
from crmkit_tryton.rpc import Refused

_FIELD = re.compile(r'field "([^"]+)"')


def refused(
    key: str, code: str, reason: str, *, field: str | None = None, remote_id: int | None = None
) -> Result:
    """Make the result of a record that was not written."""
    known = None if remote_id is None else str(remote_id)
    return Result(key=key, code=code, reason=reason, field=field, remote_id=known)


def refusal(key: str, error: Refused, model: Model) -> Result:
    """Make the result of a refusal of Tryton's; its words name a field by its label."""
    named = _FIELD.search(error.reason)
    labels = {str(told.get("string")): name for name, told in model.fields.items()}
    field = labels.get(named.group(1)) if named else None
    return refused(key, error.code, error.reason, field=field)
