"""Ending a relationship: never by one person alone, and step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crmkit.capture.tombstones import VARIABLE
from crmkit.contracts.decisions import Deciding, decide
from crmkit.errors import ConfigError, DecisionNotFound, InvalidValueError, RefusedError
from crmkit.lifecycle.ended import ASKED, KIND, WORDS, refuse_ended
from crmkit.model.lifecycle import ENDING_REASONS, ENDING_STEPS, Ending
from tests.lifecycle.firm import DAY, Firm, firm


def ended(shop: Firm, name: str, reason: str = "broke_rules") -> Ending:
    """End a relationship, as two people do."""
    return shop.lifecycle.approve(shop.lifecycle.end(name, reason=reason, by="lin").id, by="boss")


@pytest.mark.row("R243")
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


@pytest.mark.row("R243")
@pytest.mark.parametrize("by", ["lin", "wang", "boss", "nobody"])
def test_only_a_senior_person_who_did_not_ask_approves(by: str) -> None:
    """The requester may not approve, senior or not, and neither may anybody who is not senior."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ending = shop.lifecycle.end("ann", reason="need_unmet", by="boss")
        with pytest.raises(RefusedError):
            shop.lifecycle.approve(ending.id, by=by)
        assert shop.stage("ann") == "development"


@pytest.mark.row("R244", "R245", "R246", "R247", "R248", "R249")
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
        with pytest.raises(RefusedError, match="turned down"):
            shop.lifecycle.approve(ending.id, by="boss")
        with pytest.raises(RefusedError):
            shop.lifecycle.decline(ending.id, reason="twice", by="boss")
        declined = shop.lifecycle.ending(ending.id).declined
        assert declined is not None
        assert (declined.by, declined.reason) == ("boss", "we stay")
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


@pytest.mark.row("R238", "R239", "R240", "R241", "R242")
@pytest.mark.parametrize("reason", ENDING_REASONS)
def test_each_reason_ends_and_is_told(reason: str) -> None:
    """The stage says in words why the relationship was ended, and the listing by its name."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ended(shop, "ann", reason)
        assert shop.lifecycle.stage("ann").reason == WORDS[reason]
        assert [one.reason for one in shop.lifecycle.endings(state="approved")] == [reason]
        assert shop.lifecycle.endings(state="asked") == ()
        with pytest.raises(InvalidValueError):
            shop.lifecycle.end("ann", reason="", by="lin")


@pytest.mark.row("R250")
def test_whoever_reads_an_ended_record_is_told_that_it_is_confidential() -> None:
    """Reading works on; what is handed out is marked, and who is ended is listed."""
    with firm() as shop:
        shop.buyer("ann", 10)
        shop.buyer("bob", 10)
        ending = ended(shop, "ann")
        assert shop.crm.customers.get("ann").name == "Ann"
        mark = shop.crm.customers.export("ann")["ended"]
        assert (mark["confidential"], mark["ending"]) == (True, ending.id)
        assert shop.crm.customers.export("bob")["ended"] is None
        assert shop.lifecycle.ended() == ("ann",)
        shop.lifecycle.advance()
        assert [one.id for one in shop.crm.customers.search(stage="ended").items] == ["ann"]


@pytest.mark.row("R251", "R252")
def test_nobody_contacts_or_sells_after_the_end() -> None:
    """He is off the agenda for good, and what would reach out to him is refused."""
    with firm() as shop:
        shop.buyer("ann", 400, 300, 200)
        shop.lifecycle.advance()
        item = shop.item("ann")
        ended(shop, "ann")
        for call in (
            lambda: shop.care.done(item, outcome="sold him tea", by="lin"),
            lambda: shop.care.snooze(item, shop.today + 2 * DAY, by="lin"),
            lambda: shop.care.reassign(item, "wang", by="lin"),
        ):
            with pytest.raises(RefusedError, match="ended"):
                call()
        assert shop.listed() == []
        shop.wait(300)
        shop.lifecycle.advance()
        assert shop.listed() == []
        assert shop.listed(day=shop.today + 90 * DAY) == []
        with shop.crm.session.store.read() as reader, pytest.raises(RefusedError) as caught:
            refuse_ended(reader, "ann", "a care plan")
        assert str(caught.value).startswith("a care plan is refused")


@pytest.mark.row("R251")
def test_what_he_does_later_is_stored_and_moves_nothing() -> None:
    """The log goes on; the stage stays, and the complaint puts him on nobody's agenda."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ended(shop, "ann")
        shop.wait(1)
        shop.note("ann", "complaint", 0, text="why?")
        shop.note("ann", "call", 0, text="the notice that the account is closed")
        shop.lifecycle.advance()
        assert {one.kind for one in shop.crm.touchpoints.of("ann")} == {
            "purchase",
            "complaint",
            "call",
        }
        assert (shop.stage("ann"), shop.listed(day=shop.today + 9 * DAY)) == ("ended", [])


@pytest.mark.row("R253")
def test_the_record_is_kept_as_long_as_the_policy_says() -> None:
    """Each reason has its term; after it the listing says that he may be erased."""
    policy = {"retention": {"broke_rules": 3, "need_unmet": 0}}
    now = datetime(2024, 2, 29, tzinfo=UTC)
    with firm(now=now, lifecycle=policy) as shop:
        for name in ("ann", "bob", "cat"):
            shop.buyer(name, 10)
        first = ended(shop, "ann", "broke_rules")
        ended(shop, "bob", "need_unmet")
        ended(shop, "cat", "market_exit")
        assert first.keep_until == datetime(2027, 3, 1, tzinfo=UTC)
        assert [one.customer_id for one in shop.lifecycle.endings(due=True)] == ["bob"]
        shop.wait(366 * 3)
        assert [one.customer_id for one in shop.lifecycle.endings(due=True)] == ["ann", "bob"]


@pytest.mark.row("R253")
def test_the_right_to_be_erased_goes_before_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure within the term is carried out; the decision that stays says what the term was."""
    monkeypatch.setenv(VARIABLE, "0" * 64)
    with firm(lifecycle={"retention": {"broke_rules": 10}}) as shop:
        shop.buyer("ann", 10)
        shop.buyer("bob", 10)
        ended(shop, "ann")
        made = shop.crm.customers.erase("ann", reason="asked for it")
        assert made.body["kept_until"].startswith("2036-01-01")
        assert "kept_until" not in shop.crm.customers.erase("bob", reason="asked for it").body
        assert shop.lifecycle.endings() == ()


@pytest.mark.parametrize("section", [{"bored": 1}, {"broke_rules": -1}, {"broke_rules": "x"}])
def test_a_policy_that_makes_no_sense_is_told(section: dict[str, Any]) -> None:
    """The setting is named."""
    with pytest.raises(ConfigError, match="retention"), firm(lifecycle={"retention": section}):
        pass


def test_reopening_begins_a_new_relationship() -> None:
    """Who bought is won back, who never did a prospect; the old ending stays in the history."""
    with firm() as shop:
        shop.buyer("ann", 60, 40, 20)
        shop.save("bob")
        shop.note("bob", "visit", 5)
        shop.lifecycle.advance()
        for name in ("ann", "bob"):
            ended(shop, name, "need_unmet")
        shop.wait(10)
        for name in ("ann", "bob"):
            again = shop.lifecycle.reopen(name, reason="a new product fits", by="lin")
            assert (again.state, again.keep_until) == ("reopened", None)
        assert (shop.stage("ann"), shop.stage("bob")) == ("won_back", "prospect")
        assert shop.walked("ann")[-2:] == [("maintenance", "ended"), ("ended", "won_back")]
        assert (shop.stage("ann", 5), shop.lifecycle.ended()) == ("ended", ())
        with pytest.raises(RefusedError, match="reopened"):
            shop.lifecycle.step(again.id, "prepare", evidence="late", by="lin")
        with pytest.raises(RefusedError, match="not ended"):
            shop.lifecycle.reopen("ann", reason="again", by="lin")
        shop.note("ann", "complaint", 3)
        assert shop.listed() == ["ann"]
        assert ended(shop, "ann").id != again.id
        assert [one.state for one in shop.lifecycle.endings()] == [
            "reopened",
            "reopened",
            "approved",
        ]


@pytest.mark.parametrize("reason", ["broke_rules", "broken_down"])
def test_a_grave_end_is_reopened_by_two(reason: str) -> None:
    """It waits for somebody senior who did not ask; turned down, it may be asked for again."""
    with firm() as shop:
        shop.buyer("ann", 10)
        ended(shop, "ann", reason)
        first = shop.lifecycle.reopen("ann", reason="he apologised", by="boss").reopening
        assert first is not None
        for by in ("boss", "lin", "nobody"):
            with pytest.raises(RefusedError):
                shop.lifecycle.approve(first.id, by=by)
        with pytest.raises(RefusedError, match="waits"):
            shop.lifecycle.reopen("ann", reason="twice", by="lin")
        assert shop.stage("ann") == "ended"
        shop.lifecycle.decline(first.id, reason="too early", by="lin")
        second = shop.lifecycle.reopen("ann", reason="he apologised", by="lin").reopening
        assert second is not None
        with pytest.raises(RefusedError):
            shop.lifecycle.approve(first.id, by="boss")
        done = shop.lifecycle.approve(second.id, by="boss")
        assert done.reopening is not None
        assert (done.reopening.approved_by, shop.stage("ann")) == ("boss", "won_back")
        assert shop.lifecycle.history("ann")[-1].reason == "he apologised"
        assert shop.lifecycle.approve(second.id, by="boss") == done


def test_whoever_turns_out_to_be_the_same_person_is_ended_too() -> None:
    """A merge brings the ending along, an unmerge parts them; a reopening is for both."""
    with firm() as shop:
        shop.buyer("ann", 30, 20, 10)
        shop.buyer("eve", 30, 20, 10)
        shop.lifecycle.advance()
        waits = shop.lifecycle.end("eve", reason="broke_rules", by="lin")
        merged = shop.crm.customers.merge("ann", "eve", reason="one person", by="lin")
        with pytest.raises(RefusedError, match="waits"):
            shop.lifecycle.end("ann", reason="broke_rules", by="lin")
        shop.lifecycle.approve(waits.id, by="boss")
        assert (shop.stage("ann"), shop.lifecycle.ended()) == ("ended", ("ann",))
        shop.wait(200)
        assert shop.listed() == []
        shop.lifecycle.advance()
        assert (shop.listed(), shop.stage("ann")) == ([], "ended")
        shop.crm.customers.unmerge(merged.id, by="lin")
        shop.lifecycle.advance()
        assert (shop.stage("ann"), shop.stage("eve")) == ("retention", "ended")
        shop.crm.customers.merge("ann", "eve", reason="one person after all", by="lin")
        again = shop.lifecycle.reopen("ann", reason="he apologised", by="lin").reopening
        assert again is not None
        shop.lifecycle.approve(again.id, by="boss")
        assert (shop.stage("ann"), shop.lifecycle.ended()) == ("won_back", ())


NOBODY = [None, "", "  ", " boss", "BOSS", "nobody"]


@pytest.mark.row("R243")
@pytest.mark.parametrize("by", NOBODY)
def test_who_asks_is_somebody_known(by: str | None) -> None:
    """Under no name, an empty one or another spelling, one person would be two."""
    with firm() as shop:
        shop.buyer("ann", 10)
        with pytest.raises(RefusedError, match=r"by=|boss, lin, wang"):
            shop.lifecycle.end("ann", reason="need_unmet", by=by)
        assert shop.lifecycle.endings() == ()
        ended(shop, "ann")
        with pytest.raises(RefusedError, match=r"by=|boss, lin, wang"):
            shop.lifecycle.reopen("ann", reason="he apologised", by=by)
        assert shop.lifecycle.endings()[0].reopening is None


@pytest.mark.parametrize("asked", [None, "", " "])
def test_what_nobody_asked_for_is_not_approved(asked: str | None) -> None:
    """An ending that an older version recorded without a name is asked for anew."""
    with firm() as shop:
        shop.buyer("ann", 10)
        with shop.crm.session.store.write() as writer:
            deciding = Deciding(now=0, by=asked)
            seq = decide(writer, KIND, "ann", deciding, {"what": ASKED, "reason": "broke_rules"})
        with pytest.raises(RefusedError, match="nobody knows who asked"):
            shop.lifecycle.approve(str(seq), by="boss")
        shop.lifecycle.decline(str(seq), reason="by whom?", by="boss")
        assert ended(shop, "ann").state == "approved"


def test_where_nobody_is_configured_any_name_asks() -> None:
    """Nobody can approve there anyhow."""
    with firm(people={}) as shop:
        shop.buyer("ann", 10)
        assert shop.lifecycle.end("ann", reason="need_unmet", by="kim").requested_by == "kim"


@pytest.mark.parametrize("reason", ["need_unmet", "broke_rules"])
@pytest.mark.parametrize("back", [0, 0.003, 1, 30])
def test_a_clock_that_was_set_back_turns_no_order_around(reason: str, back: float) -> None:
    """What was reopened is reopened, and ended again it is ended, whatever the clock says."""
    with firm() as shop:
        shop.buyer("ann", 60, 40, 20)
        shop.lifecycle.advance()
        first = ended(shop, "ann", reason)
        shop.wait(-back)
        again = shop.lifecycle.reopen("ann", reason="he apologised", by="lin")
        assert again.reopening is not None
        if again.reopening.since is None:
            shop.wait(-back)
            again = shop.lifecycle.approve(again.reopening.id, by="boss")
        assert again.reopening is not None
        assert again.reopening.since == first.approved_at
        shop.wait(90)
        assert (shop.stage("ann"), shop.lifecycle.ended()) == ("won_back", ())
        assert shop.walked("ann")[-2:] == [("maintenance", "ended"), ("ended", "won_back")]
        assert shop.crm.customers.export("ann")["ended"] is None
        shop.wait(-120)
        ended(shop, "ann")
        shop.wait(90)
        shop.lifecycle.advance()
        assert (shop.stage("ann"), shop.lifecycle.ended()) == ("ended", ("ann",))
        assert shop.walked("ann")[-1] == ("won_back", "ended")
