"""``crmkit plan``: a plan's whole life from a terminal."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import click
import pytest
from click.testing import CliRunner

from crmkit.cli import main
from crmkit.cli.plan import plan
from tests.cli.kit import END, HOSTILE, Shop

AT = ("--at", END.isoformat())
PEOPLE = """
[agenda]
timezone = "UTC"
[people.lin]
name = "Lin"
[people.boss]
senior = true
"""


@pytest.fixture
def firm(shop: Shop) -> Shop:
    """A shop with an account manager and a senior person."""
    Path("crmkit.toml").write_text(PEOPLE, "utf-8")
    return shop


def run(shop: Shop, actor: str, *words: object, **options: Any) -> Any:
    return shop.run("--actor", actor, "plan", *words, **options)


def drafted(shop: Shop, number: int = 3) -> str:
    words = ("plan", "draft", shop.id(number), "--owner", "lin", "--since", "90d", "--goal", "key")
    plan: str = shop.json(*words, "--lang", "zh", *AT)["id"]
    return plan


@pytest.mark.row("R156")
def test_a_plan_goes_from_draft_to_outcome(firm: Shop):
    """Each move says what it led to; the agenda's item is done by the checklist."""
    plan = drafted(firm)
    assert "draft" in run(firm, "lin", "list").stdout
    run(firm, "lin", "submit", plan, *AT)
    assert "draft now" in run(firm, "boss", "reject", plan, "--reason", "why", *AT).stderr
    run(firm, "lin", "submit", plan, *AT)
    assert "may not approve" in run(firm, "lin", "approve", plan, *AT, code=3).stderr
    assert "running now" in run(firm, "boss", "approve", plan, *AT).stderr
    day = ("--day", "2026-06-30", *AT)
    items = [row for row in firm.json("agenda", *day) if row["plan"]]
    assert [row["plan"][0] for row in items] == [plan] * len(items)
    ready = ("check", plan, "a1", "--readiness", "样品", "--mode", "电话", *AT)
    assert "prepared" in run(firm, "lin", *ready).stderr
    spent = ("--travel", "12.50", "--currency", "CNY", "--effective", "--when", "today")
    assert "checked" in run(firm, "lin", "check", plan, "a1", "--mode", "visit", *spent, *AT).stderr
    (listed,) = firm.json("plan", "list", "--state", "running")
    assert listed["checklists"][0]["travel"] == "12.50"
    later = ("--at", "2026-05-03")
    said = ("done", items[1]["id"], "--outcome", "spoke", "--kind", "visit")
    promised = firm.run("--actor", "lin", *said, "--follow-up", "2026-06-01", *later, code=2)
    assert "plan check" in promised.stderr
    firm.run("--actor", "lin", *said, *later)
    shown = run(firm, "lin", "show", plan).stdout
    assert len(re.findall(r"lin +done", shown)) == 2
    assert "rejected" in shown
    run(firm, "lin", "close", plan, "--outcome", "he is back", *later)
    whole = firm.json("plan", "show", plan)
    assert whole["outcome"] == "he is back"
    assert ("spoke", "visit") in [(one["content"], one["mode"]) for one in whole["checklists"]]
    assert firm.json("plan", "list", "--state", "draft") == []


def test_every_move_is_given_to_a_program(firm: Shop):
    """The plan as it stands then."""
    plan, other = drafted(firm), drafted(firm, 1)
    for actor, words, state in (
        ("lin", ("submit", plan), "submitted"),
        ("boss", ("reject", plan, "--reason", "why"), "draft"),
        ("lin", ("submit", plan), "submitted"),
        ("boss", ("approve", plan), "running"),
        ("lin", ("check", plan, "a1", "--mode", "visit", "--when", "today"), "running"),
        ("lin", ("close", plan, "--outcome", "he is back"), "closed"),
        ("lin", ("drop", other, "--reason", "he moved abroad"), "closed"),
    ):
        told = firm.json("--actor", actor, "plan", *words, *AT)
        assert (told["id"], told["state"], told["steps"][-1]["by"]) == (words[1], state, actor)


def test_what_comes_from_outside_is_shown_and_not_obeyed(firm: Shop):
    """A hostile name in a plan moves no cursor."""
    plan = drafted(firm, 2)
    for words in (("show", plan), ("list",)):
        shown = run(firm, "lin", *words).stdout
        assert "\x1b" not in shown
        assert HOSTILE not in shown
        assert "Eve" in shown


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("show", "7777"), "no plan has the id"),
        (("show", ""), "no plan has the id"),
        (("draft", "ID", "--owner", "nobody"), "[people]"),
        (("draft", "nobody", "--owner", "lin"), "nobody"),
        (("list", "--customer", "nobody"), "nobody"),
        (("check", "PLAN", "a1", "--when", "yesteryear"), "30d"),
    ],
)
def test_wrong_use_is_2(firm: Shop, words: tuple[str, ...], named: str):
    """One clear line, and nothing on standard output."""
    plan = drafted(firm)
    given = [{"PLAN": plan, "ID": firm.id(1)}.get(word, word) for word in words]
    done = firm.run("plan", *given, code=2)
    assert named in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("submit", "PLAN"), "somebody must submit"),
        (("check", "PLAN", "a1"), "is draft"),
        (("close", "PLAN", "--outcome", "x"), "is draft"),
    ],
)
def test_what_a_rule_forbids_is_3(firm: Shop, words: tuple[str, ...], named: str):
    """No other command line would mend it: somebody has to act first."""
    plan = drafted(firm)
    done = firm.run("plan", *(plan if word == "PLAN" else word for word in words), code=3)
    assert named in done.stderr
    assert firm.json("plan", "show", plan)["state"] == "draft"


ABSURD = ("", str(2**70), "9999-12-31", "a\0b", "\udcff", "\x1b[31m\u202e" * 2000)
NEEDED = {
    "draft": ["ID", "--owner", "lin"],
    "reject": ["PLAN", "--reason", "x"],
    "check": ["PLAN", "a1"],
    "close": ["PLAN", "--outcome", "x"],
    "drop": ["PLAN", "--reason", "x"],
} | {name: ["PLAN"] for name in ("show", "submit", "approve")}


def valued(command: str) -> list[str]:
    """Name the parameters of a command that take a value."""
    params = plan.commands[command].params
    return [one.opts[0] for one in params if isinstance(one, click.Argument) or not one.is_flag]


@pytest.mark.parametrize("command", plan.commands)
def test_no_argument_is_a_mistake_in_crmkit(firm: Shop, command: str):
    """Whatever stands for a value, the program ends with 0 to 3 and says what is wrong."""
    made = drafted(firm)
    firm.run("--actor", "lin", "plan", "submit", made, *AT)
    if command in ("check", "close"):
        firm.run("--actor", "boss", "plan", "approve", made, *AT)
    # A fifth of them, each time the same: every value meets several options all the same.
    pairs = list(product(valued(command), ABSURD))
    for option, absurd in pairs[crc32(command.encode()) % 5 :: 5]:
        words = [*NEEDED.get(command, []), option, absurd]
        if not option.startswith("-"):
            words = NEEDED[command].copy()
            words[option == "action"] = absurd
        given = [{"PLAN": made, "ID": firm.id(1)}.get(word, word) for word in words]
        done = CliRunner().invoke(
            main, ["--url", firm.url, "--actor", "lin", "plan", command, *given]
        )
        told = f"{words}\n{done.output[-2_000:]}\n{done.exception!r}"
        assert isinstance(done.exception, SystemExit | None), told
        assert 0 <= done.exit_code <= 3, told
        assert "mistake in crmkit" not in done.output, told
        assert "Traceback" not in done.output, told
        assert "\x1b" not in done.output, told


def test_a_draft_nobody_wants_is_thrown_away(firm: Shop):
    """It stays on record as closed; what has run is closed with its outcome instead."""
    plan = drafted(firm)
    run(firm, "lin", "drop", plan, "--reason", "he moved abroad", *AT)
    found = firm.json("plan", "show", plan)
    assert (found["state"], found["outcome"]) == ("closed", "he moved abroad")
    assert "is closed" in run(firm, "lin", "drop", plan, "--reason", "again", *AT, code=3).stderr
    other = drafted(firm)
    run(firm, "lin", "submit", other, *AT)
    run(firm, "boss", "approve", other, *AT)
    assert "is running" in run(firm, "lin", "drop", other, "--reason", "no", *AT, code=3).stderr
