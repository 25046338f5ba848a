"""A shop's database, and the program run in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner, Result

import crmkit
from crmkit.cli import main

END = datetime(2026, 5, 1, tzinfo=UTC)
"""The day after the last touchpoint: what the tests take for now."""
WIDE = "200"
"""Columns of the terminal that the tests look at, whatever the tests run in."""
HOSTILE = "\x1b[31mEve\x07 [bold]x[/bold] \u202egnp\x9b2J"
NAMES = ("王小明", "Ann Able", HOSTILE, "Ω" * 60, "", "Bob", "李四", "Cat", "Dan", "Fay")


def records() -> list[dict[str, Any]]:
    """Give what happened in the shop: everybody buys, the later ones stopped long ago."""
    made = []
    for number, name in enumerate(NAMES):
        who = {"email": f"c{number}@example.com", "shop": str(number)}
        if name:
            who["name"] = name
        made += [
            {
                "id": f"o-{number}-{step}",
                "kind": "purchase",
                "at": (END - timedelta(days=1 + number * 12 + step * 20)).isoformat(),
                "customer": who,
                "amount": f"{100 + 10 * number}.50",
                "currency": "CNY",
                "item": f"tea {step}",
            }
            for step in range(5)
        ]
    made.append(
        {
            "id": "typed",
            "kind": "call",
            "at": (END - timedelta(days=3)).isoformat(),
            "customer": {"email": "c1@example.com"},
            "text": HOSTILE,
            "origin": "typed",
        }
    )
    return made


@attrs.frozen
class Shop:
    """A database with customers, and the program that works on it.

    Attributes:
        folder: Where it stands.
    """

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'shop.db'}"

    def open(self, **settings: Any) -> crmkit.CRM:
        return crmkit.connect(self.url, plugins=[], **settings)

    def id(self, number: int) -> str:
        with self.open() as crm:
            found = crm.customers.find(email=f"c{number}@example.com")
            assert found is not None
            return found.id

    def run(self, *words: object, code: int = 0, **options: Any) -> Result:
        """Run the program here, on this database, and look at how it ended."""
        return run("--url", self.url, *words, code=code, **options)

    def json(self, *words: object) -> Any:
        """Run a command with ``--json`` and read what it printed."""
        return json.loads(self.run(*words, "--json").stdout)


def run(*words: object, code: int = 0, **options: Any) -> Result:
    """Run the program in this process."""
    done = CliRunner().invoke(main, [str(word) for word in words], **options)
    assert done.exit_code == code, f"{done.exit_code}\n{done.output}\n{done.exception!r}"
    return done


def process(
    *words: object, cwd: Path, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, in a process of its own; nothing is a terminal."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "crmkit.cli", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": WIDE, **python_path(), **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def python_path() -> dict[str, str]:
    """Let a process in another folder find the crmkit that is tested."""
    return {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
