"""Who was erased comes in again by no way: not as a friend, nor as somebody's contact."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from crmkit.capture.friends import ERASED_FRIEND
from crmkit.contracts.tables import TABLES, TOUCHPOINT
from crmkit.errors import InvalidValueError
from crmkit.model.customer import Contact, Customer, Identity
from tests.capture.kit import purchase
from tests.capture.test_amending import WHY, Desk, assert_states_are_right, giving_back

ANN = {"email": "ann@secret.example", "phone": "+8613800138001"}
_FRIEND = TOUCHPOINT.position["friend"]


def referral(number: int, friend: Any, **changes: Any) -> dict[str, Any]:
    """Give a referral by Bob, changed as asked."""
    plain = {"kind": "referral", "amount": None, "currency": None, "customer": {"shop": "17"}}
    return purchase(number, **plain | changes) | {"friend": friend}


def desk_without_ann(*before: dict[str, Any]) -> Desk:
    """Give a workspace that Ann was erased from, and that captured these records before."""
    desk = Desk()
    desk.settings = attrs.evolve(desk.settings, key=lambda: b"k" * 32)
    desk.capture(purchase(1, customer=ANN), purchase(2, customer={"shop": "17"}), *before)
    desk.customers.erase(str(desk.who("email", ANN["email"])), reason=WHY)
    desk.capture_ = None
    return desk


def everything(desk: Desk) -> str:
    return repr([desk.rows(table) for table in TABLES]).lower()


@pytest.mark.parametrize(
    "friend",
    [
        {"email": "Ann@Secret.example"},
        {"name": "Ann", "phone": ["138 0013 8001"]},
        {"shop": "99", "email": ["other@example.com", "ann@secret.example"]},
    ],
    ids=["email", "phone", "one of several"],
)
def test_an_erased_friend_is_refused(friend: dict[str, Any]) -> None:
    """By any of his keys, in any spelling; the records beside it come in."""
    desk = desk_without_ann()
    report = desk.capture(
        referral(10, friend),
        referral(11, {"email": "kim@example.com"}),
        referral(12, {"name": "Somebody"}),
        purchase(13, customer={"shop": "17"}) | {"friend": friend},
    )
    assert [(one.record["id"], one.field) for one in report.rejected] == [
        ("o-10", "friend"),
        ("o-13", "friend"),
    ]
    assert all("was erased on request" in one.reason for one in report.rejected)
    assert report.new == 2
    assert "secret" not in everything(desk)
    assert_states_are_right(desk)


def test_a_record_whose_friend_was_erased_since_is_a_duplicate() -> None:
    """It was captured, and says the same but for whom nobody may name any more."""
    mine = referral(10, ANN)
    bare = referral(11, {"email": ANN["email"]}, kind="share")
    desk = desk_without_ann(mine, bare)
    friends = [row[_FRIEND] for row in desk.rows(TOUCHPOINT) if row[_FRIEND] is not None]
    assert friends == [ERASED_FRIEND] * 2
    assert "secret" not in everything(desk)

    beside = desk.capture(mine, purchase(12, customer={"shop": "17"}))
    assert (beside.duplicate, beside.new, beside.rejected) == (1, 1, ())
    again = desk.capture(mine, bare, mine)
    assert (again.duplicate, again.new, again.rejected) == (3, 0, ())
    changed = desk.capture(mine | {"text": "another"}, mine | {"customer": {"shop": "18"}})
    assert ["other content" in one.reason for one in changed.rejected] == [True, True]
    assert "secret" not in everything(desk)


def test_a_referral_that_was_taken_back_does_not_bring_him_in() -> None:
    """An undone import may be made again, but not with a friend who was erased meanwhile."""
    desk = Desk()
    desk.settings = attrs.evolve(desk.settings, key=lambda: b"k" * 32)
    desk.capture(purchase(1, customer=ANN), purchase(2, customer={"shop": "17"}))
    run = desk.capture(referral(10, ANN)).run
    desk.touchpoints.undo(run)
    desk.customers.erase(str(desk.who("email", ANN["email"])), reason=WHY)
    desk.capture_ = None
    (rejected,) = desk.capture(referral(10, ANN)).rejected
    assert rejected.field == "friend"


def test_a_correction_does_not_bring_him_in() -> None:
    """A touchpoint is not put right to name an erased friend."""
    desk = desk_without_ann(referral(10, {"email": "kim@example.com"}))
    touchpoints = attrs.evolve(desk.touchpoints, key=desk.settings.key)
    with pytest.raises(InvalidValueError, match="friend was erased on request"):
        touchpoints.correct("shop", "o-10", {"friend": ANN}, reason=WHY)
    touchpoints.correct("shop", "o-10", {"friend": {"email": "lee@example.com"}}, reason=WHY)


@pytest.mark.parametrize(
    "contact",
    [
        Contact(name="Ann", email="ANN@secret.example"),
        Contact(name="Front desk", phone="+86 138 0013 8001"),
    ],
    ids=["email", "phone"],
)
def test_a_customer_with_an_erased_contact_is_refused(contact: Contact) -> None:
    """The reason says which of the contacts; the customers beside him are saved."""
    desk = desk_without_ann()
    contacts = (Contact(name="Kim", email="kim@example.com"), contact)
    firm = Customer(name="Firm", number="1", contacts=contacts)
    with pytest.raises(InvalidValueError, match="contacts: number 2 was erased") as error:
        desk.customers.save(firm)
    assert error.value.field == "contacts"  # type: ignore[attr-defined]
    report = desk.customers.save_all([firm, attrs.evolve(firm, contacts=firm.contacts[:1])])
    assert (report.new, [one.field for one in report.rejected]) == (1, ["contacts"])
    assert "secret" not in everything(desk)


def test_others_forget_him_by_his_keys_too() -> None:
    """A firm's contact with his address or phone goes with him, and the firm can be saved again."""
    desk = Desk()
    desk.settings = attrs.evolve(desk.settings, key=lambda: b"k" * 32)
    desk.capture(purchase(1, customer=ANN))
    kim = Contact(name="Kim", email="kim@example.com")
    firm = desk.customers.save(
        Customer(
            name="Firm",
            identities=(Identity("shop", "1"),),
            contacts=(
                Contact(name="Ann Secret", email="Ann@Secret.example"),
                kim,
                Contact(name="Ann", phone="13800138001"),
            ),
        )
    )
    desk.customers.erase(str(desk.who("email", ANN["email"])), reason=WHY)
    assert "secret" not in everything(desk)
    left = desk.customers.get(firm.id)
    assert left.contacts == (kim,)
    assert desk.customers.save(attrs.evolve(left, owner="lin")).owner == "lin"
    assert desk.customers.search("ann").items == ()


def test_what_a_run_that_was_undone_had_brought_of_him_goes_too() -> None:
    """The undo dropped the customer it had made; captured anew he has another id."""
    desk = desk_without_ann()
    kim = {"email": "kim@secret.example"}
    first = desk.capture(purchase(20, customer=kim) | {"text": "said by kim@secret.example"})
    was = desk.who("email", kim["email"])
    desk.touchpoints.undo(first.run)
    desk.capture(purchase(21, customer=kim), purchase(22, customer={"shop": "17"}))
    now = str(desk.who("email", kim["email"]))
    assert was != now
    held = desk.customers.export(now)
    assert held["ids"] == [now, was]
    assert [one["id"] for one in held["touchpoints"]] == ["o-20", "o-21"]
    desk.customers.erase(now, reason=WHY)
    assert "kim@secret" not in everything(desk)
    desk.capture_ = None
    (again,) = desk.capture(purchase(20, customer={"shop": "17"})).rejected
    assert again.field == "id"
    assert_states_are_right(desk)


@pytest.mark.parametrize("is_merged", [False, True])
def test_anothers_return_of_his_purchase_is_aged_anew(is_merged: bool) -> None:
    """With the purchase its instant is gone: others' values say what is left in the log."""
    desk = Desk()
    kim = {"email": "kim@example.com"}
    desk.capture(
        purchase(1, customer=ANN),
        giving_back() | {"customer": {"shop": "17"}, "at": "2026-05-20T10:00:00+08:00"},
        purchase(2, customer=kim),
    )
    bob = str(desk.who("shop", "17"))
    if is_merged:
        desk.customers.merge(str(desk.who("email", kim["email"])), bob, reason=WHY)
    desk.settings = attrs.evolve(desk.settings, key=lambda: b"k" * 32)
    desk.customers.erase(str(desk.who("email", ANN["email"])), reason=WHY)
    assert_states_are_right(desk)
