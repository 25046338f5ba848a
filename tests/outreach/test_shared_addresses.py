"""A word against messages from a telephone that two customers share: it is the word of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmkit import Customer, Identity
from crmkit.model.consent import TRANSACTIONAL
from tests.outreach.kit import BOTH, DAY, HOUR, NOW, Firm

PHONE = "+8613800138000"
STOP = {"what": "replied", "address": PHONE, "text": "退订", "event_id": "s1"}


@pytest.fixture
def firm(found: Callable[..., Firm]) -> Firm:
    """Give a firm with two customers of one household, and a third who is none of it."""
    firm = found()
    keys = {name: Identity("email", f"{name}@example.com") for name in ("ann", "bob")}
    firm.crm.customers.save(
        Customer(id="ann", name="Ann", identities=(keys["ann"], Identity("phone", PHONE)))
    )
    firm.crm.customers.save(Customer(id="bob", name="Bob", identities=(keys["bob"],)))
    who = {"email": "bob@example.com", "phone": PHONE}
    firm.crm.capture([{"id": "1", "kind": "visit", "at": NOW, "customer": who}], "till")
    (collision,) = firm.crm.customers.collisions()
    firm.crm.customers.resolve(collision.id, "apart", reason="one household")
    firm.agree("ann")
    firm.agree("bob")
    firm.save("cid")
    return firm


def _goes(firm: Firm, occasion: str, **how: Any) -> list[str | None]:
    rows = firm.send("ann", "bob", "cid", channel="sms", occasion=occasion, **how)
    return [row.reason for row in rows]


@BOTH
@pytest.mark.parametrize("said", [STOP, {**STOP, "what": "unsubscribed"}])
def test_whoever_has_it_gets_no_more(firm: Firm, said: dict[str, str]):
    """By that channel; what they must know still comes, and others are none the wiser."""
    assert _goes(firm, "before") == [None] * 3
    heard = firm.hear("sms", said)
    assert heard.strangers == ()
    assert _goes(firm, "after") == ["consent", "consent", None]
    assert _goes(firm, "code", purpose=TRANSACTIONAL) == [None] * 3
    assert firm.send("ann", occasion="mail")[0].state == "accepted"
    assert firm.notes("bob").count("note") == 1


def test_the_same_word_again_takes_no_new_consent_back(firm: Firm):
    """But another one does."""
    firm.hear("sms", STOP, STOP)
    firm.now += HOUR
    firm.agree("bob", "care")
    firm.hear("sms", STOP)
    assert _goes(firm, "a") == ["consent", None, None]
    firm.now += HOUR
    firm.hear("sms", {**STOP, "event_id": "s2"})
    assert _goes(firm, "b") == ["consent", "consent", None]


@pytest.mark.parametrize("what", [{"what": "complained"}, {"what": "bounced", "permanent": True}])
def test_nothing_goes_to_it_any_more(firm: Firm, what: dict[str, Any]):
    """A provider who names the address and no message of ours."""
    firm.hear("sms", {"address": PHONE, "event_id": "c1", **what})
    assert _goes(firm, "after") == ["suppressed", "suppressed", None]


def test_who_of_them_wrote_is_not_known(firm: Firm):
    """Other words are a stranger's, and so is what comes from nobody's address."""
    firm.now += DAY
    words = {**STOP, "text": "thank you"}
    assert len(firm.hear("sms", words, {**STOP, "address": "+8613900139000"}).strangers) == 2
    assert "message_in" not in [*firm.notes("ann"), *firm.notes("bob")]
    assert _goes(firm, "after") == [None] * 3


def test_it_is_heard_of_who_is_left(firm: Firm):
    """The other one was erased; the number reaches one customer now."""
    firm.crm.customers.erase("ann", reason="she asked")
    firm.hear("sms", STOP)
    assert firm.send("bob", channel="sms")[0].reason == "consent"
