"""Dispatch: leases, retries, dead letters, limits, and channels that misbehave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crmkit.contracts.channel import Receipt
from crmkit.contracts.specs import Limits
from tests.outreach.kit import BOTH, DAY, HOUR, MINUTE, NOW, SECOND, SQLITE, TEXT, Firm, taken

LEASE = 10 * MINUTE


def busy(after: float | None = None) -> Callable[[Any], Receipt]:
    return lambda message: Receipt.retry(message, "busy", after=after, code="429")


# -- what a channel answers ------------------------------------------------------------


@BOTH
def test_what_was_taken_is_accepted_once(firm: Firm):
    """With the provider's id, and the message is a touchpoint; nothing is due after it."""
    firm.save("ann")
    row = firm.send("ann")[0]
    assert (row.state, row.provider_id, row.attempts) == ("accepted", f"p{row.id}", 1)
    assert (row.sent_at, row.next) == (NOW, None)
    (note,) = firm.crm.touchpoints.of("ann")
    assert (note.kind, note.channel, note.direction) == ("message_out", "mail", "out")
    assert firm.dispatch() == {}
    assert firm.notes("ann") == ["message_out"]


def test_a_bad_recipient_fails_alone(firm: Firm):
    """One is refused for good, the others of the batch go."""
    names = [firm.save(f"c{number}") for number in range(5)]
    firm.mail.answer = lambda m: (
        Receipt.refused(m, "no such mailbox", code="550") if m.customer_id == "c2" else taken(m)
    )
    rows = firm.send(*names)
    assert [row.state for row in rows] == ["accepted"] * 2 + ["refused"] + ["accepted"] * 2
    assert (rows[2].reason, rows[2].detail, rows[2].provider_code) == (
        "provider",
        "no such mailbox",
        "550",
    )


@BOTH
def test_retries_come_later_and_later_and_end(found: Callable[..., Firm]):
    """A minute, two, four...: each a little apart from others'; the last one is a dead letter."""
    firm = found(outreach={"attempts": 4, "backoff": "1m", "backoff_most": "3m"})
    firm.save("ann")
    firm.mail.answer = busy()
    row = firm.send("ann")[0]
    for number, least in ((1, 60), (2, 120), (3, 180)):
        assert (row.state, row.reason, row.detail) == ("failed", "provider", "busy")
        assert (row.attempts, row.provider_code) == (number, "429")
        assert row.next is not None
        wait = row.next - firm.now
        assert timedelta(seconds=least) <= wait <= timedelta(seconds=least * 1.25)
        firm.now = row.next - SECOND
        assert firm.dispatch() == {}
        firm.now = row.next
        assert firm.dispatch() == {"failed": 1}
        row = firm.row()
    assert (row.state, row.attempts, row.next) == ("failed", 4, None)
    firm.now += 30 * DAY
    assert firm.dispatch() == {}
    assert len(firm.mail.sent) == 4
    assert {one.id for one in firm.mail.sent} == {row.id}


def test_the_provider_may_ask_for_a_longer_wait(firm: Firm):
    """Retry-After is kept to where it is longer than our own wait."""
    firm.save("ann")
    firm.mail.answer = busy(after=3600)
    assert firm.send("ann")[0].next == NOW + HOUR
    firm.mail.answer = busy(after=0.5)
    assert firm.send("ann", occasion="p")[0].next >= NOW + MINUTE


def test_a_dead_letter_may_be_entered_anew(found: Callable[..., Firm]):
    """`retry` is a person's word that what was wrong is mended; what went is not sent again."""
    firm = found(outreach={"attempts": 1})
    firm.save("ann")
    firm.mail.answer = busy()
    row = firm.send("ann")[0]
    assert (row.state, row.next) == ("failed", None)
    firm.mail.answer = taken
    assert firm.outreach.retry(row.id).state == "planned"
    assert firm.dispatch() == {"accepted": 1}


def test_whoever_is_not_told_of_is_unknown(firm: Firm):
    """No receipt, or one of another message: nobody knows, and it is not sent again."""
    firm.save("ann")
    firm.save("bob")
    foreign = Receipt(message_id="99999", outcome="accepted")
    firm.mail.answer = lambda m: foreign if m.customer_id == "ann" else taken(m)
    rows = firm.send("ann", "bob")
    assert [row.state for row in rows] == ["unknown", "accepted"]
    assert rows[0].detail == "the channel gave no receipt for it"
    firm.now += 30 * DAY
    assert firm.dispatch() == {}
    assert firm.mail.to == ["ann", "bob"]


@pytest.mark.parametrize("given", [None, Receipt(message_id="1", outcome="accepted")])
def test_what_is_no_list_of_receipts_is_told_as_that(
    given: Any, firm: Firm, monkeypatch: pytest.MonkeyPatch
):
    """A `send` that forgets to give something back is what an author forgets first."""
    firm.save("ann")
    monkeypatch.setattr(firm.mail, "send", lambda _: given)
    (row,) = firm.send("ann")
    assert row.state == "unknown"
    assert "send must give an iterable of Receipt, gave " + type(given).__name__ in row.detail


@pytest.mark.parametrize("order", [1, -1])
def test_two_receipts_that_contradict_each_other_tell_nothing(order: int, firm: Firm):
    """Taken, and not taken: nobody knows; the same twice is one."""
    firm.save("ann")
    firm.mail.answer = lambda m: [taken(m), Receipt.retry(m, "busy")][::order]
    assert firm.send("ann")[0].state == "unknown"
    firm.mail.answer = lambda m: [taken(m), taken(m)]
    assert firm.send("ann", occasion="p")[0].state == "accepted"


@SQLITE
@pytest.mark.parametrize(
    "said",
    [
        {"provider_id": 5, "code": 7},
        {"reason": None},
        {"provider_id": "a\0b", "code": "\ud800", "reason": "\udfff\0"},
        {"reason": "x" * 100_000, "provider_id": "y" * 100_000},
        *({"after": after} for after in (float("nan"), float("inf"), -5, 10**400, "soon", True)),
    ],
)
@pytest.mark.parametrize("outcome", ["accepted", "retry", "refused"])
def test_odd_receipts_cost_nobody_his_row(outcome: str, said: dict[str, Any], firm: Firm):
    """Whatever a channel puts into a receipt, the rows of its batch are settled."""
    firm.save("ann")
    firm.save("bob")
    firm.mail.answer = lambda m: (
        Receipt(message_id=m.id, outcome=outcome, **said) if m.customer_id == "ann" else taken(m)
    )
    rows = firm.send("ann", "bob")
    states = {"accepted": "accepted", "retry": "failed", "refused": "refused"}
    assert [row.state for row in rows] == [states[outcome], "accepted"]


@pytest.mark.parametrize("odd", [None, 5, "receipts", [object()], {"a": 1}])
def test_answers_that_are_no_receipts_tell_nothing(odd: Any, firm: Firm):
    """The message stays, its fate unknown."""
    firm.save("ann")
    firm.mail.send = lambda _messages: odd  # type: ignore[method-assign]
    assert firm.send("ann")[0].state == "unknown"


@BOTH
def test_an_exception_makes_its_whole_call_unknown(found: Callable[..., Firm]):
    """And the password that stands in its text is not kept; the next batch waits a while."""
    firm = found(limits=Limits(batch=2))
    names = [firm.save(f"c{number}") for number in range(4)]

    def answer(_: Any) -> Any:
        raise ConnectionError("no way to smtp://lin:hunter2@mail.example")

    firm.mail.answer = answer
    rows = firm.send(*names)
    assert [row.state for row in rows] == ["unknown", "unknown", "planned", "planned"]
    assert "ConnectionError" in rows[0].detail
    assert "hunter2" not in str(rows)
    assert [row.reason for row in rows] == [None, None, "channel", "channel"]
    firm.mail.answer = taken
    firm.now += HOUR
    assert firm.dispatch() == {"accepted": 2}
    assert sorted(firm.mail.to) == ["c0", "c2", "c3"]


def test_a_misconfigured_channel_stops_and_the_rest_waits(found: Callable[..., Firm]):
    """A wrong password costs one small batch; other channels go on; later it goes again."""
    firm = found(limits=Limits(batch=3))
    names = [firm.save(f"c{number}") for number in range(8)]
    firm.mail.answer = lambda m: Receipt.misconfigured(m, "the password is wrong", code="535")
    firm.enqueue("c0", channel="sms", occasion="sms")
    rows = firm.send(*names)
    assert [row.state for row in rows] == ["refused"] * 3 + ["planned"] * 5
    assert {row.detail for row in rows[3:]} == {"mail takes nothing: the password is wrong"}
    assert {row.attempts for row in rows[3:]} == {0}
    assert firm.sms.to == ["c0"]
    assert firm.mail.calls == [3]
    firm.mail.answer = taken
    firm.now = max(row.next for row in rows[3:] if row.next is not None)
    assert firm.dispatch() == {"accepted": 5}


def test_mailboxes_that_are_asked_too_soon_hold_nobody_back(found: Callable[..., Firm]):
    """However many come first: what is about one address alone says nothing of the channel."""
    firm = found(limits=Limits(batch=10))
    soon = [firm.save(f"a{number}") for number in range(30)]
    good = firm.save("z")
    firm.mail.answer = lambda m: (
        taken(m) if m.customer_id == good else Receipt.retry(m, "greylisted", alone=True)
    )
    assert firm.send(*soon, good)[-1].state == "accepted"
    assert {row.state for row in firm.rows()[:-1]} == {"failed"}


# -- leases ----------------------------------------------------------------------------


@BOTH
def test_a_lease_that_is_over_is_unknown_and_never_sent_again(firm: Firm):
    """A dispatcher that died mid-way may have sent it: nobody sends it blindly."""
    firm.save("ann")

    def die(_: Any) -> Any:
        raise KeyboardInterrupt

    firm.mail.answer = die
    firm.enqueue("ann")
    with pytest.raises(KeyboardInterrupt):
        firm.dispatch()
    firm.mail.answer = taken
    assert [(row.state, row.next) for row in firm.rows()] == [("claimed", NOW + LEASE)]
    firm.now += LEASE - SECOND
    assert firm.dispatch() == {}
    firm.now += SECOND
    assert firm.dispatch() == {"unknown": 1}
    assert firm.row().detail == "its lease is over"
    firm.now += 365 * DAY
    assert firm.dispatch() == {}
    assert firm.outreach.reconcile().to_dict() == {"unknown": 1}
    assert len(firm.mail.sent) == 1


def test_an_answer_that_comes_after_the_lease_still_counts(firm: Firm):
    """The channel took longer than its lease: the row is settled by what it says."""
    firm.save("ann")

    def slow(message: Any) -> Any:
        firm.now += 2 * LEASE
        firm.crm.outreach.reconcile()
        assert firm.row().state == "unknown"
        return taken(message)

    firm.mail.answer = slow
    assert firm.send("ann")[0].state == "accepted"
    assert firm.notes("ann") == ["message_out"]


def test_a_receipt_that_is_faster_than_the_answer_stays(firm: Firm):
    """Delivered before the channel has said accepted: the row is delivered, with the id."""
    firm.save("ann")

    def answer(message: Any) -> Any:
        firm.hear("mail", {"what": "delivered", "message_id": message.id})
        return taken(message)

    firm.mail.answer = answer
    row = firm.send("ann")[0]
    assert (row.state, row.provider_id) == ("delivered", f"p{row.id}")
    assert firm.notes("ann").count("message_out") == 1


@SQLITE
def test_two_dispatchers_send_each_message_once(found: Callable[..., Firm]):
    """While one hands its batch over, another finds nothing of it to send."""
    firm = found(outreach={"batch": 3})
    names = [firm.save(f"c{number}") for number in range(7)]
    with firm.connect() as other:

        def answer(message: Any) -> Any:
            other.outreach.dispatch(1)
            return taken(message)

        firm.mail.answer = answer
        firm.enqueue(*names)
        firm.dispatch()
        other.outreach.dispatch()
    assert sorted(firm.mail.to) == sorted(names)
    assert {row.state for row in firm.rows()} == {"accepted"}


# -- how much at once ------------------------------------------------------------------


def test_limit_is_how_many_are_looked_at(firm: Firm):
    """0 looks at none; what is left is due the next time."""
    names = [firm.save(f"c{number}") for number in range(5)]
    firm.enqueue(*names)
    assert firm.dispatch(0) == {}
    assert firm.dispatch(2) == {"accepted": 2}
    assert firm.dispatch(9) == {"accepted": 3}
    assert sorted(firm.mail.to) == names


def test_a_batch_is_as_large_as_the_channel_takes(found: Callable[..., Firm]):
    """Never more in one call than its limits say, and first a few."""
    firm = found(limits=Limits(batch=30))
    names = [firm.save(f"c{number:03}") for number in range(100)]
    firm.send(*names)
    assert firm.mail.calls == [20, 30, 30, 20]
    assert sorted(firm.mail.to) == names


def test_a_provider_takes_so_many_a_second(
    found: Callable[..., Firm], monkeypatch: pytest.MonkeyPatch
):
    """Between the calls is as much time as what went before is worth."""
    waits: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("crmkit.outreach.sending.time.sleep", sleep)
    monkeypatch.setattr("crmkit.outreach.sending.time.monotonic", lambda: clock[0])
    firm = found(limits=Limits(batch=50, per_second=2))
    firm.send(*(firm.save(f"c{number}") for number in range(7)))
    assert firm.mail.calls == [2, 2, 2, 1]
    assert sum(waits) == pytest.approx(3.0)


@pytest.mark.parametrize(
    "answer",
    [
        taken,
        busy(),
        busy(after=0),
        lambda m: Receipt.refused(m, "no"),
        lambda m: Receipt.misconfigured(m, "no"),
        lambda _: None,
    ],
    ids=["taken", "busy", "at once", "refused", "misconfigured", "silent"],
)
def test_a_clock_that_stands_still_ends_every_dispatch(
    answer: Callable[[Any], Any], found: Callable[..., Firm]
):
    """Whatever the channels say and the gate holds, nothing is done twice at one instant."""
    firm = found(
        outreach={
            "batch": 2,
            "backoff": "1s",
            "chain": ["mail", "sms", "call"],
            "caps": {"all": {"max": 2, "per": "90m"}},
        }
    )
    names = [firm.save(f"c{number}") for number in range(3)]
    for channel in (firm.mail, firm.sms, firm.call):
        channel.answer = answer
    for occasion in "abc":
        firm.enqueue(*names, occasion=occasion, channel=None)
    firm.dispatch()
    sent = firm.mail.sent + firm.sms.sent + firm.call.sent
    assert len({one.id for one in sent}) == len(sent)
    assert firm.dispatch() == {}


def test_what_fits_no_more_before_it_expires_is_refused_as_expired(firm: Firm):
    """A retry that comes after the message's end sends nothing."""
    firm.save("ann")
    firm.mail.answer = busy(after=7200)
    firm.send("ann", expires=NOW + HOUR)
    firm.mail.answer = taken
    firm.now += 2 * HOUR
    assert firm.dispatch() == {"refused": 1}
    assert firm.states() == [("refused", "expired")]


# -- a dry run -------------------------------------------------------------------------


@BOTH
def test_a_dry_run_writes_nothing_and_tells_what_would_come(found: Callable[..., Firm]):
    """Every table stays as it is; the counts are those of the dispatch that follows."""
    firm = found(outreach={"caps": {"all": {"max": 1, "per": "day"}}})
    names = [firm.save(f"c{number}", agrees=number != 2) for number in range(5)]
    firm.agree("c2")
    for occasion in "ab":
        firm.enqueue(*names, occasion=occasion)
    firm.crm.consents.withdraw("c2", "care", source="a call")
    firm.enqueue("c0", occasion="x", template={"text": "{{ customer.industry }}"})
    before = firm.dump()
    told = firm.dispatch(dry_run=True)
    assert firm.dump() == before
    assert not firm.mail.sent
    assert told == firm.dispatch() == {"planned": 4, "accepted": 4, "refused": 3}
    assert firm.dispatch(dry_run=True) == {}


def test_a_dry_run_keeps_to_its_limit(firm: Firm):
    """It looks at as many as it is told."""
    firm.enqueue(*(firm.save(f"c{number}") for number in range(5)))
    assert firm.dispatch(2, dry_run=True) == {"accepted": 2}


# -- after a restart -------------------------------------------------------------------


@SQLITE
def test_another_process_goes_on(found: Callable[..., Firm]):
    """What was entered here is sent there, with the template as it was."""
    firm = found()
    firm.save("ann")
    firm.enqueue("ann", template=TEXT)
    with firm.connect() as other:
        assert other.outreach.dispatch().to_dict() == {"accepted": 1}
    assert [one.text for one in firm.mail.sent] == ["Hello Ann"]
    assert firm.dispatch() == {}


# -- a dead address --------------------------------------------------------------------


@BOTH
def test_an_address_refused_for_good_is_suppressed(found: Callable[..., Firm]):
    """Whom the provider calls dead as he is handed a message gets none on another occasion."""
    firm = found()
    firm.save("ann")
    firm.mail.answer = lambda message: Receipt.refused(
        message, "no such user", code="550 5.1.1", permanent=True
    )
    firm.send("ann", occasion="a")
    firm.mail.answer = taken
    firm.send("ann", occasion="b")
    assert [row.reason for row in firm.rows()] == ["provider", "suppressed"]
    assert "5.1.1" in firm.rows()[1].detail


def test_an_address_refused_once_is_tried_again(firm: Firm):
    """What may be about the message alone suppresses nobody."""
    firm.save("ann")
    firm.mail.answer = lambda message: Receipt.refused(message, "too much", code="550 5.7.1")
    firm.send("ann", occasion="a")
    firm.mail.answer = taken
    firm.send("ann", occasion="b")
    assert [row.state for row in firm.rows()] == ["refused", "accepted"]
