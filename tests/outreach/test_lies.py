"""Channels that lie: whatever a plugin gives, raises or changes, it costs no other message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from crmkit.contracts.channel import Delivery, Poll, Receipt, Response
from crmkit.errors import InvalidValueError, PluginError
from tests.outreach.kit import BOTH, Firm, taken


class Unreadable(Exception):  # noqa: N818 - it is none of crmkit's
    def __str__(self) -> str:
        raise RuntimeError("not even its words")


def _raises(error: BaseException) -> Callable[[Any], Any]:
    def send(_: Any) -> Any:
        raise error

    return send


def _clears(messages: Any) -> Any:
    given = [taken(one) for one in messages]
    messages.clear()
    return given


def _renames(messages: Any) -> Any:
    given = [taken(one) for one in messages]
    for one in messages:
        object.__setattr__(one, "id", "777")
    return given


def _names_lists(messages: Any) -> Any:
    return [Receipt(message_id=[one.id], outcome="accepted") for one in messages]  # type: ignore[arg-type]


SENDS = {
    "unreadable": (_raises(Unreadable()), "unknown"),
    "exit": (_raises(SystemExit(3)), "unknown"),
    "lists": (_names_lists, "unknown"),
    "clears": (_clears, "accepted"),
    "renames": (_renames, "accepted"),
    "generator": (lambda messages: (taken(one) for one in messages), "accepted"),
}


@pytest.mark.parametrize("how", SENDS)
def test_a_channel_that_misbehaves_ends_no_dispatch(how: str, firm: Firm):
    """Its messages get a state, and those of other channels go."""
    send, state = SENDS[how]
    firm.save("ann")
    firm.mail.send = send  # type: ignore[method-assign]
    firm.enqueue("ann")
    firm.enqueue("ann", channel="sms", occasion="p")
    firm.dispatch()
    assert [one.state for one in firm.rows()] == [state, "accepted"]


ODD: list[dict[str, Any]] = [
    {"message_id": 5},
    {"provider_id": 5},
    {"provider_id": ["x"]},
    {"at": datetime(2026, 6, 1)},  # noqa: DTZ001 - that is what is wrong with it
    {"at": "2026-06-01"},
    {"code": 5, "reason": None},
    {"code": "\0", "reason": "half \ud800 a character"},
    {"event_id": 5, "address": 5},
]


@BOTH
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("what", ["bounced", "replied"])
def test_an_odd_delivery_costs_no_other(what: str, odd: dict[str, Any], firm: Firm):
    """A page with one of them is heard, and not fetched again for ever."""
    firm.save("ann")
    rows = firm.send("ann")
    about = {"message_id": rows[0].id} if not odd.keys() & {"message_id", "provider_id"} else {}
    strange = Delivery(what=what, text="well", **about, **odd)
    firm.save("bob")
    (row,) = firm.send("bob", occasion="p")
    true = Delivery(what="delivered", message_id=row.id)
    firm.mail.pages = [Poll([strange, object(), true], "1")]  # type: ignore[list-item]
    firm.outreach.poll("mail")
    assert firm.rows(occasion="p")[0].state == "delivered"
    firm.outreach.poll("mail")
    assert firm.mail.cursors == [None, "1", "1"]


@BOTH
@pytest.mark.parametrize("text", [5, "half \ud800 a character \0", "x" * 2_000_000])
def test_an_odd_reply_is_kept_as_far_as_it_can_be(text: Any, firm: Firm):
    """It is heard as text."""
    firm.save("ann")
    said = Delivery(what="replied", address="ann@example.com", text=text)
    firm.mail.pages = [Poll([said], "1")]
    firm.outreach.poll("mail")
    (heard,) = firm.crm.touchpoints.of("ann")
    assert heard.text
    assert len(heard.text) <= 100_000


@pytest.mark.parametrize("page", [None, ([], "1"), Poll([], 5)])  # type: ignore[arg-type]
def test_a_page_that_is_none_is_named(page: Any, firm: Firm):
    """With the channel; nothing is taken of it."""
    firm.mail.pages = [page]
    with pytest.raises(PluginError, match="channel mail: poll must give a Poll"):
        firm.outreach.poll("mail")


@pytest.mark.parametrize("told", [None, [], ([], None), (None, Response())])
def test_an_answer_to_a_call_that_is_none_is_named(told: Any, firm: Firm):
    """Instead of an error of Python's that names nothing."""
    firm.mail.receive = lambda *_, **__: told  # type: ignore[method-assign]
    with pytest.raises(PluginError, match="channel mail: receive must give"):
        firm.outreach.receive("mail", {}, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"Seal": ["genuine"]},
        {b"Seal": b"genuine"},
        [("Seal", "genuine")],
        [(b"Seal", b"genuine"), (b"Accept", b"*/*")],
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_call_is_taken_as_frameworks_give_it(headers: Any, kind: Any, firm: Firm):
    """Headers as bytes, lists or pairs, a body in any kind of bytes."""
    assert firm.outreach.receive("mail", headers, kind(b"[]")).response.status == 202
    with pytest.raises(InvalidValueError, match="headers"):
        firm.outreach.receive("mail", [1], b"[]")
