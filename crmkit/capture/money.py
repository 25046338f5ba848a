"""Money and exact numbers as arguments: checked as those of a captured record are."""

from __future__ import annotations

import re
from decimal import Decimal

from crmkit.arguments import refuse
from crmkit.capture import exact

_CODE = re.compile("[A-Z]{3}").fullmatch


def amount(field: str, value: object, *, least: Decimal | None = None) -> Decimal:
    """Take an exact number of less than 10^18; a text such as ``"880.00"`` will do.

    Raises:
        InvalidValueError: it is none, or lies below `least`.
    """
    try:
        found = Decimal(exact.decimal(field, value))
    except exact.Fault as fault:
        refuse(field, fault.reason)
    if least is not None and found < least:
        refuse(field, f"must be {least} or more", value)
    return found


def currency(field: str, value: object) -> str:
    """Take an ISO 4217 code.

    Raises:
        InvalidValueError: it is none.
    """
    if not isinstance(value, str) or not _CODE(value):
        refuse(field, "must be three upper-case letters (ISO 4217), such as 'CNY'", value)
    return str.__str__(value)
