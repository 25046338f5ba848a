"""After any touchpoints on both sides, faults and kills, one quiet run brings them in step."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from crmkit.errors import InvalidValueError
from tests.sync.machines import PICK, SETTINGS, Machine
from tests.sync.objects import ACCOUNTS, NOTES, TOUCHPOINTS

KINDS = st.sampled_from(["note", "call", "visit", "login"])
WORDS = {"note": "Note", "call": "Call", "visit": "Visit"}


class Touchpoints(Machine):
    """Organisations and what happened with them."""

    mapping = TOUCHPOINTS
    entity = NOTES

    def told(self) -> list[Any]:
        return [one for who in self.ours() for one in self.shop.crm.touchpoints.of(who.id)]

    @rule(pick=PICK, kind=KINDS, amount=st.none() | st.sampled_from(["1.10", "880", "0.01"]))
    def capture(self, pick: int, kind: str, amount: str | None) -> None:
        one = self.some(pick)
        if one is not None:
            number = self.number()
            said = {"id": str(number), "kind": kind, "at": self.shop.clock.now, "customer": one.id}
            more = {"amount": amount, "currency": "EUR"} if amount else {}
            self.shop.crm.capture([said | more | {"text": f"t{number}"}], source="shop")

    @rule(pick=PICK, kind=KINDS)
    def correct(self, pick: int, kind: str) -> None:
        found = self.told()
        if found:
            one = found[pick % len(found)]
            changes = {"text": f"t{self.number()}"} | ({"kind": kind} if kind in WORDS else {})
            self.shop.clock.advance(seconds=1)
            self.shop.crm.touchpoints.correct(one.source, one.id, changes, reason="said")

    @rule(pick=PICK, other=PICK)
    def give(self, pick: int, other: int) -> None:
        found, whose = self.told(), self.some(other)
        if found:
            one = found[pick % len(found)]
            try:
                change = {"customer": whose.id}
                self.shop.crm.touchpoints.correct(one.source, one.id, change, reason="his")
            except InvalidValueError:
                pass  # it was his

    @rule(pick=PICK)
    def retract(self, pick: int) -> None:
        found = self.told()
        if found:
            one = found[pick % len(found)]
            self.shop.crm.touchpoints.retract(one.source, one.id, reason="never was")

    @rule(pick=PICK, kind=st.sampled_from([None, "Call", "Visit"]))
    def add_there(self, pick: int, kind: str | None) -> None:
        account = self.there(ACCOUNTS, pick)
        if account is not None:
            values = {"Text": f"t{self.number()}", "Account": account.id, "Kind": kind}
            self.shop.book.create(NOTES, values)

    @rule(pick=PICK)
    def edit_there(self, pick: int) -> None:
        one = self.there(NOTES, pick)
        if one is not None:
            self.shop.book.edit(NOTES, one.id, Text=f"t{self.number()}")

    def law(self) -> None:
        pairs, held, accounts = self.pairs(), self.held(), self.linked_accounts()
        assert len(set(pairs.values())) == len(pairs)
        texts = [entry.values["Text"] for entry in self.shop.book.live(NOTES)]
        assert len(set(texts)) == len(texts), texts
        by_text = {one.text: one for one in self.told()}
        for entry in self.shop.book.live(NOTES):
            whose = entry.values.get("Account")
            if entry.id in held or pairs.get(entry.id) in held or whose not in accounts:
                continue
            assert entry.id in pairs, entry
            one = by_text[entry.values["Text"]]
            assert WORDS.get(one.kind) == entry.values["Kind"], (one, entry)
            assert float(one.amount or 0) == (entry.values.get("Amount") or 0)
        there = {entry.values["Text"] for entry in self.shop.book.live(NOTES)}
        own = set(pairs.values())
        for one in by_text.values():
            if f"{one.source}/{one.id}" in own:
                assert one.text in there, one


TestTouchpoints = Touchpoints.TestCase
TestTouchpoints.settings = SETTINGS
