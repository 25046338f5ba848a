"""What users of other tools complain about, each as one of their issues tells it.

Every test drives ``crm.sync`` against a vendor's simulator, and names the repository and number of
the issue it answers. What lies in one connector alone is tried in its own distribution, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.contracts.connector import SyncAborted
from crmkit.contracts.service import Service
from crmkit.contracts.tables import META
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot, Property, too_many
from crmkit.testing.simulators.salesforce import Salesforce
from crmkit.testing.simulators.zoho import Column, Zoho

PLUGINS = Path(__file__).parents[2] / "plugins"
START = datetime(2027, 3, 1, 8, tzinfo=UTC)


@attrs.define
class Shop:
    """A workspace, a CRM, and the one clock of both.

    Attributes:
        there: The simulator.
        object: The CRM's object of customers.
        name: Its field of names.
        crm: The workspace.
    """

    there: Any
    object: str
    name: str
    crm: Any

    @property
    def book(self) -> Book:
        found: Book = self.there.book
        return found

    def run(self, **kwargs: Any) -> Any:
        """Run once, ten minutes later, and remember the calls of this run alone."""
        self.book.advance(timedelta(minutes=10))
        self.there.calls.clear()
        return self.crm.sync.run("it", **kwargs)

    def save(self, number: int, **fields: Any) -> Any:
        key = crmkit.Identity("email", f"c{number}@example.com")
        named = crmkit.Customer(name=f"Ann {number}", identities=(key,), **fields)
        return self.crm.customers.save(named)

    def make(self, number: int, **values: Any) -> Any:
        """Let somebody there add a record."""
        email = "email" if self.object == "contacts" else "Email"
        mail = {email: f"c{number}@example.com"}
        return self.book.create(self.object, {self.name: f"Ann {number}"} | mail | values)

    def names(self) -> set[str]:
        """Give the names of our customers."""
        found, after = set(), None
        while True:
            page = self.crm.customers.search(limit=1000, after=after)
            found |= {one.name for one in page.items}
            after = page.next
            if after is None:
                return found

    def theirs(self) -> list[str]:
        """Give the names of their records."""
        return sorted(str(one.values.get(self.name)) for one in self.book.live(self.object))

    def quiet(self) -> None:
        """See that nothing is left to do."""
        assert self.run().written == 0


Opens = Callable[..., Shop]
_VENDORS: dict[str, tuple[Any, str, str, Mapping[str, str]]] = {
    "hubspot": (HubSpot, "contacts", "firstname", {"email": "email", "industry": "industry"}),
    "zoho": (Zoho, "Contacts", "Last_Name", {"email": "Email"}),
    "salesforce": (Salesforce, "Contact", "LastName", {"email": "Email"}),
}


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Opens]:
    """Give what opens a shop with a vendor's CRM; nobody really waits."""
    monkeypatch.setitem(Service.__init__.__kwdefaults__ or {}, "sleep", lambda _seconds: None)
    with ExitStack() as stack:

        def make(vendor: str, before: Shop | None = None, **section: Any) -> Shop:
            monkeypatch.syspath_prepend(str(PLUGINS / f"crmkit-{vendor}"))
            hooks = import_module(f"crmkit_{vendor}.hooks")
            simulator, object_, name, fields = _VENDORS[vendor]
            book = Book(start=START, step=timedelta(seconds=1), grain=timedelta(seconds=1))
            there = before.there if before else stack.enter_context(simulator(book=book))
            mapping = {"concept": "customers", "object": object_, "match": "email"}
            config = {
                "type": vendor,
                **_login(there),
                "limits": {},
                "mapping": [mapping | {"fields": {"name": name, **fields}}],
                **section,
            }
            crm = stack.enter_context(
                crmkit.connect(
                    f"sqlite:///{tmp_path}/shop.db" if vendor == "salesforce" else "memory://",
                    plugins=manager_for(hooks),
                    clock=there.book.now,
                    config={"connectors": {"it": config}},
                )
            )
            return Shop(there, object_, name, crm)

        yield make


def _login(there: Any) -> dict[str, str]:
    if isinstance(there, HubSpot):
        return {"base_url": there.url, "access_token": there.pat}
    if isinstance(there, Salesforce):
        return {
            "base_url": there.url,
            "client_id": there.client_id,
            "client_secret": there.client_secret,
            "refresh_token": there.refresh_token,
        }
    return {
        "base_url": there.url,
        "accounts_url": there.url,
        "client_id": "1000.CLIENT",
        "client_secret": "client-secret",
        "refresh_token": "1000.refresh",
    }


def test_thousands_on_one_instant_are_no_endless_loop(
    opens: Opens, monkeypatch: pytest.MonkeyPatch
):
    """airbytehq/airbyte#43317: more HubSpot rows on one lastmodified than the search gives."""
    monkeypatch.setattr("crmkit.testing.simulators.hubspot.searching.CAP", 300)
    shop = opens("hubspot")
    with shop.book.together():
        for number in range(700):
            shop.make(number)
    assert shop.run().created == 700
    shop.quiet()


def test_one_refused_record_of_a_batch_is_told(opens: Opens):
    """airbytehq/airbyte#74716, PR#74725: partial failures (207) were dropped in silence."""
    shop = opens("hubspot")
    shop.there.add_property("contacts", Property("firstname", barred=("Ann 3",)))
    saved = [shop.save(number) for number in range(5)]
    report = shop.run()
    assert (report.created, report.quarantined) == (4, 1)
    (item,) = shop.crm.sync.quarantine("it")
    assert item.key == saved[3].id
    assert "Ann 3" in item.reason
    shop.quiet()


def test_one_conflict_costs_no_whole_batch(opens: Opens):
    """airbytehq/airbyte PR#76340: HubSpot answers 409 to a batch for one record of it."""
    shop = opens("hubspot")
    saved = [shop.save(number) for number in range(6)]
    shop.run()
    shop.book.create("contacts", {"email": "taken@example.com"})
    for number, one in enumerate(saved):
        keys = one.identities
        if number == 2:
            keys = (*keys, crmkit.Identity("email", "taken@example.com"))
        shop.crm.customers.save(attrs.evolve(one, name=f"Bea {number}", identities=keys))
    shop.crm.sync.run("it")  # before anybody could have read of the new record
    assert {f"Bea {number}" for number in (0, 1, 3, 4, 5)} <= set(shop.theirs())


def test_more_than_2000_zoho_records_come(opens: Opens):
    """airbytehq/airbyte#30977: the list stopped at 2,000 records, page_token was not used."""
    shop = opens("zoho")
    for number in range(2_150):
        shop.make(number)
    assert shop.run().created == 2_150
    shop.quiet()


def test_more_than_50_zoho_fields_come(opens: Opens):
    """airbytehq/airbyte PR#27423: only the first 50 fields were asked for, the rest dropped."""
    names = [f"Level_{number}" for number in range(60)]
    custom = {name.lower(): name for name in names}
    fields = {"name": "Last_Name", "email": "Email", "attributes": custom}
    rule = {"concept": "customers", "object": "Contacts", "match": "email", "fields": fields}
    shop = opens("zoho", mapping=[rule])
    shop.there.modules["Contacts"].extend(Column(name=name) for name in names)
    shop.make(1, **{name: f"{name}!" for name in names})
    shop.run()
    (customer,) = shop.crm.customers.search().items
    assert {**customer.custom} == {name.lower(): f"{name}!" for name in names}
    shop.quiet()


def test_what_is_archived_there_is_noticed(opens: Opens):
    """airbytehq/airbyte#35017: archived HubSpot records were never marked in incremental mode."""
    shop = opens("hubspot", mapping=[_erasing("hubspot")])
    shop.make(1)
    shop.make(2)
    shop.run()
    shop.book.delete("contacts", shop.book.live("contacts")[0].id)
    shop.run()
    assert shop.names() == {"Ann 2"}
    shop.quiet()


def test_what_the_search_shows_late_is_not_missed(opens: Opens):
    """airbytehq/airbyte#23630, #40591: records were missing, in silence, in incremental reads."""
    shop = opens("hubspot")
    shop.there.search.lag = timedelta(seconds=60)
    shop.make(1)
    shop.run()
    shop.make(2)
    shop.crm.sync.run("it")  # the search does not show it yet
    shop.make(3)
    shop.run()
    assert shop.names() == {"Ann 1", "Ann 2", "Ann 3"}


def test_a_field_that_is_added_is_read_of_every_record(opens: Opens):
    """airbytehq/airbyte#77627, #82771: data was lost after a column was added in Salesforce."""
    shop = opens("salesforce")
    shop.make(1, Title="Dr.")
    shop.run()
    fields = {"name": "LastName", "email": "Email", "attributes": {"title": "Title"}}
    rule = {"concept": "customers", "object": "Contact", "match": "email", "fields": fields}
    again = opens("salesforce", shop, mapping=[rule])
    again.run()
    (customer,) = again.crm.customers.search().items
    assert customer.custom == {"title": "Dr."}
    del shop.there.objects["Contact"]["Title"]
    with pytest.raises(SyncAborted, match="Title"):
        again.run()


def test_rows_that_are_committed_late_are_read(opens: Opens):
    """dlt-hub/dlt#2269, #970, PR#1957: rows committed late behind the high-water mark."""
    shop = opens("zoho")
    shop.make(1)
    shop.book.create(
        "Contacts", {"Last_Name": "Late", "Email": "l@x.com"}, late=timedelta(seconds=70)
    )
    shop.make(2)
    shop.crm.sync.run("it")
    assert shop.names() == {"Ann 1", "Ann 2"}
    shop.book.advance(timedelta(seconds=80))
    shop.crm.sync.run("it")
    assert shop.names() == {"Ann 1", "Ann 2", "Late"}


def test_what_is_kept_of_a_cursor_does_not_grow(opens: Opens):
    """dlt-hub/dlt#4030, PR#4131: the state grew without bounds, many rows sharing a cursor."""
    shop = opens("zoho")
    with shop.book.together():
        for number in range(600):
            shop.make(number)
    shop.run()
    with shop.crm.session.store.read() as reader:
        kept = [row[1] for row in reader.scan(META) if row[0].startswith("sync.it.at.")]
    assert kept
    assert max(map(len, kept)) < 1_000


def test_nothing_new_moves_no_cursor(opens: Opens):
    """NangoHQ/integration-templates PR#488: the checkpoint went to now when no rows came."""
    shop = opens("zoho")
    shop.make(1)
    for _ in range(3):
        shop.run()
    named = {"Last_Name": "Late", "Email": "late@example.com"}
    shop.book.create("Contacts", named, late=timedelta(seconds=90))
    for _ in range(3):  # two runs that nothing comes to, and one that it does
        shop.book.advance(timedelta(seconds=40))
        shop.crm.sync.run("it")
    assert shop.names() == {"Ann 1", "Late"}


def test_a_reading_that_broke_off_deletes_nobody(opens: Opens):
    """NangoHQ/nango PR#5517, #4633, nango-sync#78: deletions were made up from partial reads."""
    shop = opens("hubspot", mapping=[_erasing("hubspot")])
    for number in range(250):
        shop.make(number)
    shop.run()
    shop.there.fail(*[Fault(answer=Answer({"message": "down"}, 503)) for _ in range(20)])
    with suppress(SyncAborted):
        shop.run()
    shop.run()
    assert len(shop.names()) == 250


def test_a_post_is_repeated_after_429(opens: Opens):
    """HubSpot/hubspot-api-python#117: retries did not apply to 429 on POST and PATCH."""
    shop = opens("hubspot")
    shop.save(1)
    shop.there.fail(*[attrs.evolve(too_many(after=0.01), on="upsert") for _ in range(2)])
    report = shop.run()
    assert (report.created, report.stopped) == (1, "")


def test_a_session_that_ends_is_renewed_once_and_in_the_middle(opens: Opens):
    """simple-salesforce#619, PR#685, n8n PR#32325: no refresh, endless ones, one a request."""
    shop = opens("salesforce")
    for number in range(450):
        shop.save(number)
    shop.run()
    logins = shop.there.logins
    for number in range(450, 900):
        shop.save(number)
    shop.there.expire()
    assert shop.run().created == 450
    assert shop.there.logins == logins + 1
    shop.there.fail(*[Fault(answer=_SESSION) for _ in range(30)])
    with pytest.raises(SyncAborted):
        shop.run()
    assert len(shop.there.calls) < 12


def test_a_dry_run_moves_no_cursor_and_what_is_refused_can_be_tried_again(opens: Opens):
    """drt-hub/drt#978, #278, #759: a dry run advanced the watermark; a dead letter was wanted."""
    shop = opens("hubspot")
    shop.there.add_property("contacts", Property("firstname", barred=("Ann 1",)))
    shop.make(7)
    shop.save(1)
    for _ in range(2):
        plan = shop.crm.sync.plan("it")
        assert {one.side for one in plan.creates} == {"ours", "theirs"}
    assert shop.run().quarantined == 1
    assert "Ann 7" in shop.names()
    shop.there.add_property("contacts", Property("firstname"))
    assert shop.run().written == 0
    assert shop.run(retry=True).created == 1
    assert shop.crm.sync.quarantine("it") == ()


def test_a_token_is_kept_and_shared_by_runs(opens: Opens):
    """solspace/craft-freeform#1372, #1412: sporadic INVALID_TOKEN, the refresh was not saved."""
    shop = opens("zoho")
    shop.save(1)
    for _ in range(4):
        shop.run()
    assert shop.there.tokens == 1
    shop.there.expire_tokens()
    shop.save(2)
    assert shop.run().created == 1
    assert shop.there.tokens == 2


def test_what_was_written_before_is_not_written_over(opens: Opens):
    """meltano/sdk#2117, meltano/meltano#8033: a target was reset after a run, state overwritten."""
    shop = opens("zoho")
    shop.make(1, Phone="+86 10 1234")
    shop.save(2)
    shop.run()
    shop.make(3, Phone="+86 10 5678")
    shop.run()
    shop.quiet()
    assert shop.theirs() == ["Ann 1", "Ann 2", "Ann 3"]
    phones = [one.values.get("Phone") for one in shop.book.live("Contacts")]
    assert "+86 10 1234" in phones
    assert "+86 10 5678" in phones


def _erasing(vendor: str) -> dict[str, Any]:
    _, object_, name, fields = _VENDORS[vendor]
    rule = {"concept": "customers", "object": object_, "match": "email"}
    return rule | {"on_remote_delete": "erase", "fields": {"name": name, **fields}}


_SESSION = Answer(
    [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}], status=401
)
