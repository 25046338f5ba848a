"""A real Tryton server on 127.0.0.1, as a process of its own: prepared once, reset in no time.

Making a database takes about ten seconds, so it is kept between runs under a folder for caches,
by the versions that made it; where there is none, it is made anew. A reset copies it over the
running server's by SQLite's own backup, which takes milliseconds and needs no restart.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

DATABASE, USER, PASSWORD = "crm", "admin", "a-long-password-1"
PACKAGES = ("trytond", "trytond_party", "phonenumbers")
MADE = 1
"""Raised where a database must be made anew for what stands here."""
RUN = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from functools import partial
import pwdlib.hashers.argon2 as hashing
hashing.Argon2Hasher = partial(
    hashing.Argon2Hasher, time_cost=1, memory_cost=8, parallelism=1
)
from trytond.cli import main
main()
"""
"""The server's program: it ends with whoever started it, however that one ended.

Its password is hashed at little cost, since proteus gives it with every call.
"""
STARTS = 60.0
"""Seconds within which the server must answer."""


def prepared(folder: Path) -> Path:
    """Give a new database, made in `folder` unless one is kept."""
    words = [sys.version, *(f"{name} {version(name)}" for name in PACKAGES), str(MADE), PASSWORD]
    name = hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = base / "crmkit-tests" / f"tryton-{name}.sqlite"
    try:
        if kept.stat().st_size:
            return kept
    except OSError:
        pass
    made = make(folder)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, copy = tempfile.mkstemp(dir=kept.parent)
        os.close(handle)
        shutil.copyfile(made, copy)
        Path(copy).replace(kept)  # whole, or not at all
    except OSError:
        return made
    return kept


def make(folder: Path) -> Path:
    """Make a database with the parties in it."""
    (folder / "password").write_text(f"{PASSWORD}\n", "utf-8")
    database = folder / f"{DATABASE}.sqlite"
    database.touch()  # Tryton fills the one that is there
    words = ["-d", DATABASE, "-u", "party", "--activate-dependencies", "--email", "a@example.com"]
    environment = surroundings(folder) | {"TRYTONPASSFILE": str(folder / "password")}
    command = [sys.executable, "-m", "trytond.cli.admin", "-c", str(settings(folder, 1)), *words]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    made = folder / "prepared.sqlite"
    database.replace(made)
    return made


def settings(folder: Path, port: int) -> Path:
    """Write the server's settings; it has a port of its own."""
    file = folder / "trytond.conf"
    lines = f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n"
    file.write_text(lines, "utf-8")
    return file


def surroundings(folder: Path) -> dict[str, str]:
    """Give the environment of a server that looks no e-mail address's domain up in the network.

    Tryton does so where it finds dnspython, which the tests of others bring along.
    """
    (folder / "dns").mkdir(exist_ok=True)
    (folder / "dns" / "__init__.py").write_text("raise ImportError('not here')\n", "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRYTON")}
    return kept | {"PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return int(listening.getsockname()[1])


class Server:
    """The server; a context manager that starts and stops it.

    Attributes:
        url: Where it listens.
        folder: Its database and its log.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder of its own; nothing runs before it is entered."""
        self.folder = folder
        self._prepared = prepared(folder)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        shutil.copyfile(self._prepared, self._database)
        words = ["-c", str(settings(self.folder, self._port)), "-d", DATABASE]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", RUN, *words],
                env=surroundings(self.folder),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._await()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()  # it has nothing to keep
            self._process.communicate()

    @property
    def _database(self) -> Path:
        return self.folder / f"{DATABASE}.sqlite"

    def _await(self) -> None:
        """Wait until it answers, or show why it does not."""
        end = time.monotonic() + STARTS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self.folder / "log").read_text("utf-8", "replace"))

    def keep(self) -> None:
        """Take what it holds now, sessions among it, for what it is reset to."""
        kept = self.folder / "kept.sqlite"
        _copy(self._database, kept)
        self._prepared = kept

    def execute(self, statement: str) -> None:
        """Change its data behind its back, as time does."""
        with closing(sqlite3.connect(self._database, timeout=30)) as live, live:
            live.execute(statement)

    def reset(self) -> None:
        """Make it as it was in the beginning, or when it was kept; later sessions end."""
        _copy(self._prepared, self._database)


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source)) as whole,
        closing(sqlite3.connect(target, timeout=30)) as live,
    ):
        whole.backup(live)


class People:
    """Tryton's own people, who call it as a client of its own does: not by our code."""

    def __init__(self, server: Server) -> None:
        """Log in."""
        self.server = server
        self._url = f"{server.url}/{DATABASE}/rpc/"
        self._session = ""
        number, session = self.call("common.db.login", USER, {"password": PASSWORD}, "en")[:2]
        text = f"{USER}:{number}:{session}".encode()
        self._session = f"Session {base64.b64encode(text).decode()}"

    def call(self, method: str, *params: Any) -> Any:
        """Call a method; an error of Tryton's is a RuntimeError."""
        body = json.dumps({"id": 1, "method": method, "params": list(params)}).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if self._session:
            headers["Authorization"] = self._session
        with urlopen(Request(self._url, body, headers), timeout=60) as answer:
            content = answer.read()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        said = json.loads(content)
        if "error" in said:
            raise RuntimeError(said["error"])
        return said["result"]

    def create(self, model: str = "party.party", /, **values: Any) -> int:
        return int(self.call(f"model.{model}.create", [values], {})[0])

    def write(self, number: int, model: str = "party.party", /, **values: Any) -> None:
        self.call(f"model.{model}.write", [number], values, {})

    def delete(self, number: int, model: str = "party.party", /) -> None:
        self.call(f"model.{model}.delete", [number], {})

    def read(self, number: int, *names: str, model: str = "party.party") -> dict[str, Any]:
        found: dict[str, Any] = self.call(f"model.{model}.read", [number], list(names), {})[0]
        return found

    def parties(self, *names: str) -> list[dict[str, Any]]:
        """Give all of them, inactive ones too."""
        everyone = [["active", "in", [True, False]]]
        found: list[dict[str, Any]] = self.call(
            "model.party.party.search_read", everyone, 0, None, [["id", "ASC"]], list(names), {}
        )
        return found

    def party(self, name: str, **contacts: str) -> int:
        """Make a party with contact mechanisms by kind."""
        rows = [{"type": kind, "value": value} for kind, value in contacts.items()]
        return self.create(name=name, contact_mechanisms=[["create", rows]])
