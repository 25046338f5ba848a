"""A backup's rows into the tables, and what goes on beside them, all in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from crmkit.backups.layout import Lines
from crmkit.backups.members import damaged
from crmkit.backups.rows import BY_NAME, unpacker
from crmkit.backups.survey import Survey
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import (
    CUSTOMER,
    DECISION,
    IDENTITY,
    MESSAGE,
    META,
    SUPPRESSION,
    TABLES,
    TOMBSTONE,
    Table,
)
from crmkit.errors import StoreError
from crmkit.model.outreach import CLAIMED, FAILED, PLANNED, UNKNOWN
from crmkit.outreach.ledger import entry, rank
from crmkit.paging import pages

ALWAYS = (SUPPRESSION, TOMBSTONE)
"""What a restore never takes away: nobody who asked for peace hears of us again."""
WAITING = (PLANNED, FAILED)
_ROWS = 1_000
_HELD = "restored from a backup: it may have been sent since that was taken"
_MAILING = MESSAGE.position["mailing"]
Step = Callable[[int], object]


def load(
    writer: Writer, lines: Iterable[Lines], name: str, *, messages: bool, step: Step | None
) -> tuple[Counter[str], int]:
    """Put the backup's rows in place of the workspace's.

    Args:
        writer: The transaction.
        lines: The backup's workspace.
        name: What messages call the backup.
        messages: Whether the database's ledger is of the same history, and goes on.
        step: Told now and then how many rows are there.

    Returns:
        The backup's rows by table; and of how many messages the database knew something newer.

    Raises:
        BackupError: two rows of a table have one key.
        StoreError: the database cannot take them.
    """
    stay = {one.name for one in (*ALWAYS, *([MESSAGE] if messages else []))}
    for table in TABLES:
        if table.name not in stay:
            writer.clear(table)
    counts: Counter[str] = Counter()
    newer = 0
    for line in lines:
        table = BY_NAME[line.table]
        rows = unpacker(table, line.columns)(line.data)
        for some in pages(rows, _ROWS):
            if table is MESSAGE and messages:
                newer += _merge(writer, some)
            elif _added(writer, table, some) != len(some) and table not in ALWAYS:
                raise damaged(name, f"a row of its table {table.name} stands there twice")
        counts[table.name] += len(rows)
        if step is not None:
            step(sum(counts.values()))
    return counts, newer


def _added(writer: Writer, table: Table, rows: list[Row]) -> int:
    try:
        return len(rows) - len(writer.append(table, rows))
    except StoreError as error:
        if not table.log or type(error.__cause__).__name__ != "IntegrityError":
            raise
        message = (
            "the backup's numbers are taken by another workspace of this database: SQLite numbers "
            "all of them together. Restore it into a database of its own, or into PostgreSQL"
        )
        raise StoreError(message) from error


def _merge(writer: Writer, rows: list[Row]) -> int:
    """Write messages, but for those of which the database knows something newer; count these."""
    width, newer = len(MESSAGE.key), 0
    keys = {row[:width]: row for row in rows}
    for row in writer.fetch(MESSAGE, list(keys)):
        own, other = entry(row), entry(keys[row[:width]])
        if (rank(own.state), own.at) >= (rank(other.state), other.at):
            newer += own != other
            del keys[row[:width]]
    writer.put(MESSAGE, list(keys.values()))
    return newer


# -- what goes on -----------------------------------------------------------------------------


def before(writer: Writer, found: Survey) -> tuple[list[Row], list[Row]]:
    """Take customers that only the database has, but whom somebody wrote to or heard from.

    Without them a restore would forget to whom a message went, or who withdrew his consent.

    Returns:
        Rows of customers, and of their identities.
    """
    about = {row[DECISION.position["customer"]] for row in found.said}
    wanted = about & found.fresh
    if found.fresh:
        named = (row[0] for row in writer.scan(MESSAGE, columns=("customer",)))
        wanted |= {one for one in named if one in found.fresh}
    keys = [(one,) for one in sorted(wanted)]
    customers = [_alone(row) for row in writer.fetch(CUSTOMER, keys)]
    return customers, list(writer.fetch(IDENTITY, keys, by=("customer",)))


def _alone(row: Row) -> Row:
    """Give a customer as himself: what he was merged into, or belonged to, may not be there."""
    cells = list(row)
    cells[CUSTOMER.position["root"]], cells[CUSTOMER.position["parent"]] = row[0], None
    return tuple(cells)


def go_on(
    writer: Writer, found: Survey, customers: list[Row], identities: list[Row]
) -> Counter[str]:
    """Add what goes on although the backup does not have it; count it."""
    writer.append(CUSTOMER, customers)
    writer.append(IDENTITY, identities)
    about = DECISION.position["customer"]
    whom = {(row[about],) for row in found.said if row[about]}
    there = {row[0] for row in writer.fetch(CUSTOMER, whom)}
    said = [row for row in found.said if row[about] in there]
    used = {row[_MAILING] for row in writer.scan(MESSAGE)} if found.mailings else set()
    mailings = [row for seq, row in found.mailings.items() if seq in used]
    writer.append(DECISION, said)
    writer.append(DECISION, mailings)
    kinds = Counter(row[DECISION.position["kind"]] for row in said)
    return Counter(
        customers=len(customers),
        consents=kinds["consent"],
        endings=kinds["ending"],
        declines=kinds["decline"],
    )


def hold_back(writer: Writer, now: int) -> int:
    """Let nobody send what waits: it may have been sent since the backup; tell how many.

    They are ``unknown`` from now on, as after a lease that has ended: looked up at the channel, or
    settled by a person.
    """
    held = 0
    for state in (*WAITING, CLAIMED):
        rows = map(entry, writer.scan(MESSAGE, by=("state", "next"), equal=(state,)))
        for some in pages((one for one in list(rows) if one.next is not None), _ROWS):
            changed = [
                one._replace(state=UNKNOWN, at=now, detail=_HELD, reason=None, next=None)
                for one in some
            ]
            writer.put(MESSAGE, list(changed))
            held += len(changed)
    return held


def waiting(writer: Writer) -> int:
    """Count the messages that the next dispatch would send."""
    rows = (
        row
        for state in WAITING
        for row in writer.scan(MESSAGE, by=("state", "next"), equal=(state,), low=0)
    )
    return sum(1 for _ in rows)


def facts(writer: Writer, generation: int, proof: tuple[str, str | None]) -> None:
    """Write what the workspace knows of itself: a generation never seen, and the key's proof."""
    rows: list[Row] = [("generation", str(generation))]
    name, value = proof
    if value is not None:
        rows.append((name, value))
    writer.put(META, rows)
