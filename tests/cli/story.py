"""A shop's life told in commands: what each prints must not depend on where the data lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import crmkit
from tests.cli.kit import END, HOSTILE, run

NEXT = END + timedelta(days=1)
TILL = """\
source = "till"
delimiter = ";"
decimal = ","
thousands = "."
timezone = "Europe/Berlin"
time_format = "%d.%m.%Y %H:%M"

[[skip]]
when = { column = "Item", equals = "bag" }
reason = "bags"

[fields]
id = "{Receipt}"
kind = [{ when = { column = "Sum", starts = "-" }, value = "return" }, { value = "purchase" }]
at = "{When}"
amount = "{Sum}"
currency = "CNY"
item = "{Item}"

[customer]
card = "{Card}"
email = "{Mail}"
name = "{Name}"
"""
PEOPLE = "email,name,owner\nc1@example.com,王小明,lin\nc2@example.com,Ärger 100%_x,kim\n"
VISITS = "id,kind,at,email,phone,rating\n" + "".join(
    f"v-{n},opinion,2026-04-0{1 + n % 9}T10:00:00+05:30,c{n}@example.com,,{n % 11}\n"
    for n in range(20)
)
SHARED = (
    "id,kind,at,email,customer.card\n"
    "s-1,visit,2026-04-20T10:00:00Z,c3@example.com,4\n"  # c3's address, and c4's card
    "s-2,visit,2026-04-20T10:00:00Z,c5@example.com,6\n"
)
CONFIG = """\
currency = "CNY"
region = "CN"

[agenda]
timezone = "Asia/Shanghai"

[people.lin]
name = "林"
senior = true

[people.kim]
name = "Kim"
capacity = 3
"""


def receipts() -> str:
    """Give a till's file: everybody buys, some stopped long ago; three lines are wrong."""
    lines = ["Receipt;When;Card;Mail;Name;Sum;Item"]
    for number in range(20):
        for step in range(6):
            day = END - timedelta(days=1 + number % 10 * 27 + step * 21, hours=step)
            name = HOSTILE if number == 9 else f"Customer {number}"
            sign = "-" if step == 5 and number % 7 == 0 else ""
            lines.append(
                f"{number}-{step};{day:%d.%m.%Y %H:%M};{number};c{number}@example.com;{name};"
                f"{sign}1.{number:03},5{step};{('tea', 'cup', 'bag')[step % 3]}"
            )
    lines += ["x;01.02.2026;1;;;1,00;tea", "y;01.02.2026 10:00;;;;1,00;tea", "0-0;;1;;;1,00;tea"]
    return "\n".join(lines) + "\n"


class Story:
    """The commands on one database, run in this process; ids and the clock are the test's own.

    Attributes:
        url: Where the data lies.
        told: What each command printed, under what was typed.
    """

    def __init__(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self.told: dict[str, str] = {}
        self.now = END
        self._made = 0
        monkeypatch.setattr("crmkit.cli.settings.system_clock", lambda: self.now)
        numbers = SimpleNamespace(token_bytes=self._numbers)
        monkeypatch.setattr("crmkit.capture.ids.secrets", numbers)
        monkeypatch.setattr("crmkit.capture.ids.time", SimpleNamespace(time_ns=lambda: 10**18))

    def _numbers(self, count: int) -> bytes:
        """Give the next numbers, of five bytes each."""
        first, self._made = self._made, self._made + count // 5
        return b"".join(number.to_bytes(5, "big") for number in range(first, self._made))

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command, note what it told, and give what it printed."""
        done = run("--url", self.url, "--no-plugins", *words, code=code)
        self.told[f"{len(self.told)}: crmkit {' '.join(words)}"] = done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def id(self, number: int) -> str:
        with crmkit.connect(self.url, plugins=[]) as crm:
            found = crm.customers.find(email=f"c{number}@example.com")
            assert found is not None
            return found.id

    def tell(self) -> None:
        """Live through it."""
        for part in (self._take_in, self._look, self._work, self._care, self._decide, self._end):
            part()

    def _take_in(self) -> None:
        for name, text in (
            ("till.csv", receipts()),
            ("till.toml", TILL),
            ("people.csv", PEOPLE),
            ("visits.csv", VISITS),
            ("shared.csv", SHARED),
            ("crmkit.toml", CONFIG),
        ):
            Path(name).write_text(text, "utf-8")
        self.run("doctor", code=1)
        self.run("migrate")
        self.run("import", "till.csv", "--map", "till.toml", "--rejects", "bad.jsonl", code=1)
        self.told["rejects"] = Path("bad.jsonl").read_text("utf-8")
        self.run("import", "till.csv", "--map", "till.toml", "--json", code=1)
        self.run("import", "people.csv", "--customers")
        self.run("import", "visits.csv", "--source", "desk", "--replay", "--calibrate")
        (other,) = self.json("import", "visits.csv", "--source", "other", "--no-advance")
        self.run("import", "--undo", other["run"])

    def _look(self) -> None:
        for words in looks():
            self.run(*words)
        self.run("explain", "--email", "c3@example.com", "--json")
        self.run("movers", "--json", "--limit", "3")
        self.run("customers", "%_", "--json")
        self.run("customers", "王", "--limit", "5", "--tier", "core")
        self.run("agenda", "--lang", "zh", "--limit", "8")
        self.run("export", "--email", "c1@example.com")
        self.run("score", "--email", "nobody@example.com", code=2)
        self.run("score", "no\ufffdbody", code=2)

    def _work(self) -> None:
        first, second = (one["id"] for one in self.json("agenda", "--limit", "2"))
        self.run("done", first, "--outcome", "喝茶; 100%", "--kind", "call")
        self.run("snooze", second, "--until", "2026-05-10")
        self.run("done", first, "--outcome", "again", code=2)
        self._write(self.id(1), self.id(3))
        self.now = NEXT
        self.run("advance", "--json")
        self.run("agenda", "--limit", "12")

    def _write(self, *ids: str) -> None:
        """Write to customers, of whom one agreed to it."""
        said = ("--purpose", "care", "--occasion", "新年 100%", "--channel", "console")
        said = (*said, "--text", "{{ salutation }}: '; --")
        self.run("consents", "grant", ids[0], "--purpose", "care", "--source", "电话")
        self.run("send", "preview", *ids, *said, code=0)
        self.run("send", "enqueue", *ids, *said)
        self.run("send", "--dry-run", "--json")
        self.run("send", "--json")
        self.run("send", "ledger", "--occasion", "新年 100%", "--json")
        self.run("send", "ledger", "--customer", ids[0], "--state", "accepted")
        self.run("consents", "show", ids[0], "--json")

    def _care(self) -> None:
        """Do a little of everything that people do about customers and the market."""
        one, other, lin, kim = self.id(0), self.id(6), ("--actor", "lin"), ("--actor", "kim")
        money = ("--amount", "1234.50", "--currency", "CNY")
        account = ("--sponsor", "lin", "--manager", "kim", "--reason", "大客户")
        self.run("key-account", "admit", one, *account, "--exception", "wanted")
        self.run("key-account", "promise", one, "样品 100%", "--department", "sales")
        self.run("key-account", "review", "--json")
        self.run(*kim, "ending", "ask", other, "--reason", "no_longer_buys")
        (ending,) = self.json("endings")
        self.run(*lin, "ending", "approve", ending["id"])
        self.run("market", "promotion", "Rival", "--start", "2026-04-01", "--end", "2026-04-09")
        self.run(
            "market", "competitor", "Rival", "--strength", "价格", "--price", "tea=1.50", *money[2:]
        )
        self.run("feedback", "take", "--json")
        self.run("feedback", "open", one, "--kind", "complaint", "--text", "茶冷了\n'; --")
        area = ("--area", "customer_support", "--figure", "response_time", "--hours", "24")
        self.run("standards", "set", "quick", *area, "--target", "0.9")
        self.run("funnel", "open", one, "--name", "茶 2026", *money, "--owner", "lin")
        self.run("targets", "set", "lin", "2026", "sales", "10000", "--currency", "CNY")
        words = ("plan", "draft", one, "--owner", "kim", "--since", "90d", "--lang", "zh")
        plan = self.json(*words)["id"]
        self.run(*kim, "plan", "submit", plan)
        self.run(*lin, "plan", "approve", plan)
        self.run("plan", "show", plan, "--json")
        self.run("form", "087", plan)
        for name in ("key-accounts", "promises", "market", "feedback", "standards", "targets"):
            self.run(name)
        for name in ("list", "forecast", "trend"):
            self.run(*(("plan", "list") if name == "list" else ("funnel", name)), "--json")

    def _decide(self) -> None:
        self.run("import", "shared.csv", "--source", "desk", "--json")
        self.run("collisions")
        kept, gone = self.id(3), self.id(4)
        with crmkit.connect(self.url, plugins=[]) as crm:
            found = sorted(crm.customers.collisions(), key=lambda one: kept not in one.customers)
        one, other = (collision.id for collision in found)
        self.run("resolve", one, "merge", "--reason", "same person", "--keep", kept)
        self.run("resolve", other, "apart", "--reason", "father and son")
        self.run("score", gone, code=2)
        self.run("explain", "--email", "c3@example.com", "--as-shown")
        with crmkit.connect(self.url, plugins=[], clock=lambda: self.now) as crm:
            merge = crm.customers.merge(self.id(7), self.id(8), reason="thought so")
            crm.customers.unmerge(merge.id)
        self.run("score", "--email", "c8@example.com", "--json")

    def _end(self) -> None:
        self.run("erase", "--email", "c2@example.com", "--reason", "asked", "--yes")
        self.run("import", "till.csv", "--map", "till.toml", code=1)
        self.run("score", "--email", "c2@example.com", code=2)
        self.run("rebuild")
        for name in ("pyramid", "report", "customers", "agenda", "plugins"):
            self.run(name)
        self.run("doctor")
        self.run("doctor", "--json")


def looks() -> Iterator[tuple[str, ...]]:
    """Give the commands that only look."""
    yield "score", "--email", "c3@example.com"
    yield "explain", "--email", "c3@example.com", "--since", "90d"
    yield "movers", "--since", "60d"
    yield "movers", "--since", "60d", "--as-shown", "--direction", "falling"
    yield ("pyramid",)
    yield ("report",)
    yield "customers", "--limit", "100"
    yield "agenda", "--limit", "40"
    yield ("collisions",)
