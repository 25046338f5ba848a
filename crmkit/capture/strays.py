"""Records that are one customer's now, and were written under another before: his, all of them."""

from __future__ import annotations

from collections.abc import Collection

from crmkit.capture.keys import Key
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import CUSTOMER, DECISION, TOUCHPOINT, VOID

_CUSTOMER, _REV = TOUCHPOINT.position["customer"], TOUCHPOINT.position["rev"]


def dropped(reader: Reader, keys: Collection[Key]) -> list[str]:
    """Give the ids under which one of these keys was captured by a run that was undone since.

    An undo drops the customers whom its run alone had made, and leaves their records in the log,
    taken back. Captured anew they are somebody else by id, and the same by his keys.
    """
    if not any(reader.scan(DECISION, by=("kind", "seq"), equal=("undo",), limit=1)):
        return []
    led = {"via": tuple(f"{system}:{value}" for system, value in keys)}
    rows = reader.scan(TOUCHPOINT, by=("seq",), where=led, columns=("customer",)) if keys else ()
    found = {customer for (customer,) in rows}
    known = {row[0] for row in reader.fetch(CUSTOMER, [(one,) for one in found])}
    return sorted(found - known)


def his_records(reader: Reader, rows: list[Row], keys: list[tuple[str]]) -> list[Row]:
    """Give every revision of the records that are his by their newest one.

    A record that was corrected to be his was written under another customer's id before; one that
    was corrected away is another's.
    """
    revisions: dict[Key, list[Row]] = {}
    for row in reader.fetch(TOUCHPOINT, {(row[1], row[2]) for row in rows}, by=("source", "id")):
        revisions.setdefault((row[1], row[2]), []).append(row)
    newest = (max(rows, key=lambda row: row[_REV]) for rows in revisions.values())
    own = [row for row in newest if (row[_CUSTOMER],) in keys]
    return [row for one in own for row in revisions[one[1], one[2]]]


def forget_strays(writer: Writer, strays: list[Row]) -> None:
    """Delete his records' former revisions under others, and the corrections that tell of them."""
    voids = list(writer.fetch(VOID, [(row[_CUSTOMER], row[0]) for row in strays]))
    about = writer.fetch(DECISION, {(row[3],) for row in voids})
    told = [(row[0],) for row in about if row[1] in ("correct", "retract")]
    writer.delete(TOUCHPOINT, [row[1:4] for row in strays])
    writer.delete(VOID, [row[:2] for row in voids])
    writer.delete(DECISION, told)
