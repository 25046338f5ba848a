"""Records that were captured before: told by content, never taken twice, never overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import attrs

from crmkit.capture.fields import REST, WHAT
from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import DECISION, TOUCHPOINT, VOID

RecordKey = tuple[str, str]
"""Source and id."""

_KIND = TOUCHPOINT.position["kind"]
_ZONE = TOUCHPOINT.position["zone"]
_AMOUNT = TOUCHPOINT.position["amount"]
_REV = TOUCHPOINT.position["rev"]
_NAMES = (*TOUCHPOINT.names[_KIND:_ZONE], *TOUCHPOINT.names[_AMOUNT:])
_AT = _NAMES.index("at")
_DECIMALS = frozenset(_NAMES.index(name) for name in ("amount", "margin", "quantity"))


def content(row: Row) -> Row:
    """Give what a row says, without what crmkit added and in which offset its instant came."""
    return row[_KIND:_ZONE] + row[_AMOUNT:]


def said(parsed: Sequence[Any]) -> Row:
    """Give what a parsed record says, as `content` gives it of the row that it becomes."""
    return (*parsed[WHAT], *parsed[REST])


def difference(one: Row, other: Row) -> str | None:
    """Say in what two contents differ; None where they say the same (880.0 is 880.00)."""
    if one == other:
        return None
    for place, (a, b) in enumerate(zip(one, other, strict=True)):
        if a == b:
            continue
        if place in _DECIMALS and None not in (a, b) and Decimal(a) == Decimal(b):
            continue
        if place == _AT:
            return f"at is {instant(b).isoformat()}, was {instant(a).isoformat()}"
        return f"{_NAMES[place]} is {_short(b)}, was {_short(a)}"
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004


@attrs.define
class Earlier:
    """Everything that was written under one (source, id), oldest first.

    Attributes:
        rows: The rows, by `rev`.
        ended: For each row that no longer holds the kind of decision that took it back.
    """

    rows: list[Row]
    ended: dict[int, str]

    @property
    def live(self) -> Row | None:
        """The row that holds, if any does."""
        return next((row for row in reversed(self.rows) if row[0] not in self.ended), None)

    def verdict(self, said: Row, is_same: Callable[[Row], bool]) -> int | str | None:
        """Judge a record that comes again.

        Args:
            said: Its content.
            is_same: Tells whether a row's customer is the record's.

        Returns:
            The `rev` to write it under where its run was undone, None where it is a duplicate,
            or why it is rejected.
        """
        if self.ended.get(self.rows[-1][0]) == "undo":
            return int(self.rows[-1][_REV]) + 1
        reason = ""
        for row in reversed(self.rows):
            if self.ended.get(row[0]) == "undo":
                break  # what was undone before counts no more
            other = difference(content(row), said)
            if other is None:
                if is_same(row):
                    return None
                other = "customer is another"
            reason = reason or other
        if self.live is None:
            return f"was captured and then retracted; it now has other content: {reason}"
        return (
            f"was captured before with other content: {reason} "
            "(the first stays; touchpoints.correct changes it)"
        )


def earlier(reader: Reader, keys: Iterable[RecordKey]) -> dict[RecordKey, Earlier]:
    """Read what was written before under these keys."""
    found: dict[RecordKey, list[Row]] = {}
    for row in reader.fetch(TOUCHPOINT, set(keys), by=("source", "id")):
        found.setdefault((row[1], row[2]), []).append(row)
    ended = endings(reader, [row for rows in found.values() for row in rows])
    return {
        key: Earlier(
            sorted(rows, key=lambda row: row[_REV]),
            {row[0]: ended[row[0]] for row in rows if row[0] in ended},
        )
        for key, rows in found.items()
    }


def endings(reader: Reader, rows: Sequence[Row]) -> dict[int, str]:
    """Give the kind of decision that took each row back, by its seq; live rows are left out."""
    if not rows or not any(reader.scan(VOID, limit=1)):
        return {}
    customer = TOUCHPOINT.position["customer"]
    voids = list(reader.fetch(VOID, [(row[customer], row[0]) for row in rows]))
    kinds = {row[0]: row[1] for row in reader.fetch(DECISION, {(void[3],) for void in voids})}
    return {void[1]: kinds.get(void[3], "retract") for void in voids}
