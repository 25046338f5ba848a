"""After any moves of deals on both sides, faults and kills, one quiet run brings them in step."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from crmkit.errors import RefusedError
from crmkit.model.sales import FUNNEL_STAGES
from tests.sync.machines import PICK, SETTINGS, Machine
from tests.sync.objects import ACCOUNTS, DEALS, DEALS_MAPPING, STAGES

WORDS = DEALS_MAPPING["fields"]["stage"]["values"]
AMOUNTS = st.sampled_from(["0", "1.10", "880", "99999.99"])


class Opportunities(Machine):
    """Organisations and what may be sold to them."""

    mapping = DEALS_MAPPING
    entity = DEALS

    def deals(self) -> list[Any]:
        return [one for who in self.ours() for one in self.shop.crm.funnel.of(who.id)]

    def open(self, pick: int) -> Any:
        found = [one for one in self.deals() if one.state == "open"]
        return found[pick % len(found)] if found else None

    @rule(pick=PICK, amount=AMOUNTS, owner=st.sampled_from([None, "lin", "wei"]))
    def begin_one(self, pick: int, amount: str, owner: str | None) -> None:
        who = self.some(pick)
        if who is not None:
            name = f"d{self.number()}"
            with suppress(RefusedError):  # another manager has one open with him
                self.shop.crm.funnel.open(
                    who.id, name=name, amount=amount, currency="EUR", owner=owner
                )

    @rule(pick=PICK, stage=st.sampled_from(FUNNEL_STAGES))
    def step(self, pick: int, stage: str) -> None:
        one = self.open(pick)
        if one is not None and one.stage != stage:
            self.shop.clock.advance(seconds=1)
            self.shop.crm.funnel.move(one.id, stage, reason="so it is")

    @rule(pick=PICK, amount=AMOUNTS)
    def edit(self, pick: int, amount: str) -> None:
        one = self.open(pick)
        if one is not None:
            self.shop.clock.advance(seconds=1)
            self.shop.crm.funnel.update(one.id, name=f"d{self.number()}", amount=amount)

    @rule(pick=PICK)
    def lose(self, pick: int) -> None:
        one = self.open(pick)
        if one is not None:
            self.shop.crm.funnel.lose(one.id, reason="price")

    @rule(
        pick=PICK, stage=st.none() | st.sampled_from(STAGES), owner=st.sampled_from([None, "wei"])
    )
    def add_there(self, pick: int, stage: str | None, owner: str | None) -> None:
        account = self.there(ACCOUNTS, pick)
        if account is not None:
            values = {"Name": f"d{self.number()}", "Account": account.id, "Stage": stage}
            self.shop.book.create(DEALS, values | {"Owner": owner, "Amount": 5})

    @rule(pick=PICK, stage=st.sampled_from(STAGES))
    def edit_there(self, pick: int, stage: str) -> None:
        one = self.there(DEALS, pick)
        if one is not None:
            self.shop.book.edit(DEALS, one.id, Name=f"d{self.number()}", Stage=stage)

    def law(self) -> None:
        pairs, held, accounts = self.pairs(), self.held(), self.linked_accounts()
        assert len(set(pairs.values())) == len(pairs)
        names = [entry.values["Name"] for entry in self.shop.book.live(DEALS)]
        assert len(set(names)) == len(names), names
        by_id = {one.id: one for one in self.deals()}
        for entry in self.shop.book.live(DEALS):
            whose = entry.values.get("Account")
            if entry.id in held or pairs.get(entry.id) in held or whose not in accounts:
                continue
            assert entry.id in pairs, entry
            one = by_id[pairs[entry.id]]
            word = WORDS["lost" if one.state == "lost" else one.stage]
            said = (one.name, float(one.amount), word, one.owner)
            there = [entry.values.get(name) for name in ("Name", "Amount", "Stage", "Owner")]
            assert said == tuple(there), (one, entry)


TestOpportunities = Opportunities.TestCase
TestOpportunities.settings = SETTINGS
