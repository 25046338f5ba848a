"""What a sync with an external CRM plans, does, and leaves for people to decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from crmkit.model.serial import Record

OURS, THEIRS = "ours", "theirs"
SIDES = (OURS, THEIRS)
UNLINKED_THERE = "deleted there: linked no more"
"""Why a record of ours is let go and nothing of it is deleted."""


@attrs.frozen(kw_only=True)
class SyncChange(Record):
    """One record that a run would write.

    Attributes:
        side: Where: ``ours`` (here) or ``theirs`` (in the CRM).
        object: The CRM's object: ``Contacts``.
        concept: Ours: ``customers``, ``contacts``, ``touchpoints``, ``opportunities``.
        key: Our key of it; None: it is new to us.
        remote_id: The CRM's id; None: it is new there.
        name: What a reader knows it by.
        fields: Values before and after by our field's name, in the CRM's spelling; empty for a
            delete.
        why: What brings it about, where that is more than an edit.
    """

    side: str
    object: str
    concept: str
    key: str | None = None
    remote_id: str | None = None
    name: str = ""
    fields: Mapping[str, tuple[Any, Any]] = attrs.field(factory=dict)
    why: str = ""


@attrs.frozen(kw_only=True)
class SyncConflict(Record):
    """One field that was changed on both sides since they were last equal.

    Attributes:
        id: To give to ``sync.resolve``.
        connector: Its name.
        object: The CRM's object.
        key: Our key of the record.
        remote_id: The CRM's id of it.
        name: What a reader knows it by.
        field: Our name of the field.
        ours: Our value, in the CRM's spelling.
        theirs: The CRM's.
        before: What both had; None also where they never were equal.
        rule: The field's owner: ``ours theirs newest ask``.
        took: The side whose value holds; None: somebody has to say.
        at: When it was found.
    """

    id: str
    connector: str
    object: str
    key: str
    remote_id: str
    name: str = ""
    field: str
    ours: Any = None
    theirs: Any = None
    before: Any = None
    rule: str
    took: str | None = None
    at: datetime


@attrs.frozen(kw_only=True)
class Quarantined(Record):
    """One record that one side refuses; it is tried again when it changes.

    Attributes:
        connector: Its name.
        object: The CRM's object.
        side: Which side refused it: ``theirs`` or ``ours``.
        key: Our key of it; where it is new to us, the CRM's id.
        field: The field at fault, where that is known.
        code: The CRM's code.
        reason: Why, in the words of whoever refused it.
        at: When it was last tried.
    """

    connector: str
    object: str
    side: str
    key: str
    field: str | None = None
    code: str | None = None
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class SyncPlan(Record):
    """What a run would do, found without touching either side.

    Attributes:
        connector: Its name.
        creates: Records that would be made.
        updates: Records that would be changed.
        deletes: Records that would be deleted, unlinked or merged.
        conflicts: Fields that were changed on both sides, those that wait for somebody among them.
        quarantined: Records that stand in quarantine, or would, and why.
        calls: Writing calls that it takes at most.
        seconds: The least time, in seconds, that the CRM's limits leave for those calls.
    """

    connector: str
    creates: tuple[SyncChange, ...] = ()
    updates: tuple[SyncChange, ...] = ()
    deletes: tuple[SyncChange, ...] = ()
    conflicts: tuple[SyncConflict, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    calls: int = 0
    seconds: float = 0.0

    @property
    def empty(self) -> bool:
        """Whether a run would write nothing."""
        return not (self.creates or self.updates or self.deletes)


@attrs.frozen(kw_only=True)
class SyncReport(Record):
    """What one run did.

    Attributes:
        connector: Its name.
        read: Records that the CRM told of.
        written: Records that were written, on both sides together.
        unchanged: Records that were looked at and needed nothing.
        conflicts: Fields found changed on both sides.
        quarantined: Records that stand in quarantine at its end.
        created: Of those written, the new ones.
        updated: Of those written, the changed ones.
        deleted: Of those written, the deleted, unlinked and merged ones.
        stopped: Why it ended before everything was done, such as a day's limit; empty: it did not.
        started: When it began.
        finished: When it ended.
    """

    connector: str
    read: int = 0
    written: int = 0
    unchanged: int = 0
    conflicts: int = 0
    quarantined: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    stopped: str = ""
    started: datetime | None = None
    finished: datetime | None = None
