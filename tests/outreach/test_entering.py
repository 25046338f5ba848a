"""Entering messages: an occasion is one message, whoever enters it, and as often as he does."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest

from crmkit.errors import InvalidValueError
from crmkit.lot import drawn
from tests.outreach.kit import BOTH, HOUR, NOW, SQLITE, TEXT, Firm


@BOTH
@pytest.mark.row("R37", "R217")
@pytest.mark.parametrize("first", ["mail", None])
@pytest.mark.parametrize("second", ["mail", None])
def test_a_second_entering_is_a_no_op(first: str | None, second: str | None, firm: Firm):
    """By the channel's name or chosen, before and after it went: the same row."""
    firm.save("ann", preferred_channel="mail")
    before = firm.enqueue("ann", channel=first)
    assert firm.enqueue("ann", channel=second) == before
    assert firm.dispatch() == {"accepted": 1}
    after = firm.enqueue("ann", channel=second, template={"text": "another text"})
    assert [row.state for row in after] == ["accepted"]
    assert firm.dispatch() == {}
    assert len(firm.rows()) == len(firm.mail.sent) == 1


def test_another_purpose_or_occasion_is_another_message(firm: Firm):
    """Each of them is a message of its own."""
    firm.save("ann")
    firm.enqueue("ann")
    firm.enqueue("ann", purpose="service")
    firm.enqueue("ann", occasion="p")
    assert firm.dispatch() == {"accepted": 3}


def test_who_got_no_message_is_looked_at_anew(firm: Firm):
    """What was refused before any channel had it goes once what was wrong is mended; once."""
    firm.save("ann", agrees=False)
    (refused,) = firm.enqueue("ann")
    firm.now += HOUR
    assert firm.enqueue("ann") == (refused,)
    firm.agree("ann")
    (row,) = firm.enqueue("ann")
    assert (row.id, row.state, row.reason) == (refused.id, "planned", None)
    assert firm.dispatch() == {"accepted": 1}
    assert firm.enqueue("ann")[0].state == "accepted"
    assert len(firm.rows()) == 1
    assert len(firm.mail.sent) == 1


def test_a_template_is_mended_under_its_occasion(firm: Firm):
    """Who lacked a variable gets the mended message; who had his gets no second."""
    names = [firm.save("ann"), firm.save("bob")]
    wish = {"text": "{{ wish }}"}
    firm.send(*names, template=wish, each={"ann": {"wish": "Luck"}})
    assert firm.states() == [("accepted", None), ("refused", "content")]
    firm.send(*names, template=wish, each={"ann": {"wish": "More"}, "bob": {"wish": "Joy"}})
    assert firm.states() == [("accepted", None), ("accepted", None)]
    assert [one.text for one in firm.mail.sent] == ["Luck", "Joy"]


def test_who_was_drawn_for_the_holdout_stays_out(firm: Firm):
    """Entering him once more is no way round the lot."""
    firm.save("ann")
    firm.enqueue("ann", holdout=1.0)
    assert firm.enqueue("ann", holdout=0.0)[0].reason == "holdout"


@BOTH
def test_one_row_a_customer_in_the_order_asked_for(firm: Firm):
    """Also those of who gets nothing; an id twice is one."""
    names = [firm.save(f"c{number}", agrees=number != 1) for number in range(4)]
    asked = [*reversed(names), "nobody", names[0]]
    rows = firm.enqueue(*asked)
    assert [row.customer_id for row in rows] == [*reversed(names), "nobody"]
    assert [row.reason for row in rows] == [None, None, "consent", None, "address"]


@SQLITE
def test_two_threads_enter_one_message(found: Callable[..., Firm]):
    """However they meet, the ledger has one row a customer, and it is sent once."""
    firm = found()
    names = [firm.save(f"c{number}", preferred_channel="mail") for number in range(10)]
    gate = Barrier(4)
    failed: list[Exception] = []

    def enter(channel: str | None) -> None:
        gate.wait()
        try:
            firm.enqueue(*names, channel=channel)
            firm.dispatch()
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [Thread(target=enter, args=(channel,)) for channel in ("mail", None) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(row.customer_id for row in firm.rows()) == names
    assert sorted(firm.mail.to) == names


def test_more_customers_than_a_page(firm: Firm):
    """A mailing to many is one decision, however many pages it takes."""
    names = [f"n{number:04}" for number in range(1001)]
    rows = firm.enqueue(*names, "n0000")
    assert [row.customer_id for row in rows] == names
    made = [one for one in firm.dump()["decision"] if one[1] == "mailing"]
    assert len(made) == 1


def test_nothing_is_entered_by_mistake(firm: Firm):
    """What makes no sense is refused before anything is written, and named."""
    firm.save("ann")
    before = firm.dump()
    wrong: dict[str, dict[str, Any]] = {
        "purpose": {"purpose": "spam"},
        "occasion": {"occasion": ""},
        "channel": {"channel": "pigeon"},
        "template": {"template": "no-such-template"},
        "expires": {"expires": "tomorrow"},
        "holdout": {"holdout": 1.5},
        "variables": {"variables": {"a": object()}},
        "each": {"each": {"ann": 5}},
    }
    for field, how in wrong.items():
        with pytest.raises(InvalidValueError) as caught:
            firm.enqueue("ann", **how)
        assert str(caught.value.field).startswith(field), field
    assert firm.dump() == before


@pytest.mark.row("R217")
def test_festive_greetings_one_by_one(firm: Firm):
    """Each gets his own greeting by his name and language, once a feast."""
    firm.save("ann", language="en", salutation="Ms Lee")
    firm.save("wang", language="zh-CN", salutation="王女士")
    template = {"text": "{{ salutation }}, {{ wish }}"}
    own = {"ann": {"wish": "happy new year!"}, "wang": {"wish": "新年快乐！"}}
    for _ in range(2):
        firm.send("ann", "wang", occasion="new-year-2027", template=template, each=own)
    assert [one.text for one in firm.mail.sent] == ["Ms Lee, happy new year!", "王女士, 新年快乐！"]


# -- holdout ---------------------------------------------------------------------------


def test_the_lot_sets_some_aside(firm: Firm):
    """The same each time it is drawn, about as many as asked for, and they get nothing."""
    names = [f"c{number:03}" for number in range(300)]
    for name in names[:3]:
        firm.save(name)
    firm.save("all-1")
    assert firm.enqueue("all-1", holdout=1.0)[0].reason == "holdout"
    assert firm.dispatch() == {}
    aside = {name for name in names if drawn(f"o\0{name}", 0.3)}
    assert 60 <= len(aside) <= 120
    assert {name for name in names if drawn(f"o\0{name}", 0.2)} < aside
    assert not any(drawn(f"o\0{name}", 0.0) for name in names)
    assert all(drawn(f"o\0{name}", 1.0) for name in names)
    assert aside != {name for name in names if drawn(f"p\0{name}", 0.3)}


def test_the_holdout_of_the_configuration_holds(found: Callable[..., Firm]):
    """Unless the call says otherwise."""
    firm = found(outreach={"holdout": 1.0})
    firm.save("ann")
    assert firm.enqueue("ann")[0].reason == "holdout"
    assert firm.enqueue("ann", occasion="p", holdout=0.0)[0].state == "planned"


# -- the ledger ------------------------------------------------------------------------


@BOTH
def test_the_ledger_is_read_page_by_page(firm: Firm):
    """`after` is the last id of the page before; every row comes once."""
    names = [firm.save(f"c{number}") for number in range(7)]
    firm.enqueue(*names)
    found, after = [], None
    while page := firm.rows(after=after, limit=3):
        found += [row.customer_id for row in page]
        after = page[-1].id
    assert found == names
    with pytest.raises(InvalidValueError):
        firm.rows(after="yesterday")


@BOTH
def test_the_ledger_is_asked_by_customer_occasion_state_and_channel(firm: Firm):
    """Also by an id that was merged; and one that nobody has finds nothing."""
    firm.save("ann")
    firm.save("anna", agrees=False)
    firm.send("ann", "anna")
    firm.enqueue("ann", occasion="p", channel="sms")
    assert len(firm.rows("ann")) == 2
    assert [row.customer_id for row in firm.rows(state="refused")] == ["anna"]
    assert [row.occasion for row in firm.rows("ann", "p")] == ["p"]
    assert [row.state for row in firm.rows("ann", "o", "accepted")] == ["accepted"]
    assert [row.channel for row in firm.rows(channel="sms")] == ["sms"]
    firm.crm.customers.merge("ann", "anna", reason="same")
    assert len(firm.rows("anna")) == len(firm.rows("ann")) == 3
    assert [row.id for row in firm.rows("ann", limit=2)] == [row.id for row in firm.rows()][:2]
    assert firm.rows("nobody") == ()
    with pytest.raises(InvalidValueError, match="state"):
        firm.rows(state="lost")


@pytest.mark.row("R74")
def test_an_export_holds_his_messages(firm: Firm):
    """Whoever asks what is held of him gets his rows of the ledger too."""
    firm.save("ann")
    firm.send("ann")
    (held,) = firm.crm.customers.export("ann")["messages"]
    assert (held["occasion"], held["state"]) == ("o", "accepted")


# -- alerts to colleagues --------------------------------------------------------------


@BOTH
def test_an_alert_goes_once_an_occasion(firm: Firm):
    """It addresses no customer, and has a row of the ledger."""
    row = firm.outreach.alert("bot", "the disk is full", occasion="disk-7")
    assert (row.customer_id, row.channel, row.state) == ("", "bot", "accepted")
    again = firm.outreach.alert("bot", "the disk is full", occasion="disk-7")
    assert again == row == firm.row()
    assert [one.text for one in firm.bot.sent] == ["the disk is full"]
    assert firm.bot.sent[0].to == ""


def test_an_alert_waits_where_the_bot_is_busy(firm: Firm):
    """It is retried like any message."""
    from crmkit.contracts.channel import Receipt  # noqa: PLC0415 - for this test alone

    firm.bot.answer = lambda m: Receipt.retry(m, "too many")
    assert firm.outreach.alert("bot", "hear", occasion="a").state == "failed"
    firm.bot.answer = Receipt.accepted
    firm.now = NOW.replace(hour=13)
    assert firm.dispatch() == {"accepted": 1}


@pytest.mark.parametrize("channel", ["mail", "sms", "call"])
def test_no_alert_goes_to_customers(channel: str, firm: Firm):
    """A channel that reaches customers is refused, and so is an empty text."""
    with pytest.raises(InvalidValueError, match="channel"):
        firm.outreach.alert(channel, "hear", occasion="a")
    with pytest.raises(InvalidValueError, match="text"):
        firm.outreach.alert("bot", "", occasion="a")
    assert firm.rows() == ()


def test_the_kit_s_text_is_a_template(firm: Firm):
    """Subject and text arrive as they were written."""
    firm.save("ann")
    firm.send("ann", template=TEXT)
    assert [(one.subject, one.text) for one in firm.mail.sent] == [("Hello", "Hello Ann")]
