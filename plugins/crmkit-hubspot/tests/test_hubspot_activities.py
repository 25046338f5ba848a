"""Touchpoints and opportunities of ours are the notes and deals of HubSpot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_hubspot import hooks

import crmkit
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot

SECTION: dict[str, Any] = {
    "type": "hubspot",
    "limits": {},
    "mapping": [
        {
            "concept": "customers",
            "object": "contacts",
            "match": "email",
            "fields": {"name": "firstname", "email": "email"},
        },
        {
            "concept": "touchpoints",
            "object": "notes",
            "kind": ["note"],
            "fields": {"text": "hs_note_body", "at": "hs_timestamp", "customer": "contact"},
        },
        {
            "concept": "opportunities",
            "object": "deals",
            "match": "name",
            "fields": {
                "name": "dealname",
                "amount": "amount",
                "stage": {
                    "field": "dealstage",
                    "values": {"meet": "appointment", "pay": "closedwon"},
                },
                "closes": {"field": "closedate"},
                "customer": "contact",
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
    with HubSpot(book=book) as there:
        section = SECTION | {
            "base_url": there.url,
            "access_token": there.pat,
            "client_secret": "hub-secret",
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
        (note,) = book.live("notes")
        (sale,) = book.live("deals")
        assert "打过电话" in note.values["hs_note_body"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        book.edit("notes", note.id, hs_note_body="new")
        book.edit("deals", sale.id, dealstage="closedwon")
        copied = {
            name: value
            for name, value in note.values.items()
            if name in ("hs_timestamp", "contact")
        }
        made = book.create("notes", copied | {"hs_note_body": "theirs"})
        (who,) = book.live("contacts")
        there.associations.add(("notes", "contacts"), made.id, who.id)
        run()
        told = {one.text: one.source for one in crm.touchpoints.of(ann.id)}
        assert told == {"new": "shop", "theirs": "crm"}, crm.sync.quarantine("crm")
        assert [one.state for one in crm.funnel.of(ann.id)] == ["won"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        crm.touchpoints.retract("shop", "1", reason="never was")
        run()
        assert [one.values["hs_note_body"] for one in book.live("notes")] == ["theirs"]
        crm.close()
