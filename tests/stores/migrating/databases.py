"""An empty database of a test's own, of either kind, and a look at it from outside crmkit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from tests.hosts.kit import driven
from tests.postgres import database
from tests.postgres import execute as execute_there

KINDS = ("sqlite", "postgresql")
_SQLITE = """
-- Tables, and whether they are kept by key.
SELECT type, name, wr, strict FROM pragma_table_list WHERE schema = 'main' AND {ours};
SELECT m.name, c.name, c.type, "notnull", dflt_value, pk, hidden
FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' AND m.{ours};
SELECT m.name, i.name, i."unique", origin, partial, seqno, c.name, "desc", coll, key
FROM sqlite_master AS m, pragma_index_list(m.name) AS i, pragma_index_xinfo(i.name) AS c
WHERE m.type = 'table' AND m.{ours};
SELECT name, sql FROM sqlite_master WHERE type NOT IN ('table', 'index')
"""
_POSTGRES = """
SELECT relname, relkind, reloptions, pg_get_partkeydef(oid) FROM pg_class WHERE {ours};
SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
attcollation::regcollation::text, pg_get_expr(adbin, adrelid)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE {ours} AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped;
SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid WHERE {ours};
-- What is never NULL is told with the columns, and as a constraint only by newer servers.
SELECT conname, pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid WHERE {ours} AND contype <> 'n';
SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE {ours}
"""
_OURS = {
    "sqlite": "name LIKE 'crmkit%'",
    # Parts by year come with the touchpoints; what they are like, the whole says.
    "postgresql": "relname LIKE 'crmkit%' AND NOT relispartition",
}
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND {ours}",
    "postgresql": "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND {ours}",
}


@attrs.frozen
class Database:
    """A database.

    Attributes:
        url: Where it is.
    """

    url: str

    @classmethod
    def new(cls, kind: str, folder: Path) -> Database:
        """Make one, empty; `folder` is for a file."""
        return cls(f"sqlite:///{folder / 'shop.db'}" if kind == "sqlite" else database())

    @property
    def kind(self) -> str:
        return self.url.partition(":")[0]

    @property
    def path(self) -> str:
        return self.url.removeprefix("sqlite:///")

    def engine(self, **options: Any) -> sa.Engine:
        """Give an engine of a host's own."""
        return sa.create_engine(driven(self.url), **options)

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements and give what the last one gave."""
        if self.kind == "postgresql":
            return execute_there(self.url, *statements)
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                found = connection.execute(statement).fetchall()
            return found

    def load(self, text: str) -> None:
        """Run what a dump holds."""
        if self.kind == "postgresql":
            execute_there(self.url, text)
        else:
            with closing(sqlite3.connect(self.path)) as connection:
                connection.executescript(text)

    def layout(self) -> list[list[str]]:
        """Tell how crmkit's tables lie: every table, column, index and rule of theirs, sorted."""
        queries = (_SQLITE if self.kind == "sqlite" else _POSTGRES).split(";")
        return [sorted(map(str, self._about_ours(query))) for query in queries]

    def rows(self) -> dict[str, list[str]]:
        """Give every row of crmkit's tables."""
        tables = sorted(name for (name,) in self._about_ours(_TABLES[self.kind]))
        return {one: sorted(map(str, self.execute(f"SELECT * FROM {one}"))) for one in tables}

    def _about_ours(self, query: str) -> list[tuple[Any, ...]]:
        return self.execute(query.format(ours=_OURS[self.kind]))
