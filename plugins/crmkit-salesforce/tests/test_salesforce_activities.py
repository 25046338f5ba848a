"""Touchpoints and opportunities of ours are the tasks and opportunities of Salesforce."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_salesforce import hooks

import crmkit
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.salesforce import Salesforce

SECTION: dict[str, Any] = {
    "type": "salesforce",
    "limits": {},
    "mapping": [
        {
            "concept": "customers",
            "object": "Account",
            "match": "phone",
            "fields": {"name": "Name", "phone": "Phone"},
        },
        {
            "concept": "touchpoints",
            "object": "Task",
            "kind": ["call"],
            "fields": {"text": "Description", "customer": "WhatId"},
        },
        {
            "concept": "opportunities",
            "object": "Opportunity",
            "match": "name",
            "fields": {
                "name": "Name",
                "amount": "Amount",
                "stage": {
                    "field": "StageName",
                    "values": {"meet": "Prospecting", "pay": "Closed Won"},
                },
                "closes": {"field": "CloseDate"},
                "customer": "AccountId",
            },
        },
    ],
}


@pytest.mark.row("R282")
def test_notes_and_deals_are_kept_in_step(monkeypatch: pytest.MonkeyPatch):
    """Ours go out, theirs come in, edits cross, and a quiet run writes nothing."""
    monkeypatch.setitem(Service.__init__.__kwdefaults__ or {}, "sleep", lambda _seconds: None)
    second = timedelta(seconds=1)
    book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC), step=second, grain=second)
    with Salesforce(book=book) as there:
        section = SECTION | {
            "base_url": there.url,
            "client_id": there.client_id,
            "client_secret": there.client_secret,
            "refresh_token": there.refresh_token,
        }
        config = {"connectors": {"crm": section}}
        crm = crmkit.connect("memory://", plugins=manager_for(hooks), clock=book.now, config=config)

        def run() -> Any:
            book.advance(timedelta(minutes=10))
            return crm.sync.run("crm")

        key = crmkit.Identity("phone", "+8613800138000")
        ann = crm.customers.save(crmkit.Customer(name="Ann", identities=(key,)))
        said = {"id": "1", "kind": "call", "at": book.now(), "customer": ann.id, "text": "打过电话"}
        crm.capture([said], source="shop")
        deal = crm.funnel.open(ann.id, name="Boiler", amount="880.50", currency="CNY", owner=None)
        crm.funnel.update(deal.id, closes=datetime(2027, 6, 30, tzinfo=UTC).date())
        report = run()
        assert (report.created, report.quarantined) == (3, 0), crm.sync.quarantine("crm")
        (note,) = book.live("Task")
        (sale,) = book.live("Opportunity")
        assert "打过电话" in note.values["Description"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        book.edit("Task", note.id, Description="new")
        book.edit("Opportunity", sale.id, StageName="Closed Won")
        copied = {name: value for name, value in note.values.items() if name == "WhatId"}
        book.create("Task", copied | {"Description": "theirs"})

        run()
        told = {one.text: one.source for one in crm.touchpoints.of(ann.id)}
        assert told == {"new": "shop", "theirs": "crm"}, crm.sync.quarantine("crm")
        assert [one.state for one in crm.funnel.of(ann.id)] == ["won"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        crm.touchpoints.retract("shop", "1", reason="never was")
        run()
        assert [one.values["Description"] for one in book.live("Task")] == ["theirs"]
        crm.close()
