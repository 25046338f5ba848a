"""Who hears of a run: plugins, and whoever exports a customer."""

from __future__ import annotations

from typing import Any

import pytest

import crmkit
from crmkit.contracts.connector import SyncAborted, Synced
from tests.sync.fake import CONTACTS, Shop


class Ear:
    """A plugin that is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[Synced, str]] = []

    @crmkit.hookimpl
    def crmkit_synced(self, synced: Synced, workspace: str) -> None:
        self.heard.append((synced, workspace))


def listening(shop: Shop) -> Ear:
    ear = Ear()
    shop.crm.plugins.register(ear)
    return ear


def test_plugins_hear_what_a_run_did() -> None:
    """Once for each run, with its counts; of a plan, nothing."""
    shop = Shop()
    ear = listening(shop)
    shop.book.create(CONTACTS, {"Name": "Ann", "Email": "ann@example.com"})
    shop.save("Li Lei", "li@example.com")
    shop.save("refuse me", "no@example.com")
    shop.crm.sync.plan("crm")
    assert ear.heard == []
    report = shop.run()
    ((synced, workspace),) = ear.heard
    assert workspace == "default"
    assert (synced.connector, synced.created, synced.quarantined) == ("crm", 2, 1)
    assert synced.finished == report.finished
    shop.run()
    assert [one.created for one, _ in ear.heard] == [2, 0]


def test_a_run_that_could_not_be_is_told_to_nobody() -> None:
    """Whoever called it has the error."""
    shop = Shop()
    ear = listening(shop)

    def refuse(_name: str) -> None:
        raise SyncAborted("the password was changed")

    shop.fake.faults = refuse
    with pytest.raises(crmkit.SyncAborted, match="password"):
        shop.run()
    assert ear.heard == []


def test_an_export_names_the_records_elsewhere() -> None:
    """Where a customer's data went, and what both sides had in common, is his to know."""
    shop = Shop()
    keep = shop.save("Ann", "ann@example.com")
    drop = shop.save("Anna", "anna@example.com")
    bob = shop.save("Bob", "bob@example.com")
    shop.run()

    def in_step(one: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shop.crm.customers.export(one.id)["in_step"]
        return found

    (pair,) = in_step(keep)
    (theirs,) = shop.theirs(Name="Ann")
    assert (pair["connector"], pair["object"], pair["theirs"]) == ("crm", CONTACTS, theirs.id)
    assert "ann@example.com" in pair["fields"]
    shop.crm.customers.merge(keep.id, drop.id, reason="the same")
    assert {one["customer"] for one in in_step(keep)} == {keep.id, drop.id}
    assert [one["customer"] for one in in_step(bob)] == [bob.id]
    shop.run()
    assert len(in_step(keep)) == 1
