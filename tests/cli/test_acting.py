"""What people decide on the command line: collisions, and what came of the agenda's contacts."""

from __future__ import annotations

import pytest

from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())


@pytest.fixture
def shared(shop: Shop) -> Shop:
    """Give a shop in which an order named one customer's address and another's number."""
    with shop.open(clock=lambda: END) as crm:
        order = {
            "id": "both",
            "kind": "visit",
            "at": END.isoformat(),
            "customer": {"email": "c1@example.com", "shop": "2"},
        }
        assert crm.capture([order], "shop").collisions == 1
    return shop


@pytest.mark.parametrize("action", ["merge", "apart"])
def test_a_collision_is_listed_and_decided(shared: Shop, action: str):
    """The doctor names the commands; what is decided waits no longer."""
    assert "crmkit collisions" in shared.run("doctor").stdout
    (waiting,) = shared.json("collisions")
    first, second = waiting["customers"]
    shown = shared.run("collisions").stdout
    assert all(word in shown for word in (waiting["id"], first, second, "Ann Able"))
    done = shared.run("resolve", waiting["id"], action, "--reason", "they said so")
    assert f"{waiting['id']} is resolved: {action}" in done.stderr
    assert shared.json("collisions") == []
    assert len(shared.json("customers")) == (9 if action == "merge" else 10)
    shared.run("resolve", waiting["id"], action, "--reason", "again", code=2)


def test_a_contact_is_done_or_put_off(shop: Shop):
    """What was done or put off leaves the day's list; a promise is kept on its day."""
    before = [row["id"] for row in shop.json("agenda", *AT)]
    first, second, *rest = before
    shop.run("done", first, "--outcome", "spoke", "--follow-up", "2026-05-09", *AT)
    shop.run("snooze", second, "--until", "2026-05-05", *AT)
    assert [row["id"] for row in shop.json("agenda", *AT)] == rest
    promised = shop.json("agenda", "--day", "2026-05-09", *AT)
    assert first.partition(":")[0] in {row["customer_id"] for row in promised}
    assert "call" in shop.json("report", *AT)["by_touchpoint"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("done", "nobody", "--outcome", "spoke"), "no agenda item"),
        (("done", "nobody:2026-05-01", "--outcome", "spoke"), "nobody"),
        (("snooze", "ITEM", "--until", "2026-04-01"), "day to come"),
        (("resolve", "nothing", "apart", "--reason", "x"), "nothing"),
    ],
)
def test_what_is_not_there_is_2(shop: Shop, words: tuple[str, ...], named: str):
    """An item or collision that is not there, or a day that is past, is wrong use."""
    item = f"{shop.id(1)}:2026-05-01"
    at = () if words[0] == "resolve" else AT
    done = shop.run(*(item if word == "ITEM" else word for word in words), *at, code=2)
    assert named in done.stderr
    assert done.stdout == ""


def test_what_is_decided_is_given_to_a_program(shared: Shop) -> None:
    """As every list is; nothing else is printed there."""
    (waiting,) = shared.json("collisions")
    told = shared.json("resolve", waiting["id"], "apart", "--reason", "two")
    assert told["customers"] == waiting["customers"]
    first, second, *_ = (row["id"] for row in shared.json("agenda", *AT))
    told = shared.json("done", first, "--outcome", "spoke", *AT)
    assert told == {"item": first, "outcome": "spoke"}
    told = shared.json("snooze", second, "--until", "2026-05-05", *AT)
    assert told == {"item": second, "until": "2026-05-05"}
    told = shared.json("erase", waiting["customers"][0], "--reason", "asked", "--yes")
    assert told["kind"] == "erase"
    assert shared.json("migrate")["status"] == "up to date"
