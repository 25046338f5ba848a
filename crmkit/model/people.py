"""The people of the firm: account managers and approvers."""

from __future__ import annotations

import attrs

from crmkit.model.serial import Record

DAILY_CAPACITY = 12


@attrs.frozen(kw_only=True)
class Person(Record):
    """Somebody who cares for customers, as the configuration names him.

    Attributes:
        id: Key under ``[people]`` in the configuration.
        name: As shown to colleagues.
        role: Job, in the firm's own words.
        senior: Whether he may approve plans and endings.
        reports_to: Id of his superior.
        capacity: Contacts he can make in a day.
    """

    id: str
    name: str = ""
    role: str = ""
    senior: bool = False
    reports_to: str | None = None
    capacity: int = DAILY_CAPACITY
