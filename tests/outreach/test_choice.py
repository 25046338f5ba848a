"""Which channel for whom: his wish, what he answered to, the default chain; then the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from crmkit import Identity
from crmkit.contracts.channel import Receipt
from crmkit.errors import InvalidValueError, RefusedError
from tests.outreach.kit import BOTH, DAY, HOUR, NOW, Firm

CHAIN: dict[str, Any] = {"chain": ["mail", "sms", "call"]}


def refuse(message: Any) -> Receipt:
    return Receipt.refused(message, "he is not there")


def ways(firm: Firm, **how: Any) -> list[str]:
    return [row.channel for row in firm.rows(**how)]


# -- the first channel -----------------------------------------------------------------


@pytest.mark.row("R16")
@pytest.mark.parametrize("wish", ["sms", "phone"])
def test_his_wish_goes_first(wish: str, found: Callable[..., Firm]):
    """By the channel's name or what it reaches him by; before what he answered to."""
    firm = found(outreach=CHAIN)
    firm.save("ann", preferred_channel=wish)
    firm.hear("mail", {"what": "replied", "address": "ann@example.com", "text": "thanks"})
    assert firm.enqueue("ann", channel=None)[0].channel == "sms"


@BOTH
@pytest.mark.row("R16", "R37")
def test_then_what_he_answered_to_the_newest_first(found: Callable[..., Firm]):
    """An answer by SMS makes the next message one; a newer one by e-mail an e-mail."""
    firm = found(outreach=CHAIN)
    firm.save("ann")
    assert firm.enqueue("ann", channel=None)[0].channel == "mail"
    firm.hear("sms", {"what": "replied", "address": firm.phone("ann"), "text": "yes"})
    assert firm.enqueue("ann", channel=None, occasion="b")[0].channel == "sms"
    firm.now += HOUR
    firm.hear("mail", {"what": "replied", "address": "ann@example.com", "text": "yes"})
    assert firm.enqueue("ann", channel=None, occasion="c")[0].channel == "mail"


@pytest.mark.row("R36")
@pytest.mark.parametrize(
    ("facts", "way"),
    [
        ({"birthday": date(1950, 1, 1)}, "call"),
        ({"birthday": date(1966, 6, 1)}, "call"),  # sixty today
        ({"birthday": date(1966, 6, 2)}, "sms"),  # sixty tomorrow
        ({"birthday": None}, "sms"),
        ({"kind": "organisation"}, "mail"),
        ({"language": "de-AT", "kind": "organisation"}, "chat"),
    ],
)
def test_groups_have_chains_of_their_own(
    facts: Mapping[str, Any], way: str, found: Callable[..., Firm]
):
    """The older are called, companies get e-mail: the first group that holds him decides."""
    groups = [
        {"when": {"language": ["de"]}, "chain": ["chat"]},
        {"when": {"age_from": 60}, "chain": ["call", "mail"]},
        {"when": {"kind": "organisation"}, "chain": ["mail"]},
    ]
    firm = found(outreach={"chain": ["sms"], "groups": groups})
    firm.save("ann", **facts)
    assert firm.enqueue("ann", channel=None)[0].channel == way


@pytest.mark.row("R36")
def test_a_channel_that_may_not_be_used_is_passed_over(found: Callable[..., Firm]):
    """Without consent to one, without an address for it, it is the next one."""
    firm = found(outreach=CHAIN)
    firm.save("ann", agrees=False)
    firm.agree("ann", "care", channel="sms")
    firm.save("bob", identities=(Identity("phone", "+8613800138000"),))
    rows = firm.send("ann", "bob", channel=None)
    assert [(row.channel, row.state) for row in rows] == [("sms", "accepted")] * 2


@pytest.mark.row("R39")
def test_whom_no_channel_reaches_goes_to_a_colleague(found: Callable[..., Firm]):
    """A task for a person, with what he must know; automated sends leave him out."""
    firm = found(outreach=CHAIN)
    firm.save("ann", unreachable=True, owner="wu")
    firm.save("bob", identities=(), agrees=False)
    brief = {"about": ["the tea"], "kind": "visit"}
    rows = firm.send("ann", "bob", channel=None, brief=brief)
    assert [(row.channel, row.state) for row in rows] == [("call", "accepted")] * 2
    assert not firm.mail.sent + firm.sms.sent
    task = firm.call.sent[0]
    assert (task.owner, task.brief["about"], task.brief["kind"]) == ("wu", ["the tea"], "visit")
    assert task.brief["why"] == "o"
    assert task.due is not None


def test_where_no_channel_is_left_the_reason_is_the_first_s(found: Callable[..., Firm]):
    """What speaks against the best channel is what somebody can mend."""
    firm = found(outreach={"chain": ["mail", "sms"]})
    firm.save("ann", agrees=False)
    row = firm.enqueue("ann", channel=None)[0]
    assert (row.channel, row.state, row.reason) == ("mail", "refused", "consent")


# -- the next one ----------------------------------------------------------------------


@BOTH
@pytest.mark.row("R36")
def test_what_one_channel_refuses_goes_by_the_next(found: Callable[..., Firm]):
    """In the same dispatch, down to a colleague; each try has its row."""
    firm = found(outreach=CHAIN)
    firm.save("ann")
    firm.mail.answer = firm.sms.answer = refuse
    firm.send("ann", channel=None)
    assert [(row.channel, row.state) for row in firm.rows()] == [
        ("mail", "refused"),
        ("sms", "refused"),
        ("call", "accepted"),
    ]
    firm.dispatch()
    assert len(firm.mail.sent) == len(firm.sms.sent) == len(firm.call.sent) == 1


def test_what_another_channel_has_taken_over_is_not_retried(found: Callable[..., Firm]):
    """He would get it twice; where that one gave up too, a person may try again."""
    firm = found(outreach={"chain": ["mail", "sms"]})
    firm.save("ann")
    firm.mail.answer = refuse
    first = firm.send("ann", channel=None)[0]
    with pytest.raises(RefusedError, match="sms"):
        firm.outreach.retry(first.id)
    firm.sms.answer = refuse
    second = firm.send("ann", channel=None, occasion="p")[0]
    firm.mail.answer = Receipt.accepted
    assert firm.outreach.retry(second.id).state == "planned"
    assert firm.dispatch() == {"accepted": 1}


def test_a_channel_that_was_named_is_the_only_one(found: Callable[..., Firm]):
    """Who says e-mail means e-mail."""
    firm = found(outreach=CHAIN)
    firm.save("ann")
    firm.mail.answer = refuse
    firm.send("ann")
    firm.now += 100 * DAY
    firm.dispatch()
    assert ways(firm) == ["mail"]


def test_a_dead_letter_goes_on(found: Callable[..., Firm]):
    """After the last try it is the next channel's."""
    firm = found(outreach={**CHAIN, "attempts": 2})
    firm.save("ann")
    firm.mail.answer = lambda m: Receipt.retry(m, "busy")
    firm.send("ann", channel=None)
    assert ways(firm) == ["mail"]
    firm.now += HOUR
    firm.dispatch()
    assert [(row.channel, row.state, row.next) for row in firm.rows()] == [
        ("mail", "failed", None),
        ("sms", "accepted", None),
    ]


def test_what_is_unknown_goes_on_by_no_channel(found: Callable[..., Firm]):
    """He may have it."""
    firm = found(outreach={**CHAIN, "wait": "1d"})
    firm.save("ann")
    firm.mail.answer = lambda _: None
    firm.send("ann", channel=None)
    firm.now += 10 * DAY
    firm.dispatch()
    assert ways(firm) == ["mail"]


@BOTH
@pytest.mark.row("R36")
def test_an_answer_is_waited_for(found: Callable[..., Firm]):
    """Nothing heard within the wait: the next channel; a receipt in time: none."""
    firm = found(outreach={**CHAIN, "wait": "3d"})
    firm.save("ann")
    firm.save("bob")
    rows = firm.send("ann", "bob", channel=None)
    assert {row.next for row in rows} == {NOW + 3 * DAY}
    firm.hear("mail", {"what": "delivered", "message_id": rows[0].id})
    firm.now += 3 * DAY - HOUR
    assert firm.dispatch() == {}
    firm.now += HOUR
    assert firm.dispatch() == {"accepted": 1}
    assert ways(firm) == ["mail", "mail", "sms"]
    assert firm.sms.to == ["bob"]


@pytest.mark.parametrize(
    ("first", "late"),
    [
        ("bounced", "opened"),
        ("failed", "delivered"),
        ("silence", "delivered"),
        ("silence", "clicked"),
    ],
)
@BOTH
def test_who_was_reached_after_all_gets_it_once(found: Callable[..., Firm], first: str, late: str):
    """The next channel waits for the morning, and in the night the first one's receipt comes."""
    quiet = {"quiet_hours": {"start": "13:00", "end": "20:00"}}
    firm = found(outreach={**CHAIN, **quiet, "wait": "2h"})
    row = firm.send(firm.save("ann"), channel=None)[0]
    firm.now += 3 * HOUR
    if first != "silence":
        firm.hear("mail", {"what": first, "message_id": row.id})
    firm.dispatch()
    assert firm.states() == [
        ("accepted" if first == "silence" else first, None if first == "silence" else "provider"),
        ("planned", "quiet_hours"),
    ]
    firm.hear("mail", {"what": late, "message_id": row.id})
    firm.now += 12 * HOUR
    firm.dispatch()
    assert firm.states() == [(late, None), ("refused", "cap")]
    assert firm.sms.sent == []


def test_what_is_on_its_way_already_stays_so(found: Callable[..., Firm]):
    """Another mailing's message, and one that the next channel has sent, are as they were."""
    firm = found(outreach=CHAIN)
    row = firm.send(firm.save("ann"), channel=None)[0]
    firm.hear("mail", {"what": "bounced", "message_id": row.id})
    firm.dispatch()
    firm.enqueue("ann", channel="call")
    firm.hear("mail", {"what": "opened", "message_id": row.id})
    assert ways(firm) == ["mail", "sms", "call"]
    assert firm.states() == [("opened", None), ("accepted", None), ("planned", None)]


def test_that_it_was_sent_on_ends_no_wait(found: Callable[..., Firm]):
    """The provider says that it left him, and nothing more: the next channel has its turn."""
    firm = found(outreach={**CHAIN, "wait": "3d"})
    firm.save("ann")
    row = firm.send("ann", channel=None)[0]
    firm.hear("mail", {"what": "sent", "message_id": row.id})
    firm.now += 3 * DAY
    firm.dispatch()
    assert ways(firm) == ["mail", "sms"]


def test_a_bounce_after_the_wait_starts_no_third(found: Callable[..., Firm]):
    """The next channel has it already: a late bounce of the first changes nothing."""
    firm = found(outreach={**CHAIN, "wait": "3d"})
    firm.save("ann")
    row = firm.send("ann", channel=None)[0]
    firm.now += 3 * DAY
    firm.dispatch()
    firm.hear("mail", {"what": "bounced", "message_id": row.id, "permanent": True})
    firm.dispatch()
    assert ways(firm) == ["mail", "sms"]


def test_the_next_channel_is_judged_like_the_first(found: Callable[..., Firm]):
    """Consent, caps and quiet hours hold for it; it expires with the message."""
    firm = found(outreach=CHAIN)
    firm.save("ann", agrees=False)
    firm.agree("ann", "care", channel="mail")
    firm.mail.answer = refuse
    firm.send("ann", channel=None, expires=NOW + DAY)
    assert [(row.channel, row.reason) for row in firm.rows()] == [
        ("mail", "provider"),
        ("sms", "consent"),
        ("call", None),
    ]
    assert {row.expires for row in firm.rows()} == {NOW + DAY}


# -- what a colleague carries out ------------------------------------------------------


@BOTH
@pytest.mark.row("R28", "R39")
def test_the_outcome_of_a_task_is_a_touchpoint(firm: Firm):
    """Not when it is handed over but when it is done; once."""
    firm.save("ann", owner="wu")
    row = firm.send("ann", channel="call", brief={"kind": "call"})[0]
    assert firm.notes("ann") == []
    firm.now += DAY
    done = firm.outreach.done(row.id, outcome="he likes the new tea", by="wu")
    assert (done.state, done.next) == ("delivered", None)
    (note,) = firm.crm.touchpoints.of("ann")
    assert (note.kind, note.text, note.at, note.channel) == (
        "call",
        "he likes the new tea",
        firm.now,
        "call",
    )
    assert note.attributes["by"] == "wu"
    with pytest.raises(RefusedError):
        firm.outreach.done(row.id, outcome="again")


@pytest.mark.parametrize(("kind", "noted"), [("visit", "visit"), ("gift", "message_out")])
def test_a_visit_is_a_visit(kind: str, noted: str, firm: Firm):
    """The kind of the task is the kind of the touchpoint; the outcome may say more."""
    firm.save("ann")
    row = firm.send("ann", channel="call", brief={"kind": kind})[0]
    firm.outreach.done(row.id, outcome={"text": "well", "rating": 8, "at": NOW - HOUR})
    (note,) = firm.crm.touchpoints.of("ann")
    assert (note.kind, note.rating, note.at) == (noted, 8.0, NOW - HOUR)


@pytest.mark.parametrize("broken", [False, True])
def test_a_channel_hears_that_a_task_is_done(firm: Firm, broken: bool):
    """So that it stands in nobody's calendar; the outcome is recorded also where that fails."""
    heard = []

    def finished(message_id: str) -> bool:
        heard.append(message_id)
        if broken:
            raise OSError("the calendar is full")
        return True

    firm.call.finished = finished  # type: ignore[method-assign, assignment]
    firm.save("ann")
    (row,) = firm.send("ann", channel="call")
    assert firm.outreach.done(row.id, outcome="well").state == "delivered"
    assert heard == [row.id]


def test_only_tasks_are_done(firm: Firm):
    """A message by a machine is not; a wrong outcome is named, and the task stays open."""
    firm.save("ann")
    mail = firm.send("ann")[0]
    task = firm.send("ann", channel="call", occasion="t")[0]
    with pytest.raises(RefusedError):
        firm.outreach.done(mail.id, outcome="what")
    for odd in ({"at": "never"}, {"rating": "ten"}, {"text": 5}, 5, None):
        with pytest.raises(InvalidValueError):
            firm.outreach.done(task.id, outcome=odd)
    assert firm.row(occasion="t").state == "accepted"
    assert "call" not in firm.notes("ann")


def test_no_colleague_goes_round_a_missing_consent(found: Callable[..., Firm]):
    """Who has an address and did not consent is no task; who has none, and did not object, is."""
    firm = found(outreach=CHAIN)
    firm.save("ann", agrees=False)
    firm.save("bob", agrees=False, identities=())
    rows = {row.customer_id: row for row in firm.send("ann", "bob", channel=None)}
    assert (rows["ann"].state, rows["ann"].reason) == ("refused", "consent")
    assert (rows["bob"].channel, rows["bob"].state) == ("call", "accepted")
