"""SQLite: a store in one file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import attrs
import sqlalchemy as sa

from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Store, Writer
from crmkit.errors import StoreError
from crmkit.stores.sql.opening import check_engine, migrated
from crmkit.stores.sql.schema import check
from crmkit.stores.sql.store import SqlStore
from crmkit.stores.sqlite_dialect import SqliteDialect
from crmkit.stores.sqlite_file import Watch, rewrite, scrub, warn_of_remains
from crmkit.stores.sqlite_remains import MOST_WORDS, remains
from crmkit.stores.sqlite_url import of_engine, read_url

SCRUB = 1.0
"""Seconds that an erasure waits for readers; writers wait as long."""


def open_sqlite(config: StoreConfig) -> Store:
    """Open a store in a SQLite file, or by the host's own engine.

    Raises:
        ConfigError: the URL or the engine is none of SQLite.
        SchemaError: the schema is newer, or older and must not be touched.
        StoreError: the file cannot be used; the message says why.
    """
    check_engine(config.engine, "sqlite", ("sqlite",))
    owned = config.engine is None
    dialect = SqliteDialect(read_url(config.url) if owned else of_engine(config.engine.url))
    engine = dialect.engine() if owned else config.engine
    store = SqliteStore(engine, dialect, config.workspace, owned=owned)
    return migrated(store, config.migrate)


class SqliteStore(SqlStore):
    """A store in a SQLite file."""

    name = "sqlite"
    dialect: SqliteDialect

    def __init__(
        self, engine: sa.Engine, dialect: SqliteDialect, workspace: str, *, owned: bool = True
    ) -> None:
        """Open nothing yet."""
        super().__init__(engine, dialect, workspace, owned=owned)
        place = dialect.place
        self.file = place.path
        self._watch = Watch(None if place.is_uri else place.path)
        self._unscrubbed: _Words | None = None
        self._counting = Lock()

    def migrate(self, how: str) -> None:
        """Look at the schema, as any SQL store does; what may only be read is not upgraded."""
        place = self.dialect.place
        if how == "check" and place.makes and place.path is not None and not place.path.exists():
            check(None, migrate=how)  # before SQLite makes an empty file by looking into it
        is_kept = how == "auto" and place.read_only
        super().migrate("check" if is_kept else how)

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        """Take a connection for a block, to the file that was opened at first."""
        if not self._closed:
            self._watch.check()
        with super()._connection() as connection:
            yield connection
        self._watch.note()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with super()._write() as writer:
            yield writer
        if self._unscrubbed is not None:
            self._scrub(wait=0)

    def scrub(self, words: Collection[str] | None = None) -> None:
        """Leave nothing of what was erased in the file, nor in the log beside it."""
        with self._counting:
            self._unscrubbed = (self._unscrubbed or _Words()).and_of(words)
        self._scrub(SCRUB)
        if self._unscrubbed is not None:
            warn_of_remains(self.dialect.place)

    def _scrub(self, wait: float) -> None:
        left = self._unscrubbed
        if left is None:
            return  # somebody else saw to it meanwhile
        with suppress(StoreError, OSError), self._connection() as connection:  # that stands
            driver = connection.connection.dbapi_connection
            if not scrub(driver, wait):
                return
            done = not left.in_file(self.file) or rewrite(driver, wait)
            with self._counting:
                if self._unscrubbed is left:  # else somebody was erased meanwhile
                    self._unscrubbed = None if done else _Words(anybody=True)  # found already


@attrs.frozen
class _Words:
    """What tells of those who were erased since the file was last without them.

    Attributes:
        words: Their names, keys and the like.
        anybody: Whether nobody knows by what they are told.
    """

    words: frozenset[str] = frozenset()
    anybody: bool = False

    def and_of(self, words: Collection[str] | None) -> _Words:
        return _Words(self.words.union(words or ()), self.anybody or words is None)

    def in_file(self, file: Path | None) -> bool:
        """Tell whether any may be in the file still, between its rows."""
        if file is None:
            return False  # in memory
        return self.anybody or len(self.words) > MOST_WORDS or remains(file, self.words)
