"""Consent on the command line."""

from __future__ import annotations

import pytest

from tests.cli.kit import Shop


@pytest.mark.row("R73", "R74")
def test_consent_is_recorded_and_shown(shop: Shop):
    """Given, taken back, and as it stood on a day before."""
    id_ = shop.id(1)
    form = ("--channel", "email", "--source", "form", "--wording", "v3")
    said = shop.run("--actor", "lin", "consents", "grant", id_, "--purpose", "care", *form).stderr
    assert "care by email is given" in said
    (one,) = shop.json("consents", "show", id_)
    assert (one["given"], one["source"], one["wording"], one["by"]) == (True, "form", "v3", "lin")
    said = shop.run("consents", "withdraw", id_, "--source", "a call").stderr
    assert said.count("every channel is withdrawn") == 4
    rows = shop.json("consents", "show", id_)
    assert {(row["purpose"], row["state"]) for row in rows} == {
        (purpose, "withdrawn") for purpose in ("transactional", "service", "care", "marketing")
    }
    assert shop.json("consents", "show", id_, "--at", "1d") == []
    assert len(shop.json("consents", "show", id_, "--history")) == 5
    assert "已撤回" in shop.run("consents", "show", id_, "--lang", "zh").stdout


def test_a_double_opt_in(shop: Shop):
    """It waits until it is confirmed; what does not wait cannot be."""
    id_, care = shop.id(1), ("--purpose", "care", "--source", "form")
    shop.run("consents", "confirm", id_, *care, code=3)
    assert "is pending" in shop.run("consents", "grant", id_, *care, "--unconfirmed").stderr
    assert "is given" in shop.run("consents", "confirm", id_, *care).stderr
    id_ = shop.id(2)  # the same, by a program
    asked = shop.json("consents", "grant", id_, *care, "--unconfirmed")
    assert (asked["customer_id"], asked["state"]) == (id_, "pending")
    given = shop.json("consents", "confirm", id_, *care)
    assert (given["customer_id"], given["state"]) == (id_, "given")
    (gone,) = shop.json("consents", "withdraw", id_, *care)
    assert (gone["customer_id"], gone["purpose"], gone["state"]) == (id_, "care", "withdrawn")


def test_mistakes_are_one_line(shop: Shop):
    """A customer whom nobody knows, a purpose that is none, no source."""
    given = ("--purpose", "care", "--source", "form")
    assert "nobody" in shop.run("consents", "grant", "nobody", *given, code=2).stderr
    spam = ("--purpose", "spam", "--source", "form")
    assert "spam" in shop.run("consents", "grant", shop.id(1), *spam, code=2).stderr
    assert "source" in shop.run("consents", "withdraw", shop.id(1), code=2).stderr
