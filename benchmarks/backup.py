"""A backup of the firm, beside SQLite's own copy of the same file; and bringing it back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import crmkit
from benchmarks.measuring import Result, Setting, connect, the_firm, timed

_COPY = "SQLite's VACUUM INTO"


def run(setting: Setting) -> list[Result]:
    """Write a backup, read it back, restore it; each beside a bare copy of the file."""
    file, copy = setting.folder / "firm.backup", setting.folder / "copy.db"
    new = setting.folder / "restored.db"
    try:
        with the_firm(setting) as crm:
            base, _ = timed(lambda: _vacuum(setting.database, copy))
            took, written = timed(lambda: crmkit.backup(crm, file))
            looked, _ = timed(lambda: crmkit.read_backup(file))
        with connect(new) as crm:
            back, _ = timed(lambda: crmkit.restore(crm, file))
        size = copy.stat().st_size
    finally:
        for one in (file, copy, *setting.folder.glob("restored.db*")):
            one.unlink(missing_ok=True)
    rows = f"{setting.touchpoints:,} touchpoints"
    return [
        Result(what=f"backup of {rows}, read back", took=took, against=_COPY, base=base),
        Result(what="the backup checked from end to end", took=looked, against=_COPY, base=base),
        Result(what="the backup restored", took=back, against=_COPY, base=base),
        Result(what="its size", took=written.bytes, against=_COPY, base=size, unit="B"),
    ]


def _vacuum(database: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
