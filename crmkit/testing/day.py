"""A day of a shop's jobs, hour by hour: what its people do, while workers do what is due.

The same day comes to the same, whoever works and whatever happens to him: `crmkit.testing.crew`
compares the two.
"""

# ruff: noqa: S101, S311 - what the story takes for granted is an assertion, and no lot is a secret
from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from crmkit.connecting import connect
from crmkit.contracts.tables import META
from crmkit.crm import CRM

BEGINS = datetime(2026, 6, 1, tzinfo=UTC)
HOURS = 24
SETTLING = 5
"""Hours after the day, in which what was broken off comes to its end."""
HEAD = ("id", "mail", "name", "language", "stage", "tier")
"""Columns of the office's file."""
_HOUR = timedelta(hours=1)
_PARTS = 6
"""One in so many bought nothing before the day; the office hears of them in odd hours, and all are
brought to their tiers in even ones: how many there are decides who is in which."""
_WORDS = {"subject": "Tea", "text": "Your tea of hour {{ hour }} is here"}
_CONFIG = """\
url = {url}

[outreach.basis]
care = "opt_out"

[channels.out]
type = "file"
path = "{folder}/sent.jsonl"

[connectors.office]
type = "csv"
folder = "{folder}/office"

[[connectors.office.mapping]]
concept = "customers"
object = "people"
match = "email"
fields.email = "mail"
fields.name = {{ field = "name", owner = "newest" }}
fields.language = {{ field = "language", owner = "theirs" }}

[[connectors.office.mapping]]
concept = "scores"
object = "people"
fields.stage = "stage"
fields.tier = "tier"

[jobs]
advance = "2h"
dispatch = "1h"
reconcile = "1h"
sync = "1h"
feedback = "1h"

[runner]
"""
EMBEDDED: Mapping[str, Any] = {"interval": 0.02, "threads": 3, "backoff": 0.0}
"""Section ``[runner]`` of a shop that works by itself."""
Waiting = Callable[[CRM], bool]
"""Tells whether any job waits in the queue, or is worked on."""


def in_store(crm: CRM) -> bool:
    """Tell whether the embedded runner's queue holds any job."""
    with crm.session.store.read() as reader:
        return any(reader.scan(META, low="job:", high="job;", limit=1))


class Day:
    """The shop, in a folder of its own, and its clock."""

    def __init__(  # noqa: PLR0913 - who works, where and how
        self,
        folder: Path,
        url: str,
        people: int,
        *,
        runner: Mapping[str, Any] = EMBEDDED,
        plugins: Iterable[str] = (),
        waiting: Waiting = in_store,
    ) -> None:
        """Make its configuration, and the office's file.

        Args:
            folder: Made by this.
            url: Of an empty database.
            people: How many customers there are.
            runner: Section ``[runner]``: text and numbers.
            plugins: Entry points that may load.
            waiting: Looks into the runner's queue.
        """
        self.folder, self._people = folder, people
        self.plugins, self.waiting = [*plugins], waiting
        (folder / "office").mkdir(parents=True)
        self.config = folder / "crmkit.toml"
        told = [f"{name} = {_toml(value)}" for name, value in runner.items()]
        text = _CONFIG.format(url=_toml(url), folder=folder)
        self.config.write_text(text + "\n".join(told) + "\n", "utf-8")
        self.clock = folder / "clock"
        self.set(0)
        self._write(
            {"id": str(n), "mail": mail(n), "name": f"P {n}", "language": "en"}
            for n in range(0, people, 2)
            if n % _PARTS
        )

    def set(self, hour: int) -> None:
        """Let the clock show an hour of the day; whoever looks sees the old one or the new."""
        made = self.folder / "clock.new"
        made.write_text((BEGINS + hour * _HOUR).isoformat(), "utf-8")
        made.replace(self.clock)

    def open(self) -> CRM:
        """Connect to the shop's workspace."""
        return connect(config=self.config, clock=self.now, plugins=self.plugins)

    def now(self) -> datetime:
        """Give what the clock shows."""
        return datetime.fromisoformat(self.clock.read_text("utf-8"))

    def is_idle(self, crm: CRM) -> bool:
        """Tell whether every job of the hour was done: none is due, waits or is worked on."""
        return not crm.jobs.due() and not self.waiting(crm)

    # -- what people do --------------------------------------------------------------------

    def begin(self, crm: CRM) -> None:
        """Capture what happened before the day."""
        lot = Random(0)
        captured(
            crm,
            (
                _purchase(f"old-{n}-{k}", n, BEGINS - timedelta(days=3 + 11 * k + n % 7 * n), lot)
                for n in range(self._people)
                for k in range(n % _PARTS)
            ),
        )

    def happens(self, crm: CRM, hour: int) -> None:
        """Do what people do in an hour: buy, complain, write to customers, edit the file."""
        lot, at = Random(hour + 1), BEGINS + hour * _HOUR
        people = self._people
        new = [_purchase(f"new-{hour}-{n}", lot.randrange(people), at, lot) for n in range(20)]
        angry = {"email": mail(hour * 7 % people)}
        new.append(
            {"id": f"c-{hour}", "kind": "complaint", "at": at, "customer": angry, "text": "cold"}
        )
        captured(crm, new)
        ids = _by_mail(crm)
        some = [ids[mail(n)] for n in range(people) if n % 5 == hour % 5 and mail(n) in ids]
        say: dict[str, Any] = {"purpose": "care", "channel": "out", "template": _WORDS}
        crm.outreach.enqueue(some, occasion=f"h{hour}", variables={"hour": hour}, **say)
        rows = self.office()
        rows[hour % len(rows)]["language"] = "zh" if hour % 2 else "de"
        if hour % 2:
            number = _PARTS * (hour // 2)
            rows.append({"mail": mail(number), "name": f"P {number}", "language": "fr"})
        self._write(rows)

    def office(self) -> list[dict[str, str]]:
        """Read the office's file."""
        with (self.folder / "office/people.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _write(self, rows: Iterable[dict[str, str]]) -> None:
        with (self.folder / "office/people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, HEAD, restval="")
            writer.writeheader()
            writer.writerows(rows)


def mail(number: int) -> str:
    """Give a customer's address."""
    return f"p{number}@example.com"


def _toml(value: str | float) -> str:
    """Write a setting; text as TOML's literal, where no character means anything."""
    return f"'{value}'" if isinstance(value, str) else str(value)


def _purchase(id_: str, number: int, at: datetime, lot: Random) -> dict[str, Any]:
    who = {"email": mail(number), "name": f"P {number}"}
    made = {"id": id_, "kind": "purchase", "at": at, "customer": who, "currency": "CNY"}
    return made | {"amount": f"{lot.randrange(5, 500)}.50", "item": f"tea {lot.randrange(9)}"}


def captured(crm: CRM, records: Iterable[dict[str, Any]]) -> None:
    """Capture records of the shop's, of which none may be rejected."""
    report = crm.capture(records, "shop")
    assert report.rejected == ()


def _by_mail(crm: CRM) -> dict[str, str]:
    """Give the ids of all customers by their address."""
    return {
        known.value: one.id
        for one in crm.customers.search(limit=10_000).items
        for known in one.identities
        if known.system == "email"
    }
