"""Relationships ended and begun anew on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kit import Shop

CONFIG = """
[people.lin]
name = "林"
[people.zhao]
name = "赵"
senior = true
[lifecycle.retention]
broke_rules = 0
"""


@pytest.fixture
def firm(shop: Shop) -> Shop:
    """Give a shop with somebody senior, who reads ``crmkit.toml``."""
    Path("crmkit.toml").write_text(CONFIG, "utf-8")
    return shop


def asked(firm: Shop, number: int = 1) -> str:
    words = ("ending", "ask", firm.id(number), "--reason", "broke_rules")
    made = firm.json("--actor", "lin", *words)
    assert (made["customer_id"], made["state"]) == (firm.id(number), "asked")
    return str(made["id"])


@pytest.mark.row("R243", "R244")
def test_a_relationship_is_ended_by_two_and_step_by_step(firm: Shop):
    """The listing says what waits and what comes next; the requester may not approve."""
    id_ = asked(firm)
    assert (
        "senior people are zhao"
        in firm.run("--actor", "lin", "ending", "approve", id_, code=3).stderr
    )
    said = firm.run("--actor", "zhao", "ending", "approve", id_).stderr
    assert "next step: prepare" in said
    firm.run("--actor", "lin", "ending", "step", id_, "notify", "--evidence", "a letter", code=3)
    firm.run("--actor", "lin", "ending", "step", id_, "prepare", "--evidence", "plan.pdf")
    shown = firm.run("endings").stdout
    assert all(word in shown for word in (id_, "Ann Able", "broke_rules", "zhao", "notify"))
    assert "通知客户" in firm.run("endings", "--lang", "zh").stdout


@pytest.mark.row("R250", "R253")
def test_lists_mark_who_is_ended_and_the_doctor_tells_whose_term_is_over(firm: Shop):
    """Nobody has to look up whether a record is confidential."""
    firm.run("--actor", "zhao", "ending", "approve", asked(firm))
    rows = firm.json("customers")
    assert [row["id"] for row in rows if row.get("ended")] == [firm.id(1)]
    assert "ended" in firm.run("customers", "Ann").stdout
    assert [row["customer_id"] for row in firm.json("endings", "--due")] == [firm.id(1)]
    assert "crmkit endings --due" in firm.run("doctor").stdout
    said = firm.run("erase", firm.id(1), "--reason", "term over", "--yes").stderr
    assert "is kept until" in said


def test_an_ending_is_turned_down_or_begun_anew(firm: Shop):
    """What waits is told, and a reopening takes two as well."""
    first = asked(firm)
    firm.run("ending", "decline", first, "--reason", "we stay")
    firm.run("--actor", "zhao", "ending", "approve", first, code=3)
    firm.run("--actor", "zhao", "ending", "approve", asked(firm))
    said = firm.run("--actor", "lin", "ending", "reopen", firm.id(1), "--reason", "sorry").stderr
    assert "waits" in said
    assert "approve reopening" in firm.run("endings").stdout
    (again,) = [row["reopening"]["id"] for row in firm.json("endings") if row["reopening"]]
    assert "begins anew" in firm.run("--actor", "zhao", "ending", "approve", again).stderr
    assert [row["state"] for row in firm.json("endings")] == ["declined", "reopened"]


def test_every_move_is_given_to_a_program(firm: Shop):
    """The ending as it stands then, also where only its reopening was turned down."""
    first, lin, zhao = asked(firm), ("--actor", "lin", "ending"), ("--actor", "zhao", "ending")
    declined = firm.json(*zhao, "decline", first, "--reason", "we stay")
    assert (declined["id"], declined["state"]) == (first, "declined")
    id_ = asked(firm)
    held = firm.json(*zhao, "approve", id_)
    assert (held["id"], held["state"], held["approved_by"]) == (id_, "approved", "zhao")
    stepped = firm.json(*lin, "step", id_, "prepare", "--evidence", "plan.pdf")
    assert [one["evidence"] for one in stepped["steps"]] == ["plan.pdf"]
    again = firm.json(*lin, "reopen", firm.id(1), "--reason", "sorry")
    assert (again["id"], again["reopening"]["reason"]) == (id_, "sorry")
    left = firm.json(*zhao, "decline", again["reopening"]["id"], "--reason", "not yet")
    assert (left["id"], left["state"], left["reopening"]) == (id_, "approved", None)
