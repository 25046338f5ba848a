"""``crmkit import``: what becomes of the lines of a file, and of those that cannot be taken."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.kit import Shop, process, python_path, run

HEAD = "id,kind,at,email,name,amount,currency,origin\n"
GOOD = (
    "1,purchase,2026-03-02T09:30:00+08:00,ann@example.com,Ann,420.00,CNY,captured\n"
    "2,purchase,2026-04-11T17:05:00+08:00,ann@example.com,Ann,95.50,CNY,captured\n"
    "3,call,2026-04-12T17:05:00+08:00,bob@example.com,王小明,,,typed\n"
    "4,purchase,2026-04-13T17:05:00+08:00,bob@example.com,王小明,5,EUR,captured\n"
)
BAD = (
    "5,purchase,2026-04-13T17:05:00,eve@example.com,Eve,5,CNY,captured\n"
    "6,sneeze,2026-04-13T17:05:00+08:00,eve@example.com,\x1b[31mEve,5,CNY,captured\n"
    "7,purchase\n"
    "8,purchase,2026-04-13T17:05:00+08:00,eve@example.com,Eve,five,CNY,captured\n"
)
URL = ("--url", "sqlite:///shop.db")


@pytest.fixture
def orders() -> Path:
    """Give a file of which every line is right."""
    path = Path("orders.csv")
    path.write_text(HEAD + GOOD, "utf-8")
    return path


def test_what_is_right_comes_in(orders: Path):
    """The report tells what is new, how it came, and what does not count."""
    done = run(*URL, "import", orders)
    assert "captured by themselves 75.0%, typed by people 1" in done.stdout
    assert 'currency = "EUR" in crmkit.toml' in done.stdout
    (again,) = json.loads(run(*URL, "import", orders, "--json").stdout)
    assert (again["new"], again["known"], again["rejected"]) == (0, 4, 0)


def test_the_agenda_is_there_at_once(orders: Path):
    """After an import everybody has a tier and a stage, unless it was asked to leave them."""
    run(*URL, "import", orders, "--no-advance")
    assert json.loads(run(*URL, "report", "--json").stdout)["by_tier"] == {}
    run(*URL, "import", orders, "--at", "2026-05-01")
    counted = json.loads(run(*URL, "report", "--json").stdout)
    assert sum(counted["by_tier"].values()) == counted["customers"] == 2


def test_replay_works_out_the_past(orders: Path):
    """With ``--replay`` the moves of imported history are there, marked as replayed."""
    run(*URL, "import", orders, "--replay", "--at", "2026-05-01")
    with Shop(Path.cwd()).open() as crm:
        ann = crm.customers.find(email="ann@example.com")
        assert any(move.replayed for move in crm.lifecycle.history(ann.id))


def test_what_is_rejected_is_never_lost():
    """Rejected lines end the program with 1, are shown with line and reason, and all written."""
    path = Path("orders.csv")
    path.write_text(HEAD + GOOD + BAD * 5, "utf-8")
    done = run(*URL, "import", path, "--rejects", "bad.jsonl", code=1)
    assert "the first 10 of 20" in done.stdout
    assert "sneeze" in done.stdout
    assert "\x1b" not in done.stdout
    written = [json.loads(line) for line in Path("bad.jsonl").read_text("utf-8").splitlines()]
    assert [row["line"] for row in sorted(written, key=lambda row: row["line"])] == [*range(6, 26)]
    assert all(row["reason"] and row["field"] and row["record"] for row in written)
    (counts,) = json.loads(run(*URL, "import", path, "--json", code=1).stdout)
    assert (counts["known"], counts["rejected"]) == (4, 20)


def test_what_is_rejected_is_written_as_json():
    """A number that JSON does not know is in the file as text: whoever reads it reads it all."""
    torn = '{"id": "1", "kind": "visit", "customer": {"shop": "1"}, "rating": NaN}'
    Path("visits.jsonl").write_text(f"{torn}\n", "utf-8")
    run(*URL, "import", "visits.jsonl", "--rejects", "bad.jsonl", code=1)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    written = json.loads(Path("bad.jsonl").read_text("utf-8"), parse_constant=refuse)
    visit = {"id": "1", "kind": "visit", "customer": {"shop": "1"}}
    assert written["record"] == visit | {"rating": "nan"}


def test_what_came_in_is_told_though_nothing_can_be_scored(orders: Path):
    """Where tiers and stages cannot be worked out, the report and its run are not lost."""
    Path("crmkit.toml").write_text('[lifecycle]\nfile = "rules.toml"\n', "utf-8")
    Path("rules.toml").write_text("no rules", "utf-8")
    done = run(*URL, "import", orders, "--json", code=2)
    (counts,) = json.loads(done.stdout)
    assert (counts["new"], bool(counts["run"])) == (4, True)
    assert "rules.toml" in done.stderr


def test_an_import_is_taken_back(orders: Path):
    """``--undo`` takes a whole import back: afterwards nobody is there."""
    (taken,) = json.loads(run(*URL, "import", orders, "--json").stdout)
    run(*URL, "import", "--undo", taken["run"])
    assert json.loads(run(*URL, "customers", "--json").stdout) == []
    run(*URL, "import", "--undo", taken["run"], code=2)


def test_an_import_of_customers_is_taken_back():
    """``--undo`` knows both kinds, and says what became of everybody."""
    Path("people.csv").write_text("id,name,email\n1,Ann,ann@example.com\n2,Bob,\n", "utf-8")
    run(*URL, "import", "--customers", "people.csv")
    Path("wrong.csv").write_text("id,name,email\n1,x,\n3,y,\n", "utf-8")
    (taken,) = json.loads(run(*URL, "import", "--customers", "wrong.csv", "--json").stdout)
    done = run(*URL, "import", "--undo", taken["run"], "--json")
    assert json.loads(done.stdout)["body"] == {
        "run": taken["run"],
        "customers": ["3"],
        "restored": ["1"],
        "kept": [],
    }
    names = {one["id"]: one["name"] for one in json.loads(run(*URL, "customers", "--json").stdout)}
    assert names == {"1": "Ann", "2": "Bob"}
    (again,) = json.loads(run(*URL, "import", "--customers", "wrong.csv", "--json").stdout)
    done = run(*URL, "import", "--undo", again["run"])
    assert "Customers gone: 1; customers as they were before: 1." in done.stderr
    assert "no capture has the id" in run(*URL, "import", "--undo", taken["run"], code=2).stderr


def test_the_source_is_told_and_a_second_name_is_noticed(orders: Path):
    """Who named no source is told which it is; the same rows under another name are a warning."""
    assert "the source is 'orders'" in run(*URL, "import", orders).stdout
    again = run(*URL, "import", orders)
    assert "twice" not in again.stderr
    Path("orders-may.csv").write_text(orders.read_text("utf-8"), "utf-8")
    done = run(*URL, "import", "orders-may.csv")
    assert "from the source 'orders' already" in done.stderr
    undo = done.stderr.split("`crmkit ")[1].split("`")[0]
    run(*URL, *undo.split())
    done = run(*URL, "import", "orders-may.csv", "--source", "orders", "--json")
    assert done.stderr == ""
    (counts,) = json.loads(done.stdout)
    assert (counts["new"], counts["known"], counts["source"]) == (0, 4, "orders")
    Path("other.csv").write_text(HEAD + GOOD.replace("2026", "2025"), "utf-8")
    assert "twice" not in run(*URL, "import", "other.csv").stderr


def visits(*numbers: int) -> str:
    """Give a file of visits, in the order of their numbers."""
    lines = (f"v-{n},visit,2026-04-01T00:00:{n % 60:02d}Z,c{n % 9}@example.com" for n in numbers)
    return "id,kind,at,email\n" + "".join(line + "\n" for line in lines)


def test_a_second_name_is_noticed_anywhere_in_the_file():
    """An export that begins with thousands of new records may end with old ones, and is told."""
    Path("may.csv").write_text(visits(*range(600)), "utf-8")
    run(*URL, "import", "may.csv", "--no-advance")
    Path("june.csv").write_text(visits(*range(6_000, 0, -1)), "utf-8")
    done = run(*URL, "import", "june.csv", "--no-advance")
    assert "from the source 'may' already" in done.stderr
    Path("chance.csv").write_text(visits(5, *range(7_000, 9_000)), "utf-8")
    assert "twice" not in run(*URL, "import", "chance.csv", "--no-advance").stderr


def test_what_was_taken_back_counts_once():
    """After an undo the right name is no second one, though the records came before."""
    Path("wrong.csv").write_text(visits(*range(20)), "utf-8")
    (taken,) = json.loads(run(*URL, "import", "wrong.csv", "--json").stdout)
    run(*URL, "import", "--undo", taken["run"])
    Path("right.csv").write_text(visits(*range(20)), "utf-8")
    assert "twice" not in run(*URL, "import", "right.csv").stderr
    assert "twice" not in run(*URL, "import", "right.csv").stderr


def test_a_file_without_a_kind_is_told_once(orders: Path):
    """What no line can have is said once for the file; what came in before it is named."""
    Path("bare.csv").write_text("id,email\n1,ann@example.com\n2,bob@example.com\n", "utf-8")
    done = run(*URL, "import", "bare.csv", code=1)
    assert "bare.csv: no column gives kind, at, which every touchpoint needs" in done.stdout
    Path("none.csv").write_text("1,2,3\n", "utf-8")
    done = run(*URL, "import", orders, "none.csv", code=2)
    assert "imported before it, and not advanced yet: orders.csv" in done.stderr


def test_keys_that_identify_nobody_are_counted():
    """A national number without a region is told with its cure, at the import and at a look-up."""
    Path("calls.csv").write_text(
        "id,kind,at,email,phone\n"
        "1,call,2026-03-02T09:30:00+08:00,ann@example.com,138 0013 8001\n"
        "2,call,2026-03-02T09:30:00+08:00,ann@example.com,138 0013 8001\n"
        "3,call,2026-03-02T09:30:00+08:00,no address,+8613800138002\n",
        "utf-8",
    )
    done = run(*URL, "import", "calls.csv", code=0)
    assert "2 e-mail addresses or telephones identify nobody" in done.stdout
    assert "phone 138 0013 8001, email no address" in done.stdout
    assert 'region = "CN"' in done.stdout
    assert "region in crmkit.toml" in run(*URL, "score", "--phone", "13800138001", code=2).stderr
    assert "is no e-mail" in run(*URL, "score", "--email", "no address", code=2).stderr
    Path("crmkit.toml").write_text('region = "CN"\n', "utf-8")
    (counts,) = json.loads(run(*URL, "import", "calls.csv", "--source", "x", "--json").stdout)
    assert (counts["unusable"], counts["examples"]) == (1, ["email no address"])
    run(*URL, "score", "--phone", "13800138001")


def test_a_mapping_names_the_columns():
    """A file in another system's words comes in by a mapping, and what it skips is counted."""
    Path("till.csv").write_text(
        "no;when;who;sum\n1;02.03.2026 09:30;4711;1.420,00\n2;03.03.2026;;0\n", "utf-8"
    )
    Path("till.toml").write_text(
        """
        source = "till"
        delimiter = ";"
        timezone = "Europe/Berlin"
        time_format = "%d.%m.%Y %H:%M"
        decimal = ","
        thousands = "."

        [[skip]]
        when = { column = "who", empty = true }
        reason = "nobody"

        [fields]
        id = "{no}"
        kind = [{ value = "purchase" }]
        at = "{when}"
        amount = "{sum}"
        currency = "EUR"

        [customer]
        card = "{who}"
        """,
        "utf-8",
    )
    done = run(*URL, "import", "till.csv", "--map", "till.toml")
    assert "skipped 1: nobody" in done.stdout
    (customer,) = json.loads(run(*URL, "customers", "4711", "--json").stdout)
    assert customer["identities"] == [{"system": "card", "value": "4711"}]


def test_customers_come_from_files_too():
    """With ``--customers`` the lines are customers; again, nothing changes."""
    Path("people.csv").write_text(
        "name,email,owner\nAnn,ann@example.com,lin\n王小明,wang@example.com,lin\n", "utf-8"
    )
    (first,) = json.loads(run(*URL, "import", "people.csv", "--customers", "--json").stdout)
    (again,) = json.loads(run(*URL, "import", "people.csv", "--customers", "--json").stdout)
    assert (first["new"], again["new"], again["known"]) == (2, 0, 2)
    found = json.loads(run(*URL, "customers", "--owner", "lin", "--json").stdout)
    assert {row["name"] for row in found} == {"Ann", "王小明"}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("import",), "--undo RUN"),
        (("import", "gone.csv"), "gone.csv"),
        (("import", "orders.csv", "--map", "gone.toml"), "gone.toml"),
        (("import", "orders.csv", "--map", "wrong.toml"), "there is no column"),
        (("import", "orders.csv", "--undo", "7"), "--undo RUN"),
        (("import", "--undo", "no-run"), "no-run"),
        (("import", "orders.csv", "--rejects", "gone/bad.jsonl"), "gone"),
    ],
)
@pytest.mark.usefixtures("orders")
def test_wrong_use(words: tuple[str, ...], named: str):
    """What cannot work says which file or column is meant, and brings nothing in."""
    Path("wrong.toml").write_text('[fields]\nid = "{nmae}"\n', "utf-8")
    done = run(*URL, *words, code=3 if "--rejects" in words else 2)
    assert named in done.stderr
    assert "Traceback" not in done.output
    assert json.loads(run(*URL, "customers", "--json").stdout) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_a_bar_on_a_terminal(orders: Path):
    """A person who waits sees that something is done; the bar is gone at the end."""
    pty = importlib.import_module("pty")
    terminal, side = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "crmkit.cli", *URL, "import", str(orders)],
        env={**os.environ, **python_path(), "TERM": "xterm"},
        stdout=side,
        stderr=side,
    )
    os.close(side)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(terminal)
    assert done.wait() == 0
    assert b"Importing orders.csv" in shown
    assert b"\x1b[2K" in shown  # the line of the bar was wiped
    assert shown.rstrip().endswith(b"keeps it the same")


def test_no_bar_in_a_pipe(orders: Path, tmp_path: Path):
    """Outside a terminal nothing but the report is printed."""
    done = process(*URL, "import", orders, "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)[0]["new"] == 4


def test_advance_is_what_runs_daily(orders: Path):
    """Time alone moves customers: a year later the same data stand elsewhere."""
    run(*URL, "import", orders, "--at", "2026-05-01", "--calibrate")
    assert "2 customers" in run(*URL, "advance", "--at", "2026-05-01").stdout
    later = json.loads(run(*URL, "advance", "--at", "2027-05-01", "--json").stdout)
    assert later["stages"] > 0
    model = json.loads(run(*URL, "score", "--email", "ann@example.com", "--json").stdout)["model"]
    assert model == "essay-1-calibrated"


def test_a_customer_who_is_refused_is_told_with_his_line() -> None:
    """Also where it is not the line that cannot be read, but what it says that cannot be."""
    Path("people.csv").write_text(
        "name,email,time_zone\n"
        "Ann,ann@example.com,Asia/Shanghai\n"
        "Bob,bob@example.com,Mars/Olympus\n"
        "Cat,,\n",
        "utf-8",
    )
    done = run(*URL, "import", "--customers", "people.csv", "--rejects", "bad.jsonl", code=1)
    told = [json.loads(line) for line in Path("bad.jsonl").read_text("utf-8").splitlines()]
    assert [(one["line"], one["field"]) for one in told] == [(3, "time_zone"), (4, "customer")]
    assert told[0]["reason"].startswith("line 3: ")
    assert told[0]["record"]["name"] == "Bob"
    assert "known again" in done.stdout
    again = run(*URL, "import", "--customers", "people.csv", "--json", code=1)
    assert json.loads(again.stdout)[0]["new"] == 0
