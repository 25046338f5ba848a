"""Key accounts on the command line: listed with their figures, admitted, reviewed, promised to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crmkit.cli.checks import _key_accounts
from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())
CONFIG = """
[people.lin]
name = "林"
[people.zhao]
name = "赵"
senior = true
[key_accounts]
least = 1
[key_accounts.criteria]
revenue_share = 0.12
fit = "Do they fit where we go?"
[key_accounts.costs]
call = 15
"""


@pytest.fixture
def firm(shop: Shop) -> Shop:
    """Give a shop with a policy on key accounts."""
    Path("crmkit.toml").write_text(CONFIG, "utf-8")
    return shop


WHO = ("--sponsor", "zhao", "--manager", "lin", "--reason", "grows")


def admit(firm: Shop, number: int, *more: str, code: int = 0) -> str:
    return firm.run("key-account", "admit", firm.id(number), *WHO, *more, code=code).stderr


@pytest.mark.row("R257", "R260", "R264")
def test_key_accounts_are_listed_beside_their_median(firm: Shop):
    """Who is refused is told why; an exception stands in the list."""
    assert "revenue_share: 0.07" in admit(firm, 1, "--yes", "fit", code=3)
    admit(firm, 9, "--yes", "fit")
    admit(firm, 1, "--no", "fit", "--exception", "an old friend")
    rows = firm.json("key-accounts", *AT)
    assert [row["customer_id"] for row in rows] == [firm.id(9), firm.id(1)]
    assert rows[1]["figures"]["cost_to_serve"] == "15"
    assert rows[0]["median"]["cost_to_serve"] == "7.5"
    shown = firm.run("key-accounts", *AT).stdout
    assert all(word in shown for word in ("median", "an old friend", "15.00 CNY", "zhao"))
    assert "中位数" in firm.run("key-accounts", "--lang", "zh", *AT).stdout
    told = firm.json("key-account", "admit", firm.id(2), *WHO, "--exception", "he is new")
    assert (told["customer_id"], told["owner"], told["exception"]) == (
        firm.id(2),
        "lin",
        "he is new",
    )


@pytest.mark.row("R263")
def test_a_review_proposes_and_people_decide(firm: Shop):
    """What is proposed stands beside why; nothing is done by it."""
    admit(firm, 9, "--yes", "fit")
    found = firm.json("key-account", "review", "--candidates", "2", *AT)
    assert [one["proposal"] for one in found["accounts"]] == ["keep"]
    assert len(found["candidates"]) == 2
    done = firm.run("key-account", "review", *AT)
    assert "keep" in done.stdout
    assert "next review is due on 2026-10-28" in done.stderr
    gone = firm.json("key-account", "remove", firm.id(9), "--reason", "moved away")
    assert (gone["customer_id"], gone["steps"][-1]["reason"]) == (firm.id(9), "moved away")
    assert firm.json("key-accounts") == []
    assert "fewer than 1" in firm.run("key-account", "review").stderr


@pytest.mark.row("R265")
def test_promises_are_listed_by_department(firm: Shop):
    """Each department sees what it must keep, and until when."""
    admit(firm, 9, "--yes", "fit")
    words = ("--department", "supply", "--department", "sales", "--until", "2030-01-01")
    said = firm.run("key-account", "promise", firm.id(9), "first call on stock", *words).stderr
    assert "supply, sales" in said
    (row,) = firm.json("promises", "--department", "sales", "--due", "2030-02-01")
    assert firm.json("promises", "--department", "service") == []
    shown = firm.run("promises", firm.id(9), "--lang", "zh").stdout
    assert all(word in shown for word in ("first call on stock", "supply, sales", "Fay", "lin"))
    firm.run("key-account", "settle", row["id"], "kept", "--evidence", "delivery note 7")
    assert firm.json("promises", "--state", "open") == []
    assert firm.json("promises", "--state", "kept")[0]["evidence"] == "delivery note 7"
    words = ("key-account", "promise", firm.id(9), "a visit", "--department", "service")
    made = firm.json(*words)
    assert (made["customer_id"], made["what"]) == (firm.id(9), "a visit")
    words = ("key-account", "settle", made["id"], "broken", "--evidence", "nobody came")
    assert (firm.json(*words)["id"], firm.json("promises")[1]["state"]) == (made["id"], "broken")


@pytest.mark.row("R263", "R265")
def test_the_doctor_tells_what_is_forgotten(firm: Shop):
    """A review that is due, a promise whose term is over, and accounts without criteria."""
    at = {"clock": lambda: END, "config": "crmkit.toml", "actor": "zhao"}
    with firm.open(**at) as crm:
        id_ = firm.id(9)
        said = {"reason": "grows", "answers": {"fit": True}}
        crm.key_accounts.admit(id_, sponsor="zhao", manager="lin", **said)
        crm.key_accounts.promise(id_, "stock", departments="supply", until=END)
    with firm.open(**at | {"clock": lambda: END + timedelta(days=200)}) as crm:
        found = {one.check: one.remedy for one in _key_accounts(crm)}
    assert found == {
        "key accounts": "crmkit key-account review",
        "promises": "crmkit promises --due now lists them; crmkit key-account settle",
    }
    Path("crmkit.toml").write_text("", "utf-8")
    with firm.open(**at) as crm:
        assert "no criteria say who is one" in {one.found for one in _key_accounts(crm)}
