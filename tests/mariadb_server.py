"""A real MariaDB server where one is installed: started, stopped and killed by the tests."""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = (("mariadbd", "mysqld"), ("mariadb-install-db",))
"""What a server needs, each by one of these names."""
FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
FAST = (
    # What the tests write need not outlive the machine, and nobody waits for its disk.
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-doublewrite",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=48M",
    "--innodb-log-file-size=32M",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--skip-innodb-file-per-table",
    "--skip-sync-frm",
    "--skip-name-resolve",
)
USER, PASSWORD = "shop", "hunter2"
_START = 60.0  # seconds


@cache
def missing() -> str:
    """Say why no server can be started here; empty where one can."""
    for names in PROGRAMS:
        if not any(shutil.which(name, path=FOLDERS) for name in names):
            return f"no MariaDB server is installed: {' or '.join(names)} is not there"
    try:
        import pymysql  # noqa: F401, PLC0415 - an extra
    except ImportError:
        return "PyMySQL is not installed: pip install 'crmkit[mariadb]'"
    return ""


def need() -> None:
    """Skip the test where no server can be started."""
    if why := missing():
        pytest.skip(why)


def _program(number: int) -> str:
    found = (shutil.which(name, path=FOLDERS) for name in PROGRAMS[number])
    return next(path for path in found if path)


class Server:
    """A server that the test starts, stops and kills.

    Attributes:
        folder: Where its data lie.
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, *settings: str) -> None:
        """Make the data and a user, and start.

        Args:
            settings: Further options of the program's.
        """
        need()
        self.folder = Path(tempfile.mkdtemp(prefix="crmkit-mariadb-"))
        atexit.register(self.close)
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._run(
            _program(1),
            "--no-defaults",
            f"--user={getpass.getuser()}",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *(one for one in settings if one.startswith("--innodb-page-size")),
        )
        self.start()
        self.execute(
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'", f"GRANT ALL ON *.* TO {USER}@'%'"
        )

    def start(self, *settings: str) -> None:
        """Start it, and wait until it answers.

        Args:
            settings: Options for this time alone.
        """
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _program(0),
                    "--no-defaults",
                    f"--user={getpass.getuser()}",
                    f"--datadir={self.folder / 'data'}",
                    f"--socket={self.folder / 'socket'}",
                    f"--pid-file={self.folder / 'pid'}",
                    f"--port={self.port}",
                    "--bind-address=127.0.0.1",
                    *FAST,
                    *self._settings,
                    *settings,
                ],
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self.folder / "log").read_text("utf-8"))
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as found:  # the driver leaves its own open in failing
            return not found.connect_ex(str(self.folder / "socket"))

    def stop(self, *, kill: bool = False) -> None:
        """Stop it, or let it crash."""
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(60)
            self._process = None

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def url(self, database: str, user: str = f"{USER}:{PASSWORD}", more: str = "") -> str:
        """Give the URL of a database, by the socket; `more` begins with a ``&``."""
        return f"mariadb://{user}@/{database}?unix_socket={self.folder / 'socket'}{more}"

    def url_by_tcp(self, database: str, user: str = f"{USER}:{PASSWORD}", more: str = "") -> str:
        """Give the URL of a database, by host and port; `more` begins with a ``?``."""
        return f"mariadb://{user}@127.0.0.1:{self.port}/{database}{more}"

    def execute(self, *statements: str, database: str | None = None) -> list[Any]:
        """Run statements as root, each committed by itself, and give what the last one gave."""
        import pymysql  # noqa: PLC0415 - an extra

        connection = pymysql.connect(
            unix_socket=str(self.folder / "socket"),
            user="root",
            database=database,
            charset="utf8mb4",
            autocommit=True,
        )
        rows: list[Any] = []
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = list(cursor.fetchall())
        return rows

    def close(self) -> None:
        """Stop it for good; does nothing where it was stopped."""
        atexit.unregister(self.close)
        self.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)
