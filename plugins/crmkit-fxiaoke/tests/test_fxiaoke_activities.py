"""Touchpoints and opportunities of ours are the sales records and opportunities of 纷享销客."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_fxiaoke import hooks

import crmkit
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.fxiaoke import Fxiaoke

SECTION: dict[str, Any] = {
    "type": "fxiaoke",
    "limits": {},
    "mapping": [
        {
            "concept": "customers",
            "object": "AccountObj",
            "match": "email",
            "fields": {"name": "name", "email": "email"},
        },
        {
            "concept": "touchpoints",
            "object": "ActiveRecordObj",
            "kind": ["call"],
            "fields": {"text": "active_record_content", "customer": "account_id"},
        },
        {
            "concept": "opportunities",
            "object": "NewOpportunityObj",
            "match": "name",
            "fields": {
                "name": "name",
                "amount": "amount",
                "stage": {"field": "sales_stage", "values": {"meet": "1", "pay": "4"}},
                "closes": {"field": "close_date"},
                "customer": "account_id",
            },
        },
    ],
}


@pytest.mark.row("R280")
def test_notes_and_deals_are_kept_in_step(monkeypatch: pytest.MonkeyPatch):
    """Ours go out, theirs come in, edits cross, and a quiet run writes nothing."""
    monkeypatch.setitem(Service.__init__.__kwdefaults__ or {}, "sleep", lambda _seconds: None)
    second = timedelta(seconds=1)
    book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC), step=second, grain=second)
    with Fxiaoke(book=book) as there:
        section = SECTION | {
            "base_url": there.url,
            "app_id": "FSAID_1",
            "app_secret": "app-secret",
            "permanent_code": "permanent-code",
            "mobile": "13800138000",
            "token": "push-token",
            "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        }
        config = {"connectors": {"crm": section}}
        crm = crmkit.connect("memory://", plugins=manager_for(hooks), clock=book.now, config=config)

        def run() -> Any:
            book.advance(timedelta(minutes=10))
            return crm.sync.run("crm")

        key = crmkit.Identity("email", "ann@x.example")
        ann = crm.customers.save(crmkit.Customer(name="Ann", identities=(key,)))
        said = {"id": "1", "kind": "call", "at": book.now(), "customer": ann.id, "text": "打过电话"}
        crm.capture([said], source="shop")
        deal = crm.funnel.open(ann.id, name="Boiler", amount="880.50", currency="CNY", owner=None)
        crm.funnel.update(deal.id, closes=datetime(2027, 6, 30, tzinfo=UTC).date())
        report = run()
        assert (report.created, report.quarantined) == (3, 0), crm.sync.quarantine("crm")
        (note,) = book.live("ActiveRecordObj")
        (sale,) = book.live("NewOpportunityObj")
        assert "打过电话" in note.values["active_record_content"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        book.edit("ActiveRecordObj", note.id, active_record_content="new")
        book.edit("NewOpportunityObj", sale.id, sales_stage="4")
        copied = {
            name: value
            for name, value in note.values.items()
            if name in ("account_id", "life_status", "owner", "record_type")
        }
        book.create("ActiveRecordObj", copied | {"active_record_content": "theirs"})

        run()
        told = {one.text: one.source for one in crm.touchpoints.of(ann.id)}
        assert told == {"new": "shop", "theirs": "crm"}, crm.sync.quarantine("crm")
        assert [one.state for one in crm.funnel.of(ann.id)] == ["won"]
        quiet = run()
        assert (quiet.written, quiet.quarantined) == (0, 0)
        crm.touchpoints.retract("shop", "1", reason="never was")
        run()
        assert [one.values["active_record_content"] for one in book.live("ActiveRecordObj")] == [
            "theirs"
        ]
        crm.close()
