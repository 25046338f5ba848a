"""Messages that nobody knows the fate of: looked up, held for a person, or sent again by choice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit.contracts.channel import Receipt
from crmkit.errors import CrmkitError, DecisionNotFound, InvalidValueError, RefusedError
from tests.outreach.kit import BOTH, DAY, Firm, taken

RESEND = {"mail": {"type": "mail", "on_unknown": "resend"}}


def lost(firm: Firm, *names: str) -> list[str]:
    """Send messages that nobody knows the fate of; give their ids."""
    firm.mail.answer = lambda _: None
    rows = firm.send(*(firm.save(name) for name in names))
    assert {row.state for row in rows} == {"unknown"}
    firm.mail.answer = taken
    return [row.id for row in rows]


@BOTH
def test_what_is_found_was_sent(firm: Firm):
    """It is accepted, with the provider's id, and a touchpoint; it is not sent again."""
    (id_,) = lost(firm, "ann")
    assert firm.notes("ann") == []
    firm.mail.found = {id_: Receipt(message_id=id_, outcome="accepted", provider_id="z9")}
    assert firm.outreach.reconcile().to_dict() == {"accepted": 1}
    row = firm.row()
    assert (row.state, row.provider_id, row.next) == ("accepted", "z9", None)
    assert firm.notes("ann") == ["message_out"]
    assert firm.dispatch() == firm.outreach.reconcile().to_dict() == {}
    assert len(firm.mail.sent) == 1


@BOTH
def test_what_surely_was_not_taken_goes_again(firm: Firm):
    """The provider says he never took it: with the same id, once."""
    (id_,) = lost(firm, "ann")
    firm.mail.found = {id_: Receipt(message_id=id_, outcome="retry")}
    assert firm.outreach.reconcile().to_dict() == {"planned": 1}
    assert firm.dispatch() == {"accepted": 1}
    assert [one.id for one in firm.mail.sent] == [id_, id_]


def test_what_the_provider_refused_is_refused(firm: Firm):
    """He looked it up and says that it never reached anybody."""
    (id_,) = lost(firm, "ann")
    firm.mail.found = {
        id_: Receipt(message_id=id_, outcome="refused", code="550", reason="no such mailbox")
    }
    assert firm.outreach.reconcile().to_dict() == {"refused": 1}
    row = firm.row()
    assert (row.reason, row.detail, row.provider_code) == ("provider", "no such mailbox", "550")


def test_absence_proves_nothing(firm: Firm):
    """What is not found stays for a person to decide, however long."""
    lost(firm, "ann")
    for _ in range(3):
        assert firm.outreach.reconcile().to_dict() == {"unknown": 1}
        firm.now += 100 * DAY
        assert firm.dispatch() == {}
    assert len(firm.mail.sent) == 1


def test_a_channel_that_cannot_look_up_holds(found: Callable[..., Firm]):
    """Without `find` everything stays unknown."""
    firm = found(find=False)
    (id_,) = lost(firm, "ann")
    firm.mail.found = {id_: Receipt(message_id=id_, outcome="accepted")}
    assert firm.outreach.reconcile().to_dict() == {"unknown": 1}


@pytest.mark.parametrize("find", [True, False])
def test_resend_is_a_choice(find: bool, found: Callable[..., Firm]):
    """`on_unknown = "resend"`: twice is better than never, for this channel; found is found."""
    firm = found(find=find, channels=RESEND)
    ids = lost(firm, "ann", "bob")
    firm.mail.found = {ids[0]: Receipt(message_id=ids[0], outcome="accepted")}
    counts = firm.outreach.reconcile().to_dict()
    assert counts == ({"planned": 1, "accepted": 1} if find else {"planned": 2})
    firm.dispatch()
    assert firm.mail.to == ["ann", "bob", *(["bob"] if find else ["ann", "bob"])]


def test_what_is_sent_again_is_judged_again(found: Callable[..., Firm]):
    """Who refused meanwhile gets nothing."""
    firm = found(channels=RESEND)
    lost(firm, "ann")
    firm.crm.consents.withdraw("ann", "care", source="a call")
    firm.outreach.reconcile()
    assert firm.dispatch() == {"refused": 1}
    assert len(firm.mail.sent) == 1


def test_one_channel_s_trouble_is_not_the_others(firm: Firm):
    """A channel that raises is told in the end; the others' messages are settled."""
    lost(firm, "ann")
    firm.save("bob")
    firm.sms.answer = lambda _: None
    firm.send("bob", channel="sms")
    firm.mail.found = OSError("the archive is away")
    before = firm.dump()["message"]
    with pytest.raises(CrmkitError, match="the archive is away"):
        firm.outreach.reconcile()
    assert firm.dump()["message"] == before


def test_a_lease_that_is_over_is_reconciled_at_once(firm: Firm):
    """Nobody has to dispatch before."""
    firm.save("ann")

    def die(_: object) -> object:
        raise KeyboardInterrupt

    firm.mail.answer = die
    with pytest.raises(KeyboardInterrupt):
        firm.send("ann")
    id_ = firm.row().id
    firm.mail.found = {id_: Receipt(message_id=id_, outcome="accepted")}
    assert firm.outreach.reconcile().to_dict() == {}
    firm.now += DAY
    assert firm.outreach.reconcile().to_dict() == {"accepted": 1}


@BOTH
def test_a_person_settles_what_is_unknown(firm: Firm):
    """He says that it went, or that it did not and goes again; and he is named."""
    went, did_not = lost(firm, "ann", "bob")
    row = firm.outreach.settle(went, sent=True, by="wu")
    assert (row.state, row.detail) == ("accepted", "said by wu")
    assert firm.outreach.settle(did_not, sent=False).state == "planned"
    assert firm.dispatch() == {"accepted": 1}
    assert firm.mail.to == ["ann", "bob", "bob"]
    assert firm.notes("ann") == firm.notes("bob") == ["message_out"]


def test_a_known_fate_is_not_to_be_settled(firm: Firm):
    """Nor sent again; and a message that is none has no fate."""
    firm.save("ann")
    row = firm.send("ann")[0]
    with pytest.raises(RefusedError, match="accepted"):
        firm.outreach.settle(row.id, sent=False)
    with pytest.raises(RefusedError, match="accepted"):
        firm.outreach.retry(row.id)
    for call in (firm.outreach.retry, lambda id_: firm.outreach.settle(id_, sent=True)):
        for odd in ("99999", "x", ""):
            with pytest.raises(DecisionNotFound):
                call(odd)
    assert firm.dispatch() == {}


def test_what_waits_is_not_to_be_retried(firm: Firm):
    """A planned message goes by itself, an unknown one needs `settle`."""
    (id_,) = lost(firm, "ann")
    planned = firm.enqueue("ann", occasion="p")[0]
    for one in (id_, planned.id):
        with pytest.raises(RefusedError):
            firm.outreach.retry(one)


def test_what_a_wrong_password_cost_is_entered_anew_at_once(firm: Firm):
    """All that were refused for it, and nobody who has his already."""
    names = [firm.save(name) for name in ("ann", "bob", "eva")]
    firm.send("eva")
    firm.mail.answer = lambda message: Receipt.misconfigured(message, "wrong password")
    firm.send("ann", "bob")
    firm.mail.answer = taken
    entered = firm.outreach.retry_all(occasion="o", reason="provider")
    assert [(row.customer_id, row.state) for row in entered] == [
        ("ann", "planned"),
        ("bob", "planned"),
    ]
    firm.dispatch()
    assert {row.state for row in firm.rows()} == {"accepted"}
    assert sorted(one.customer_id for one in firm.mail.sent) == sorted([*names, "ann", "bob"])
    with pytest.raises(InvalidValueError, match="must say which"):
        firm.outreach.retry_all()


def test_who_was_given_up_by_two_channels_gets_one_message(found: Callable[..., Firm]):
    """What goes again at once goes by the first of them alone."""
    firm = found(outreach={"chain": ["mail", "sms"]})
    firm.save("ann")
    firm.mail.answer = firm.sms.answer = lambda message: Receipt.misconfigured(message, "mend it")
    firm.send("ann", channel=None)
    assert [(row.channel, row.reason) for row in firm.rows()] == [
        ("mail", "provider"),
        ("sms", "provider"),
    ]
    firm.mail.answer = firm.sms.answer = taken
    assert [row.channel for row in firm.outreach.retry_all(occasion="o")] == ["mail"]
    firm.dispatch()
    assert [row.state for row in firm.rows()] == ["accepted", "refused"]
    assert len(firm.sms.sent) == 1
