"""A workspace and its HubSpot are kept in step by the engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from crmkit_hubspot import hooks

import crmkit
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot, Property, too_many

CUSTOMERS = {
    "concept": "customers",
    "object": "contacts",
    "match": "email",
    "fields": {
        "name": {"field": "firstname", "owner": "newest"},
        "email": {"field": "email", "owner": "newest"},
        "industry": {"field": "industry", "owner": "theirs"},
        "owner": {"field": "hubspot_owner_id"},
    },
}


@attrs.define
class Shop:
    """A workspace, its HubSpot, and the one clock of both."""

    hubspot: HubSpot
    crm: Any = None

    @property
    def book(self) -> Book:
        return self.hubspot.book

    def save(self, number: int) -> str:
        mail = crmkit.Identity("email", f"c{number}@example.com")
        customer = crmkit.Customer(name=f"客户 {number}", identities=(mail,), owner="chen")
        return str(self.crm.customers.save(customer).id)

    def run(self, *, retry: bool = False, **later: float) -> Any:
        """Run once, ten minutes later, and remember the calls of this run alone."""
        self.book.advance(timedelta(**(later or {"minutes": 10})))
        self.hubspot.calls.clear()
        return self.crm.sync.run("hubspot", retry=retry)

    def calls(self) -> list[str]:
        """Give what was called of the object, without tokens, properties and the account."""
        paths = (call.path for call in self.hubspot.calls)
        return [path.removeprefix("/crm/v3/objects/") for path in paths if "/objects/" in path]

    def there(self, number: int) -> Any:
        return self.book.find("contacts", "email", f"c{number}@example.com")[0]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Give a shop whose HubSpot shows what is written a minute late."""
    monkeypatch.setitem(Service.__init__.__kwdefaults__ or {}, "sleep", lambda _seconds: None)
    book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC), first=101)
    with HubSpot(book=book) as hubspot:
        hubspot.search.lag = timedelta(minutes=1)
        section = {
            "type": "hubspot",
            "base_url": hubspot.url,
            "access_token": hubspot.pat,
            "client_secret": "hub-secret",
            "limits": {},
            "users": {"lin": "7", "chen": "8"},
            "mapping": [CUSTOMERS],
        }
        opened = crmkit.connect(
            "memory://",
            plugins=manager_for(hooks),
            clock=book.now,
            config={"connectors": {"hubspot": section}},
        )
        with opened as crm:
            yield Shop(hubspot, crm)


@pytest.mark.row("R271", "R282")
def test_both_sides_become_equal_and_stay_so(shop: Shop):
    """Ours go over in batches, theirs come in, edits cross, and a quiet run writes nothing."""
    ids = [shop.save(number) for number in range(250)]
    there = shop.book.create("contacts", {"firstname": "李", "email": "li@example.com"})
    report = shop.run()
    assert (report.written, report.quarantined) == (251, 0)
    assert shop.calls().count("contacts/batch/upsert") == 3
    live = shop.book.live("contacts")
    assert len(live) == 251
    assert {one.values.get("hubspot_owner_id") for one in live if one.id != there.id} == {"8"}
    assert shop.crm.customers.find(email="li@example.com").name == "李"
    shop.book.edit("contacts", shop.there(7).id, firstname="王芳", industry="hotel")
    shop.run()
    again = shop.crm.customers.get(ids[7])
    assert (again.name, again.industry) == ("王芳", "hotel")
    shop.crm.customers.save(attrs.evolve(again, name="王芳芳"))
    shop.run()
    assert shop.there(7).values["firstname"] == "王芳芳"
    assert shop.run().written == 0
    assert len(shop.book.live("contacts")) == 251


def test_a_quiet_day_costs_two_calls(shop: Shop):
    """One asks for changes, one for what was archived, though all bear one instant."""
    shop.book.step = timedelta(0)
    for number in range(150):
        shop.save(number)
    for _ in range(3):  # they are written, read, and read once more after the overlap
        shop.run(minutes=10)
    report = shop.run(days=1)
    assert report.written == 0
    assert shop.calls() == ["contacts/search", "contacts"]


@pytest.mark.parametrize("fault", [Fault(cut=True, on="/batch/"), too_many("SECONDLY")])
def test_trouble_makes_nobody_twice(shop: Shop, fault: Fault):
    """A batch whose answer was lost, and one that came too early."""
    for number in range(120):
        shop.save(number)
    shop.hubspot.fail(fault)
    shop.run()
    shop.run()
    mails = [one.values["email"] for one in shop.book.live("contacts")]
    assert len(mails) == len(set(mails)) == 120


def test_what_is_archived_there_is_not_made_again(shop: Shop):
    """It is unlinked here, and stays archived; an erase here archives there."""
    first, second = shop.save(1), shop.save(2)
    shop.run()
    gone = shop.there(1)
    shop.book.delete("contacts", gone.id)
    shop.crm.customers.erase(second, reason="he asked")
    shop.run()
    shop.run()
    assert shop.book.live("contacts") == []
    assert shop.crm.customers.get(first).name == "客户 1"
    assert gone.deleted


def test_who_is_one_there_is_one_here(shop: Shop):
    """A merge in HubSpot joins the two customers, and nothing is made anew."""
    first, second = shop.save(1), shop.save(2)
    shop.run()
    shop.book.merge("contacts", shop.there(1).id, shop.there(2).id)
    shop.run()
    shop.run()
    assert len(shop.book.live("contacts")) == 1
    kept = shop.crm.customers.find(email="c2@example.com")
    assert {kept.id} <= {first, second}
    assert shop.crm.customers.find(email="c1@example.com").id == kept.id


def test_a_webhook_is_acknowledged_and_read_for(shop: Shop):
    """What it says is not believed but read again, once the search is not needed for it."""
    known = shop.save(1)
    shop.run()
    entry = shop.there(1)
    shop.book.edit("contacts", entry.id, firstname="王芳")
    url = "https://shop.example/hooks/hubspot"
    event = {"subscriptionType": "contact.propertyChange", "objectId": int(entry.id)}
    headers, body = shop.hubspot.signed([event], url, at=datetime.now(UTC))
    response = shop.crm.sync.receive("hubspot", headers, body, method="POST", url=url)
    assert response.status == 200
    shop.crm.sync.wait()
    assert shop.crm.customers.get(known).name == "王芳"


def test_a_bad_record_waits_with_hubspots_words(shop: Shop):
    """The others of its batch are written; whom HubSpot refuses is named with its reason."""
    shop.hubspot.add_property("contacts", Property("firstname", barred=("客户 3",)))
    for number in range(5):
        shop.save(number)
    assert shop.run().quarantined == 1
    (item,) = shop.crm.sync.quarantine("hubspot")
    assert "firstname: '客户 3' is not valid" in item.reason
    assert len(shop.book.live("contacts")) == 4
    shop.hubspot.add_property("contacts", Property("firstname"))
    shop.run(retry=True)
    assert shop.there(3).values["firstname"] == "客户 3"
    assert [*shop.crm.sync.quarantine("hubspot")] == []


def test_a_conflict_of_two_hides_no_other(shop: Shop):
    """Who takes an address that HubSpot gave to another waits; the batch is written."""
    ids = [shop.save(number) for number in range(6)]
    shop.run()
    shop.book.create("contacts", {"email": "taken@example.com"})
    for number, id_ in enumerate(ids):
        known = shop.crm.customers.get(id_)
        name = attrs.evolve(known, name=f"新 {number}")
        if number == 2:
            name = attrs.evolve(name, identities=(crmkit.Identity("email", "taken@example.com"),))
        shop.crm.customers.save(name)
    shop.run(seconds=1)
    names = sorted(one.values.get("firstname") or "" for one in shop.book.live("contacts"))
    assert {f"新 {number}" for number in (0, 1, 3, 4, 5)} <= {*names}
