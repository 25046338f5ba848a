"""Where a customer's clocks are, by what he says, where he lives and what his number is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from crmkit.model.customer import Address, Contact, Customer, Identity
from crmkit.outreach import places
from crmkit.outreach.places import Place, place, rules, zones_in
from crmkit.outreach.zones import _e164, _of_phone, _prefix, regions_of, zones_of

NEW_YORK, CHICAGO, SHANGHAI = "America/New_York", "America/Chicago", "Asia/Shanghai"


def who(*addresses: tuple[str | None, str | None], phones: str = "", **more: Any) -> Customer:
    return Customer(
        addresses=tuple(Address(country=country, region=region) for country, region in addresses),
        identities=tuple(Identity("phone", one) for one in phones.split()),
        **more,
    )


def same(found: frozenset[str] | None, *names: str) -> bool:
    """Tell whether zones agree with these, whatever they are called."""
    return found is not None and {rules(one) for one in found} == {rules(one) for one in names}


@pytest.mark.row("R37")
def test_his_own_word_goes_first():
    """Whoever says where he is, is there."""
    customer = who(("US", "NY"), phones="+8613812345678", time_zone="Europe/Berlin")
    assert zones_of(customer) == {"Europe/Berlin"}


@pytest.mark.row("R37")
@pytest.mark.parametrize(
    ("country", "region", "zones"),
    [
        ("US", "NY", [NEW_YORK]),
        ("us", "us-ny", [NEW_YORK]),
        ("USA", "new york", [NEW_YORK]),
        ("US", "FL", [NEW_YORK, CHICAGO]),
        ("US", "HI", ["Pacific/Honolulu"]),
        ("CA", "Québec", ["America/Toronto", "America/Halifax", "America/Puerto_Rico"]),
        ("Australia", "QLD", ["Australia/Brisbane"]),
        ("BR", "Sao Paulo", ["America/Sao_Paulo"]),
        ("MX", "Quintana Roo", ["America/Cancun"]),
        ("RU", "Novosibirsk Oblast", ["Asia/Novosibirsk"]),
        ("Россия", "Калининградская область", ["Europe/Kaliningrad"]),
        ("ID", "Bali", ["Asia/Makassar"]),
        ("CN", "广东省", [SHANGHAI]),
        ("中国", "新疆维吾尔自治区", [SHANGHAI, "Asia/Urumqi"]),
        ("CN", None, [SHANGHAI, "Asia/Urumqi"]),
        ("ES", "Tenerife", ["Atlantic/Canary"]),
        ("DE", "Bayern", ["Europe/Berlin"]),
        ("Germany", None, ["Europe/Berlin"]),
        ("HK", None, ["Asia/Hong_Kong"]),
    ],
)
def test_an_address_names_the_zones_of_its_region(
    country: str, region: str | None, zones: list[str]
):
    """However it is written; a part in which clocks differ has them all."""
    assert same(zones_of(who((country, region))), *zones)


def test_a_region_that_is_not_known_is_anywhere_in_its_country():
    """Strictly: all its zones, and not the usual one."""
    found = zones_of(who(("US", "Middle Earth")))
    assert found is not None
    assert len(found) > 5
    assert found == zones_of(who(("US", None)))


def test_some_cities_are_a_region_by_themselves():
    """Where no region is written."""
    assert place("CN", None, "上海市") == Place("CN", "SH")
    assert place("CN", "新疆", "上海") == Place("CN", "XJ")


@pytest.mark.row("R37")
@pytest.mark.parametrize(
    ("phone", "zones"),
    [
        ("+12125550123", [NEW_YORK]),
        ("+13125550123", [CHICAGO]),
        ("+8613812345678", [SHANGHAI]),
        ("+442079460958", ["Europe/London"]),
        ("+4915112345678", ["Europe/Berlin"]),
    ],
)
def test_a_number_names_the_zones_of_its_area(phone: str, zones: list[str]):
    """A fixed line's, and a mobile's country's."""
    assert same(zones_of(who(phones=phone)), *zones)


@pytest.mark.parametrize(
    "phone",
    [
        "+18005550199",  # toll-free
        "+448001111111",
        "+80012345678",  # international toll-free
        "+448451234567",  # shared cost
        "+19005550123",  # premium
        "+443001234567",  # company wide
        "+881612345678",  # satellite
        "+88213123456",
        "+1",
        "12",
        "what",
    ],
)
def test_numbers_of_no_place_are_no_evidence(phone: str):
    """Alone they leave the zone unknown; beside an address they change nothing."""
    assert zones_of(who(phones=phone)) is None
    assert same(zones_of(who(("CN", "北京"), phones=phone)), SHANGHAI)


@pytest.mark.row("R37")
def test_address_and_number_are_put_together():
    """He is where both agree; where they do not, all of both must permit."""
    assert same(zones_of(who(("US", "FL"), phones="+13055550123")), NEW_YORK)
    assert same(zones_of(who(("US", None), phones="+13125550123")), CHICAGO)
    assert same(zones_of(who(("CN", "北京"), phones="+12125550123")), SHANGHAI, NEW_YORK)
    two = who(("US", "NY"), ("CN", "北京"))
    assert same(zones_of(two), NEW_YORK, SHANGHAI)
    assert same(zones_of(who(("US", "NY"), phones="+13125550123 +12125550123")), NEW_YORK)
    # of one rule, called otherwise
    assert same(zones_of(who(("US", "IN"), phones="+13175550123")), NEW_YORK)


def test_what_says_nothing_leaves_it_unknown():
    """No country, one that nobody knows, no address; the numbers of contacts are not his own."""
    assert zones_of(who()) is None
    assert zones_of(who((None, "NY"), ("Narnia", None))) is None
    contact = Contact(name="Ann", phone="+12125550123")
    assert zones_of(who(contacts=(contact,), kind="organisation")) is None
    assert zones_of(Customer(identities=(Identity("email", "a@x.org"),))) is None


def test_a_number_without_a_countrys_code_is_of_the_firms_own():
    """As it was captured."""
    assert same(zones_of(who(phones="2125550123"), "US"), NEW_YORK)
    assert zones_of(who(phones="2125550123")) is None


def test_regions_by_their_codes():
    """As the quiet hours of regions name them."""
    customer = who(("US", "Florida"), ("DE", "Bayern"))
    assert regions_of(customer) == {"US", "US-FL", "DE"}


def parts() -> Iterator[tuple[str, str]]:
    for country, names in places._parts().items():
        for code in sorted(set(names.values())):
            yield country, code


def test_the_data_hold_together():
    """Every part that has a name has zones, every zone exists, and each is its country's own."""
    for country, code in parts():
        zones = zones_in(Place(country, code))
        assert zones, (country, code)
        whole = {rules(name) for name in zones_in(Place(country))}
        for name in zones:
            ZoneInfo(name)
            territory = code in ("PR", "VI", "GU", "MP", "AS") and country == "US"
            assert territory or rules(name) in whole, (country, code, name)


def test_numbers_are_read_as_the_parser_of_anything_reads_them():
    """An example of every kind in every country; and cut to its area it says the same."""
    kinds = [kind for kind in phonenumbers.PhoneNumberType.values() if kind >= 0]
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in kinds:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert _e164(text) in (None, phonenumbers.parse(text, None)), text
            assert _of_phone(_prefix(text), None) == _of_phone(text, None), text
