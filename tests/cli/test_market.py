"""The market on the command line."""

from __future__ import annotations

import pytest

from tests.cli.kit import END, HOSTILE, Shop

AT = ("--at", END.isoformat())


@pytest.mark.row("R276")
def test_competitors_are_recorded_and_listed(shop: Shop):
    """Each recording is a version; names from outside are shown, never obeyed."""
    words = ("--product", "green tea", "--price", "green tea=80", "--currency", "CNY")
    shop.run("market", "competitor", HOSTILE, *words, "--strength", "near the station")
    said = shop.run("market", "competitor", HOSTILE, "--strategy", "cheap", "--source", "a visit")
    assert "version 2" in said.stderr
    (row,) = shop.json("competitors")
    assert (row["strategy"], row["products"], row["version"]) == ("cheap", ["green tea"], 2)
    assert [one["version"] for one in shop.json("competitors", "--versions", HOSTILE)] == [1, 2]
    shown = shop.run("competitors", "--lang", "zh").stdout
    assert all(word in shown for word in ("竞争对手", "green tea 80.00 CNY", "\\x1b[31mEve"))
    told = shop.json("market", "competitor", "Rival", "--price", "tea=1.50", "--currency", "CNY")
    assert (told["name"], told["version"], told["prices"][0]["amount"]) == ("Rival", 1, "1.50")
    shop.run("market", "competitor", "Rival", "--price", "tea=much", "--currency", "CNY", code=2)


@pytest.mark.row("R278")
def test_promotions_are_recorded_and_listed(shop: Shop):
    """The calendar is there for everybody to see."""
    window = ("--start", "2026-04-01", "--end", "2026-04-10")
    shop.run("market", "promotion", "Rival", *window)
    (row,) = shop.json("market", "promotions")
    assert row["competitor"] == "Rival"
    assert "Rival" in shop.run("market", "promotions").stdout
    told = shop.json("market", "promotion", "Other", *window)
    assert told in shop.json("market", "promotions")
    assert (told["competitor"], told["start"]) == ("Other", row["start"])
    shop.run("market", "promotion", "Rival", "--start", "2026-04-10", "--end", "2026-04-01", code=2)


@pytest.mark.row("R277", "R279")
def test_how_buying_developed_and_who_came_by_word_of_mouth(shop: Shop):
    """One look at the month's classes, the share of referrals, and what was noted."""
    shop.run("market", "note", "Tea 2026", "--kind", "report", "--source", "tea-2026.pdf")
    found = shop.json("market", *AT, "--since", "60d", "--by", "item")
    assert found["behaviour"]["currency"] == "CNY"
    assert {one["name"] for one in found["behaviour"]["trends"]} == {f"tea {n}" for n in range(3)}
    assert found["referral_share"]["share"] is None
    assert [one["title"] for one in found["notes"]] == ["Tea 2026"]
    shown = shop.run("market", *AT, "--since", "1y", "--by", "item").stdout
    assert "10 bought for the first time, 0.0% of them by word of mouth" in shown
    assert all(word in shown for word in ("2026-04", "tea 0", "tea-2026.pdf", "CNY"))
    told = shop.json("market", "note", "Rain", "--kind", "news")
    assert told["title"] == "Rain"
    assert told["id"] in {one["id"] for one in shop.json("market", *AT)["notes"]}
