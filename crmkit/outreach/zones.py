"""Where a customer's clocks are: the zones he may be in, from address and telephone.

What he says himself decides. Else an address names the zones of its region, a telephone number
those of its area; where both are known he is where both agree, and where they do not, all of both
must permit. Numbers that belong to no place say nothing: toll-free, shared cost, premium, voice
over IP, satellites. Nor does an address without a country.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from crmkit.model.customer import Customer
from crmkit.outreach.places import Place, place, rules, zones_in

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_KEPT = 4  # last digits of a number, which say nothing of its area or its kind
_SHORT = 11
_UNKNOWN = "Etc/Unknown"


def zones_of(customer: Customer, region: str | None = None) -> frozenset[str] | None:
    """Give the zones a customer may be in; zones whose clocks agree are given once.

    Args:
        customer: His own zone, his addresses and the telephone numbers among his identities.
        region: Country that numbers without a country's code belong to.

    Returns:
        Names of zones, at least one; None: nothing tells where he is.
    """
    if customer.time_zone:
        return frozenset((customer.time_zone,))
    home = _of_places(places_of(customer))
    area = [
        _of_phone(_prefix(one.value), region)
        for one in customer.identities
        if one.system == "phone"
    ]
    return _agreed(home, area[0] if len(area) == 1 else frozenset().union(*area))


def places_of(customer: Customer) -> frozenset[Place]:
    """Give where his addresses lie, as far as they name a country that is known."""
    found = (place(one.country, one.region, one.city) for one in customer.addresses)
    return frozenset(one for one in found if one is not None)


def regions_of(customer: Customer) -> frozenset[str]:
    """Give the codes of the regions his addresses lie in, and of their countries (``US-FL``)."""
    places = places_of(customer)
    return frozenset(one.region for one in places) | frozenset(one.country for one in places)


@lru_cache(4096)
def _of_places(places: frozenset[Place]) -> frozenset[str]:
    return frozenset().union(*map(zones_in, places))


@lru_cache(4096)
def _agreed(home: frozenset[str], area: frozenset[str]) -> frozenset[str] | None:
    """Give the zones that address and telephone agree on; all of both where they do not."""
    agreed = {rules(name) for name in home} & {rules(name) for name in area}
    both = {name for name in home if rules(name) in agreed}
    return _once(both or home | area) or None


def _once(names: Iterable[str]) -> frozenset[str]:
    """Keep one of the zones whose clocks agree."""
    return frozenset({rules(name): name for name in sorted(names, reverse=True)}.values())


def _prefix(number: str) -> str:
    """Give what of a number tells its area and kind; its length stays, as it tells them too."""
    if len(number) <= _SHORT:
        return number
    return number[:-_KEPT] + "0" * _KEPT


@lru_cache(65536)
def _of_phone(number: str, region: str | None) -> frozenset[str]:
    """Give the zones of a number's area, or country where its kind has no area."""
    # imported here: its tables are large
    import phonenumbers  # noqa: PLC0415
    from phonenumbers import timezone  # noqa: PLC0415

    try:
        parsed = _e164(number) or phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return frozenset()
    kinds = phonenumbers.PhoneNumberType
    kind, code = phonenumbers.number_type(parsed), parsed.country_code or 0
    if kind not in (kinds.FIXED_LINE, kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE):
        return frozenset()
    if phonenumbers.is_number_type_geographical(kind, code):
        names = timezone.time_zones_for_geographical_number(parsed)
    else:
        if code not in _MOBILE:
            _MOBILE[code] = timezone.time_zones_for_number(parsed)
        names = _MOBILE[code]
    return frozenset(names) - {_UNKNOWN}


_MOBILE: dict[int, tuple[str, ...]] = {}
"""Zones by country code, for kinds of numbers that have no area: twice as quick as asking."""


def _e164(number: str) -> PhoneNumber | None:
    """Read a number as identities are normalised, in a tenth of the time of a parser of anything.

    None: it is no such number, or one whose zeros in front count.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber  # noqa: PLC0415

    digits = number[1:]
    if number[:1] != "+" or not (digits.isascii() and digits.isdigit()):
        return None
    for length in (1, 2, 3):
        code, rest = digits[:length], digits[length:]
        if int(code) in COUNTRY_CODE_TO_REGION_CODE and rest[:1] not in ("", "0"):
            return PhoneNumber(country_code=int(code), national_number=int(rest))
    return None
