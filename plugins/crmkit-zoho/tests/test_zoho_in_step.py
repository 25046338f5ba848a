"""A workspace and its Zoho are kept in step by the engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from crmkit_zoho import hooks

import crmkit
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.zoho import Zoho

MAPPING = {
    "concept": "customers",
    "object": "Contacts",
    "match": "email",
    "fields": {
        "name": {"field": "Last_Name", "owner": "newest"},
        "email": {"field": "Email", "owner": "newest"},
        "industry": {"field": "Industry", "owner": "theirs"},
        "owner": {"field": "Owner"},
    },
}


@attrs.define
class Shop:
    """A workspace, its Zoho, and the one clock of both."""

    zoho: Zoho
    crm: Any = None

    def later(self, **by: float) -> None:
        self.zoho.book.advance(timedelta(**by))

    def save(self, number: int) -> str:
        mail = crmkit.Identity("email", f"c{number}@example.com")
        saved = self.crm.customers.save(
            crmkit.Customer(name=f"客户 {number}", identities=(mail,), owner="chen")
        )
        return str(saved.id)

    def run(self) -> Any:
        """Run once, a minute later, and remember the calls of this run alone."""
        self.later(minutes=1)
        self.zoho.calls.clear()
        return self.crm.sync.run("zoho")

    def calls(self) -> list[str]:
        """Give what was called of the module, without tokens, settings and the account."""
        paths = (call.path.removeprefix("/crm/v8/") for call in self.zoho.calls)
        return [path for path in paths if path.startswith("Contacts")]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Give a shop whose Zoho tells a second more at each write."""
    second = timedelta(seconds=1)
    book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC), step=second, grain=second)
    with Zoho(book=book) as zoho:
        section = {
            "type": "zoho",
            "base_url": zoho.url,
            "accounts_url": zoho.url,
            "client_id": "1000.CLIENT",
            "client_secret": "client-secret",
            "refresh_token": "1000.refresh",
            "users": {"lin": "554023000000235011", "chen": "554023000000235012"},
            "mapping": [MAPPING],
        }
        opened = crmkit.connect(
            "memory://",
            plugins=manager_for(hooks),
            clock=book.now,
            config={"connectors": {"zoho": section}},
        )
        with opened as crm:
            yield Shop(zoho, crm)


@pytest.mark.row("R281", "R271")
def test_both_sides_become_equal_and_stay_so(shop: Shop):
    """Ours go over in batches, theirs come in, edits cross, and a quiet run writes nothing."""
    for number in range(250):
        shop.save(number)
    there = shop.zoho.book.create("Contacts", {"Last_Name": "李", "Email": "li@example.com"})
    report = shop.run()
    assert (report.written, report.quarantined) == (251, 0)
    assert shop.calls().count("Contacts/upsert") == 3
    live = shop.zoho.book.live("Contacts")
    assert len(live) == 251
    assert {one.values.get("Owner") for one in live if one.id != there.id} == {"554023000000235012"}
    ours = shop.crm.customers.find(email="c7@example.com")
    assert shop.crm.customers.find(email="li@example.com").name == "李"
    shop.later(minutes=10)
    theirs = shop.zoho.book.find("Contacts", "Email", "c7@example.com")[0]
    shop.zoho.book.edit("Contacts", theirs.id, Last_Name="王芳", Industry="hotel")
    shop.run()
    again = shop.crm.customers.get(ours.id)
    assert (again.name, again.industry) == ("王芳", "hotel")
    assert shop.run().written == 0
    assert len(shop.zoho.book.live("Contacts")) == 251


def test_a_quiet_day_costs_two_calls(shop: Shop):
    """One asks for changes, one for deletions, though all were written on few seconds."""
    shop.zoho.book.step = timedelta(0)
    shop.zoho.state.inclusive = True
    for number in range(450):
        shop.save(number)
    for _ in range(3):  # they are written, read, and read once more after the overlap
        shop.run()
        shop.later(minutes=10)
    shop.later(days=1)
    report = shop.run()
    assert report.written == 0
    assert shop.calls() == ["Contacts", "Contacts/deleted"]


def test_a_cut_connection_makes_nobody_twice(shop: Shop):
    """The batch was taken, and its answer was lost."""
    for number in range(120):
        shop.save(number)
    shop.zoho.fail(Fault(cut=True, on="upsert"))
    shop.run()
    shop.run()
    mails = [one.values["Email"] for one in shop.zoho.book.live("Contacts")]
    assert len(mails) == len(set(mails)) == 120


def test_what_is_deleted_there_is_not_made_again(shop: Shop):
    """A deletion in Zoho unlinks; an erase here deletes there."""
    first, second = shop.save(1), shop.save(2)
    shop.run()
    gone = shop.zoho.book.find("Contacts", "Email", "c1@example.com")[0]
    shop.zoho.book.delete("Contacts", gone.id)
    shop.crm.customers.erase(second, reason="he asked")
    shop.run()
    shop.run()
    assert shop.zoho.book.live("Contacts") == []
    assert shop.crm.customers.get(first).name == "客户 1"
