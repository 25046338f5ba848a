"""Databases as released versions of the schema left them, kept as SQL under ``schemas/``.

``python -m tests.stores.migrating.released`` records the schema of this very crmkit, with the story
of a shop in it. What was released is never recorded again.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from crmkit.capture.tombstones import VARIABLE
from crmkit.stores.sql import schema
from tests.postgres import environment
from tests.stores.migrating.databases import KINDS, Database
from tests.stores.migrating.story import CHAPTERS, ERASURE_KEY, opened

FOLDER = Path(__file__).with_name("schemas")
_NOISE = re.compile(r"--|SET |\\|SELECT pg_catalog\.set_config")
"""How lines of pg_dump's begin that say nothing about the data, or that older servers refuse."""


def versions() -> list[int]:
    """Give the versions that were recorded."""
    return sorted({int(path.name.partition(".")[0]) for path in FOLDER.glob("*.sql")})


def load(version: int, base: Database) -> None:
    """Fill an empty database as a crmkit with that schema left it."""
    base.load((FOLDER / f"{version}.{base.kind}.sql").read_text("utf-8"))


def dump(base: Database) -> str:
    """Give a database as SQL."""
    if base.kind == "sqlite":
        with closing(sqlite3.connect(base.path)) as connection:
            return "\n".join(connection.iterdump()) + "\n"
    done = subprocess.run(
        ["pg_dump", "--inserts", "--no-owner", "--no-privileges", base.url],
        env={**os.environ, **environment()},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    lines = (line for line in done.stdout.splitlines() if line and not _NOISE.match(line))
    return "\n".join(lines) + "\n"


def record() -> None:
    """Write down what the present schema looks like, with data in every table."""
    os.environ[VARIABLE] = ERASURE_KEY
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            base = Database.new(kind, Path(folder))
            for workspace, chapters in CHAPTERS.items():
                with opened(base.url, workspace=workspace) as crm:
                    for chapter in chapters[: schema.VERSION]:
                        chapter(crm)
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / f"{schema.VERSION}.{kind}.sql").write_text(dump(base), "utf-8")


if __name__ == "__main__":
    record()
