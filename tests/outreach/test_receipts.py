"""Receipts and replies: a row moves on and never back; each is known once, in whatever order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import Identity
from crmkit.contracts.channel import Delivery, Poll, Receipt
from crmkit.errors import InvalidValueError, SignatureInvalid
from tests.outreach.kit import BOTH, DAY, HOUR, MINUTE, NOW, SEALED, Firm

FORWARD = ["sent", "delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"]


# -- forward only ----------------------------------------------------------------------


@BOTH
@pytest.mark.row("R34")
def test_a_row_moves_on_and_its_receipts_are_touchpoints_once(firm: Firm):
    """Each state is reached by its receipt; the same receipt again changes nothing."""
    firm.save("ann")
    row = firm.send("ann")[0]
    for what in ("sent", "delivered", "opened", "clicked"):
        for _ in range(2):
            firm.hear("mail", {"what": what, "provider_id": row.provider_id})
            assert firm.row().state == what
    assert firm.notes("ann") == ["message_out", "note", "note", "note"]
    assert {one.what for one in firm.offer.told} == {"sent", "delivered", "opened", "clicked"}


def test_what_comes_late_moves_nothing_back(firm: Firm):
    """The further of two states stays, whichever is told first."""
    firm.save("ann")
    for early, late in product(FORWARD, repeat=2):
        firm.agree("ann", "care")
        firm.outreach.unsuppress("email", "ann@example.com")
        row = firm.send("ann", occasion=f"{early}, {late}")[0]
        for what in (early, late):
            firm.hear("mail", {"what": what, "message_id": row.id})
        firm.now += MINUTE
        further = max((early, late), key=FORWARD.index)
        assert firm.row(occasion=row.occasion).state == further


def outcome(receipts: list[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Give what is known in the end of one message, whose receipts come as listed."""
    firm = Firm()
    firm.save("ann")
    row = firm.send("ann")[0]
    for one in receipts:
        firm.hear("mail", {"message_id": row.id, **one})
    after = firm.row()
    notes = sorted(
        (one.kind, one.text or "", str(one.attributes)) for one in firm.crm.touchpoints.of("ann")
    )
    stands = [(one.purpose, one.channel, one.state) for one in firm.crm.consents.of("ann")]
    hashes = len(firm.dump()["suppression"])
    told = len([one for one in firm.crm.consents.history("ann") if not one.given])
    firm.crm.close()
    return after, notes, stands, hashes, told


RECEIPTS: list[Mapping[str, Any]] = [
    {"what": "sent"},
    {"what": "delivered", "code": "250", "reason": "delivered to the mailbox"},
    {"what": "failed", "reason": "given up"},
    {"what": "bounced", "permanent": True, "code": "5.1.1", "reason": "no such user"},
    {"what": "opened", "machine": True},
    {"what": "clicked"},
    {"what": "complained", "reason": "spam"},
    {"what": "unsubscribed"},
    {"what": "replied", "event_id": "r1", "text": "STOP"},
]


@pytest.mark.row("R34")
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_order_with_duplicates_ends_alike(data: st.DataObject):
    """The final row, touchpoints, consents and suppressions are those of the plain order."""
    told = data.draw(st.lists(st.sampled_from(RECEIPTS), unique_by=str, min_size=1))
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    order = data.draw(st.permutations([*told, *again]))
    plain = sorted(told, key=RECEIPTS.index)
    assert outcome(order) == outcome(plain)


def test_one_batch_is_as_good_as_many(firm: Firm):
    """Receipts of one call, duplicates among them, are taken one after the other."""
    firm.save("ann")
    firm.save("bob")
    ann, bob = firm.send("ann", "bob")
    said = [{"what": what, "message_id": ann.id} for what in ("opened", "sent", "opened")]
    heard = firm.hear("mail", *said, {"what": "delivered", "provider_id": bob.provider_id})
    assert len(heard.receipts) == 4
    assert [row.state for row in firm.rows()] == ["opened", "delivered"]


def test_the_provider_may_give_up_what_he_had_taken(found: Callable[..., Firm]):
    """A failure after the acceptance goes on by the next channel, once, however often told."""
    firm = found(outreach={"chain": ["mail", "sms", "call"]})
    firm.save("ann")
    row = firm.send("ann", channel=None)[0]
    for what in ("sent", "failed", "failed", "sent"):
        firm.now += MINUTE
        firm.hear("mail", {"what": what, "message_id": row.id, "reason": "the carrier gave up"})
    assert firm.states() == [("failed", "provider"), ("planned", None)]
    assert [one.channel for one in firm.rows()] == ["mail", "sms"]


def test_what_was_refused_at_once_is_not_sent_on(firm: Firm):
    """A provider who tells both is believed once, however often he tells them."""
    firm.mail.answer = lambda message: Receipt.refused(message, "no")
    row = firm.send(firm.save("ann"))[0]
    for what in ("failed", "sent") * 2:
        firm.hear("mail", {"what": what, "message_id": row.id})
        assert firm.states() == [("refused", "provider")]
    firm.hear("mail", {"what": "delivered", "message_id": row.id})
    assert firm.states() == [("delivered", None)]


def test_a_receipt_settles_what_nobody_knew(firm: Firm):
    """A message of unknown fate was delivered: it went, and is a touchpoint."""
    firm.save("ann")
    firm.mail.answer = lambda _: None
    row = firm.send("ann")[0]
    assert firm.notes("ann") == []
    firm.hear("mail", {"what": "delivered", "message_id": row.id, "provider_id": "p9"})
    assert (firm.row().state, firm.row().provider_id) == ("delivered", "p9")
    assert firm.notes("ann")[0] == "message_out"


# -- who is a stranger -----------------------------------------------------------------


@BOTH
def test_unknown_messages_change_nothing_and_are_reported(firm: Firm):
    """By our id, the provider's, or an address that nobody has; the known ones count."""
    firm.save("ann")
    row = firm.send("ann")[0]
    before = firm.dump()
    heard = firm.hear(
        "mail",
        {"what": "delivered", "message_id": "99999"},
        {"what": "delivered", "provider_id": "nobody's"},
        {"what": "delivered", "message_id": "x\u0000; drop table"},
        {"what": "replied", "address": "stranger@example.com", "text": "STOP"},
        {"what": "delivered"},
    )
    assert heard.receipts == ()
    assert len(heard.strangers) == 5
    assert firm.dump() == before
    heard = firm.hear(
        "mail", {"what": "opened", "provider_id": "no"}, {"what": "opened", "message_id": row.id}
    )
    assert (len(heard.receipts), len(heard.strangers)) == (1, 1)


def test_one_channel_tells_nothing_of_another_s_messages(firm: Firm):
    """Whoever may call one webhook can do nothing to what went by another channel."""
    firm.save("ann")
    row = firm.send("ann")[0]
    heard = firm.hear("sms", {"what": "unsubscribed", "message_id": row.id})
    assert (heard.receipts, len(heard.strangers)) == ((), 1)
    assert firm.row().state == "accepted"


@pytest.mark.parametrize("body", [b"<xml/>", b"\xff", b"[" * 100_000, "7"])
def test_what_nobody_can_read_changes_nothing(firm: Firm, body: bytes | str):
    """Rightly signed, and no body of the provider's: it raises InvalidValueError."""
    firm.save("ann")
    firm.send("ann")
    before = firm.dump()
    with pytest.raises(InvalidValueError, match="no JSON"):
        firm.outreach.receive("mail", SEALED, body)
    assert firm.dump() == before


@BOTH
def test_a_forgery_changes_nothing(firm: Firm):
    """It raises SignatureInvalid."""
    firm.save("ann")
    row = firm.send("ann")[0]
    before = firm.dump()
    body = f'[{{"what": "unsubscribed", "message_id": "{row.id}"}}]'
    for headers in ({}, {"Seal": "forged"}):
        with pytest.raises(SignatureInvalid):
            firm.outreach.receive("mail", headers, body)
    assert firm.dump() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "get"])
def test_get_and_head_change_nothing(method: str, firm: Firm):
    """Machines follow links: the answer is given, the state stays."""
    firm.save("ann")
    row = firm.send("ann")[0]
    before = firm.dump()
    body = f'[{{"what": "unsubscribed", "message_id": "{row.id}"}}]'
    heard = firm.outreach.receive("mail", SEALED, body, method=method, url="https://x/u?t=1")
    assert heard.receipts == ()
    assert heard.response.status == 202
    assert firm.dump() == before


def test_the_answer_that_the_provider_wants_is_given(firm: Firm):
    """Status and body are the channel's own, and so are method and url that it sees."""
    heard = firm.outreach.receive("mail", SEALED, b"", url="https://shop.example/hook?challenge=1")
    assert heard.response.body == b"POST https://shop.example/hook?challenge=1"


def test_channels_without_receipts_take_no_calls(firm: Firm):
    """Nor are they asked for any."""
    with pytest.raises(InvalidValueError, match="call"):
        firm.outreach.receive("call", {}, b"")
    with pytest.raises(InvalidValueError, match="sms"):
        firm.outreach.poll("sms")


# -- bounces and complaints ------------------------------------------------------------


@pytest.mark.row("R74")
@pytest.mark.parametrize(
    ("said", "dead"),
    [
        ({"what": "bounced", "permanent": True, "code": "5.1.1"}, True),
        ({"what": "bounced", "permanent": True, "code": "5.1.10"}, True),
        ({"what": "bounced", "permanent": False, "code": "5.7.1"}, False),
        ({"what": "bounced", "permanent": False, "code": "4.2.2"}, False),
        ({"what": "complained"}, True),
        ({"what": "opened"}, False),
    ],
)
def test_dead_addresses_and_complaints_are_suppressed(
    said: Mapping[str, Any], dead: bool, firm: Firm
):
    """5.1.1 suppresses, a refusal by policy (5.7.x) does not."""
    firm.save("ann")
    row = firm.send("ann")[0]
    firm.hear("mail", {"message_id": row.id, **said})
    later = firm.send("ann", occasion="later")[0]
    assert (later.reason == "suppressed") == dead


@BOTH
@pytest.mark.row("R74")
def test_a_suppression_outlives_the_customer(firm: Firm):
    """He is erased; another who has the same address later gets nothing either."""
    firm.save("ann", identities=(Identity("email", "Ann@Example.com"),))
    row = firm.send("ann")[0]
    firm.hear("mail", {"what": "complained", "message_id": row.id})
    held = firm.dump()["suppression"]
    assert "ann" not in str(held).casefold()
    firm.crm.customers.erase("ann", reason="asked")
    assert firm.dump()["suppression"] == held
    setup = firm.outreach.setup
    from crmkit.outreach.suppression import Suppressions  # noqa: PLC0415 - what the gate asks

    with setup.session.store.read() as reader:
        known = Suppressions(reader, setup.key).among([("email", "ann@example.com")], ("mail",))
    assert known


@BOTH
def test_whoever_has_the_address_by_now_is_held_too(firm: Firm):
    """The address, not the customer, is suppressed."""
    address = (Identity("email", "desk@example.com"),)
    firm.save("ann", identities=address)
    row = firm.send("ann")[0]
    firm.hear("mail", {"what": "bounced", "message_id": row.id, "permanent": True})
    firm.save("bob", identities=(Identity("phone", "+8613800138000"),))
    firm.crm.customers.merge("bob", "ann", reason="same desk")
    assert firm.send("bob", occasion="later")[0].reason == "suppressed"


@pytest.mark.parametrize("what", ["bounced", "complained"])
def test_a_report_suppresses_no_other_customer_s_address(what: str, firm: Firm):
    """Whoever got a message can write a report about it, and name any address in it."""
    firm.save("ann")
    firm.save("bob")
    row = firm.send("ann")[0]
    said = {"what": what, "message_id": row.id, "permanent": True, "address": "Bob@Example.com"}
    firm.hear("mail", said)
    assert firm.send("bob", occasion="later")[0].state == "accepted"
    firm.hear("mail", said | {"address": "ann@example.com"})
    assert firm.send("ann", occasion="later")[-1].reason == "suppressed"


def test_two_spellings_of_an_address_in_one_call_are_both_heard(firm: Firm):
    """None of the two is taken for a stranger."""
    firm.save("ann")
    phone = firm.phone("ann")
    spelled = (phone, phone.removeprefix("+86"))
    said = [
        {"what": "replied", "address": one, "text": text, "event_id": one}
        for one, text in zip(spelled, ("hello", "STOP"), strict=True)
    ]
    for order in (said, said[::-1]):
        assert not firm.hear("sms", *order).strangers
    assert firm.send("ann", channel="sms")[0].reason == "consent"


def test_a_bounce_goes_on_by_the_next_channel(found: Callable[..., Firm]):
    """The customer's message goes by SMS then, and no more by e-mail."""
    firm = found(outreach={"chain": ["mail", "sms"]})
    firm.save("ann")
    row = firm.send("ann", channel=None)[0]
    for _ in range(2):
        firm.hear("mail", {"what": "bounced", "message_id": row.id, "permanent": True})
    firm.dispatch()
    assert [(one.channel, one.state) for one in firm.rows()] == [
        ("mail", "bounced"),
        ("sms", "accepted"),
    ]


# -- withdrawals -----------------------------------------------------------------------


@pytest.mark.row("R73", "R74")
@pytest.mark.parametrize(
    "text",
    [
        *["R", "r", "Ｒ", " TD ", "td.", "拒收", "退订", "STOP", "Stop!", "ＳＴＯＰ", "回复R"],
        "STOP\n\nOn Mon, 1 Jun 2026 at 12:00, Shop <s@shop.example> wrote:\n> Hello\n> Good-bye",
        "退订\r\n\r\n发自我的iPhone",
        "stop\n> Hello",
        "Please stop.\n-- \nAnn",
    ],
)
def test_a_reply_that_wants_no_more_withdraws(text: str, firm: Firm):
    """By this channel, for all purposes but what he must know; and it is a touchpoint."""
    firm.save("ann")
    firm.hear("sms", {"what": "replied", "address": firm.phone("ann"), "text": text})
    for purpose in ("service", "care", "marketing"):
        row = firm.send("ann", channel="sms", purpose=purpose, occasion="later")
        assert [one.reason for one in row if one.purpose == purpose] == ["consent"]
    firm.send("ann", channel="sms", purpose="transactional", occasion="must")
    firm.send("ann", occasion="by mail")
    assert [one.purpose for one in firm.sms.sent] == ["transactional"]
    assert firm.mail.to == ["ann"]
    assert "message_in" in firm.notes("ann")


@pytest.mark.parametrize(
    "text",
    ["", "thanks", "please do not stop", "R u there?", "TDK 5", "好的", "我要R型号", "42", "R\n2"],
)
def test_an_ordinary_answer_withdraws_nothing(text: str, firm: Firm):
    """What merely holds such a word is an answer like any other."""
    firm.save("ann")
    firm.hear("sms", {"what": "replied", "address": firm.phone("ann"), "text": text})
    assert all(one.given for one in firm.crm.consents.of("ann"))
    assert firm.notes("ann") == ["message_in"]


@pytest.mark.row("R33")
def test_a_reply_is_found_by_however_the_address_is_spelled(firm: Firm):
    """National or international, with blanks: it is the same number."""
    firm.save("ann", identities=(Identity("phone", "+8613800138004"),))
    firm.hear(
        "sms", {"what": "replied", "address": "138 0013 8004", "text": "hello", "event_id": "e"}
    )
    (note,) = firm.crm.touchpoints.of("ann")
    assert (note.kind, note.channel, note.text, note.direction) == (
        "message_in",
        "sms",
        "hello",
        "in",
    )


def test_one_click_withdraws_that_purpose_by_that_channel(firm: Firm):
    """RFC 8058: no more of this; other purposes and channels stay."""
    firm.save("ann")
    row = firm.send("ann")[0]
    firm.hear("mail", {"what": "unsubscribed", "message_id": row.id})
    assert firm.send("ann", occasion="b")[0].reason == "consent"
    assert firm.send("ann", occasion="c", purpose="service")[0].state == "accepted"
    assert firm.send("ann", occasion="d", channel="sms")[0].state == "accepted"


@BOTH
@pytest.mark.parametrize("what", ["unsubscribed", "replied"])
def test_a_replayed_withdrawal_undoes_no_later_consent(what: str, firm: Firm):
    """He agreed anew since: the same event once more is known, and changes nothing."""
    firm.save("ann")
    row = firm.send("ann")[0]
    event = {"what": what, "event_id": "e1", "text": "STOP", "address": "ann@example.com"}
    event |= {"message_id": row.id} if what == "unsubscribed" else {}
    firm.hear("mail", event, event)
    assert firm.send("ann", occasion="b")[0].reason == "consent"
    firm.now += DAY
    firm.agree("ann", "care", channel="mail")
    firm.now += DAY
    before = firm.dump()
    firm.hear("mail", event)
    assert firm.dump() == before
    assert firm.send("ann", occasion="c")[0].state == "accepted"


# -- clocks ----------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["replied", "unsubscribed"])
def test_a_replayed_wish_that_names_no_message(what: str, firm: Firm):
    """The same event again changes nothing; the same words without anything to tell them do."""
    firm.save("ann")
    wish = {"what": what, "address": firm.phone("ann"), "text": "STOP"}
    for said, state in ((wish | {"event_id": "e1"}, "accepted"), (wish, "refused")):
        firm.hear("sms", said)
        assert firm.send("ann", channel="sms", occasion=f"{state} 1")[0].reason == "consent"
        firm.now += DAY
        firm.agree("ann")
        firm.hear("sms", said)
        assert firm.send("ann", channel="sms", occasion=f"{state} 2")[0].state == state
        firm.now += DAY
        firm.agree("ann")


@pytest.mark.parametrize("skew", [-10 * 365 * DAY, -HOUR, HOUR, 10 * 365 * DAY])
def test_a_provider_s_clock_may_be_wrong(skew: timedelta, firm: Firm):
    """What he says happened in the future happened now; the row moves all the same."""
    firm.save("ann")
    row = firm.send("ann")[0]
    setup_at = NOW + skew
    from crmkit.outreach.hearing import hear  # noqa: PLC0415 - a delivery with its instant

    said = Delivery(what="delivered", message_id=row.id, at=setup_at)
    hear(firm.outreach.setup, firm.outreach.setup.lines.get("mail"), [said])
    assert firm.row().state == "delivered"
    noted = next(one for one in firm.crm.touchpoints.of("ann") if one.kind == "note")
    assert noted.at == min(setup_at, NOW)


# -- polling ---------------------------------------------------------------------------


@BOTH
def test_pages_are_fetched_until_nothing_is_new(firm: Firm):
    """The place is kept once a page is written down, so nothing is lost nor asked twice."""
    firm.save("ann")
    row = firm.send("ann")[0]
    delivered = Delivery(what="delivered", message_id=row.id)
    opened = Delivery(what="opened", provider_id=row.provider_id)
    stranger = Delivery(what="opened", provider_id="no")
    firm.mail.pages = [Poll([delivered, stranger], "1"), Poll([opened, delivered], "2")]
    heard = firm.outreach.poll("mail")
    assert (heard.receipts, heard.strangers) == ((delivered, opened, delivered), (stranger,))
    assert firm.row().state == "opened"
    assert firm.mail.cursors == [None, "1", "2"]
    firm.outreach.poll("mail")
    assert firm.mail.cursors[-1] == "2"


def test_a_cursor_that_stays_ends_the_poll(firm: Firm):
    """A channel that gives one page for ever is asked once."""
    firm.save("ann")
    row = firm.send("ann")[0]
    page = Poll([Delivery(what="opened", message_id=row.id)], None)
    firm.mail.pages = [page] * 5
    firm.outreach.poll("mail")
    assert len(firm.mail.cursors) == 1


def test_a_page_that_cannot_be_written_is_fetched_again(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
):
    """The place moves after the page, never before."""
    firm.save("ann")
    row = firm.send("ann")[0]
    firm.mail.pages = [Poll([Delivery(what="opened", message_id=row.id)], "1")]

    def broken(*_: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("crmkit.outreach.inbound.hear", broken)
        with pytest.raises(OSError, match="full"):
            firm.outreach.poll("mail")
    firm.outreach.poll("mail")
    assert firm.mail.cursors == [None, None]


def test_a_plugin_hears_of_receipts(firm: Firm):
    """Those that are known, after the commit."""
    firm.save("ann")
    row = firm.send("ann")[0]
    firm.hear(
        "mail", {"what": "opened", "message_id": row.id}, {"what": "opened", "message_id": "7777"}
    )
    assert [(one.what, one.message_id) for one in firm.offer.told] == [("opened", row.id)]


def test_an_answer_ends_the_wait_for_one(found: Callable[..., Firm]):
    """He wrote back: the next channel of the chain is not tried any more."""
    firm = found(outreach={"chain": ["sms", "mail"], "wait": "3d"})
    firm.save("ann")
    firm.save("bob")
    firm.send("ann", "bob", channel=None)
    firm.hear("sms", {"what": "replied", "address": firm.phone("ann"), "text": "thank you"})
    firm.now += 3 * DAY
    firm.dispatch()
    assert firm.sms.to == ["ann", "bob"]
    assert firm.mail.to == ["bob"]
