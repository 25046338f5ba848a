"""Everything that changed, in commit order: what another system follows to miss nothing."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from crmkit.arguments import count, text
from crmkit.capture.customer_rows import customer_of
from crmkit.contracts.decisions import decision
from crmkit.contracts.lineage import Lineage, lineage
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, DECISION, TOUCHPOINT, Table
from crmkit.model.log import Change
from crmkit.value.history import touchpoint

_WHAT = {TOUCHPOINT.name: "touchpoint", DECISION.name: "decision", CUSTOMER.name: "customer"}
_ERASURE = "erase"


def changes(reader: Reader, after: str | None, limit: int) -> tuple[Change, ...]:
    """Give the changes behind a cursor, oldest first, below every open transaction.

    A customer stands once, at the place of his newest change. An erasure tells the id only.

    Args:
        reader: One consistent look.
        after: The last change's cursor; None: from the beginning.
        limit: At most so many, 1 and more.

    Raises:
        InvalidValueError: `after` is no cursor, or one from before the database was restored that
            leads to nothing any more; or `limit` is below 1.
    """
    line = lineage(reader)
    start = 0 if after is None else line.place(text("after", after))
    limit = count("limit", limit, least=1)
    end = reader.watermark()
    merged = heapq.merge(
        *(
            _rows(reader, table, start + 1, end, limit)
            for table in (TOUCHPOINT, DECISION, CUSTOMER)
        ),
        key=lambda entry: entry[0],
    )
    return tuple(_change(line, *entry) for _, entry in zip(range(limit), merged, strict=False))


def _rows(
    reader: Reader, table: Table, start: int, end: int, limit: int
) -> Iterator[tuple[int, Table, Row]]:
    place = table.position["seq"]
    for row in reader.scan(table, by=("seq",), low=start, high=end, limit=limit):
        yield row[place], table, row


def _change(line: Lineage, seq: int, table: Table, row: Row) -> Change:
    if table is TOUCHPOINT:
        record: object = touchpoint(row)
        customer = row[TOUCHPOINT.position["customer"]]
    elif table is DECISION:
        made = decision(row)
        record, customer = (None if made.kind == _ERASURE else made), made.customer_id
    else:
        record, customer = customer_of(row), row[0]
    return Change(
        cursor=line.cursor(seq), what=_WHAT[table.name], customer_id=customer, record=record
    )
