"""Bad input: refused with a reason, nothing sent, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmkit import Customer, Identity
from crmkit.errors import CrmkitError, InvalidValueError
from tests.outreach.kit import BOTH, DAY, NOW, SQLITE, Firm

HOSTILE = ("a\r\nBcc: all@example.com", "a\nb", "a\rb", "a\u2028b", "a\0b")


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("system", ["email", "phone"])
def test_an_address_with_a_line_break_is_none(system: str, value: str, firm: Firm):
    """It is refused where it comes in; so no channel ever sees one."""
    with pytest.raises(CrmkitError):
        firm.crm.customers.save(Customer(id="ann", identities=(Identity(system, value),)))
    assert firm.enqueue("ann")[0].reason == "address"


@pytest.mark.parametrize("value", HOSTILE[:-1])
def test_a_name_with_a_line_break_heads_no_mail(value: str, firm: Firm):
    """It is refused, and the preview says so before."""
    keys = (Identity("email", "ann@example.com"),)
    firm.crm.customers.save(Customer(id="ann", name=value, identities=keys))
    firm.agree("ann")
    how = {"purpose": "care", "channel": "mail", "template": {"text": "hello"}}
    (seen,) = firm.outreach.preview("ann", occasion="o", **how)
    assert seen.reason == "address"
    row = firm.send("ann", **how)[0]
    assert (row.state, row.reason) == ("refused", "address")
    assert firm.mail.sent == []
    assert (
        firm.outreach.preview("ann", occasion="p", **how | {"channel": None})[0].channel == "call"
    )


@BOTH
@pytest.mark.parametrize("value", HOSTILE[:-1])
def test_a_subject_that_a_template_made_is_one_line(value: str, firm: Firm):
    """Whatever the customer is called, and whatever he told: no header begins in it."""
    firm.save("ann", salutation=value)
    row = firm.send(
        "ann",
        template={"subject": "For {{ gift }} {{ salutation }}", "text": "hello"},
        variables={"gift": value},
    )[0]
    for message in firm.mail.sent:
        assert message.subject is not None
        assert len(message.subject.splitlines()) == 1
    assert row.state == "accepted" or (row.state, row.reason) == ("refused", "content")


@SQLITE
@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "茶" * 300_000, "😀👨‍👩‍👧‍👦 \u202eright to left\u202c שלום مرحبا"]
)
def test_long_and_foreign_texts_arrive_as_they_are(text: str, firm: Firm):
    """A megabyte, emoji, right to left: as they were written, or refused before anything is."""
    firm.save("ann")
    try:
        row = firm.send("ann", template={"text": "{{ it }}"}, variables={"it": text})[0]
    except InvalidValueError:
        assert firm.rows() == ()
        return
    assert row.state in ("accepted", "refused")
    assert [one.text for one in firm.mail.sent] == ([text] if row.state == "accepted" else [])


@pytest.mark.parametrize(
    "value",
    [
        "ann",
        "ann@",
        "@example.com",
        "ann@-bad-.example",
        "a b@example.com",
        "ann@exa mple.com",
        "ann@example..com",
    ],
)
def test_addresses_that_no_mail_server_could_have(value: str, firm: Firm):
    """They are refused where they come in, or never sent to."""
    try:
        firm.save("ann", identities=(Identity("email", value),))
    except CrmkitError:
        assert firm.enqueue("ann")[0].reason == "address"
        return
    assert firm.send("ann")[0].state == "refused"


@pytest.mark.parametrize(
    "value", ["1", "000", "+999123456789", "phone", "+86 1", "138001380001380013800"]
)
def test_phone_numbers_of_no_country(value: str, firm: Firm):
    """Likewise."""
    try:
        firm.save("ann", identities=(Identity("phone", value),))
    except CrmkitError:
        assert firm.enqueue("ann", channel="sms")[0].reason == "address"
        return
    assert firm.sms.sent == []


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(10**9) %}x{% endfor %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{{ 'x' * 10**9 }}",
        "{{ customer.__class__ }}",
        "{{ 9**9**9 }}",
        "{% include '/etc/passwd' %}",
        "{{",
    ],
)
def test_templates_that_loop_or_reach_out_are_refused(source: str, firm: Firm):
    """At once, and nothing is entered; or as content of each message, and nothing is sent."""
    firm.save("ann")
    try:
        rows = firm.send("ann", template={"text": source})
    except InvalidValueError:
        assert firm.rows() == ()
    else:
        assert [row.reason for row in rows] == ["content"]
    assert not firm.mail.sent


@BOTH
@pytest.mark.parametrize("back", [1, 40])
def test_a_clock_that_is_set_back_sends_nothing_twice(back: int, found: Callable[..., Firm]):
    """What went lies ahead then; it counts for caps, and no withdrawal is forgotten."""
    firm = found(outreach={"caps": {"all": {"max": 1, "per": "day"}}})
    firm.save("ann")
    firm.save("bob")
    firm.send("ann", occasion="a")
    firm.crm.consents.withdraw("bob", "care", source="a call")
    firm.now = NOW - back * DAY
    firm.enqueue("ann", "bob", occasion="b")
    firm.enqueue("ann", occasion="a")
    firm.dispatch()
    assert firm.mail.to == ["ann"]
    assert {row.reason for row in firm.rows(occasion="b")} <= {"cap", "consent"}


def test_ids_that_are_none_lead_nowhere(firm: Firm):
    """Long, foreign, like a path or a statement: a decision with a reason, or one clear error."""
    odd: list[Any] = ["", "a\0b", "\ud800", "x" * 201, 5, None, ["ann"]]
    for one in odd:
        with pytest.raises(InvalidValueError, match="ids"):
            firm.outreach.enqueue([one], purpose="care", occasion="o", template={"text": "a"})
    rows = firm.enqueue("../../etc", "'; DROP TABLE message; --", "王芳")
    assert {row.reason for row in rows} == {"address"}
    assert len(firm.rows()) == 3


def test_nothing_of_this_costs_the_next_message(firm: Firm):
    """After all of it the workspace works as before."""
    firm.save("ann")
    for odd in ({"template": {"text": "{{"}}, {"purpose": "x"}, {"variables": {"a": {1, 2}}}):
        with pytest.raises(InvalidValueError):
            firm.enqueue("ann", **odd)
    assert firm.send("ann")[0].state == "accepted"
