"""SOQL, asked page by page: a cursor of Salesforce's, and where to go on when that is dead.

A query is settled when it is asked: its further pages, by ``nextRecordsUrl``, neither miss nor
repeat a record, whatever changes meanwhile. What they show of a record may be newer than that, so
an instant later than the query itself is no place to go on from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus
from zlib import crc32

import attrs

from crmkit.contracts.connector import SyncAborted
from crmkit.contracts.exchange import Answer, said_of
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import identified
from crmkit_salesforce.api import NAME, Api
from crmkit_salesforce.settings import MOST

LEAST = 200
"""Rows of a page, at least."""
_LONGEST = 6000  # encoded characters of one list in a query: an address has 16 kB at most
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,254}")
_SECOND = timedelta(seconds=1)
_SKEW = timedelta(seconds=5)


@attrs.frozen
class Token:
    """A page of a query that waits to be asked for.

    Attributes:
        mark: Which query it is of: another mapping asks another one.
        start: When that was asked, by Salesforce's clock; None: it does not tell.
        path: Where the page is.
    """

    mark: str
    start: datetime | None
    path: str

    @classmethod
    def read(cls, text: str | None, mark: str) -> Token | None:
        """Read one that was `spelled`; None where it is of another query, or none."""
        parts = (text or "").split(" ")
        if len(parts) != 3 or parts[0] != mark:  # noqa: PLR2004 - as spelled
            return None
        start = datetime.fromtimestamp(int(parts[1]), UTC) if parts[1].isdigit() else None
        return cls(mark, start, parts[2])

    def spelled(self) -> str:
        """Give it as a text."""
        start = "-" if self.start is None else f"{self.start.timestamp():.0f}"
        return f"{self.mark} {start} {self.path}"


@attrs.frozen(kw_only=True)
class Page:
    """One page of rows.

    Attributes:
        rows: As they came.
        token: The next page; None: this was the last one.
        start: When the query was asked, by Salesforce's clock.
        now: Salesforce's clock at this page.
    """

    rows: list[dict[str, Any]]
    token: Token | None
    start: datetime | None
    now: datetime | None

    def settled(self, times: Sequence[datetime]) -> datetime | None:
        """Give the latest of some instants up to which the query surely has shown everything."""
        latest = max(times, default=None)
        if latest is None or self.start is None or self.now is None:
            return latest
        if latest > self.now + _SKEW:  # a clock on the way told the time, not that of the records
            return latest
        if self.token is not None:
            before = [at for at in times if at < self.start]
            if before:
                return max(before)
        return max((at for at in times if at < self.start + _SECOND), default=None)


class Queries:
    """Asks one organisation."""

    def __init__(self, api: Api, page: int) -> None:
        """Ask for pages of so many rows."""
        self._api = api
        size = max(LEAST, min(MOST, page))
        # 2,000 is what Salesforce gives by itself.
        self._headers = {} if size == MOST else {"Sforce-Query-Options": f"batchSize={size}"}

    def ask(self, soql: str, mark: str = "", *, deleted: bool = False) -> Page:
        """Ask a query and give its first page.

        Args:
            soql: The query.
            mark: For the tokens of its further pages.
            deleted: Whether deleted records are found too.

        Raises:
            SyncAborted: Salesforce refuses it; else as `Api.call`.
        """
        path = "queryAll" if deleted else "query"
        answer = self._api.call("GET", path, params={"q": soql}, headers=self._headers)
        if not _whole(answer):
            message = f"{NAME} refuses to be asked for {_entity(soql)}{said_of(answer)}"
            raise SyncAborted(message)
        return self._page(answer, mark, answer.now)

    def more(self, token: Token) -> Page | None:
        """Give a further page; None where the cursor is dead."""
        path = self._api.local(token.path)
        if path is None:
            return None
        answer = self._api.call("GET", path, headers=self._headers)
        return self._page(answer, token.mark, token.start) if _whole(answer) else None

    def every(self, soql: str, *, deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Stream the rows of all pages.

        Raises:
            SyncAborted: as `ask`, or its cursor died between two pages.
        """
        page: Page | None = self.ask(soql, deleted=deleted)
        while page is not None:
            yield from page.rows
            if page.token is None:
                return
            page = self.more(page.token)
        raise SyncAborted(f"{NAME} closed the query for {_entity(soql)} before it was read whole")

    def _page(self, answer: Answer, mark: str, start: datetime | None) -> Page:
        told = mapping(answer.data)
        path = self._api.local(told.get("nextRecordsUrl"))
        if path is None and told.get("done") is False:
            message = f"{NAME} names no further page of its own, though there is more"
            raise SyncAborted(message)
        token = None if path is None or told.get("done") else Token(mark, start, path)
        found = identified(rows(told, "records"), "Id", NAME)
        return Page(rows=found, token=token, start=start, now=answer.now)


def mark_of(*parts: str) -> str:
    """Give a short name of a query."""
    return f"{crc32(' '.join(parts).encode()):08x}"


def checked(name: str) -> str:
    """Give a name as SOQL may carry it.

    Raises:
        SyncAborted: it is none.
    """
    if not _NAME.fullmatch(name):
        raise SyncAborted(f"{name!r} is no name of a field or an object of {NAME}")
    return name


def chunks(items: Sequence[str], most: int) -> Iterator[list[str]]:
    """Divide names or values so that each part fits into one query."""
    part: list[str] = []
    length = 0
    for item in items:
        size = len(quote_plus(item)) + 3
        if part and (length + size > _LONGEST or len(part) == most):
            yield part
            part, length = [], 0
        part.append(item)
        length += size
    if part:
        yield part


def select(entity: str, fields: Sequence[str], where: Sequence[str] = (), order: str = "") -> str:
    """Write a query; values in its conditions are written by `quoted` or `Shape.literal`.

    Raises:
        SyncAborted: the object or a field has a name that SOQL cannot carry.
    """
    named = ",".join(checked(name) for name in fields)
    soql = f"SELECT {named} FROM {checked(entity)}"  # noqa: S608 - names are checked
    soql += f" WHERE {' AND '.join(where)}" if where else ""
    return soql + (f" ORDER BY {order}" if order else "")


def among(literals: Sequence[str], field: str = "Id") -> str:
    """Write the condition that a field has one of some values; few enough, see `chunks`."""
    return f"{checked(field)} IN ({','.join(literals)})"


def _whole(answer: Answer) -> bool:
    return answer.status < 400 and isinstance(mapping(answer.data).get("records"), list)  # noqa: PLR2004


def _entity(soql: str) -> str:
    return soql.partition(" FROM ")[2].split(" ")[0]
