"""The second log: decisions; and the stream of changes over both logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs

from crmkit.model.serial import Record

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Decision(Record):
    """Something that was decided, by a person or by a rule; never changed afterwards.

    Attributes:
        id: Unique in the workspace; grows with time.
        kind: ``merge unmerge resolve correct retract undo model decline override reinstate
            promotion stage tier consent agenda erase forget_plugin ...``.
        customer_id: Whom it is about; None where it is about the workspace.
        at: When it was recorded.
        by: Who decided; None: a rule.
        reason: Why.
        body: What exactly; JSON values.
    """

    id: str
    kind: str
    customer_id: str | None
    at: datetime
    by: str | None
    reason: str
    body: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Change(Record):
    """One entry of ``crm.changes``.

    Attributes:
        cursor: Opaque; give it as ``after`` to go on behind this change.
        what: ``touchpoint``, ``decision`` or ``customer``.
        customer_id: Whom it is about; None where it is about the workspace.
        record: The `Touchpoint`, `Decision` or `Customer` as it stands now; None after an
            erasure, which tells the id only.
    """

    cursor: str
    what: str
    customer_id: str | None
    record: Any


@attrs.frozen(kw_only=True)
class LogExport(Record):
    """What one export of the logs came to.

    Attributes:
        rows: Touchpoints and decisions that it added: those behind the export before.
        files: Files that the export consists of now.
        watermark: The place in the commit order that it reaches, inclusive.
        rewritten: Files of the export before that were replaced, since somebody in them was
            erased, they were damaged, or there were too many small ones.
    """

    rows: int
    files: int
    watermark: int
    rewritten: int


@attrs.frozen
class Page(Record, Generic[T]):
    """One page of a listing.

    Attributes:
        items: The rows.
        next: Give it as ``after`` for the next page; None at the end.
    """

    items: tuple[T, ...]
    next: str | None = None
