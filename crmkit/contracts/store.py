"""The contract of a storage backend: batches of rows, an explicit transaction, no SQL.

A store keeps the tables of `crmkit.contracts.tables` for many workspaces and is opened for one.
`crmkit.testing.StoreSuite` states every law below as a test: subclass it and hand it your store.

Laws: an append is idempotent by the table's key; a transaction reads its own writes and happens
whole or not at all; writers at the same time lose nothing; reading by pages is stable under writes;
workspaces never see each other; text of any script compares and comes back exactly; ``seq`` grows
in commit order, and below `Reader.watermark` nothing new appears; a closed store says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from crmkit.contracts.tables import Table
from crmkit.errors import StoreError

Value = str | int | float | bytes | None
Row = tuple[Any, ...]
_CLEARED = 1_000


class Reader(ABC):
    """One consistent look at the workspace: later commits of others do not show in it."""

    connection: Any = None
    """The SQLAlchemy connection that a store in SQL works by, in its transaction; None: there is
    none. Who writes by it writes in the same transaction."""

    @abstractmethod
    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`, in any order.

        Args:
            table: Where to look.
            keys: Tuples of values; any number of them, each given once.
            by: Leading columns of the key or of an index that the tuples bind; None: the key.
        """

    def fetch_columns(
        self,
        table: Table,
        keys: Iterable[Row],
        columns: tuple[str, ...],
        *,
        by: tuple[str, ...] | None = None,
    ) -> Iterator[Row]:
        """Give some columns of the rows that `fetch` gives, in any order.

        A store may know a quicker way than to read the others too.

        Args:
            table: Where to look.
            keys: As of `fetch`.
            columns: Columns to give, in this order.
            by: As of `fetch`.

        Raises:
            StoreError: the table has no such column.
        """
        unknown = [name for name in columns if name not in table.position]
        if unknown:
            raise StoreError(f"{table.name} has no column {unknown[0]!r}")
        places = [table.position[name] for name in columns]
        for row in self.fetch(table, keys, by=by):
            yield tuple([row[place] for place in places])

    @abstractmethod
    def scan(  # noqa: PLR0913 - the one way to read in order
        self,
        table: Table,
        *,
        by: tuple[str, ...] | None = None,
        equal: Row = (),
        low: Value = None,
        high: Value = None,
        after: Row | None = None,
        where: Mapping[str, Value | tuple[Value, ...]] | None = None,
        contains: Mapping[str, str] | None = None,
        reverse: bool = False,
        limit: int | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> Iterator[Row]:
        """Stream rows in the order of `by`, then of the key.

        Args:
            table: Where to look.
            by: One of ``table.orders``, or with a value for each of its columns of
                ``table.sparse``; None: the key.
            equal: Values for the leading columns of `by`.
            low: Least value of the next column of `by`, inclusive.
            high: Greatest value of the next column of `by`, inclusive.
            after: Go on behind this place: values of `by`, then of the key's other columns. In a
                log's order by ``seq`` the number alone is the place, whatever follows it.
            where: Further columns that must equal a value, or one of a tuple of values.
            contains: Text columns that must contain a text; exact, no wildcard.
            reverse: Greatest first; `after` then means before.
            limit: At most so many rows; 0 gives none.
            columns: Columns to give, in this order; None: all.

        Raises:
            StoreError: the table has no such order or column, `after` is longer than a place, or
                `equal` leaves a column of a sparse order open or names a row that is not in it.
        """

    def last_of(  # noqa: PLR0913 - as `scan`
        self,
        table: Table,
        keys: Iterable[Row],
        *,
        by: tuple[str, ...],
        count: int,
        low: Value = None,
        high: Value = None,
        where: Mapping[str, Value | tuple[Value, ...]] | None = None,
    ) -> Iterator[Row]:
        """Give the last rows of each key, in any order: of rows equal in `by` any may be missing.

        A store may know a quicker way than one scan after the other.

        Args:
            table: Where to look.
            keys: Tuples of values of the leading columns of `by`; any number of them.
            by: One of ``table.orders``: what comes last in it is given.
            count: At most so many rows of each key.
            low: Least value of the next column of `by`, inclusive.
            high: Greatest value of the next column of `by`, inclusive.
            where: Further columns that must equal a value, or one of a tuple of values.
        """
        for key in dict.fromkeys(keys):
            yield from self.scan(
                table,
                by=by,
                equal=key,
                low=low,
                high=high,
                where=where,
                reverse=True,
                limit=count,
            )

    @abstractmethod
    def count(self, table: Table, where: Mapping[str, Value] | None = None) -> int:
        """Count the rows whose columns equal `where`."""

    @abstractmethod
    def watermark(self) -> int:
        """Give the ``seq`` up to which nothing new can appear any more, inclusive.

        It lies below what any open transaction has reserved, this one's own among them.
        """


class Writer(Reader):
    """A transaction: what it writes is seen by itself at once, by others at its end or never.

    A write that is refused (a row of another length, None where a column has none) is a StoreError
    that ends it: nothing more can be written, and who swallows the error gets it again at the end.
    """

    @abstractmethod
    def sequence(self, count: int) -> int:
        """Reserve `count` consecutive values of the workspace's ``seq`` and give the first."""

    @abstractmethod
    def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
        """Add rows whose key is new, and leave those that are there as they are.

        Returns:
            Positions in `rows` that were not added, since their key was there already (or
            earlier in `rows`).
        """

    @abstractmethod
    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, or replace those with the same key; of two with one key the later holds."""

    def change(self, table: Table, rows: Sequence[Row], columns: tuple[str, ...]) -> None:  # noqa: ARG002
        """Replace rows that are there, and differ from what is there in some columns alone.

        As `put` does; but a store that keeps rows by several orders may leave those alone that
        none of the columns belongs to.

        Args:
            table: Where they are.
            rows: Whole rows; one for each key.
            columns: All that may differ; none of the key.
        """
        self.put(table, rows)

    @contextmanager
    def meanwhile(self, work: Iterator[object]) -> Iterator[None]:
        """Do work of the caller's own by the end of a block.

        A store that waits for its database does it while it waits.

        Args:
            work: Is done by being gone through: a piece of a millisecond or so at each step, none
                of which asks this transaction for anything. Where the block raises, the rest of it
                is left; what the work raises is raised at the end of the block.
        """
        with self.while_waiting(work):
            yield
        deque(work, maxlen=0)

    def while_waiting(
        self,
        work: Iterator[object],  # noqa: ARG002 - most stores wait within their driver's own code
    ) -> AbstractContextManager[None]:
        """Do as much of the caller's own work as there is time for while a block waits.

        Args:
            work: As of `meanwhile`; what is not done by the end of the block is left.
        """
        return nullcontext()

    def while_committing(self, work: Iterator[object]) -> None:
        """Do as much of it while the transaction is committed: that may take a while, too.

        Args:
            work: As of `while_waiting`; what it raises is raised once the transaction stands.
        """

    @abstractmethod
    def delete(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> int:
        """Delete the rows that `fetch` would give; tell how many."""

    def clear(self, table: Table) -> None:
        """Delete every row of a table; a store may know a quicker way than by their keys."""
        while keys := list(self.scan(table, columns=table.key, limit=_CLEARED)):
            self.delete(table, keys)


class Store(ABC):
    """A storage backend, opened for one workspace; safe to use from several threads."""

    name: ClassVar[str]
    """Scheme of its URLs, such as ``sqlite``."""
    persistent: ClassVar[bool] = True
    """Whether the data outlives the process: decides whether reopening tests apply."""
    workspace: str
    hosted: ClassVar[bool] = False
    """Whether a host commits what is written, or undoes it: nothing learnt from it may be kept."""
    file: Path | None = None
    """Where the data lies, where that is one file: the erasure key stands beside it."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Reader]:
        """Open a consistent look at the workspace.

        Raises:
            StoreClosed: the store was closed.
        """

    @abstractmethod
    def write(self) -> AbstractContextManager[Writer]:
        """Open a transaction: committed at the end of the block, undone where it raises.

        Raises:
            StoreClosed: the store was closed.
            StoreBusy: others kept the database locked for too long.
            StoreError: the database is full, read-only or damaged.
        """

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call once what was written so far is committed: at once, for it is.

        A store that works inside the host's own transaction waits for the host's commit instead,
        and forgets the call where the host undoes it.
        """
        call()

    def scrub(  # noqa: B027 - most stores have nothing to do
        self, words: Collection[str] | None = None
    ) -> None:
        """Leave no copy of what was deleted where the data lies: an erasure was committed.

        A store that keeps files of its own has old pages and logs to think of; another has not.

        Args:
            words: What tells of whoever was erased: his names, his keys, what he said; None:
                whatever was deleted.
        """

    @abstractmethod
    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back; closing twice does nothing."""
