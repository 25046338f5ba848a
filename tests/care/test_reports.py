"""Channels, segments and the audit log, each against figures counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import crmkit

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=100)


def touch(number: int, days: float, kind: str, who: str, **fields: Any) -> dict[str, Any]:
    at = SINCE + timedelta(days=days)
    return {
        "id": f"t{number}",
        "kind": kind,
        "at": at,
        "customer": {"email": f"{who}@x.org"},
    } | fields


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    people = {"lin": {}, "wu": {"senior": True}}
    with crmkit.connect(
        "memory://", plugins=[], clock=lambda: NOW, actor="lin", config={"people": people}
    ) as opened:
        yield opened


@pytest.mark.row("R41")
def test_channels_tell_who_answers_whom_how_soon_and_at_what_cost(crm: crmkit.CRM):
    cost = {"attributes": {"cost": 2}}
    crm.capture(
        [
            touch(1, 1, "message_out", "a", channel="email", **cost),
            touch(2, 3, "visit", "a"),  # a reply, on whatever channel
            touch(3, 10, "message_out", "b", channel="email", **cost),
            touch(4, 18, "visit", "b"),  # too late for one
            touch(5, 20, "complaint", "c", channel="email", rating=2),
            touch(6, 24, "call", "c", channel="phone", direction="out", rating=6),
            touch(7, 30, "message_in", "d", channel="email"),
            touch(8, 200, "visit", "d"),
        ],
        "desk",
    )
    crm.touchpoints.retract("desk", "t4", reason="was somebody else")
    email, phone = crm.reports.channels(SINCE, NOW)
    assert (email.channel, email.outgoing, email.incoming, email.customers) == ("email", 2, 2, 4)
    assert (email.reply_share, email.answer_days, email.unanswered) == (0.5, 4.0, 1)
    assert (email.satisfaction, email.ratings, email.cost, email.cost_per_reply) == (
        2.0,
        1,
        4.0,
        4.0,
    )
    assert (phone.outgoing, phone.reply_share, phone.cost_per_reply) == (1, 0.0, None)


def test_a_cost_that_is_none_costs_nothing(crm: crmkit.CRM):
    crm.capture(
        [
            touch(1, 1, "message_out", "a", channel="email", attributes={"cost": "much"}),
            touch(2, 1, "message_out", "a", channel="email", attributes={"cost": None}),
            touch(3, 1, "message_out", "a", channel="email", attributes={"costs": "cost"}),
        ],
        "desk",
    )
    assert [one.cost for one in crm.reports.channels(SINCE, NOW)] == [0.0]


@pytest.mark.row("R125", "R155")
def test_segments_tell_what_each_brought_and_cost(crm: crmkit.CRM):
    paid: dict[str, Any] = {"amount": "100", "currency": "CNY"}
    crm.capture(
        [
            touch(1, -50, "purchase", "a", **paid),
            touch(2, -40, "purchase", "b", **paid),
            touch(3, 5, "purchase", "a", margin="30", **paid),
            touch(4, 6, "purchase", "a", margin="20", **paid),
            touch(5, 7, "purchase", "c", **paid),
            touch(6, 8, "return", "c", amount="-50", currency="CNY"),
            touch(7, 9, "event_invited", "a", attributes={"cost": 25}),
            touch(8, 10, "event_attended", "a"),
            touch(9, 11, "survey_sent", "b"),
        ],
        "shop",
    )
    crm.market.promotion("rival", SINCE + timedelta(days=4), SINCE + timedelta(days=5.5))
    crm.lifecycle.advance()
    found = crm.reports.segments(SINCE, NOW, by="tier")
    assert sum(one.customers for one in found) == 3
    assert sum(one.revenue for one in found) == 250.0
    assert sum(one.revenue_share or 0 for one in found) == pytest.approx(1.0)
    (whole,) = crm.reports.segments(SINCE, NOW, by="owner")
    assert (whole.segment, whole.customers, whole.active, whole.new) == ("none", 3, 2, 1)
    assert (whole.retained, whole.repeat, whole.through_promotions) == (
        0.5,
        0.5,
        pytest.approx(1 / 3),
    )
    assert (whole.revenue, whole.profit, whole.basket) == (250.0, 50.0, pytest.approx(250 / 3))
    assert (whole.attended, whole.answered) == (1.0, 0.0)
    assert (whole.spend, whole.return_on_spend) == (25.0, 10.0)


@pytest.mark.row("R71")
def test_the_audit_counts_who_decided_what(crm: crmkit.CRM):
    crm.capture([touch(1, 1, "visit", "a"), touch(2, 1, "visit", "b")], "shop")
    found = crm.customers.find(email="a@x.org")
    assert found is not None
    crm.value.decline(found.id, "surveys_answered", reason="asked for it")
    crm.value.override(found.id, "surveys_answered", 5, reason="a talk")
    crm.as_actor("wu").value.override(found.id, "surveys_answered", 9, reason="another talk")
    lines = crm.reports.audit(SINCE, NOW + timedelta(seconds=1))
    told = [(one.by, one.kind, one.count, one.customers) for one in lines]
    assert told == [
        ("lin", "decline", 1, 1),
        ("lin", "override", 1, 1),
        ("wu", "override", 1, 1),
    ]
    assert crm.reports.audit(SINCE, NOW) == ()


def test_a_period_ends_after_it_begins(crm: crmkit.CRM):
    for report in (crm.reports.channels, crm.reports.segments, crm.reports.audit):
        with pytest.raises(crmkit.InvalidValueError, match="until"):
            report(NOW, SINCE)
    with pytest.raises(crmkit.InvalidValueError, match="by"):
        crm.reports.segments(SINCE, NOW, by="shoe size")
