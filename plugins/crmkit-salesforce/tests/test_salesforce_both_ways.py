"""After any edits on both sides and any trouble, one quiet run makes both sides equal."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs
import pytest
from crmkit_salesforce import hooks
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import crmkit
from crmkit.contracts.connector import RetryLater, SyncError
from crmkit.contracts.service import Service
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.salesforce import Salesforce as Organisation
from crmkit.testing.simulators.salesforce import limit_exceeded, unavailable

FAULTS = (
    Fault(cut=True, on="composite"),
    Fault(refuse=True, on="composite"),
    Fault(cut=True),
    Fault(answer=Answer(b"<html><title>Down</title>")),
    limit_exceeded(),
    limit_exceeded(concurrent=True),
    unavailable(),
)
NAMES = st.sampled_from(["Lin", "王芳", "O'Neil", "👩\u200d👧", "Zoë"])
EMAILS = st.sampled_from([f"c{number}@example.com" for number in range(6)])


class BothWays(RuleBasedStateMachine):
    """A shop and its organisation, in which people work at the same time."""

    match = "email"
    field = "Email"

    def __init__(self) -> None:
        super().__init__()
        self.patched = pytest.MonkeyPatch()
        defaults = Service.__init__.__kwdefaults__ or {}
        self.patched.setitem(defaults, "sleep", lambda _seconds: None)
        self.org = Organisation(rows=2)
        self.org.__enter__()
        section = {
            "type": "salesforce",
            "base_url": self.org.url,
            "client_id": self.org.client_id,
            "client_secret": self.org.client_secret,
            "refresh_token": self.org.refresh_token,
            "mapping": [
                {
                    "concept": "customers",
                    "object": "Contact",
                    "match": self.match,
                    "direction": "both",
                    "fields": {"name": "LastName", "email": self.field},
                }
            ],
        }
        self.crm = crmkit.connect(
            "memory://", config={"connectors": {"sf": section}}, plugins=manager_for(hooks)
        )
        self.left: set[str] = set()

    def teardown(self) -> None:
        self.crm.close()
        self.org.__exit__(None, None, None)
        self.patched.undo()

    def theirs(self) -> dict[str, Any]:
        return {one.values[self.field].lower(): one for one in self.org.book.live("Contact")}

    @rule(email=EMAILS, name=NAMES)
    def save_here(self, email: str, name: str) -> None:
        known = self.crm.customers.find(email=email)
        identities = (crmkit.Identity("email", email),)
        customer = known or crmkit.Customer(identities=identities)
        self.crm.customers.save(attrs.evolve(customer, name=name))

    @rule(email=EMAILS, name=NAMES)
    def save_there(self, email: str, name: str) -> None:
        self.org.book.advance(timedelta(seconds=2))
        known = self.theirs().get(email)
        if known is None:
            self.org.book.create("Contact", {"LastName": name, self.field: email})
            self.left.discard(email)
        else:
            self.org.book.edit("Contact", known.id, LastName=name)

    @rule(email=EMAILS)
    def delete_there(self, email: str) -> None:
        known = self.theirs().get(email)
        if known is not None:
            self.org.book.delete("Contact", known.id)
            self.left.add(email)

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def break_things(self, faults: list[Fault]) -> None:
        self.org.fail(*faults)

    @rule(cursors=st.booleans())
    def forget(self, cursors: bool) -> None:
        if cursors:
            self.org.reading.cursors.clear()
        else:
            self.org.expire()

    @rule()
    def run_in_trouble(self) -> None:
        with suppress(SyncError, RetryLater):
            self.crm.sync.run("sf")

    @rule()
    def run_quietly(self) -> None:
        self.org.mend()
        self.org.book.advance(timedelta(minutes=5))
        self.crm.sync.run("sf")
        assert self.crm.sync.quarantine("sf") == ()
        theirs = {email: one.values["LastName"] for email, one in self.theirs().items()}
        ours = {one: self.crm.customers.find(email=one) for one in self.emails()}
        names = {email: one.name for email, one in ours.items() if one is not None}
        assert {email: names.get(email) for email in theirs} == theirs
        assert {*names} - {*theirs} <= self.left
        self.org.book.advance(timedelta(minutes=5))
        assert self.crm.sync.run("sf").written == 0

    def emails(self) -> list[str]:
        return [f"c{number}@example.com" for number in range(6)]

    @invariant()
    def nobody_is_there_twice(self) -> None:
        found = [one.values[self.field].lower() for one in self.org.book.live("Contact")]
        assert len(found) == len(set(found))


class ByExternalId(BothWays):
    """The same on an external id, which is upserted on."""

    field = "Ext__c"


SOME = settings(max_examples=8, stateful_step_count=15, deadline=None)
TestBothWays = pytest.mark.row("R271", "R282")(BothWays.TestCase)
TestByExternalId = ByExternalId.TestCase
TestBothWays.settings = TestByExternalId.settings = SOME
