"""The asynchronous application in examples/fastapi_app: served, used, worked for, and stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

APP = Path(__file__).parents[3] / "examples" / "fastapi_app"
_PATIENCE = 60.0
_HASTE = 'dispatch = "1s"\nreconcile = "1s"'


@contextmanager
def program(
    *words: str, folder: Path, environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of this interpreter's beside the test, and see that it ends when told."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=folder, env=environment, stdout=out, stderr=out
        )
        try:
            yield started
        finally:
            started.terminate()
            try:
                code = started.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
                raise
    assert code in (0, -signal.SIGTERM, -signal.SIGKILL), log.read_text("utf-8")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(what: str, seen: object, log: Path) -> None:
    """Wait until something is so; it takes no longer than it takes."""
    end = time.monotonic() + _PATIENCE
    while not seen():  # type: ignore[operator]
        assert time.monotonic() < end, f"{what}\n{log.read_text('utf-8')}"
        time.sleep(0.05)


def is_up(url: str) -> bool:
    try:
        return (
            requests.get(f"{url}/customers/nobody@example.com", timeout=5).status_code
            == requests.codes.not_found
        )
    except requests.ConnectionError:
        return False


def mails(path: Path) -> list[dict[str, object]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_shop_takes_orders_and_its_workers_thank_for_each_once(
    database: str, tmp_path: Path
) -> None:
    """Orders come in at the same time, one worker is killed meanwhile, and nobody is left out."""
    folder, sent, log = tmp_path / "app", tmp_path / "mails.jsonl", tmp_path / "log.txt"
    shutil.copytree(APP, folder)
    settings = folder / "crmkit.toml"  # what a killed worker held is found out in seconds
    text = settings.read_text("utf-8").replace('dispatch = "1m"', _HASTE)
    settings.write_text(f'{text}\n[outreach]\nlease = "2s"\n', "utf-8")
    environment = {**os.environ, "SHOP_DATABASE": database, "SHOP_MAILS": str(sent)}
    url = f"http://127.0.0.1:{(port := free_port())}"
    work = ("crmkit.cli", "--config", "crmkit.toml", "work")
    serve = ("uvicorn", "web:app", "--host", "127.0.0.1", "--port", str(port))
    where: dict[str, Any] = {"folder": folder, "environment": environment, "log": log}
    with ExitStack() as running:
        running.enter_context(program(*serve, **where))
        until("the service does not answer", lambda: is_up(url), log)
        killed = running.enter_context(program(*work, **where))
        running.enter_context(program(*work, **where))

        def order(number: int) -> requests.Response:
            if number == 20:
                killed.kill()
            wish = {"email": f"ann{number}@example.com", "name": f"安 {number}", "item": "tea"}
            return requests.post(f"{url}/orders", json=wish, timeout=_PATIENCE)

        with ThreadPoolExecutor(8) as customers:
            answers = list(customers.map(order, range(40)))
        assert [one.status_code for one in answers] == [201] * 40
        refused = [
            requests.post(f"{url}/orders", json=wish, timeout=_PATIENCE)
            for wish in (
                {"email": "eve@example.com", "name": "Eve", "item": "a cow"},
                {"email": "nobody", "name": "Eve", "item": "tea"},
            )
        ]
        assert [one.status_code for one in refused] == [422, 422]
        until("nobody was thanked", lambda: len(mails(sent)) >= 40, log)
        known = requests.get(f"{url}/customers/ann7@example.com", timeout=_PATIENCE).json()
        assert known["name"] == "安 7"
        assert known["total"] > 0
    thanked = [str(mail["text"]).partition(",")[0] for mail in mails(sent)]
    assert sorted(thanked) == sorted(f"安 {number}" for number in range(40))
    with psycopg.connect(database) as connection:
        orders = connection.execute("SELECT count(*) FROM customer_order").fetchone()
        captured = connection.execute(
            "SELECT count(*) FROM crmkit_touchpoint WHERE kind = 'purchase'"
        ).fetchone()
    assert orders == captured == (40,)
