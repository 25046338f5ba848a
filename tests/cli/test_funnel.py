"""The funnel on the command line: opened, moved, lost, listed and reckoned with."""

from __future__ import annotations

import json

import pytest

from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())
SALE = ("--name", "tea for the canteen", "--amount", "880.50", "--currency", "CNY")


@pytest.fixture
def selling(shop: Shop) -> Shop:
    """Give a shop with an open, a won and a lost opportunity."""
    for number, owner in ((0, "lin"), (1, "lin"), (2, "wang")):
        words = ("--owner", owner, "--closes", "2026-05-20", "--competition", "high")
        shop.run("funnel", "open", shop.id(number), *SALE, *words, *AT)
    first, second, _ = [one["id"] for one in shop.json("funnel")]
    won = shop.run("funnel", "move", first, "pay", "--purchase", "shop", "o-0-0", *AT)
    assert "is won" in won.stderr
    shop.run("funnel", "lose", second, "--reason", "too dear", "--competitor", "rival", *AT)
    return shop


@pytest.mark.row("R89", "R271")
def test_everybody_sees_what_is_being_sold(selling: Shop):
    """The listing shows the open ones of all managers, in either language, and those asked for."""
    (still,) = selling.json("funnel")
    assert (still["owner"], still["amount"], still["stage"]) == ("wang", "880.50", "meet")
    assert "880.50 CNY" in selling.run("funnel").stdout
    assert "见到客户" in selling.run("funnel", "--lang", "zh").stdout
    assert [one["state"] for one in selling.json("funnel", "--state", "all")] == [
        "won",
        "lost",
        "open",
    ]
    (won,) = selling.json("funnel", "--state", "won", "--owner", "lin")
    assert won["purchase"] == ["shop", "o-0-0"]
    selling.run("funnel", "--owner", "nobody", code=2)


def test_what_it_tells_is_printed(selling: Shop):
    """Leaks, forecast, trend and cycle, for people and for programs."""
    rows = selling.json("funnel", "leaks", *AT)
    assert (rows[0]["stage"], rows[0]["lost"], rows[0]["reasons"]) == ("meet", 1, {"too dear": 1})
    shown = selling.run("funnel", "leaks", *AT)
    assert "too dear (1)" in shown.stdout
    assert "Most are lost in meet" in shown.stderr
    told = selling.json("funnel", "forecast", *AT)
    assert (told["n"], told["months"][0]["month"]) == (2, "2026-05-01")
    assert "Learnt from 2" in selling.run("funnel", "forecast", *AT).stderr
    months = selling.json("funnel", "trend", "--since", "2026-05-01", *AT)
    assert [(month["leads"], month["orders"]) for month in months] == [(3, 1)]
    assert "880.50 CNY" in selling.run("funnel", "trend", *AT).stdout
    assert selling.json("funnel", "cycle", *AT)["won"] == 1
    assert "won 1, lost 1" in selling.run("funnel", "cycle", *AT).stdout


def test_one_is_shown_and_moved_by_what_was_captured(selling: Shop):
    """Standard steps, problems and countermeasures; a captured purchase closes it."""
    (still,) = selling.json("funnel")
    with selling.open(clock=lambda: END) as crm:
        crm.funnel.note(still["id"], "no budget", countermeasure="a trial")
        order = {"id": "paid", "kind": "purchase", "at": END, "customer": selling.id(2)}
        crm.capture([order | {"attributes": {"opportunity": still["id"]}}], "shop")
    told = selling.json("funnel", "show", still["id"], *AT)
    assert [step["status"] for step in told["steps"]] == ["current", *["ahead"] * 7]
    assert "no budget: a trial" in selling.run("funnel", "show", still["id"], *AT).stdout
    assert f"{still['id']} is won" in selling.run("funnel", "advance", *AT).stderr
    assert selling.run("funnel", "advance", *AT).stderr == ""


def test_every_move_is_given_to_a_program(selling: Shop):
    """The opportunity as it stands then; of those that moved by themselves, each."""
    words = (*SALE, "--owner", "zhao", *AT)
    first, second = (selling.json("funnel", "open", selling.id(n), *words) for n in (3, 4))
    assert (first["customer_id"], first["state"]) == (selling.id(3), "open")
    moved = selling.json("funnel", "move", first["id"], "propose", *AT)
    assert (moved["id"], moved["stage"]) == (first["id"], "propose")
    lost = selling.json("funnel", "lose", first["id"], "--reason", "too dear", *AT)
    assert (lost["id"], lost["state"]) == (first["id"], "lost")
    with selling.open(clock=lambda: END) as crm:
        order = {"id": "paid", "kind": "purchase", "at": END, "customer": selling.id(4)}
        crm.capture([order | {"attributes": {"opportunity": second["id"]}}], "shop")
    (won,) = selling.json("funnel", "advance", *AT)
    assert (won["id"], won["state"]) == (second["id"], "won")
    assert selling.json("funnel", "advance", *AT) == []


def test_rivals_are_listed(selling: Shop):
    """A second manager is refused with both names; a merge that makes two is shown."""
    done = selling.run("funnel", "open", selling.id(2), *SALE, "--owner", "lin", *AT, code=3)
    assert "wang and lin" in done.stderr
    words = ("--owner", "lin", "--shared", "the engineers are his")
    selling.run("funnel", "open", selling.id(2), *SALE, *words, *AT)
    assert json.loads(selling.run("funnel", "rivals", "--json").stdout) == []
    selling.run("funnel", "open", selling.id(3), *SALE, "--owner", "zhao", *AT)
    with selling.open(clock=lambda: END) as crm:
        crm.customers.merge(selling.id(2), selling.id(3), reason="the same")
    (found,) = selling.json("funnel", "rivals")
    assert found["owners"] == ["wang", "zhao"]
    assert "wang, zhao" in selling.run("funnel", "rivals").stdout
    assert "zhao" in selling.run("funnel").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("open", "nobody", *SALE, "--owner", "lin"),
        ("open", "nobody", "--name", "x", "--amount", "much", "--currency", "CNY", "--owner", "l"),
        ("move", "9999", "pay"),
        ("lose", "9999", "--reason", "x"),
    ],
)
def test_what_is_not_there_is_2(shop: Shop, words: tuple[str, ...]):
    """An unknown customer or opportunity, or an amount that is none, is wrong use."""
    assert shop.run("funnel", *words, *AT, code=2).stdout == ""
