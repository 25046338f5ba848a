"""Consent by purpose and channel: what was given, taken back, expired, and at any past instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmkit
from crmkit.contracts.session import Session
from crmkit.errors import CustomerMerged, CustomerNotFound, InvalidValueError, RefusedError
from crmkit.model.consent import PURPOSES
from crmkit.outreach.consented import Consented, Statement
from crmkit.outreach.consents import Consents, group_ids

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Shop:
    """A workspace with two customers and a clock that is moved by hand."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.crm = crmkit.connect(url, clock=lambda: self.now, plugins=[], actor="lin")
        self.ann = self.crm.customers.save(crmkit.Customer(name="Ann")).id
        self.bob = self.crm.customers.save(crmkit.Customer(name="Bob")).id
        self.consents = self.crm.consents

    def allows(self, root: str, purpose: str, channel: str = "email", **how: Any) -> str | None:
        session: Session = self.crm.session
        with session.store.read() as reader:
            known = Consented.read(reader, {root: group_ids(reader, root)})
            return known.allows(root, purpose, {channel}, session.now(), **how)


@pytest.fixture(params=["memory", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Shop]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/shop.db"
    made = Shop(url)
    yield made
    made.crm.close()


@pytest.mark.row("R73")
def test_a_consent_says_what_where_and_when(shop: Shop):
    """Purpose, channel, wording, source and time are kept; another purpose is not touched."""
    made = shop.consents.grant(shop.ann, "care", "email", source="form", wording="v3")
    (one,) = shop.consents.of(shop.ann)
    assert one == made
    assert (one.purpose, one.channel, one.given, one.state) == ("care", "email", True, "given")
    assert (one.source, one.wording, one.at, one.by) == ("form", "v3", NOW, "lin")
    assert shop.allows(shop.ann, "care") is None
    assert shop.allows(shop.ann, "marketing") == "no consent to marketing"
    assert shop.allows(shop.ann, "care", "sms") == "no consent to care"


@pytest.mark.row("R73", "R74")
def test_what_was_agreed_to_at_any_past_instant(shop: Shop):
    """The answer about a past day stays the same, whatever happened since."""
    shop.consents.grant(shop.ann, "marketing", "email", source="form", at=NOW - 5 * DAY)
    shop.now += DAY
    shop.consents.withdraw(shop.ann, "marketing", "email", source="link")
    shop.now += DAY
    states = [
        [one.state for one in shop.consents.of(shop.ann, NOW + days * DAY)]
        for days in (-6, -5, 0, 1, 2)
    ]
    assert states == [[], ["given"], ["given"], ["withdrawn"], ["withdrawn"]]
    assert [one.state for one in shop.consents.history(shop.ann)] == ["given", "withdrawn"]
    assert "refused on 2026-06-02 (link)" in str(shop.allows(shop.ann, "marketing"))


@pytest.mark.row("R74")
def test_taking_it_all_back_takes_everything_back(shop: Shop):
    """Withdrawn for every purpose and channel; and an objection needs no consent before it."""
    shop.consents.grant(shop.ann, "care", "email", source="form")
    shop.now += DAY
    assert len(shop.consents.withdraw(shop.ann, None, source="a call")) == len(PURPOSES)
    assert not any(one.given for one in shop.consents.of(shop.ann))
    for purpose in PURPOSES:
        assert shop.allows(shop.ann, purpose) is not None
        assert shop.allows(shop.ann, purpose, basis="opt_out") is not None
        assert shop.allows(shop.bob, purpose, basis="opt_out") is None


def test_one_channel_after_all_were_refused(shop: Shop):
    """Whoever refuses everything and then agrees to one channel gets that one only."""
    shop.consents.withdraw(shop.ann, "care", source="call")
    shop.now += DAY
    shop.consents.grant(shop.ann, "care", "sms", source="form")
    assert shop.allows(shop.ann, "care", "sms") is None
    assert shop.allows(shop.ann, "care", "email") is not None
    shop.now += DAY
    shop.consents.withdraw(shop.ann, "care", source="call")
    assert shop.allows(shop.ann, "care", "sms") is not None
    by_channel = {one.channel: one.given for one in shop.consents.of(shop.ann)}
    assert by_channel == {None: False, "sms": False}


def test_a_consent_ends_when_it_expires(shop: Shop):
    """From that instant on it holds no more, and it did before."""
    shop.consents.grant(shop.ann, "care", source="form", expires=NOW + DAY)
    shop.now += DAY - timedelta(microseconds=1)
    assert shop.allows(shop.ann, "care") is None
    shop.now += timedelta(microseconds=1)
    assert "expired on 2026-06-02" in str(shop.allows(shop.ann, "care"))
    assert [one.state for one in shop.consents.of(shop.ann)] == ["expired"]
    assert [one.state for one in shop.consents.of(shop.ann, NOW)] == ["given"]


@pytest.mark.row("R73")
def test_a_double_opt_in_allows_nothing_before_its_second_step(shop: Shop):
    """It waits, is confirmed once, and the wording stays with it."""
    options: dict[str, Any] = {"source": "form", "wording": "v1", "confirmed": False}
    assert shop.consents.grant(shop.ann, "care", "email", **options).state == "pending"
    assert "waits" in str(shop.allows(shop.ann, "care"))
    shop.now += DAY
    made = shop.consents.confirm(shop.ann, "care", "email", source="link")
    assert (made.given, made.wording, made.source, made.at) == (True, "v1", "link", shop.now)
    assert shop.allows(shop.ann, "care") is None
    shop.now += DAY
    assert shop.consents.confirm(shop.ann, "care", "email", source="link") == made
    assert len(shop.consents.history(shop.ann)) == 2
    for purpose, channel in (("care", None), ("care", "sms"), ("marketing", "email")):
        with pytest.raises(RefusedError):
            shop.consents.confirm(shop.ann, purpose, channel, source="link")


@pytest.mark.row("R74")
def test_a_form_filled_in_by_a_stranger_changes_nothing(shop: Shop):
    """What is not confirmed neither ends a consent nor undoes a withdrawal."""
    shop.consents.grant(shop.ann, "care", source="call")
    shop.consents.withdraw(shop.bob, "care", source="call")
    shop.now += DAY
    for id_ in (shop.ann, shop.bob):
        shop.consents.grant(id_, "care", source="form", confirmed=False)
    assert shop.allows(shop.ann, "care") is None
    assert shop.allows(shop.bob, "care", basis="opt_out") is not None


@pytest.mark.parametrize("channel", [None, "email"])
def test_an_old_link_does_not_undo_a_withdrawal(shop: Shop, channel: str | None):
    """A confirmation of what was refused since is refused."""
    shop.consents.grant(shop.ann, "care", "email", source="form", confirmed=False)
    shop.now += DAY
    shop.consents.withdraw(shop.ann, "care", channel, source="call")
    with pytest.raises(RefusedError):
        shop.consents.confirm(shop.ann, "care", "email", source="link")


@pytest.mark.row("R74")
def test_of_two_records_that_were_merged_the_stricter_holds(shop: Shop):
    """A refusal survives the merge, whichever id it was recorded under, and its undoing."""
    shop.consents.withdraw(shop.bob, "care", "email", source="call")
    shop.now += DAY
    shop.consents.grant(shop.ann, "care", source="form")
    merge = shop.crm.customers.merge(shop.ann, shop.bob, reason="same")
    assert shop.allows(shop.ann, "care", "email") is not None
    assert shop.allows(shop.ann, "care", "sms") is None
    found = {one.channel: (one.state, one.customer_id) for one in shop.consents.of(shop.ann)}
    assert found == {None: ("given", shop.ann), "email": ("withdrawn", shop.bob)}
    with pytest.raises(CustomerMerged):
        shop.consents.of(shop.bob)
    shop.crm.customers.unmerge(merge.id, reason="two")
    assert shop.allows(shop.ann, "care", "email") is None


@pytest.mark.row("R74")
def test_erasing_leaves_no_consent(shop: Shop):
    """What is left of an erased customer says nothing of what he agreed to."""
    shop.consents.grant(shop.ann, "care", source="form", wording="a peculiar wording")
    shop.crm.customers.erase(shop.ann, reason="asked")
    with pytest.raises(CustomerNotFound):
        shop.consents.of(shop.ann)
    left = shop.crm.changes(limit=1000)
    assert not any("peculiar" in str(one.record) for one in left)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("purpose", {"purpose": "spam"}),
        ("purpose", {"purpose": None}),
        ("source", {"source": " "}),
        ("channel", {"channel": ""}),
        ("at", {"at": NOW + DAY}),
        ("expires", {"expires": NOW}),
        ("wording", {"wording": 5}),
        ("confirmed", {"confirmed": "no"}),
    ],
)
def test_what_is_wrong_is_named(shop: Shop, field: str, wrong: dict[str, Any]):
    """Nothing is recorded of it."""
    given: dict[str, Any] = {"purpose": "care", "source": "form"} | wrong
    with pytest.raises(InvalidValueError) as error:
        shop.consents.grant(shop.ann, **given)
    assert error.value.field == field  # type: ignore[attr-defined]
    assert shop.consents.history(shop.ann) == ()
    with pytest.raises(CustomerNotFound):
        Consents(shop.crm.session).grant("nobody", "care", source="form")


# -- the law, against a naive oracle ---------------------------------------------------

ENTRIES = st.builds(
    lambda customer, channel, state, at, lasts: Statement(
        customer=customer,
        purpose="care",
        channel=channel,
        state=state,
        at=at,
        expires=None if lasts is None else at + lasts,
        source="s",
    ),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([None, "email", "mail-cn", "sms"]),
    st.sampled_from(["given", "given", "withdrawn", "pending"]),
    st.integers(0, 6),
    st.sampled_from([None, None, 1, 3, 9]),
)
HISTORIES = st.lists(ENTRIES, max_size=8).map(
    lambda found: [
        Statement(
            **{**{f: getattr(one, f) for f in Statement.__slots__ if f != "__weakref__"}, "seq": n}
        )
        for n, one in enumerate(found)
    ]
)


def naive(history: Sequence[Statement], channels: set[str], at: int, basis: str) -> bool:
    """Tell whether a message may go, id by id, record by record."""
    any_given = False
    for customer in "abc":
        state = "none"
        last = -1
        for one in history:  # in the order of recording
            about = one.customer == customer and (one.channel is None or one.channel in channels)
            if not about or one.state == "pending":
                continue
            if one.at > last or (
                one.at == last and not (state == "withdrawn" and one.state == "given")
            ):
                state, last = one.state, one.at
                if one.state == "given" and one.expires is not None and one.expires <= at:
                    state = "expired"
        if state == "withdrawn":
            return False
        any_given = any_given or state == "given"
    return any_given or basis == "opt_out"


@given(HISTORIES, st.sampled_from([{"email"}, {"mail-cn", "email"}, {"sms"}]), st.integers(6, 9))
def test_the_law_is_what_a_naive_reading_finds(
    history: list[Statement], channels: set[str], at: int
) -> None:
    """Whatever was recorded, in whatever order."""
    known = Consented({"a": history})
    for basis in ("opt_in", "opt_out"):
        allowed = known.allows("a", "care", channels, at, basis) is None
        assert allowed == naive(history, channels, at, basis)
