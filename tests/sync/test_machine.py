"""After any edits on both sides, faults and kills, one quiet run brings both in step."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from crmkit.contracts.tables import PAIR
from tests.sync.fake import CONTACTS, MAPPING, Fake, Shop
from tests.sync.machines import ABLE, PICK, Runs

NAMES = st.sampled_from(["Ann", "Bob", "王芳", "refuse me", "x" * 70])
LEVELS = st.sampled_from([None, 1, 2.5, 3])
INDUSTRIES = st.sampled_from([None, "retail", "hotel"])
MAILS = st.integers(0, 9).map(lambda n: f"c{n}@example.com")


class Machine(Runs):
    """Both sides, edited at will."""

    @initialize(can=ABLE, whole=st.booleans(), match=st.sampled_from(["email", "id"]))
    def begin(self, can: frozenset[str], whole: bool, match: str) -> None:
        fake = Fake(can=can, whole=whole, page=4, batch=3, overlap=5)
        mapping = dict(MAPPING, match=match)
        if match == "id":
            mapping["fields"] = {**MAPPING["fields"], "id": {"field": "Key", "owner": "ours"}}
        self.shop = Shop(fake, mappings=[mapping])
        self.match = match
        self.saved = 0
        self.erased: set[str] = set()
        self.odd = False  # what a side refuses, and what a merge brings along, no plan foresees

    # -- ours ------------------------------------------------------------------------------

    def ours(self) -> list[Any]:
        return list(self.shop.crm.customers.search(limit=1000).items)

    @rule(name=NAMES, mail=st.none() | MAILS, level=LEVELS, industry=INDUSTRIES)
    def save(self, name: str, mail: str | None, level: Any, industry: str | None) -> None:
        if mail and (mail in self.erased or self.shop.crm.customers.find(email=mail)):
            return
        self.saved += 1
        self.odd |= name == "refuse me"
        custom = {} if level is None else {"level": level}
        self.shop.save(
            f"{name} {self.saved}" if name == "Bob" else name,
            mail,
            industry=industry,
            custom=custom,
        )

    @rule(pick=PICK, name=NAMES, industry=INDUSTRIES, level=LEVELS)
    def edit(self, pick: int, name: str, industry: str | None, level: Any) -> None:
        found = self.ours()
        self.odd |= name == "refuse me"
        if found:
            one = found[pick % len(found)]
            self.shop.clock.advance(seconds=1)
            custom = {} if level is None else {"level": level}
            self.shop.crm.customers.save(
                attrs.evolve(one, name=name, industry=industry, custom=custom)
            )

    @rule(pick=PICK)
    def erase(self, pick: int) -> None:
        found = self.ours()
        if found:
            one = found[pick % len(found)]
            self.odd = True
            self.erased |= {key.value for key in one.identities}
            self.shop.crm.customers.erase(one.id, reason="asked")

    @rule(pick=PICK, other=PICK)
    def merge(self, pick: int, other: int) -> None:
        self.odd = True
        found = self.ours()
        if len(found) > 1 and pick % len(found) != other % len(found):
            keep, drop = found[pick % len(found)], found[other % len(found)]
            self.shop.crm.customers.merge(keep.id, drop.id, reason="one")

    # -- theirs ----------------------------------------------------------------------------

    @rule(name=NAMES, mail=st.none() | MAILS, level=LEVELS)
    def create_there(self, name: str, mail: str | None, level: Any) -> None:
        if mail and self.shop.theirs(Email=mail):
            return
        self.odd |= name == "refuse me"
        values = {"Name": name, "Email": mail, "Level": level}
        self.shop.book.create(CONTACTS, {k: v for k, v in values.items() if v is not None})

    @rule(pick=PICK, name=NAMES, industry=INDUSTRIES, level=LEVELS)
    def edit_there(self, pick: int, name: str, industry: str | None, level: Any) -> None:
        found = self.shop.theirs()
        if found:
            one = found[pick % len(found)]
            self.shop.book.edit(CONTACTS, one.id, Name=name, Industry=industry, Level=level)

    @rule(pick=PICK)
    def delete_there(self, pick: int) -> None:
        found = self.shop.theirs()
        if found:
            self.shop.book.delete(CONTACTS, found[pick % len(found)].id)

    @rule(pick=PICK, other=PICK)
    def merge_there(self, pick: int, other: int) -> None:
        self.odd = True
        found = self.shop.theirs()
        if len(found) > 1 and pick % len(found) != other % len(found):
            keep, drop = found[pick % len(found)], found[other % len(found)]
            self.shop.book.merge(CONTACTS, keep.id, drop.id)

    # -- the law -----------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        shop = self.shop
        plan = shop.crm.sync.plan("crm")
        report = shop.run()
        if not self.odd:
            found = (len(plan.creates), len(plan.updates), len(plan.deletes))
            assert found == (report.created, report.updated, report.deleted), plan
        again = shop.run()
        assert again.written == 0, again
        plan = shop.crm.sync.plan("crm")
        assert plan.empty, plan
        held = {one.key for one in shop.crm.sync.quarantine("crm")}
        # Where a merge there was not told, an address is two people's here: somebody has to say.
        disputed = {one.identity.value for one in shop.crm.customers.collisions()}
        mails = [
            mail
            for one in shop.theirs()
            if (mail := one.values.get("Email")) not in (None, *disputed)
            and one.id not in held  # its address is somebody's already
        ]
        if self.match == "email":  # else two people made two records of one address
            assert len(set(mails)) == len(mails), mails
        keys = [one.values.get("Key") for one in shop.theirs() if one.values.get("Key")]
        assert len(set(keys)) == len(keys), keys
        asked = {(one.key, one.field) for one in shop.crm.sync.conflicts("crm") if one.took is None}
        with shop.crm.session.store.read() as reader:
            pairs = {row[2]: row[3] for row in reader.scan(PAIR) if row[5] == "linked"}
        linked = set()
        for one in self.ours():
            theirs = shop.book.get(CONTACTS, pairs.get(one.id) or "")
            if theirs is None:
                continue
            linked.add(theirs.id)
            if one.id in held or theirs.id in held:
                continue
            assert (one.name or None) == theirs.values.get("Name")
            assert one.industry == theirs.values.get("Industry") or not theirs.values.get(
                "Industry"
            )
            if (one.id, "attributes.level") not in asked:
                assert one.custom.get("level") == theirs.values.get("Level")
        for entry in shop.theirs():
            assert entry.id in linked or entry.id in held, entry
        shop.crm.close()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
