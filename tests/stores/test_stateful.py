"""Whatever is done to them or befalls them, in whatever order, the core's stores give the same."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import META, Table
from crmkit.errors import StoreError
from crmkit.stores import open_store
from crmkit.stores import postgres_bulk as bulk
from crmkit.stores.sql.reader import SqlReader
from crmkit.testing.rows import row
from tests import mariadb, mariadb_server, postgres
from tests.stores import postgres_kit
from tests.stores.drawn import USED, batches, keys, scans

T = TypeVar("T")
_number = count(1)
KEPT = "kept"
REFUSED: dict[str, Row] = {
    "narrow": ("narrow",),
    "wide": ("wide", "by", "one"),
    "no value": ("no value", None),
    "no key": (None, "no key"),
}
LOST = ("lost unnoticed", "lost at once", "lost in the commit")


@cache
def shared(there: Any) -> str:
    """Give one database of a server for all examples: what others left there must not show."""
    return str(there.database())


class Stores(RuleBasedStateMachine):
    """Drive the stores side by side: two workspaces in one database each, and open readers.

    Writes are kept, undone by what they raise, or lost with the connection of the server's, which
    is the last of the stores.
    """

    there: Any = postgres
    kit: Any = postgres_kit

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        urls = (f"memory://{folder}", f"sqlite:///{folder}/crm.db", self.server)
        self.names = [f"{name} {next(_number)}" for name in ("one", "two")]
        self.stores = [[open_store(url, workspace=name) for url in urls] for name in self.names]
        for store in chain.from_iterable(self.stores):
            self.stack.callback(store.close)
        self.writers: list[Writer] = []
        self.blocks: list[ExitStack] = []
        self.ended = 0
        self.readers: list[tuple[list[ExitStack], list[Reader]]] = []

    @property
    def server(self) -> str:
        """The URL of the database at the server."""
        return shared(self.there)

    def teardown(self) -> None:
        try:
            if self.writers:
                self.end(KEPT)
            self.nothing_differs(0, 1)
            while self.readers:
                self.look_away()
        finally:
            for block in chain(self.blocks, *(blocks for blocks, _ in self.readers)):
                leave(block, keep=False)
            self.stack.close()

    # -- blocks --------------------------------------------------------------------------

    @initialize()
    def start(self) -> None:
        self.begin(0)

    @precondition(lambda self: not self.writers)
    @rule(workspace=st.integers(0, 1))
    def begin(self, workspace: int) -> None:
        self.blocks = [ExitStack() for _ in self.stores[workspace]]
        pairs = zip(self.blocks, self.stores[workspace], strict=True)
        self.writers = [block.enter_context(store.write()) for block, store in pairs]
        self.workspace = workspace

    @precondition(lambda self: self.writers)
    @rule(how=st.sampled_from([KEPT] * 12 + ["raised", *REFUSED, *LOST]))
    def end(self, how: str) -> None:
        if how in REFUSED:
            self.refuse(REFUSED[how])
        if how in LOST:
            self.lose(how)
        for block in self.blocks:
            leave(block, keep=how == KEPT)
        self.writers = []
        self.ended += 1
        self.nothing_differs(self.workspace)

    @precondition(lambda self: len(self.readers) < 3)
    @rule(workspace=st.integers(0, 1))
    def look(self, workspace: int) -> None:
        blocks = [ExitStack() for _ in self.stores[workspace]]
        pairs = zip(blocks, self.stores[workspace], strict=True)
        self.readers.append((blocks, [block.enter_context(s.read()) for block, s in pairs]))

    @precondition(lambda self: self.readers)
    @rule()
    def look_away(self) -> None:
        blocks, looks = self.readers.pop(0)
        same(looks)
        for block in blocks:
            block.close()

    # -- what befalls them ---------------------------------------------------------------

    def refuse(self, refused: Row) -> None:
        """Refuse a batch for one row of it: it takes the whole write along, heard or not."""
        for writer, block in zip(self.writers, self.blocks, strict=True):
            with pytest.raises(StoreError):
                writer.put(META, [("refused", "refused"), refused])
            with pytest.raises(StoreError, match="failed before"):
                block.close()

    def lose(self, how: str) -> None:
        """Lose the connection of a write: it says what was kept; the others undo theirs too."""
        writer = self.writers[-1]
        assert isinstance(writer, SqlReader)
        self.kit.kill(self.server, self.kit.pid_of(writer.connection))
        if how == "lost at once":
            with pytest.raises(StoreError, match="nothing of this write was kept: try again"):
                writer.put(META, [("lost", "lost")])
        if how == "lost in the commit":
            with pytest.raises(StoreError, match="look before you repeat it"):
                self.blocks[-1].close()

    @precondition(lambda self: self.ended >= 2 and not self.writers)  # or no reader gets old
    @rule()
    def restart(self) -> None:
        """Lose every connection: open readers never give less than there is, and all goes on."""
        self.ended = 0
        self.kit.kill(self.server)
        while self.readers:
            blocks, looks = self.readers.pop()
            with pytest.raises(StoreError, match="try again"):
                list(looks[-1].scan(META))
            same(looks[:-1])
            for block in blocks:
                leave(block, keep=False)
        self.nothing_differs(0, 1)

    # -- what is done in them ------------------------------------------------------------

    @precondition(lambda self: self.writers)
    @rule(batch=batches())
    def append(self, batch: tuple[Table, list[dict[str, Any]]]) -> None:
        table, values = batch
        first = self.numbers(table, len(values))
        alike([writer.append(table, rows(table, values, first)) for writer in self.writers])

    @precondition(lambda self: self.writers)
    @rule(batch=batches())
    def put(self, batch: tuple[Table, list[dict[str, Any]]]) -> None:
        table, values = batch
        first = self.numbers(table, len(values))
        for writer in self.writers:
            writer.put(table, rows(table, values, first))

    def numbers(self, table: Table, count: int) -> int:
        """Reserve numbers of a log, the same in every store; give the first.

        A store may count by workspace or for all of them: whoever is behind skips some.
        """
        if not table.log:
            return 0
        given = [writer.sequence(count) for writer in self.writers]
        first = max(given)
        for writer, mine in zip(self.writers, given, strict=True):
            if mine < first:
                assert writer.sequence(first - mine) == mine + count
        return first

    @precondition(lambda self: self.writers)
    @rule(wanted=keys())
    def delete(self, wanted: tuple[Table, tuple[str, ...], list[Row]]) -> None:
        table, by, found = wanted
        alike([writer.delete(table, found, by=by) for writer in self.writers])

    @precondition(lambda self: self.writers or self.readers)
    @rule(wanted=keys(), how=scans())
    def ask(
        self,
        wanted: tuple[Table, tuple[str, ...], list[Row]],
        how: tuple[Table, dict[str, Any]],
    ) -> None:
        for looks in self.looks():
            table, by, found = wanted
            alike([sorted(look.fetch(table, found, by=by), key=repr) for look in looks])
            table, scan = how
            alike([list(look.scan(table, **scan)) for look in looks])

    def looks(self) -> list[list[Reader]]:
        return [looks for looks in (self.writers, *(looks for _, looks in self.readers)) if looks]

    def nothing_differs(self, *workspaces: int) -> None:
        for workspace in workspaces:
            with ExitStack() as stack:
                same([stack.enter_context(store.read()) for store in self.stores[workspace]])
        found = [store.workspaces() for store in self.stores[0]]
        alike([[name for name in names if name in self.names] for names in found])


def leave(block: ExitStack, *, keep: bool) -> None:
    """End a block: with all it did, or undone."""
    if keep:
        block.close()
    else:
        block.__exit__(KeyError, KeyError(), None)


def rows(table: Table, values: list[dict[str, Any]], first: int) -> list[Row]:
    if not table.log:
        return [row(table, **given) for given in values]
    return [row(table, seq=first + n, **given) for n, given in enumerate(values)]


def same(looks: Sequence[Reader]) -> None:
    """Compare everything in every order, and see that nothing lies above the watermark."""
    for table in USED:
        for place, by in enumerate(table.orders):
            how: dict[str, Any] = {"by": by, "reverse": bool(place % 2)}
            found = alike([list(look.scan(table, **how)) for look in looks])
        if table.log:
            last = max((row[0] for row in found), default=0)
            assert all(look.watermark() >= last for look in looks)


def alike(found: list[T]) -> T:
    assert all(one == found[0] for one in found), found
    return found[0]


@pytest.fixture(autouse=True, scope="module")
def little_is_much() -> Iterator[None]:
    """Let PostgreSQL take its ways for many rows with a few."""
    before, bulk.BULK = bulk.BULK, 3
    yield
    bulk.BULK = before


# A story that fails is shown as it is: to look for the shortest takes longer than a test may.
PLAIN = settings(deadline=None, print_blob=True, phases=[Phase.reuse, Phase.generate])


class TestStores(Stores.TestCase):
    """The same few stories in every run."""

    settings = settings(PLAIN, max_examples=8, stateful_step_count=40, derandomize=True)


class StoresWithMariadb(Stores):
    """The same, with MariaDB as the server."""

    there = mariadb
    kit = mariadb


NEEDED = pytest.mark.skipif(bool(mariadb_server.missing()), reason=mariadb_server.missing())


@NEEDED
class TestStoresWithMariadb(StoresWithMariadb.TestCase):
    """The same few stories in every run."""

    settings = settings(PLAIN, max_examples=5, stateful_step_count=40, derandomize=True)


@pytest.mark.slow("a hundred stories of every store")
class TestStoresForLonger(Stores.TestCase):
    """Other stories in every run."""

    settings = settings(PLAIN, max_examples=100, stateful_step_count=40)


@NEEDED
@pytest.mark.slow("a hundred stories of every store")
class TestStoresWithMariadbForLonger(StoresWithMariadb.TestCase):
    """Other stories in every run."""

    settings = settings(PLAIN, max_examples=100, stateful_step_count=40)
