"""Ending a relationship: never by one person alone, and step by step."""

from __future__ import annotations

import pytest

from crmkit.errors import DecisionNotFound, InvalidValueError, RefusedError
from crmkit.model.lifecycle import ENDING_STEPS
from tests.lifecycle.firm import firm


def test_nothing_ends_before_it_is_approved() -> None:
    """Asking changes nothing; the approval ends it, and no rule moves the customer on."""
    with firm() as shop:
        shop.buyer("ann", 30, 20, 10)
        shop.lifecycle.advance()
        ending = shop.lifecycle.end("ann", reason="broke_rules", by="lin")
        assert (ending.approved_at, ending.next_step) == (None, None)
        assert shop.stage("ann") == "maintenance"
        shop.wait(1)
        approved = shop.lifecycle.approve(ending.id, by="boss")
        assert (approved.approved_by, approved.approved_at) == ("boss", shop.now)
        assert shop.lifecycle.stage("ann").reason == "his conduct broke our rules"
        shop.wait(1)
        shop.buy("ann", 0)
        shop.lifecycle.advance()
        assert shop.walked("ann")[-1] == ("maintenance", "ended")
        assert shop.stage("ann", 1.5) == "maintenance"


@pytest.mark.parametrize("by", ["lin", "wang", "boss", "nobody"])
def test_only_a_senior_person_who_did_not_ask_approves(by: str) -> None:
    """The requester may not approve, senior or not, and neither may anybody who is not senior."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ending = shop.lifecycle.end("ann", reason="need_unmet", by="boss")
        with pytest.raises(RefusedError):
            shop.lifecycle.approve(ending.id, by=by)
        assert shop.stage("ann") == "development"


def test_steps_are_carried_out_in_order_with_evidence() -> None:
    """A step before its turn, before the approval or without evidence is refused."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ending = shop.lifecycle.end("ann", reason="no_longer_buys", by="lin")
        with pytest.raises(RefusedError):
            shop.lifecycle.step(ending.id, "prepare", evidence="a plan", by="lin")
        shop.lifecycle.approve(ending.id, by="boss")
        with pytest.raises(RefusedError):
            shop.lifecycle.step(ending.id, "notify", evidence="a letter", by="lin")
        with pytest.raises(InvalidValueError):
            shop.lifecycle.step(ending.id, "prepare", evidence=" ", by="lin")
        for step in ENDING_STEPS:
            done = shop.lifecycle.step(ending.id, step, evidence=f"file {step}.pdf", by="lin")
        assert [step.name for step in done.steps] == list(ENDING_STEPS)
        assert done.steps[1].evidence == "file notify.pdf"
        assert done.next_step is None
        with pytest.raises(RefusedError):
            shop.lifecycle.step(ending.id, "evaluate", evidence="again", by="lin")
        assert shop.lifecycle.ending(ending.id) == done


def test_an_ending_is_asked_for_once_and_may_be_turned_down() -> None:
    """A second request waits for the first; turned down, it may be asked for again."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ending = shop.lifecycle.end("ann", reason="market_exit", by="lin")
        with pytest.raises(RefusedError):
            shop.lifecycle.end("ann", reason="market_exit", by="wang")
        shop.lifecycle.decline(ending.id, reason="we stay", by="boss")
        again = shop.lifecycle.end("ann", reason="broken_down", by="wang")
        assert again.id != ending.id


def test_wrong_reasons_and_ids_are_told() -> None:
    """An unknown reason, and an ending that is none, have errors of their own."""
    with firm() as shop:
        shop.buyer("ann", 10)
        with pytest.raises(InvalidValueError):
            shop.lifecycle.end("ann", reason="bored", by="lin")
        for wrong in ("1", "x", ""):
            with pytest.raises(DecisionNotFound):
                shop.lifecycle.approve(wrong, by="boss")
