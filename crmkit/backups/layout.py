"""How the lines of a backup follow each other: written by one class, walked through by another.

::

    {"crmkit": "backup", "format": 1, "schema": 4, "version": "0.1", "taken": "2026-05-01T..."}
    {"workspace": "default", "watermark": 812}
    {"table": "touchpoint", "columns": ["seq:integer!", ...]}
    [1, "shop", "o-1", ...]                                     a row, as many as there are
    {"rows": 300, "sha256": "..."}                              of the lines of these rows
    ...                                                         the other tables and workspaces
    {"end": "backup", "rows": 9000, "sha256": "..."}            of all bytes of the file before

A line in braces begins a member of its own and rows never share one with it: the end is the last
member, and what stands before its bytes is what it vouches for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import IO, Any, NamedTuple

from crmkit.backups.members import Members, Pen, cut_short, damaged, none_at_all, stored
from crmkit.backups.rows import BY_NAME, described, named, pack, unpacker
from crmkit.contracts.store import Row
from crmkit.contracts.tables import Table
from crmkit.errors import BackupError
from crmkit.model.backup import Backup, BackupPart

FORMAT = 1
"""Version of this layout; another crmkit may write a later one."""
START = b'{"crmkit":"backup",'
"""What the first line begins with."""


Rows = tuple[Table, Iterable[Sequence[Row]]]
"""A table and all of its rows, some at a time."""


class Lines(NamedTuple):
    """Some rows of one table, as they stand in the file."""

    workspace: str
    table: str
    columns: tuple[str, ...]
    data: bytes


class Author:
    """Writes a backup, line by line."""

    def __init__(self, file: IO[bytes], *, taken: datetime, schema: int, version: str) -> None:
        """Write the first line into an empty `file`."""
        self._pen = Pen(file)
        self._head = {"schema": schema, "version": version, "taken": taken.isoformat()}
        self._parts: list[BackupPart] = []
        self._line(crmkit="backup", format=FORMAT, **self._head)

    def part(self, workspace: str, watermark: int, tables: Iterable[Rows]) -> None:
        """Write a workspace: each table with its rows, some at a time."""
        self._line(workspace=workspace, watermark=watermark)
        rows = {table.name: self._table(table, batches) for table, batches in tables}
        self._parts.append(BackupPart(workspace=workspace, watermark=watermark, rows=rows))

    def _table(self, table: Table, batches: Iterable[Sequence[Row]]) -> int:
        self._line(table=table.name, columns=described(table))
        hashed, count = sha256(), 0
        for rows in batches:
            lines = pack(table, rows)
            hashed.update(lines)
            count += len(rows)
            self._pen.write(lines)
        self._pen.close_member()
        self._line(rows=count, sha256=hashed.hexdigest())
        return count

    def end(self, name: str) -> Backup:
        """Write the line that makes it a backup, and tell what it holds."""
        rows = sum(sum(part.rows.values()) for part in self._parts)
        self._line(stored, end="backup", rows=rows, sha256=self._pen.hash.hexdigest())
        return _backup(name, self._head, self._pen, self._parts)

    def _line(self, make: Callable[[bytes], bytes] | None = None, /, **said: Any) -> None:
        self._pen.write(
            json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        )
        self._pen.close_member(make)


class Walk:
    """Goes through a backup and checks it on the way; `backup` is there once the end was met."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Read from the beginning of `file`, which messages call `name`."""
        self._members = Members(file, name)
        self._name = name
        self._head: dict[str, Any] = {}
        self._parts: list[tuple[dict[str, Any], dict[str, int]]] = []
        self._ended = False

    def __iter__(self) -> Iterator[Lines]:
        """Give the rows, some at a time, in the order they stand in.

        Raises:
            BackupError: the file is not a backup, cut short, damaged, or of a newer crmkit.
        """
        try:
            yield from self._lines()
        except (KeyError, IndexError, TypeError) as error:  # lines that do not follow each other
            raise damaged(self._name, "a part of it is lacking, or stands elsewhere") from error

    def _lines(self) -> Iterator[Lines]:
        table: dict[str, Any] = {}
        columns: tuple[str, ...] = ()
        rows, hashed = 0, sha256()
        for data in self._members:
            if self._ended:
                raise damaged(self._name, "something stands behind its end")
            if data.startswith(b"["):
                if not table:
                    raise damaged(self._name, "rows stand outside any table")
                rows += data.count(b"\n")
                hashed.update(data)
                yield Lines(self._parts[-1][0]["workspace"], table["table"], columns, data)
                continue
            said = self._said(data)
            if "table" in said:
                table, rows, hashed = said, 0, sha256()
                columns = self._columns(said)
            elif "sha256" in said and "end" not in said:
                self._vouched(said, rows, hashed.hexdigest())
                self._parts[-1][1][table["table"]] = rows
                table = {}
            else:
                self._mark(said, data)
        if not self._ended:
            raise cut_short(self._name)

    @property
    def backup(self) -> Backup:
        """What the file holds; to be asked for once it was read to its end."""
        parts = [BackupPart(rows=rows, **said) for said, rows in self._parts]
        return _backup(self._name, self._head, self._members, parts)

    def _said(self, data: bytes) -> dict[str, Any]:
        """Read a line in braces; the first tells whether the file is one that can be read."""
        if not self._head and not data.startswith(START):
            raise none_at_all(self._name)
        try:
            said: dict[str, Any] = json.loads(data)
        except ValueError as error:
            raise damaged(self._name, "a line of it is not what crmkit writes") from error
        return said

    def _mark(self, said: dict[str, Any], data: bytes) -> None:
        """Take the first line, the beginning of a workspace, or the end."""
        if not self._head:
            _check(said, self._name)
            self._head = said
        elif "workspace" in said:
            self._parts.append((said, {}))
        else:
            count = sum(sum(rows.values()) for _, rows in self._parts)
            self._vouched(said, count, self._members.hash.hexdigest())
            if self._members.raw != stored(data):  # the one member that no other vouches for
                raise damaged(self._name, "its end does not look as it must")
            self._ended = True

    def _columns(self, said: dict[str, Any]) -> tuple[str, ...]:
        """Give a table's columns, where today's crmkit has a place for them."""
        columns = named(said["columns"])
        try:
            unpacker(BY_NAME[said["table"]], columns)
        except KeyError as error:
            message = (
                f"{self._name} holds a table {said['table']} that this crmkit has no place for "
                f"({', '.join(map(str, error.args))}): restore it with the crmkit that wrote it"
            )
            raise BackupError(message, file=self._name) from error
        return columns

    def _vouched(self, said: dict[str, Any], rows: int, digest: str) -> None:
        if (said["rows"], said["sha256"]) != (rows, digest):
            raise damaged(self._name, "it does not hold what was written into it")


def _check(head: dict[str, Any], name: str) -> None:
    """Refuse what a newer crmkit has written."""
    from crmkit.stores.sql.schema import VERSION  # noqa: PLC0415 - it brings SQLAlchemy

    if head["format"] > FORMAT or head["schema"] > VERSION:
        message = (
            f"{name} was written by crmkit {head['version']} (schema {head['schema']}), which is "
            f"newer than this one (schema {VERSION}): restore it with that version"
        )
        raise BackupError(message, file=name, found=head["schema"], expected=VERSION)


def _backup(
    name: str, head: dict[str, Any], file: Pen | Members, parts: Sequence[BackupPart]
) -> Backup:
    return Backup(
        name=name,
        taken=datetime.fromisoformat(head["taken"]),
        crmkit=head["version"],
        schema=head["schema"],
        bytes=file.bytes,
        sha256=file.hash.hexdigest(),
        parts=tuple(parts),
    )
