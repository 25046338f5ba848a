"""Touchpoints and opportunities of ours are the notes and deals of Zoho."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_zoho import hooks

import crmkit
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.zoho import Zoho

SECTION: dict[str, Any] = {
    "type": "zoho",
    "limits": {},
    "mapping": [
        {
            "concept": "customers",
            "object": "Contacts",
            "match": "email",
            "fields": {"name": "Last_Name", "email": "Email"},
        },
        {
            "concept": "touchpoints",
            "object": "Notes",
            "kind": ["note"],
            "fields": {"text": "Note_Content", "customer": "Parent_Id"},
        },
        {
            "concept": "opportunities",
            "object": "Deals",
            "match": "name",
            "fields": {
                "name": "Deal_Name",
                "amount": "Amount",
                "stage": {
                    "field": "Stage",
                    "values": {"meet": "Qualification", "pay": "Closed Won"},
                },
                "closes": {"field": "Closing_Date"},
                "customer": "Contact_Name",
            },
        },
    ],
}


@pytest.mark.row("R281")
def test_notes_and_deals_are_kept_in_step(monkeypatch: pytest.MonkeyPatch):
    """Ours go out, theirs come in, edits cross, and a quiet run writes nothing."""
    monkeypatch.setitem(Service.__init__.__kwdefaults__ or {}, "sleep", lambda _seconds: None)
    second = timedelta(seconds=1)
    book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC), step=second, grain=second)
    with Zoho(book=book) as there:
        section = SECTION | {
            "base_url": there.url,
            "accounts_url": there.url,
            "client_id": "1000.CLIENT",
            "client_secret": "client-secret",
            "refresh_token": "1000.refresh",
        }
        config = {"connectors": {"crm": section}}
        crm = crmkit.connect("memory://", plugins=manager_for(hooks), clock=book.now, config=config)

        def run() -> Any:
            book.advance(timedelta(minutes=10))
            return crm.sync.run("crm")

        key = crmkit.Identity("email", "ann@x.example")
        ann = crm.customers.save(crmkit.Customer(name="Ann", identities=(key,)))
        said = {"id": "1", "kind": "note", "at": book.now(), "customer": ann.id, "text": "打过电话"}
        crm.capture([said], source="shop")
        deal = crm.funnel.open(ann.id, name="Boiler", amount="880.50", currency="CNY", owner=None)
        crm.funnel.update(deal.id, closes=datetime(2027, 6, 30, tzinfo=UTC).date())
        report = run()
        assert (report.created, report.quarantined) == (3, 0), crm.sync.quarantine("crm")
        (note,) = book.live("Notes")
        (sale,) = book.live("Deals")
        assert "打过电话" in note.values["Note_Content"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        book.edit("Notes", note.id, Note_Content="new")
        book.edit("Deals", sale.id, Stage="Closed Won")
        copied = {name: value for name, value in note.values.items() if name == "Parent_Id"}
        book.create("Notes", copied | {"Note_Content": "theirs"})

        run()
        told = {one.text: one.source for one in crm.touchpoints.of(ann.id)}
        assert told == {"new": "shop", "theirs": "crm"}, crm.sync.quarantine("crm")
        assert [one.state for one in crm.funnel.of(ann.id)] == ["won"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        crm.touchpoints.retract("shop", "1", reason="never was")
        run()
        assert [one.values["Note_Content"] for one in book.live("Notes")] == ["theirs"]
        crm.close()
