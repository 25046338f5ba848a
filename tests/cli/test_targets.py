"""Targets on the command line: set, broken down, and beside what was reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())
PEOPLE = """
[people.north]
role = "sales"

[people.lin]
reports_to = "north"

[people.wang]
reports_to = "north"
"""


@pytest.fixture
def quota(shop: Shop) -> Shop:
    """Give a shop with two account managers, whose quota was set and broken down."""
    Path("crmkit.toml").write_text(PEOPLE, "utf-8")
    with shop.open() as crm:
        for number, owner in enumerate(("lin", "lin", "wang")):
            customer = crm.customers.get(shop.id(number))
            crm.customers.save(type(customer)(id=customer.id, name=customer.name, owner=owner))
    money = ("--currency", "CNY")
    shop.run("targets", "set", "north", "2026", "revenue", "9000.50", *money, "--team")
    parts = ("lin=6000", "wang=3000.50")
    done = shop.run("targets", "break-down", "north", "2026", "revenue", *parts, *money)
    assert "broken down to 2" in done.stderr
    return shop


@pytest.mark.row("R267", "R274")
def test_figures_stand_beside_targets(quota: Shop):
    """For programs and for people, in both languages; what falls short is told by itself."""
    rows = quota.json("targets", *AT)
    assert [(row["person"], row["team"]) for row in rows] == [
        (None, True),
        ("north", True),
        ("north", False),
        ("lin", False),
        ("wang", False),
    ]
    lin = next(one for one in rows[3]["figures"] if one["measure"] == "revenue")
    assert (lin["target"], lin["alert"]) == ("6000", True)
    shown = quota.run("targets", "--person", "lin", *AT).stdout
    assert "6000.00 CNY" in shown
    assert "no customer gave a rating" in shown
    assert "没有客户评分" in quota.run("targets", "--lang", "zh", *AT).stdout
    alerts = quota.json("targets", "alerts", *AT)
    assert {one["person"] for one in alerts} == {"north", "lin", "wang"}
    assert "lin" in quota.run("targets", "alerts", "--period", "2026", *AT).stdout
    assert quota.json("targets", "--period", "2026-03", "--person", "wang", *AT)[0]["elapsed"] == 1


@pytest.mark.row("R274")
def test_a_break_down_is_shown_and_must_add_up(quota: Shop):
    """The tree shows who has what, and what is left; parts that do not add up are wrong use."""
    words = ("revenue", "--period", "2026", "--currency", "CNY")
    tree = quota.json("targets", "tree", *words)
    assert [(row["person"], row["gap"]) for row in tree][1] == ("north", "0.00")
    assert "wang" in quota.run("targets", "tree", *words).stdout
    money = ("--currency", "CNY")
    head = ("targets", "break-down", "north", "2026", "revenue")
    wrong = quota.run(*head, "lin=1", "wang=1", *money, code=2)
    assert "8998.50 is left" in wrong.stderr
    assert "PERSON=VALUE" in quota.run(*head, "lin", *money, code=2).stderr
    quota.run("targets", "set", "lin", "2026", "revenue", "none", *money)
    quota.run("targets", "set", "lin", "2026", "revenue", "none", *money, code=3)
    told = quota.json("targets", "set", "lin", "2026", "revenue", "5000", *money)
    assert (told["owner"], told["value"]) == ("lin", "5000")
    told = quota.json(*head, "lin=5000.50", "wang=4000", *money)
    assert [(one["owner"], one["value"]) for one in told] == [("lin", "5000.50"), ("wang", "4000")]
    quota.run("targets", "set", "nobody", "2026", "revenue", "5", *money, code=2)
    quota.run("targets", "set", "firm", "2026-Q9", "revenue", "5", *money, code=2)


@pytest.mark.row("R270", "R220")
def test_products_and_workload_are_listed(quota: Shop):
    """Which products sell, and how many customers each person keeps alive."""
    years = [quota.json("targets", "products", "--period", year, *AT) for year in ("2025", "2026")]
    assert sum(one["purchases"] for year in years for one in year) == 50
    assert quota.json("targets", "products", *AT) == years[1]
    assert "tea 0" in quota.run("targets", "products", "--person", "lin", *AT).stdout
    rows = {one["person"]: one for one in quota.json("targets", "workload", *AT)}
    assert (rows["lin"]["customers"], rows["lin"]["alive"]) == (2, 1)
    assert "few" in quota.run("targets", "workload", *AT).stdout


@pytest.mark.row("R275")
def test_the_climate_is_told(quota: Shop):
    """With the number of pairs, and no figure where there are too few."""
    quota.run("targets", "rate", "lin", "2026-Q1", "staff_satisfaction", "8.5")
    quota.run("targets", "rate", "lin", "2026-Q1", "staff_satisfaction", "11", code=2)
    found = quota.json("targets", "climate", "2026-Q1", "2026-Q2")
    assert (found["pairs"], found["correlation"]) == (0, None)
    assert "8.5" in [one["staff"] for one in found["moods"]]
    assert "too few" in quota.run("targets", "climate", "2026-Q1").stdout
    told = quota.json("targets", "rate", "wang", "2026-Q1", "staff_satisfaction", "7")
    assert (told["owner"], told["measure"], told["value"]) == ("wang", "staff_satisfaction", "7")
