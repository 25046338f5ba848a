"""The gate: why a message does not go, or not yet; asked at the moment of sending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import crmkit
from crmkit import Address, Identity
from crmkit.contracts.specs import Limits
from crmkit.errors import PluginError
from tests.outreach.kit import BOTH, DAY, HOUR, MINUTE, NOW, SQLITE, Censor, Firm, taken

NIGHT = {"quiet_hours": {"start": "21:00", "end": "08:00"}}
PEOPLE = {"wu": {"name": "Wu", "capacity": 1}, "lin": {"name": "Lin", "senior": True}}


def end(firm: Firm, name: str) -> None:
    """End the relationship with a customer, as two colleagues decide it."""
    asked = firm.crm.lifecycle.end(name, reason="market_exit", by="wu")
    firm.crm.lifecycle.approve(asked.id, by="lin")


# -- refused: it never goes this way ---------------------------------------------------


@pytest.mark.row("R73")
def test_without_consent_it_is_refused(firm: Firm):
    """Nobody who did not agree gets anything, and the ledger says so."""
    firm.save("ann", agrees=False)
    row = firm.enqueue("ann")[0]
    assert (row.state, row.reason, row.next) == ("refused", "consent", None)
    assert "no consent to care" in row.detail
    assert firm.dispatch() == {}
    assert not firm.mail.sent


@pytest.mark.row("R73")
@pytest.mark.parametrize("purpose", ["service", "care", "marketing", "transactional"])
def test_consent_to_one_purpose_allows_no_other(purpose: str, firm: Firm):
    """Each purpose stands for itself."""
    firm.save("ann", agrees=False)
    firm.agree("ann", purpose, channel="mail")
    for other in crmkit.model.consent.PURPOSES:
        firm.send("ann", purpose=other, occasion=other)
    assert [one.purpose for one in firm.mail.sent] == [purpose]


@BOTH
@pytest.mark.row("R73")
def test_consent_withdrawn_between_entering_and_sending_counts(firm: Firm):
    """The gate is asked again at the moment of sending."""
    firm.save("ann")
    assert firm.enqueue("ann")[0].state == "planned"
    firm.crm.consents.withdraw("ann", "care", source="a call")
    assert firm.dispatch() == {"refused": 1}
    assert firm.states() == [("refused", "consent")]
    assert not firm.mail.sent


def test_consent_given_after_the_refusal_needs_somebody_to_retry(firm: Firm):
    """What was refused stays so until a person enters it anew."""
    firm.save("ann", agrees=False)
    refused = firm.enqueue("ann")[0]
    firm.agree("ann")
    assert firm.dispatch() == {}
    assert firm.outreach.retry(refused.id).state == "planned"
    assert firm.dispatch() == {"accepted": 1}


@BOTH
@pytest.mark.row("R251", "R252")
def test_whoever_ended_it_gets_only_what_he_must_know(found: Callable[..., Firm]):
    """After the end a transactional message goes; service, care and marketing do not."""
    firm = found(people=PEOPLE)
    firm.save("ann")
    purposes = ("transactional", "service", "care", "marketing")
    for one in purposes:
        firm.enqueue("ann", purpose=one, occasion=one)
    end(firm, "ann")
    assert firm.dispatch() == {"accepted": 1, "refused": 3}
    assert [one.purpose for one in firm.mail.sent] == ["transactional"]
    assert {row.reason for row in firm.rows(state="refused")} == {"ended"}
    assert [r.reason for r in firm.enqueue("ann", purpose="marketing", occasion="x")] == ["ended"]


@pytest.mark.row("R251")
def test_an_end_holds_for_colleagues_too(found: Callable[..., Firm]):
    """Nobody calls whose relationship was ended."""
    firm = found(people=PEOPLE)
    firm.save("ann")
    end(firm, "ann")
    assert firm.send("ann", channel="call")[0].reason == "ended"
    assert not firm.call.sent


def test_an_address_is_needed_where_the_channel_needs_one(firm: Firm):
    """Without an e-mail address there is no e-mail; nobody has a message of nobody's."""
    firm.save("ann", identities=(Identity("phone", "+8613800138000"),))
    rows = firm.send("ann", "nobody")
    assert [(row.state, row.reason) for row in rows] == [("refused", "address")] * 2
    assert firm.dispatch() == {}


@pytest.mark.row("R39")
def test_whom_no_digital_channel_reaches_gets_no_digital_message(firm: Firm):
    """He is left out of automated sends; a colleague may call."""
    firm.save("ann", unreachable=True)
    assert firm.send("ann")[0].reason == "channel"
    assert firm.send("ann", channel="call", occasion="call")[0].state == "accepted"
    assert not firm.mail.sent


def test_a_staff_channel_reaches_no_customer(firm: Firm):
    """A message to a customer by the bot of colleagues is refused."""
    firm.save("ann")
    assert firm.send("ann", channel="bot")[0].reason == "channel"
    assert not firm.bot.sent


@BOTH
def test_a_suppressed_address_gets_nothing_whoever_has_it(firm: Firm):
    """A bounce 5.1.1 ends it for the address; other addresses are not touched."""
    firm.save("ann")
    firm.save("bob")
    row = firm.send("ann")[0]
    firm.hear("mail", {"what": "bounced", "message_id": row.id, "permanent": True, "code": "5.1.1"})
    rows = firm.send("ann", "bob", occasion="later")
    assert [(row.state, row.reason) for row in rows] == [
        ("refused", "suppressed"),
        ("accepted", None),
    ]
    assert "5.1.1" in rows[0].detail


def test_a_bounce_meanwhile_counts(firm: Firm):
    """An address that died between entering and sending gets nothing."""
    firm.save("ann")
    row = firm.send("ann")[0]
    firm.enqueue("ann", occasion="later")
    firm.hear("mail", {"what": "complained", "message_id": row.id})
    assert firm.dispatch() == {"refused": 1}
    assert firm.row(occasion="later").reason == "suppressed"


@pytest.mark.parametrize("template", [{"text": "{{ gift }}"}, {"text": "{{ customer.nothing }}"}])
def test_a_missing_variable_is_a_refusal_never_a_blank(template: dict[str, str], firm: Firm):
    """Incomplete content goes to nobody."""
    firm.save("ann")
    row = firm.send("ann", template=template)[0]
    assert (row.state, row.reason) == ("refused", "content")
    assert not firm.mail.sent


def test_what_lacks_for_one_costs_no_other(firm: Firm):
    """Values for single customers may be missing for one of them."""
    firm.save("ann")
    firm.save("bob")
    rows = firm.send("ann", "bob", template={"text": "{{ gift }}"}, each={"bob": {"gift": "tea"}})
    assert [row.reason for row in rows] == ["content", None]
    assert [(one.customer_id, one.text) for one in firm.mail.sent] == [("bob", "tea")]


def test_what_is_no_longer_worth_sending_expires(firm: Firm):
    """From its end on, to the microsecond, it does not go; before it does."""
    firm.save("ann")
    firm.enqueue("ann", expires=NOW + HOUR)
    firm.enqueue("ann", expires=NOW + HOUR, occasion="just")
    firm.now = NOW + HOUR - MINUTE
    assert firm.dispatch(1) == {"accepted": 1}
    firm.now = NOW + HOUR
    assert firm.dispatch() == {"refused": 1}
    assert {row.reason for row in firm.rows()} == {None, "expired"}
    assert firm.enqueue("ann", expires=NOW, occasion="late")[0].reason == "expired"


def test_what_waits_is_looked_at_when_it_expires(found: Callable[..., Firm]):
    """A message held by the night is refused at its end, not in the morning."""
    firm = found(outreach=NIGHT)
    firm.save("ann")
    firm.now = NOW.replace(hour=22)
    row = firm.send("ann", expires=firm.now + HOUR)[0]
    assert (row.state, row.reason, row.next) == ("planned", "quiet_hours", firm.now + HOUR)
    firm.now += HOUR
    assert firm.dispatch() == {"refused": 1}
    assert firm.row().reason == "expired"


# -- plugins ---------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_plugin_may_refuse(when: str, found: Callable[..., Firm]):
    """Its words are kept; the others go."""
    censor = Censor()
    firm = found(plugins=[censor])
    firm.save("ann")
    firm.save("bob")
    if when == "before":
        censor.reasons["ann"] = "a hawk was seen"
    firm.enqueue("ann", "bob")
    censor.reasons["ann"] = "a hawk was seen"
    assert firm.dispatch() == {"accepted": 1, "refused": 1}
    row = firm.row("ann")
    assert (row.state, row.reason, row.detail) == ("refused", "plugin", "a hawk was seen")
    assert firm.mail.to == ["bob"]
    censor.reasons["bob"] = ""
    assert [row.reason for row in firm.send("bob", occasion="p")] == ["plugin"]


def test_a_plugin_that_raises_stops_everything_and_loses_nothing(found: Callable[..., Firm]):
    """Nothing is sent while it cannot be asked, and the error names it; then it goes on."""
    censor = Censor()
    firm = found(plugins=[censor])
    firm.save("ann")
    firm.enqueue("ann")
    censor.broken = RuntimeError("no list of hawks")
    before = firm.dump()
    with pytest.raises(PluginError, match="no list of hawks"):
        firm.dispatch()
    assert firm.dump()["message"] == before["message"]
    assert not firm.mail.sent
    censor.broken = None
    assert firm.dispatch() == {"accepted": 1}


@SQLITE
def test_a_plugin_that_is_missing_stops_everything(found: Callable[..., Firm]):
    """Whoever could refuse messages must be there: a host without it sends nothing."""
    censor = Censor()
    firm = found(plugins=[censor])
    firm.save("ann")
    firm.save("bob")
    firm.send("ann")
    firm.enqueue("bob")
    with firm.connect([firm.offer]) as other:
        with pytest.raises(PluginError, match=r"refusals of .*Censor"):
            other.outreach.dispatch()
        assert [row.state for row in other.outreach.ledger("bob")] == ["planned"]
    assert firm.mail.to == ["ann"]
    assert firm.dispatch() == {"accepted": 1}


# -- held: it waits --------------------------------------------------------------------


@BOTH
@pytest.mark.row("R37")
def test_at_night_it_waits_for_the_morning_where_he_is(found: Callable[..., Firm]):
    """Planned, with the reason and the instant; at that instant it goes."""
    firm = found(outreach=NIGHT)
    firm.save("ann", time_zone="Asia/Shanghai")
    firm.save("bob", time_zone="Europe/Berlin")
    firm.now = datetime(2026, 6, 1, 13, 30, tzinfo=UTC)  # 21:30 in Shanghai, 15:30 in Berlin
    rows = firm.send("ann", "bob")
    morning = datetime(2026, 6, 2, 0, 0, tzinfo=UTC)
    assert (rows[0].state, rows[0].reason, rows[0].next) == ("planned", "quiet_hours", morning)
    assert firm.mail.to == ["bob"]
    firm.now = morning - MINUTE
    assert firm.dispatch() == {}
    firm.now = morning
    assert firm.dispatch() == {"accepted": 1}
    assert firm.row("ann").reason is None


def test_quiet_hours_that_began_meanwhile_count(found: Callable[..., Firm]):
    """Entered by day and sent by night: it waits."""
    firm = found(outreach=NIGHT)
    firm.save("ann")
    firm.enqueue("ann")
    firm.now = NOW.replace(hour=21)
    assert firm.dispatch() == {"planned": 1}
    assert firm.row().next == NOW.replace(hour=8) + DAY


@pytest.mark.row("R37")
@pytest.mark.parametrize(
    ("purpose", "quiet", "capped"),
    [
        ("transactional", False, False),
        ("service", True, False),
        ("care", True, True),
        ("marketing", True, True),
    ],
)
def test_what_each_purpose_passes(
    purpose: str, quiet: bool, capped: bool, found: Callable[..., Firm]
):
    """Transactional passes quiet hours and caps, service passes caps, the others nothing."""
    firm = found(outreach={**NIGHT, "caps": {"all": {"max": 0, "per": "day"}}})
    firm.save("ann")
    row = firm.send("ann", purpose=purpose)[0]
    assert (row.reason == "cap") == capped
    firm.now = NOW.replace(hour=23)
    row = firm.send("ann", purpose=purpose, occasion="late")[0]
    assert (row.reason == "quiet_hours") == quiet
    assert row.state == ("planned" if quiet else "accepted")


def test_nobody_knows_where_he_is(found: Callable[..., Firm]):
    """Without candidate zones he waits; with some he waits for all of them."""
    firm = found(outreach=NIGHT)
    firm.save("ann", time_zone=None, identities=(Identity("email", "ann@example.com"),))
    row = firm.send("ann")[0]
    assert (row.state, row.reason) == ("planned", "zone")
    assert row.next == NOW + DAY


@pytest.mark.row("R37")
def test_candidate_zones_must_all_be_awake(found: Callable[..., Firm]):
    """He may be in any of them; and the address tells where he is once it is known."""
    zones = {"candidate_zones": ["Asia/Shanghai", "Europe/Berlin"]}
    firm = found(outreach={"quiet_hours": {**NIGHT["quiet_hours"], **zones}})
    mail = (Identity("email", "ann@example.com"),)
    firm.save("ann", time_zone=None, identities=mail)
    firm.now = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)  # 13:00 and 07:00
    row = firm.send("ann")[0]
    assert (row.state, row.reason) == ("planned", "zone")
    assert row.next == datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
    at_home = Address(country="CN")
    firm.save("ann", agrees=False, time_zone=None, identities=mail, addresses=(at_home,))
    assert firm.send("ann", occasion="known")[0].state == "accepted"


def test_holidays_hold_what_a_colleague_carries_out(found: Callable[..., Firm]):
    """On a Sunday nobody calls; an e-mail goes; on Monday the call is due."""
    firm = found(outreach={"days": {"closed": ["2026-06-08"]}})
    firm.save("ann")
    firm.now = datetime(2026, 6, 6, 10, tzinfo=UTC)  # a Saturday
    assert firm.send("ann", occasion="mail")[0].state == "accepted"
    row = firm.send("ann", channel="call")[0]
    assert (row.state, row.reason) == ("planned", "holiday")
    assert row.next == datetime(2026, 6, 9, tzinfo=UTC)  # the Monday is closed
    firm.now = datetime(2026, 6, 9, 9, tzinfo=UTC)
    assert firm.dispatch() == {"accepted": 1}


def test_a_colleague_can_do_so_much_a_day(found: Callable[..., Firm]):
    """The second call of the day waits for tomorrow; other owners' calls do not."""
    firm = found(people=PEOPLE)
    for name in ("ann", "bob"):
        firm.save(name, owner="wu")
    firm.save("cid", owner="lin")
    rows = firm.send("ann", "bob", "cid", channel="call")
    assert [row.reason for row in rows] == [None, "capacity", None]
    assert rows[1].next == NOW.replace(hour=0) + DAY
    firm.now = NOW + DAY
    assert firm.dispatch() == {"accepted": 1}
    assert firm.call.to == ["ann", "cid", "bob"]


def test_a_colleague_s_day_begins_where_he_works(found: Callable[..., Firm]):
    """In Shanghai it is the second of June already when it is four in the afternoon in UTC."""
    firm = found(people=PEOPLE, agenda={"timezone": "Asia/Shanghai"})
    for name in ("ann", "bob"):
        firm.save(name, owner="wu")
    row = firm.send("ann", "bob", channel="call")[1]
    assert row.next == datetime(2026, 6, 1, 16, tzinfo=UTC)
    assert row.detail == "wu has 1 contacts a day; next 2026-06-02"
    firm.now = row.next
    assert firm.dispatch() == {"accepted": 1}


def test_a_provider_takes_so_much_a_day(found: Callable[..., Firm]):
    """`per_day` of the channel's limits holds over dispatches; the rest waits for tomorrow."""
    firm = found(limits=Limits(per_day=2))
    names = [firm.save(f"c{number}") for number in range(4)]
    assert firm.send(*names[:1])[0].state == "accepted"
    rows = firm.send(*names[1:], occasion="p")
    assert [row.reason for row in rows] == [None, "channel", "channel"]
    assert {row.next for row in rows[1:]} == {NOW.replace(hour=0) + DAY}
    firm.now = NOW + DAY
    assert firm.dispatch() == {"accepted": 2}


# -- merged and erased customers -------------------------------------------------------


@BOTH
@pytest.mark.row("R74")
def test_the_strictest_consent_of_merged_records_holds(firm: Firm):
    """One of them withdrew: nothing goes to either, also what was entered before the merge."""
    firm.save("ann")
    firm.save("anna")
    firm.enqueue("ann")
    firm.crm.consents.withdraw("anna", "care", source="a call")
    firm.crm.customers.merge("ann", "anna", reason="same")
    assert firm.dispatch() == {"refused": 1}
    assert firm.row("ann").reason == "consent"
    assert not firm.mail.sent


def test_a_merge_group_gets_one_message(firm: Firm):
    """By either id, by both at once, and once more later."""
    firm.save("ann")
    firm.save("anna")
    firm.crm.customers.merge("ann", "anna", reason="same")
    assert len({row.id for row in firm.enqueue("anna", "ann")}) == 1
    firm.dispatch()
    firm.send("anna")
    assert firm.mail.to == ["ann"]


@pytest.mark.parametrize("first", ["sent", "planned"])
@pytest.mark.parametrize("channel", ["mail", None])
def test_who_is_merged_after_both_were_entered_gets_one(
    first: str, channel: str | None, firm: Firm
):
    """Two records with a message each become one customer before the second went."""
    firm.save("ann", preferred_channel="mail")
    firm.save("anna", preferred_channel="sms")
    firm.enqueue("ann", channel=channel)
    if first == "sent":
        firm.dispatch()
    firm.enqueue("anna", channel=channel)
    firm.crm.customers.merge("ann", "anna", reason="same")
    firm.dispatch()
    assert len(firm.mail.sent + firm.sms.sent) == 1
    rows = firm.rows("ann")
    assert [row.state for row in rows] == ["accepted", "refused"]
    assert rows[0].id in rows[1].detail


@BOTH
def test_what_went_under_a_merged_id_counts_for_caps(found: Callable[..., Firm]):
    """A cap is the customer's, whatever his records are called."""
    firm = found(outreach={"caps": {"all": {"max": 1, "per": "day"}}})
    firm.save("ann")
    firm.save("anna")
    firm.send("anna")
    firm.crm.customers.merge("ann", "anna", reason="same")
    row = firm.send("ann", occasion="second")[0]
    assert (row.state, row.reason, row.next) == ("planned", "cap", NOW.replace(hour=0) + DAY)


@BOTH
@pytest.mark.row("R74")
def test_the_erased_get_nothing(firm: Firm):
    """What was entered for him is gone with him; the others' messages go."""
    firm.save("ann")
    firm.save("bob")
    firm.enqueue("ann", "bob")
    firm.crm.customers.erase("ann", reason="asked")
    assert firm.dispatch() == {"accepted": 1}
    assert firm.mail.to == ["bob"]
    assert [row.customer_id for row in firm.rows()] == ["bob"]


def test_who_is_erased_while_his_message_is_on_its_way(firm: Firm):
    """The channel's answer finds no row, and that is all."""
    firm.save("ann")

    def answer(message: Any) -> Any:
        firm.crm.customers.erase("ann", reason="asked")
        return taken(message)

    firm.mail.answer = answer
    firm.enqueue("ann")
    assert firm.dispatch() == {}
    assert firm.rows() == ()


# -- a channel that is not there -------------------------------------------------------


@SQLITE
def test_a_channel_that_cannot_be_opened_makes_its_messages_wait(found: Callable[..., Firm]):
    """A wrong setting costs nothing but time; other channels go on."""
    firm = found()
    firm.save("ann")
    firm.enqueue("ann")
    firm.enqueue("ann", channel="sms", occasion="sms")
    sms_only = type(firm.offer)([one for one in firm.offer.specs if one.name != "mail"])
    with firm.connect([sms_only]) as other:
        assert other.outreach.dispatch().to_dict() == {"accepted": 1, "planned": 1}
        (row,) = other.outreach.ledger(channel="mail")
        assert (row.state, row.reason) == ("planned", "channel")
        assert "mail" in row.detail
    firm.now = NOW + DAY
    assert firm.dispatch() == {"accepted": 1}


@BOTH
def test_plugins_are_asked_about_all_of_a_preview_at_once(found: Callable[..., Firm]):
    """One question for many customers, and the refusal is his whom it is about."""
    censor = Censor()
    firm = found(plugins=[censor])
    names = [firm.save(f"c{number}", agrees=number != 3) for number in range(6)]
    censor.reasons = {"c4": "not him"}
    seen = firm.outreach.preview(
        names, purpose="care", occasion="o", channel="mail", template={"text": "Hello"}
    )
    assert [one.reason for one in seen] == [None, None, None, "consent", "plugin", None]
    assert seen[4].detail == "not him"
    assert censor.asked == [5]


def test_the_preview_tells_each_reason(found: Callable[..., Firm]):
    """One item a customer, the text where it would go, the reason where not; nothing is written."""
    firm = found(outreach={**NIGHT, "caps": {"all": {"max": 1, "per": "day"}}}, people=PEOPLE)
    for name in ("ann", "bob", "cid", "dan", "eve", "fay"):
        firm.save(name, agrees=name != "bob")
    firm.send("cid", occasion="before")
    end(firm, "dan")
    firm.save("eve", agrees=False, time_zone="Asia/Tokyo")
    before = firm.dump()
    seen = firm.outreach.preview(
        ["ann", "bob", "cid", "dan", "eve", "nobody"],
        purpose="care",
        occasion="o",
        channel="mail",
        template={"subject": "Hi", "text": "Hello {{ customer.name }}", "html": "<b>Hello</b>"},
    )
    reasons = [one.reason for one in seen]
    assert reasons == [None, "consent", "cap", "ended", "quiet_hours", "address"]
    assert (seen[0].channel, seen[0].subject, seen[0].text) == ("mail", "Hi", "Hello Ann")
    assert seen[0].html == "<b>Hello</b>"
    assert all(one.detail for one in seen[1:])
    assert firm.dump() == before
