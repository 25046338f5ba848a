"""Key accounts and their promises, drawn at random, against a plain model of what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crmkit.errors import InvalidValueError, RefusedError
from tests.lifecycle.firm import Firm

MOST = 2
NAMES = ("ann", "bob", "cat", "dan")
RICH = {"ann", "bob"}
WHOM = st.sampled_from(NAMES)


class KeyAccounts(RuleBasedStateMachine):
    """No account without a sponsor, a reason and the criteria; never too many; promises settle."""

    def __init__(self) -> None:
        super().__init__()
        policy = {"most": MOST, "least": 1, "criteria": {"lifetime_profit": 100}}
        self.shop = Firm(key_accounts=policy)
        for name in NAMES:
            self.shop.save(name)
            margin = "200" if name in RICH else "20"
            fields = {"amount": "500", "margin": margin, "currency": "CNY"}
            self.shop.note(name, "purchase", 10, **fields)
        self.keys = self.shop.crm.key_accounts
        self.members: list[str] = []
        self.ended: set[str] = set()
        self.promises: dict[str, str] = {}

    def teardown(self) -> None:
        self.shop.crm.close()

    def tried(self, call: Callable[[], Any], *, allowed: bool) -> Any:
        """Make a call that the model allows, or see that it is refused and changes nothing."""
        if allowed:
            return call()
        before = self.shop.crm.changes(limit=10_000)
        try:
            call()
        except (RefusedError, InvalidValueError):
            assert self.shop.crm.changes(limit=10_000) == before
        else:
            raise AssertionError("a forbidden move was made")
        return None

    @rule(
        whom=WHOM,
        sponsor=st.sampled_from(("boss", "lin", "nobody")),
        manager=st.sampled_from(("boss", "lin", "nobody")),
        reason=st.sampled_from(("grows", " ")),
        exception=st.sampled_from((None, "an old friend", "")),
    )
    def admit(
        self, whom: str, sponsor: str, manager: str, reason: str, exception: str | None
    ) -> None:
        allowed = (
            sponsor == "boss"
            and manager == "lin"
            and bool(reason.strip())
            and exception != ""
            and whom not in self.members
            and whom not in self.ended
            and len(self.members) < MOST
            and (whom in RICH or exception is not None)
        )
        said = {"sponsor": sponsor, "manager": manager, "reason": reason, "exception": exception}
        made = self.tried(lambda: self.keys.admit(whom, **said), allowed=allowed)
        if made is not None:
            self.members.append(whom)
            assert (made.exception is None) == (whom in RICH)

    @rule(whom=WHOM, reason=st.sampled_from(("moved away", "")))
    def remove(self, whom: str, reason: str) -> None:
        allowed = whom in self.members and bool(reason)
        if self.tried(lambda: self.keys.remove(whom, reason=reason), allowed=allowed) is not None:
            self.members.remove(whom)

    @rule(whom=WHOM)
    def end(self, whom: str) -> None:
        if whom in self.ended:
            return
        lifecycle = self.shop.lifecycle
        lifecycle.approve(lifecycle.end(whom, reason="market_exit", by="lin").id, by="boss")
        self.ended.add(whom)

    @rule(whom=WHOM)
    def begin_anew(self, whom: str) -> None:
        allowed = whom in self.ended
        lifecycle = self.shop.lifecycle
        self.tried(lambda: lifecycle.reopen(whom, reason="they ask", by="lin"), allowed=allowed)
        self.ended.discard(whom)

    @rule()
    def review(self) -> None:
        self.shop.wait(1)
        found = self.keys.review(by="boss")
        proposed = {one.customer_id: one.proposal for one in found.accounts}
        assert proposed == {
            whom: "remove" if whom in self.ended else "keep" for whom in self.members
        }
        admitted = [one.customer_id for one in found.candidates if one.proposal == "admit"]
        assert len(admitted) <= MOST - len(self.members)
        assert set(admitted) <= RICH - self.ended - set(self.members)
        assert self.ended.isdisjoint(one.customer_id for one in found.candidates)

    @rule(whom=WHOM)
    def promise(self, whom: str) -> None:
        allowed = whom in self.members and whom not in self.ended
        made = self.tried(
            lambda: self.keys.promise(whom, "stock", departments="supply"), allowed=allowed
        )
        if made is not None:
            self.promises[made.id] = "open"

    @rule(place=st.integers(0, 5), kept=st.booleans(), evidence=st.sampled_from(("a note", "")))
    def settle(self, place: int, kept: bool, evidence: str) -> None:
        if place >= len(self.promises):
            return
        id_ = list(self.promises)[place]
        allowed = self.promises[id_] == "open" and bool(evidence)
        made = self.tried(
            lambda: self.keys.settle(id_, kept=kept, evidence=evidence), allowed=allowed
        )
        if made is not None:
            self.promises[id_] = "kept" if kept else "broken"

    @invariant()
    def all_is_told(self) -> None:
        assert [one.customer_id for one in self.keys.list()] == self.members
        assert {one.id: one.state for one in self.keys.promises()} == self.promises


KeyAccounts.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestKeyAccounts = KeyAccounts.TestCase
