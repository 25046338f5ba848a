"""Opportunities driven at random, against a model of what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from crmkit.contracts.documents import restore
from crmkit.errors import RefusedError
from crmkit.model.sales import FUNNEL_STAGES
from tests.lifecycle.firm import Firm

NAMES = ("ann", "bob")
OWNERS = st.sampled_from(["lin", "wang", None])
WHOM = st.sampled_from(NAMES)
STAGES = st.sampled_from(FUNNEL_STAGES)
REASONS = st.sampled_from(["", "he says so"])


class Selling(RuleBasedStateMachine):
    """No path sells after the end, opens a closed one, goes back or is lost without a reason."""

    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.shop = Firm()
        for name in NAMES:
            self.shop.buyer(name, 5)
        self.ended: set[str] = set()
        self.known: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.shop.crm.close()

    def allowed(self, allowed: bool, call: Any) -> Any:
        """Make a call that is carried out, or refused, as the model says."""
        if allowed:
            return call()
        before = self.shop.crm.changes(limit=10_000)
        with pytest.raises(RefusedError):
            call()
        assert self.shop.crm.changes(limit=10_000) == before
        return None

    @rule(target=made, whom=WHOM, owner=OWNERS, share=st.booleans())
    def open(self, whom: str, owner: str | None, share: bool) -> str:
        rivals = [
            one
            for one in self.known.values()
            if one["whom"] == whom
            and one["state"] == "open"
            and not one["shared"]
            and None not in (one["owner"], owner)
            and one["owner"] != owner
        ]
        fields = {"name": "tea", "amount": 5, "currency": "CNY", "reason": "both know him"}
        made = self.allowed(
            whom not in self.ended and (share or not rivals),
            lambda: self.shop.crm.funnel.open(whom, owner=owner, shared=share, **fields),
        )
        if made is None:
            return ""
        facts = {"whom": whom, "owner": owner, "state": "open", "stage": "meet", "shared": share}
        self.known[made.id] = facts
        return str(made.id)

    @rule(which=made, stage=STAGES, reason=REASONS)
    def move(self, which: str, stage: str, reason: str) -> None:
        if not which:
            return
        one = self.known[which]
        here, there = FUNNEL_STAGES.index(one["stage"]), FUNNEL_STAGES.index(stage)
        sells = there > here and (one["stage"], stage) != ("accept", "pay")
        allowed = (
            one["state"] == "open"
            and here != there
            and (there > here or bool(reason))
            and not (sells and one["whom"] in self.ended)
        )
        self.allowed(allowed, lambda: self.shop.crm.funnel.move(which, stage, reason=reason))
        if allowed:
            one["stage"], one["state"] = stage, "won" if stage == "pay" else "open"

    @rule(which=made)
    def lose(self, which: str) -> None:
        if not which:
            return
        one = self.known[which]
        allowed = one["state"] == "open"
        self.allowed(allowed, lambda: self.shop.crm.funnel.lose(which, reason="no budget"))
        one["state"] = "lost" if allowed else one["state"]

    @rule(whom=WHOM)
    def end(self, whom: str) -> None:
        if whom not in self.ended:
            ending = self.shop.lifecycle.end(whom, reason="market_exit", by="lin")
            self.shop.lifecycle.approve(ending.id, by="boss")
            self.ended.add(whom)

    @rule()
    def rebuild(self) -> None:
        with self.shop.crm.session.store.write() as writer:
            restore(writer)

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.shop.wait(days)

    @invariant()
    def what_is_held_is_what_was_done(self) -> None:
        held = {one.id: one for one in self.shop.crm.funnel.list(state=None)}
        assert {
            id_: (one.customer_id, one.owner, one.state, one.stage) for id_, one in held.items()
        } == {
            id_: (one["whom"], one["owner"], one["state"], one["stage"])
            for id_, one in self.known.items()
        }
        for one in held.values():
            for before, move in zip(one.moves, one.moves[1:], strict=False):
                back = FUNNEL_STAGES.index(move.stage) < FUNNEL_STAGES.index(before.stage)
                assert move.reason or not (back or move.lost)
        assert self.shop.crm.funnel.collisions() == ()

    @invariant()
    def figures_add_up(self) -> None:
        told = self.shop.crm.funnel.leaks(self.shop.at(10_000))
        states = [one["state"] for one in self.known.values()]
        assert sum(stage.still for stage in told.stages) <= states.count("open")
        assert sum(stage.lost for stage in told.stages) <= states.count("lost")
        forecast = self.shop.crm.funnel.forecast()
        assert sum(month.count for month in forecast.months) == states.count("open")
        assert all(0 <= month.expected <= month.amount for month in forecast.months)
        assert forecast.n == states.count("won") + states.count("lost")


TestSelling = pytest.mark.row("R82", "R25")(Selling.TestCase)
TestSelling.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
