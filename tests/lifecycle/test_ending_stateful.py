"""Every way through an ending, drawn at random, against a plain model of what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crmkit.errors import CrmkitError, InvalidValueError, RefusedError
from crmkit.model.lifecycle import ENDING_REASONS, ENDING_STEPS
from tests.lifecycle.firm import DAY, PEOPLE, Firm

SENIOR = {name for name, facts in {**PEOPLE, "zhao": {"senior": True}}.items() if "senior" in facts}
KNOWN = {*PEOPLE, "zhao"}
WHO = st.sampled_from(("nobody", "", " boss", "BOSS", *sorted(KNOWN)))
NAMES = ("ann", "bob")
WHOM = st.sampled_from(NAMES)
GRAVE = {"broke_rules", "broken_down"}


@attrs.define
class Paper:
    """An ending as the model keeps it."""

    id: str
    reason: str
    asked_by: str
    state: str = "asked"
    steps: int = 0
    reopening: str | None = None
    reopened_by: str | None = None


class Endings(RuleBasedStateMachine):
    """Nothing ends without a reason and a second, senior person; nothing is sold after the end."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Firm(people={**PEOPLE, "zhao": {"senior": True}})
        for name in NAMES:
            self.shop.buyer(name, 10)
        self.items = 0
        self.papers: dict[str, list[Paper]] = {name: [] for name in NAMES}

    def teardown(self) -> None:
        self.shop.crm.close()

    def last(self, whom: str) -> Paper | None:
        return self.papers[whom][-1] if self.papers[whom] else None

    def is_ended(self, whom: str) -> bool:
        return any(paper.state == "approved" for paper in self.papers[whom])

    def tried(self, call: Callable[[], Any], *, allowed: bool) -> Any:
        """Make a call that the model allows, or see that it is refused and changes nothing."""
        self.shop.wait(0.01)
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

    @rule(whom=WHOM, reason=st.sampled_from((*ENDING_REASONS, "", "bored")), by=WHO)
    def ask(self, whom: str, reason: str, by: str) -> None:
        last = self.last(whom)
        free = last is None or last.state in ("declined", "reopened")
        allowed = free and reason in ENDING_REASONS and by in KNOWN
        lifecycle = self.shop.lifecycle
        made = self.tried(lambda: lifecycle.end(whom, reason=reason, by=by), allowed=allowed)
        if made is not None:
            self.papers[whom].append(Paper(made.id, reason, by))

    @rule(whom=WHOM, by=WHO)
    def approve(self, whom: str, by: str) -> None:
        last = self.last(whom)
        if last is None:
            return
        allowed = by in SENIOR and by != last.asked_by and last.state != "declined"
        self.tried(lambda: self.shop.lifecycle.approve(last.id, by=by), allowed=allowed)
        if allowed and last.state == "asked":
            last.state = "approved"

    @rule(whom=WHOM, by=WHO)
    def decline(self, whom: str, by: str) -> None:
        last = self.last(whom)
        if last is None:
            return
        allowed = last.state == "asked"
        lifecycle = self.shop.lifecycle
        self.tried(lambda: lifecycle.decline(last.id, reason="we stay", by=by), allowed=allowed)
        if allowed:
            last.state = "declined"

    @rule(whom=WHOM, step=st.sampled_from(ENDING_STEPS), evidence=st.sampled_from(("a file", " ")))
    def step(self, whom: str, step: str, evidence: str) -> None:
        last = self.last(whom)
        if last is None:
            return
        turn = last.steps < len(ENDING_STEPS) and ENDING_STEPS[last.steps] == step
        allowed = last.state == "approved" and turn and bool(evidence.strip())
        lifecycle = self.shop.lifecycle
        self.tried(lambda: lifecycle.step(last.id, step, evidence=evidence), allowed=allowed)
        last.steps += allowed

    @rule(whom=WHOM, reason=st.sampled_from(("he apologised", "")), by=WHO)
    def reopen(self, whom: str, reason: str, by: str) -> None:
        last = self.last(whom)
        free = last is not None and last.state == "approved" and last.reopening is None
        lifecycle = self.shop.lifecycle
        made = self.tried(
            lambda: lifecycle.reopen(whom, reason=reason, by=by),
            allowed=free and bool(reason) and by in KNOWN,
        )
        if made is not None and last is not None:
            last.reopening, last.reopened_by = made.reopening.id, by
            if last.reason not in GRAVE:
                last.state = "reopened"

    @rule(whom=WHOM, by=WHO, agreed=st.booleans())
    def judge_reopening(self, whom: str, by: str, agreed: bool) -> None:
        last = self.last(whom)
        if last is None or last.reopening is None:
            return
        lifecycle, id_ = self.shop.lifecycle, last.reopening
        if not agreed:
            allowed = last.state == "approved"
            self.tried(lambda: lifecycle.decline(id_, reason="no", by=by), allowed=allowed)
            if allowed:
                last.reopening = last.reopened_by = None
            return
        allowed = by in SENIOR and by != last.reopened_by
        self.tried(lambda: lifecycle.approve(id_, by=by), allowed=allowed)
        if allowed:
            last.state = "reopened"

    @rule(whom=WHOM)
    def sell(self, whom: str) -> None:
        self.items += 1
        care, item = self.shop.care, f"{whom}:{self.shop.today + self.items * DAY}"
        allowed = not self.is_ended(whom)
        self.tried(lambda: care.done(item, outcome="offered tea", by="lin"), allowed=allowed)

    @rule(whom=WHOM)
    def he_buys(self, whom: str) -> None:
        self.shop.wait(0.01)
        self.shop.buy(whom, 0)

    @rule(days=st.integers(0, 200))
    def time_goes_on(self, days: int) -> None:
        self.shop.wait(days)
        self.shop.lifecycle.advance()

    @invariant()
    def the_stage_follows_the_papers(self) -> None:
        ended = tuple(whom for whom in NAMES if self.is_ended(whom))
        assert self.shop.lifecycle.ended() == ended
        listed = self.shop.listed(day=self.shop.today)
        for whom in NAMES:
            assert (self.shop.stage(whom) == "ended") == (whom in ended)
            assert whom not in listed or whom not in ended

    @invariant()
    def the_papers_are_told(self) -> None:
        told = {one.id: one for one in self.shop.lifecycle.endings()}
        for paper in (paper for papers in self.papers.values() for paper in papers):
            one = told.pop(paper.id)
            assert (one.state, one.reason, len(one.steps)) == (
                paper.state,
                paper.reason,
                paper.steps,
            )
            if one.approved_at is not None:
                assert one.approved_by in SENIOR - {one.requested_by}
        assert told == {}
        with suppress(CrmkitError):  # an id that is none
            self.shop.lifecycle.approve("0", by="boss")
            raise AssertionError


Endings.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestEndings = Endings.TestCase
