"""Whatever both sides and the net do, one quiet run makes them equal, and nobody is there twice."""

from collections import Counter
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from crmkit_zoho import hooks
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    rule,
    run_state_machine_as_test,
)

import crmkit
from crmkit.contracts.connector import SyncError
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Answer, Fault, busy
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.zoho import Zoho

SECOND = timedelta(seconds=1)
MAPPING = {
    "concept": "customers",
    "object": "Contacts",
    "match": "email",
    "fields": {
        "name": {"field": "Last_Name", "owner": "newest"},
        "email": {"field": "Email", "owner": "newest"},
        "phone": {"field": "Phone", "owner": "theirs"},
    },
}
FAULTS = (
    Fault(cut=True, on="upsert"),
    Fault(cut=True, on="/crm/"),
    Fault(refuse=True, on="Contacts"),
    busy(),
    Fault(answer=Answer(b"<html>sorry</html>", 502), on="Contacts"),
    Fault(answer=Answer(b'{"data": [{'), on="Contacts"),
    Fault(answer=Answer({"code": "INVALID_TOKEN", "message": "no"}, 401), on="Contacts"),
)
NAMES = st.sampled_from(["王芳", "Ann Lee", "李", "🎂", "O'Neil", "Zoë"])


class Sides(RuleBasedStateMachine):
    """Our workspace and its Zoho, and people at work on both."""

    ours: Bundle[str] = Bundle("ours")
    theirs: Bundle[str] = Bundle("theirs")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        book = Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC), step=SECOND, grain=SECOND)
        self.zoho = self.stack.enter_context(Zoho(book=book))
        self.numbers = iter(range(1, 10**6))
        self.unlinked: set[str] = set()
        section = {
            "type": "zoho",
            "base_url": self.zoho.url,
            "accounts_url": self.zoho.url,
            "client_id": "1000.CLIENT",
            "client_secret": "client-secret",
            "refresh_token": "1000.refresh",
            "page_size": 2,
            "limits": {"wait": 0.0},
            "mapping": [MAPPING],
        }
        opened = crmkit.connect(
            "memory://",
            plugins=manager_for(hooks),
            clock=book.now,
            config={"connectors": {"zoho": section}},
        )
        self.crm: Any = self.stack.enter_context(opened)

    def teardown(self) -> None:
        try:
            self.quiet()
        finally:
            self.stack.close()

    @rule(target=ours, name=NAMES)
    def save(self, name: str) -> str:
        mail = f"c{next(self.numbers)}@example.com"
        identity = crmkit.Identity("email", mail)
        self.crm.customers.save(crmkit.Customer(name=name, identities=(identity,)))
        return mail

    @rule(target=theirs, name=NAMES)
    def add(self, name: str) -> str:
        mail = f"z{next(self.numbers)}@example.com"
        self.zoho.book.create("Contacts", {"Last_Name": name, "Email": mail})
        return mail

    @rule(mail=ours | theirs, name=NAMES)
    def edit_ours(self, mail: str, name: str) -> None:
        found = self.crm.customers.find(email=mail)
        if found is not None:
            self.crm.customers.save(attrs.evolve(found, name=name))

    @rule(mail=ours | theirs, name=NAMES)
    def edit_theirs(self, mail: str, name: str) -> None:
        for entry in self.zoho.book.find("Contacts", "Email", mail):
            self.zoho.book.edit("Contacts", entry.id, Last_Name=name, Phone="+86 755 1234567")

    @rule(mail=consumes(theirs))
    def delete_theirs(self, mail: str) -> None:
        for entry in self.zoho.book.find("Contacts", "Email", mail):
            self.zoho.book.delete("Contacts", entry.id)
            self.unlinked.add(mail)

    @rule()
    def tokens_end(self) -> None:
        self.zoho.expire_tokens()
        self.zoho.lists.expire()

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=4))
    def run_in_trouble(self, faults: list[Fault]) -> None:
        self.later()
        self.zoho.fail(*faults)
        with suppress(SyncError):
            self.crm.sync.run("zoho")
        self.zoho.mend()

    def later(self) -> None:
        self.zoho.book.advance(timedelta(minutes=1))

    def quiet(self) -> None:
        """Run once, and hold that both sides are equal and a second run writes nothing."""
        self.later()
        self.crm.sync.run("zoho")
        names = {
            entry.values["Email"]: entry.values["Last_Name"]
            for entry in self.zoho.book.live("Contacts")
        }
        here = {}
        for mail in {*names, *self._mails()}:
            found = self.crm.customers.find(email=mail)
            if found is not None:
                here[mail] = found.name
        assert names == {mail: name for mail, name in here.items() if mail not in self.unlinked}
        mails = Counter(entry.values["Email"] for entry in self.zoho.book.live("Contacts"))
        assert set(mails.values()) <= {1}
        self.later()
        assert self.crm.sync.run("zoho").written == 0

    def _mails(self) -> list[str]:
        return [entry.values["Email"] for entry in self.zoho.book.of("Contacts").values()]


@pytest.mark.row("R281")
def test_both_sides_become_equal_whatever_happens(monkeypatch: pytest.MonkeyPatch):
    """After any edits and deletions, faults, and tokens that end."""
    defaults = Service.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "sleep", lambda _seconds: None)
    run_state_machine_as_test(
        Sides,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
