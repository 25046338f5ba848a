"""What a restore would do, found out before anything is touched: what would be lost, what goes on.

The database and the backup are read side by side, each row once and in the same order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter

import attrs

from crmkit.backups.layout import Lines
from crmkit.backups.rows import BY_NAME, unpacker
from crmkit.capture.tombstones import PROOF, keyed
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import (
    CUSTOMER,
    DECISION,
    IDENTITY,
    MESSAGE,
    META,
    TABLES,
    TOMBSTONE,
    TOUCHPOINT,
    Table,
)
from crmkit.lifecycle.ended import KIND as ENDING
from crmkit.outreach.consented import KIND as CONSENT
from crmkit.outreach.mailings import KIND as MAILING

ERASE = "erase"
SAID = frozenset({CONSENT, ENDING, "decline", "reinstate"})
"""Decisions that go on where the log is taken back: what the customer himself said or was told."""
_KIND, _ABOUT, _BODY = (DECISION.position[name] for name in ("kind", "customer", "body"))
_RECORDED = TOUCHPOINT.position["recorded"]
_MADE_OF = {  # what tells that two rows of a log are one
    TOUCHPOINT.name: itemgetter(
        *(TOUCHPOINT.position[name] for name in (*TOUCHPOINT.key, "recorded", "customer"))
    ),
    DECISION.name: itemgetter(*(DECISION.position[name] for name in ("kind", "at", "customer"))),
}
_SAVED = CUSTOMER.position["recorded"]
_PARENT, _SEARCH, _ROW_BODY = (CUSTOMER.position[n] for n in ("parent", "search", "body"))


@attrs.define
class Survey:
    """What was found.

    Attributes:
        empty: The database holds nothing of this workspace.
        shared: Both tell of one history: some row stands in both.
        newest: The database's last places, by which a write meanwhile is noticed.
        lost: What the database holds and the backup does not, by what it is.
        since: When the first of the lost touchpoints was captured.
        said: Decisions that go on, as rows.
        mailings: Decisions that messages rest on, by seq, which go on with these.
        fresh: Customers that only the database has.
        gone: Whom the database has erased: his ids, and when.
        erase: Customers of the backup who are to be erased again.
        drop: Identities of the backup that were erased with somebody else than their holder there.
        records: Touchpoints of the backup that were erased, by key.
        proof: What tells the key that the backup's hashes were made with.
    """

    empty: bool = True
    shared: bool = False
    newest: tuple[int, ...] = ()
    lost: Counter[str] = attrs.field(factory=Counter)
    since: int | None = None
    said: list[Row] = attrs.field(factory=list)
    mailings: dict[int, Row] = attrs.field(factory=dict)
    fresh: set[str] = attrs.field(factory=set)
    gone: dict[str, int] = attrs.field(factory=dict)
    erase: set[str] = attrs.field(factory=set)
    drop: list[Row] = attrs.field(factory=list)
    records: list[Row] = attrs.field(factory=list)
    proof: str | None = None

    @property
    def brings_back(self) -> bool:
        """Whether the backup holds anything of somebody who was erased since."""
        return bool(self.erase or self.drop or self.records)


def survey(
    reader: Reader,
    lines: Iterable[Lines],
    *,
    secret: bytes | None,
    gone: Mapping[str, int],
    hashes: frozenset[str],
) -> Survey:
    """Read database and backup side by side.

    Args:
        reader: The database's workspace.
        lines: The backup's workspace.
        secret: The erasure key; None: nobody was ever erased that is known of.
        gone: Ids that journals tell to be erased, and when.
        hashes: Tombstones that journals tell.
    """
    found = Survey(gone=dict(gone), newest=newest(reader))
    found.empty = not any(found.newest)
    beside = {
        TOUCHPOINT.name: _Beside(_log(reader, TOUCHPOINT), _place, _touchpoints(found)),
        DECISION.name: _Beside(_log(reader, DECISION), _place, _decisions(found)),
        CUSTOMER.name: _Beside(reader.scan(CUSTOMER), itemgetter(0), _customers(found)),
    }
    erased = _erased(reader, secret, hashes)
    table = TOUCHPOINT.name
    for line in lines:
        if line.table != table:
            _leave(beside, line.table)
        table = line.table
        if table in (*beside, IDENTITY.name, META.name):
            rows = unpacker(BY_NAME[table], line.columns)(line.data)
            if table in beside:
                beside[table].walk(rows)
            _look(found, table, rows, erased, reader)
    _leave(beside, None)
    return found


def newest(reader: Reader) -> tuple[int, ...]:
    """Give the last place of each table that has places; zeros where there is nothing."""
    places = []
    for table in (TOUCHPOINT, DECISION, CUSTOMER):
        rows = reader.scan(table, by=("seq",), reverse=True, limit=1, columns=("seq",))
        places.append(next((row[0] for row in rows), 0))
    return (*places, reader.count(MESSAGE))


Erased = Callable[[str, list[tuple[str, str]]], set[tuple[str, str]]]


def _erased(reader: Reader, secret: bytes | None, hashes: frozenset[str]) -> Erased:
    """Give what tells which pairs were erased, by the database's tombstones or the journals'."""

    def erased(what: str, pairs: list[tuple[str, str]]) -> set[tuple[str, str]]:
        if secret is None or not pairs:
            return set()
        known = {keyed(secret, what, pair): pair for pair in pairs}
        there = {row[0] for row in reader.fetch(TOMBSTONE, [(one,) for one in known])}
        return {pair for one, pair in known.items() if one in there or one in hashes}

    return erased


def _look(found: Survey, table: str, rows: list[Row], erased: Erased, reader: Reader) -> None:
    """Note whose rows these are, where somebody erased has some among them."""
    if table == TOUCHPOINT.name:
        of_gone = erased("record", list({(row[1], row[2]) for row in rows}))
        found.records += [row[1:4] for row in rows if (row[1], row[2]) in of_gone]
    elif table == CUSTOMER.name:
        found.erase |= {row[0] for row in rows if row[0] in found.gone}
    elif table == IDENTITY.name:
        of_gone = erased("identity", [(row[0], row[1]) for row in rows])
        hits = [row for row in rows if (row[0], row[1]) in of_gone and row[2] not in found.erase]
        there = {row[0] for row in reader.fetch(CUSTOMER, {(row[2],) for row in hits if row[2]})}
        for row in hits:
            if row[2] is None or row[2] in there:
                found.drop.append(row)  # its holder then goes on living without it
            else:
                found.erase.add(row[2])
    elif table == META.name:
        found.proof = next((row[1] for row in rows if row[0] == PROOF), found.proof)


# -- two tables side by side -----------------------------------------------------------------


class _Beside:
    """Walks through the database's rows beside the backup's, in one order."""

    def __init__(
        self,
        own: Iterator[Row],
        key: Callable[[Row], int | str],
        tell: Callable[[Row, Row | None], None],
    ) -> None:
        """Tell of each row of the database, and of the backup's with the same key."""
        self._own, self._key, self._tell = own, key, tell
        self._row = next(own, None)

    def walk(self, rows: Iterable[Row]) -> None:
        """Go on through rows of the backup."""
        for row in rows:
            key = self._key(row)
            while self._row is not None and self._key(self._row) < key:  # type: ignore[operator]
                self._next(None)
            if self._row is not None and self._key(self._row) == key:
                self._next(row)

    def finish(self) -> None:
        """Tell of what the database has behind the backup's last row."""
        while self._row is not None:
            self._next(None)

    def _next(self, other: Row | None) -> None:
        assert self._row is not None  # noqa: S101 - both callers have looked
        self._tell(self._row, other)
        self._row = next(self._own, None)


def _leave(beside: dict[str, _Beside], table: str | None) -> None:
    """Finish the tables that stand before this one in a backup."""
    order = [one.name for one in TABLES]
    end = len(order) if table is None else order.index(table)
    for name in order[:end]:
        if name in beside:
            beside.pop(name).finish()


def _log(reader: Reader, table: Table) -> Iterator[Row]:
    return reader.scan(table, by=("seq",))


def _place(row: Row) -> int:
    place: int = row[0]
    return place


def _touchpoints(found: Survey) -> Callable[[Row, Row | None], None]:
    same = _MADE_OF[TOUCHPOINT.name]

    def tell(row: Row, other: Row | None) -> None:
        if other is not None and same(row) == same(other):
            found.shared = True
        else:
            found.lost["touchpoints"] += 1
            found.since = min(found.since or row[_RECORDED], row[_RECORDED])

    return tell


def _decisions(found: Survey) -> Callable[[Row, Row | None], None]:
    same = _MADE_OF[DECISION.name]

    def tell(row: Row, other: Row | None) -> None:
        if other is not None and same(row) == same(other):
            found.shared |= row[_ABOUT] is not None  # the ids of customers are nowhere else
        elif row[_KIND] == ERASE:
            ids = [row[_ABOUT], *json.loads(row[_BODY]).get("ids", ())]
            found.gone |= dict.fromkeys(ids, row[DECISION.position["at"]])
        elif row[_KIND] in SAID:
            found.said.append(row)
        elif row[_KIND] == MAILING:
            found.mailings[row[0]] = row
        else:
            found.lost["decisions"] += 1

    return tell


def _customers(found: Survey) -> Callable[[Row, Row | None], None]:
    def tell(row: Row, other: Row | None) -> None:
        if other is None:
            found.fresh.add(row[0])
            found.lost["customers"] += 1
        else:
            # A host that names customers itself may have named others so in another database.
            found.shared |= row[_SAVED] == other[_SAVED]
            found.lost["customers"] += _edited(row, other, after_erasures=bool(found.gone))

    return tell


def _edited(row: Row, other: Row, *, after_erasures: bool) -> bool:
    """Tell whether a customer was changed since; an erasure takes another out of him."""
    mine, theirs = list(row), list(other)
    for cells in (mine, theirs):
        cells[CUSTOMER.position["seq"]] = cells[CUSTOMER.position["root"]] = None  # merges: decided
        cells[_SEARCH] = ""
        if after_erasures:
            cells[_PARENT] = None
            body = json.loads(cells[_ROW_BODY])
            cells[_ROW_BODY] = {name: said for name, said in body.items() if name != "contacts"}
    return mine != theirs
