"""A day of a shop's jobs, hour by hour: what its people do, and what all of it comes to."""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import crmkit
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import (
    CUSTOMER,
    DECISION,
    IDENTITY,
    META,
    PAIR,
    STANDING,
    SYNC_CASE,
    TOUCHPOINT,
)
from crmkit.model.touchpoint import CaptureReport

BEGINS = datetime(2026, 6, 1, tzinfo=UTC)
HOURS = 24
SETTLING = 5
"""Hours after the day, in which what was broken off comes to its end."""
HOUR = timedelta(hours=1)
WORDS = {"subject": "Tea", "text": "Your tea of hour {{ hour }} is here"}
_CONFIG = """\
url = "{url}"

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
dispatch = "1h"
reconcile = "1h"
sync = "1h"
feedback = "1h"

[runner]
interval = 0.02
threads = 3
"""
_HEAD = ("id", "mail", "name", "language", "stage", "tier")
_CHANCE = re.compile(
    r"(.*_)?(at|recorded|since|until|opened|begins|ends|due|sent|run|seq|rank|count)|id"
)
"""Instants; and the rank among those who are worth the same, whom ids made by lot put in order."""


class Day:
    """The shop, in a folder of its own."""

    def __init__(self, folder: Path, url: str, people: int) -> None:
        """Make its configuration, and the office's file."""
        self.folder, self._people = folder, people
        (folder / "office").mkdir(parents=True)
        self.config = folder / "crmkit.toml"
        self.config.write_text(_CONFIG.format(url=url, folder=folder), "utf-8")
        self.clock = folder / "clock"
        self.set(0)
        self._write(
            {"id": str(n), "mail": mail(n), "name": f"P {n}", "language": "en"}
            for n in range(0, people, 2)
        )

    def set(self, hour: int) -> None:
        """Let the clock show an hour of the day; whoever looks sees the old one or the new."""
        made = self.folder / "clock.new"
        made.write_text((BEGINS + hour * HOUR).isoformat(), "utf-8")
        made.replace(self.clock)

    def open(self) -> crmkit.CRM:
        return crmkit.connect(config=self.config, clock=self.now, plugins=[])

    def now(self) -> datetime:
        return datetime.fromisoformat(self.clock.read_text("utf-8"))

    def begin(self, crm: crmkit.CRM) -> None:
        """Capture what happened before the day."""
        lot = Random(0)
        captured(
            crm,
            (
                purchase(f"old-{n}-{k}", n, BEGINS - timedelta(days=3 + 11 * k + n % 7 * n), lot)
                for n in range(self._people)
                for k in range(n % 6)
            ),
        )

    def happens(self, crm: crmkit.CRM, hour: int) -> None:
        """Do what people do in an hour: buy, complain, write to customers, edit the file."""
        lot, at = Random(hour + 1), BEGINS + hour * HOUR
        new = [purchase(f"new-{hour}-{n}", lot.randrange(self._people), at, lot) for n in range(20)]
        angry = {"email": mail(hour * 7 % self._people)}
        new.append(
            {"id": f"c-{hour}", "kind": "complaint", "at": at, "customer": angry, "text": "cold"}
        )
        captured(crm, new)
        ids = {one.email: one.id for one in everybody(crm)}
        some = [ids[mail(n)] for n in range(self._people) if n % 5 == hour % 5 and mail(n) in ids]
        say: dict[str, Any] = {"purpose": "care", "channel": "out", "template": WORDS}
        crm.outreach.enqueue(some, occasion=f"h{hour}", variables={"hour": hour}, **say)
        rows = self._read()
        rows[hour % len(rows)]["language"] = "zh" if hour % 2 else "de"
        rows.append({"mail": f"new{hour}@example.com", "name": f"N {hour}", "language": "fr"})
        self._write(rows)

    def _read(self) -> list[dict[str, str]]:
        with (self.folder / "office/people.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _write(self, rows: Iterable[dict[str, str]]) -> None:
        with (self.folder / "office/people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _HEAD, restval="")
            writer.writeheader()
            writer.writerows(rows)

    # -- what it came to -----------------------------------------------------------------

    def sent(self, who: dict[str, str]) -> Counter[tuple[str, str]]:
        """Count what was sent by customer and occasion."""
        path = self.folder / "sent.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        return Counter((who[one["customer_id"]], one["occasion"]) for one in found)

    def comes_to(self, crm: crmkit.CRM) -> dict[str, Any]:
        """Give everything that there is, without what differs between two runs of one day.

        That is: instants, places in the logs, and ids that crmkit makes.
        """
        with crm.session.store.read() as reader:
            who = {row[0]: row[1] for row in _mails(reader)}
            found: dict[str, Any] = {
                "touchpoints": Counter(_touchpoint(row, who) for row in reader.scan(TOUCHPOINT)),
                "decisions": Counter(_decision(row, who) for row in reader.scan(DECISION)),
                "standing": sorted(_standing(row, who) for row in reader.scan(STANDING)),
                "pairs": sum(1 for _ in reader.scan(PAIR)),
                "cases": sum(1 for _ in reader.scan(SYNC_CASE)),
            }
        rows = crm.outreach.ledger()
        found["messages"] = sorted((who[one.customer_id], one.occasion, one.state) for one in rows)
        found["scores"] = sorted(
            (who[one.customer_id], round(one.total, 9)) for one in crm.value.scores()
        )
        found["office"] = sorted(tuple(one[name] for name in _HEAD[1:]) for one in self._read())
        found["sent"] = self.sent(who)
        return found


def is_idle(crm: crmkit.CRM) -> bool:
    """Tell whether every job of the hour was done: none is due, waits or is worked on."""
    with crm.session.store.read() as reader:
        return not crm.jobs.due() and not any(reader.scan(META, low="job:", high="job;", limit=1))


def holders(reader: Reader) -> Counter[int]:
    """Count the jobs that are worked on by process."""
    rows = (json.loads(row[1])["held"] for row in reader.scan(META, low="job:", high="job;"))
    return Counter(held["pid"] for held in rows if held is not None)


def mail(number: int) -> str:
    return f"p{number}@example.com"


def purchase(id_: str, number: int, at: datetime, lot: Random) -> dict[str, Any]:
    who = {"email": mail(number), "name": f"P {number}"}
    made = {"id": id_, "kind": "purchase", "at": at, "customer": who, "currency": "CNY"}
    return made | {"amount": f"{lot.randrange(5, 500)}.50", "item": f"tea {lot.randrange(9)}"}


def captured(crm: crmkit.CRM, records: Iterable[dict[str, Any]]) -> None:
    report: CaptureReport = crm.capture(records, "shop")
    assert report.rejected == ()


class _Somebody:
    def __init__(self, customer: crmkit.Customer) -> None:
        self.id = customer.id
        mails = [one.value for one in customer.identities if one.system == "email"]
        self.email = mails[0] if mails else ""


def everybody(crm: crmkit.CRM) -> list[_Somebody]:
    return [_Somebody(one) for one in crm.customers.search(limit=10_000).items]


def _mails(reader: Reader) -> Iterable[tuple[str, str]]:
    known = {row[2]: row[1] for row in reader.scan(IDENTITY) if row[0] == "email"}
    for row in reader.scan(CUSTOMER, columns=("id",)):
        yield row[0], known.get(row[0], "?")


def _touchpoint(row: Row, who: dict[str, str]) -> tuple[Any, ...]:
    named = dict(zip(TOUCHPOINT.names, row, strict=True))
    own = named["id"] if named["source"] == "shop" else None
    kept = ("source", "kind", "amount", "currency", "item", "channel", "direction", "text", "rev")
    return own, who[named["customer"]], *(named[name] for name in kept)


def _decision(row: Row, who: dict[str, str]) -> tuple[Any, ...]:
    named = dict(zip(DECISION.names, row, strict=True))
    body = json.loads(named["body"])
    return named["kind"], who.get(named["customer"]), json.dumps(_plain(body, who), sort_keys=True)


def _plain(value: Any, who: dict[str, str]) -> Any:
    """Leave out instants and ids that crmkit makes."""
    if isinstance(value, dict):
        return {k: _plain(v, who) for k, v in value.items() if not _CHANCE.fullmatch(k)}
    if isinstance(value, list):
        return [_plain(one, who) for one in value]
    if isinstance(value, str):
        return who.get(value, value)
    return value


def _standing(row: Row, who: dict[str, str]) -> tuple[Any, ...]:
    named = dict(zip(STANDING.names, row, strict=True))
    return who[named["customer"]], named["stage"], named["tier"]


def alone(folder: Path, url: str, people: int, hours: int) -> dict[str, Any]:
    """Let a day pass with one worker in this process, whom nobody disturbs."""
    day = Day(folder, url, people)
    with day.open() as crm:
        day.begin(crm)
        for hour in range(hours + SETTLING):
            day.set(hour)
            if hour < hours:
                day.happens(crm, hour)
            crm.jobs.work(until_idle=True)
            assert is_idle(crm)
        return day.comes_to(crm)


def environment() -> dict[str, str]:
    root = Path(__file__).parents[2]
    return {**os.environ, "PYTHONPATH": str(root)}
