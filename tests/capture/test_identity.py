"""Whose a record is: by its strongest key, nothing merged by guessing, whatever the batches."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.capture.engine import Settings
from crmkit.contracts.tables import COLLISION, CUSTOMER, TOUCHPOINT
from tests.capture.kit import NOW, Shop, purchase, stories

_CUSTOMER = TOUCHPOINT.position["customer"]


def visit(number: int, customer: Any) -> dict[str, Any]:
    return {
        "id": f"v-{number}",
        "kind": "visit",
        "at": "2026-05-01T10:00:00Z",
        "customer": customer,
    }


def bases(shop: Shop) -> list[str]:
    return [row[_CUSTOMER] for row in sorted(shop.rows(TOUCHPOINT))]


@pytest.mark.parametrize(
    "spelling",
    [
        {"email": "Ann@Example.com "},
        {"email": ["n/a", "ann@example.com"]},
        {"email": "Ann Lee <ann@example.com>", "phone": "00000000000"},
        {"shop": " 17 "},
        {"shop": 17},
        {"shop": 17.0},
        {"shop": ("17",), "email": None, "name": "Ann"},
        {"phone": "138 0013 8001"},
        {"phone": "+86-138-0013-8001"},
        {"phone": "008613800138001", "email": float("nan")},
        {"phone": "１３８００１３８００１"},
    ],
)
def test_every_spelling_finds_the_customer(spelling: dict[str, Any]) -> None:
    """Keys are compared in their one spelling."""
    shop = Shop()
    shop.capture(
        visit(1, {"shop": "17", "email": "ann@example.com", "phone": "+8613800138001"}),
        visit(2, spelling),
    )
    first, second = bases(shop)
    assert first == second
    assert len(shop.rows(CUSTOMER)) == 1


@pytest.mark.parametrize("domain", ["münchen.de", "MÜNCHEN.DE", "xn--mnchen-3ya.de"])
def test_a_domain_is_one_in_every_writing(domain: str) -> None:
    """What a mail server writes in Punycode is the address that its owner types."""
    shop = Shop()
    shop.capture(visit(1, {"email": "ann@münchen.de"}), visit(2, {"email": f"ann@{domain}"}))
    assert len(shop.rows(CUSTOMER)) == 1


def test_a_domain_of_another_standard_stays_as_it_is() -> None:
    """What is no Punycode of today's, such as a domain of hearts, identifies as written."""
    shop = Shop()
    assert shop.capture(visit(1, {"email": "ann@xn--i-7iq.ws"})).new == 1
    assert shop.who("email", "ann@xn--i-7iq.ws")


@pytest.mark.parametrize(
    "customer",
    [
        {"email": "noreply@example.com"},
        {"email": "test@test.com"},
        {"phone": "11111111111"},
        {"phone": "123456789"},
        {"phone": "5"},
        {"shop": "-", "crm": "N/A", "email": "unknown"},
        {"shop": ""},
        {"shop": []},
        {"name": "Ann"},
        {"shop": True},
        {"shop": {"id": 1}},
        {"shop": "x" * 201},
        {"shop": "a\0"},
        {"\ud800": "1"},
        {"": "1"},
        {5: "1"},
        "c-unknown",
    ],
)
def test_a_record_that_names_nobody_is_rejected(customer: Any) -> None:
    """Placeholders make no customer, and the field at fault is the customer."""
    shop = Shop()
    report = shop.capture(visit(1, customer))
    assert [rejection.field for rejection in report.rejected] == ["customer"]
    assert not shop.rows(CUSTOMER)


def test_an_address_in_place_of_an_id_is_told_where_it_goes() -> None:
    """A customer's id is crmkit's own; what a host has is a key."""
    (told,) = Shop().capture(purchase(1, customer="ann@example.com")).rejected
    assert told.field == "customer"
    assert "a key goes into a mapping such as {'email': ...}" in told.reason


def test_national_numbers_need_a_country() -> None:
    """Without a region only numbers with a country code identify, and the reason says so."""
    shop = Shop(settings=Settings(clock=lambda: NOW))
    report = shop.capture(visit(1, {"phone": "13800138001"}))
    assert "region" in report.rejected[0].reason
    assert shop.capture(visit(2, {"phone": "+8613800138001"})).new == 1


def test_new_keys_are_learnt() -> None:
    """A key that comes beside a known one finds the same customer from then on."""
    shop = Shop()
    shop.capture(
        visit(1, {"shop": "17"}),
        visit(2, {"shop": "17", "email": "ann@example.com"}),
        visit(3, {"email": "ann@example.com", "phone": "+8613800138001", "name": "Ann"}),
        visit(4, {"phone": "+8613800138001"}),
    )
    assert len(set(bases(shop))) == 1
    assert shop.rows(CUSTOMER)[0][4] == "Ann"


def test_a_record_of_two_customers_merges_nothing() -> None:
    """Keys that lead to two customers make a collision; the strongest key decides."""
    shop = Shop()
    report = shop.capture(
        visit(1, {"shop": "17"}),
        visit(2, {"email": "ann@example.com"}),
        visit(3, {"shop": "17", "email": "ann@example.com"}),
        visit(4, {"email": "ann@example.com", "shop": "17"}),
    )
    first, second, third, fourth = bases(shop)
    assert first == third == fourth != second
    assert report.collisions == 1
    (collision,) = shop.rows(COLLISION)
    assert collision[1:5] == ("email", "ann@example.com", second, first)
    assert shop.capture(visit(5, {"shop": "17", "email": "ann@example.com"})).collisions == 1
    assert len(shop.rows(COLLISION)) == 1


@pytest.mark.parametrize("shared", [{"phone": "+8613800138001"}, {"email": "family@example.com"}])
def test_a_shared_weak_key_makes_no_merge(shared: dict[str, str]) -> None:
    """Two ids of one system behind one phone are two customers, in either order."""
    for order in ((1, 2), (2, 1)):
        shop = Shop()
        for member in order:
            report = shop.capture(visit(member, {"shop": str(member)} | shared))
        assert report.collisions == 1
        assert len(shop.rows(CUSTOMER)) == 2
        assert shop.who("shop", "1") != shop.who("shop", "2")
        assert shop.who(*next(iter(shared.items()))) == shop.who("shop", str(order[0]))


def test_a_family_phone_with_two_addresses_makes_no_merge() -> None:
    """Another e-mail at a known phone is another person until somebody says otherwise."""
    shop = Shop()
    phone = {"phone": "+8613800138001"}
    shop.capture(visit(1, phone | {"email": "ann@example.com"}))
    assert shop.capture(visit(2, phone | {"email": "bob@example.com"})).collisions == 1
    assert shop.who("email", "ann@example.com") != shop.who("email", "bob@example.com")


def test_an_id_names_a_customer_directly() -> None:
    """A crmkit id stands for its customer, and makes nobody."""
    shop = Shop()
    shop.capture(visit(1, {"shop": "17"}))
    ann = str(shop.who("shop", "17"))
    assert shop.capture(visit(2, ann), visit(3, ann)).new == 2
    assert set(bases(shop)) == {ann}


def test_rejected_and_repeated_records_teach_nothing() -> None:
    """Only a record that is taken makes or changes a customer."""
    shop = Shop()
    shop.capture(visit(1, {"shop": "17"}))
    shop.capture(visit(1, {"shop": "17", "email": "ann@example.com"}))
    report = shop.capture(visit(1, {"shop": "18", "email": "bob@example.com"}))
    assert "customer is another" in report.rejected[0].reason
    again = visit(2, {"shop": "19"}), visit(2, {"shop": "20"})
    assert shop.capture(*again).rejections == 1
    assert shop.who("email", "ann@example.com") is None
    assert shop.who("email", "bob@example.com") is None
    assert shop.who("shop", "20") is None


KEYS = st.fixed_dictionaries(
    {},
    optional={
        "shop": st.sampled_from("12345"),
        "crm": st.sampled_from("123"),
        "email": st.sampled_from(["a@x.org", "b@x.org", "c@x.org", ["a@x.org", "d@x.org"], "n/a"]),
        "phone": st.sampled_from(["+8613800138001", "+8613800138002", "0"]),
        "name": st.sampled_from(["Ann", "Bob", ""]),
    },
)
RECORDS = st.lists(
    st.builds(
        lambda number, customer, amount: purchase(number, customer=customer, amount=amount),
        st.integers(1, 12),
        KEYS,
        st.sampled_from(["1", "2"]),
    ),
    max_size=24,
)


@given(RECORDS, st.integers(1, 7), st.integers(0, 24))
@settings(max_examples=stories(150))
def test_batches_and_repetition_change_nothing(
    records: list[dict[str, Any]], size: int, killed: int
) -> None:
    """However a stream is cut, and even begun twice, the workspace ends the same."""
    whole, cut = Shop(), Shop()
    whole.capture_all(records)
    cut.settings = attrs.evolve(cut.settings, batch=size)
    cut.capture_all(records[:killed])
    cut.capture_ = None  # another process: nothing is remembered
    cut.capture_all(records)
    one, other = whole.dump(), cut.dump()
    # Rows of `fed` are steps on the way down; only the last step is a fact.
    assert min(one.pop("fed"), default=None) == min(other.pop("fed"), default=None)
    assert one == other
