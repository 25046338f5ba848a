"""A shop whose jobs Procrastinate does, and the same shop that works by itself."""

from __future__ import annotations

from pathlib import Path

import psycopg

from crmkit import CRM
from crmkit.testing.day import Day

RUNNER = {
    "type": "procrastinate",
    "interval": 0.05,
    "threads": 3,
    "backoff": 0.0,
    "heartbeat": 0.1,
    "lost_after": 0.3,
    "connect_timeout": 1.0,
}
"""Who is killed is found dead in less than a second."""


def quiet(folder: Path, people: int) -> Day:
    """Give the shop on SQLite, with the embedded runner."""
    return Day(folder / "quiet", f"sqlite:///{folder / 'quiet' / 'shop.db'}", people)


def hired(folder: Path, url: str, people: int) -> Day:
    """Give the shop on PostgreSQL, with workers of Procrastinate."""

    def waiting(_: CRM) -> bool:
        with psycopg.connect(url) as connection:
            left = "SELECT FROM procrastinate_jobs LIMIT 1"
            return connection.execute(left).fetchone() is not None

    named = ["procrastinate"]
    return Day(folder / "hired", url, people, runner=RUNNER, plugins=named, waiting=waiting)
