"""What the demo makes up of the gift shop's customers: addresses, consents and presents.

The data hold a number, invoices and a country. Everything here follows from the number, so that it
is the same each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.model.customer import Address, Customer, Identity

if TYPE_CHECKING:
    from crmkit.crm import CRM

INVENTED = "invented for the demo"
GONE = "moved."
"""What an address begins with that the mail server bounces."""
_NAMES = "Archer Baker Carter Draper Fisher Glover Harper Mason Porter Sawyer Tanner Weaver".split()
_NO_ADDRESS, _NO_CONSENT, _NO_PRESENT, _MOVED = range(4)
_EVERY = 12
"""Of so many customers one has no address, one gave no consent, and so on."""
_AGREED = ("care", "marketing")
_LOOKED_AT = 50
_ADDRESSED = {"Germany": ("de", "Guten Tag {}"), "Austria": ("de", "Guten Tag {}")}


def invent(crm: CRM, ids: Iterable[str]) -> None:
    """Give customers e-mail addresses, countries and consents; who has them keeps them."""
    found = [crm.customers.get(one) for one in ids]
    crm.customers.save_all(_known(one, _country(crm, one.id)) for one in found if not _done(one))
    for one in found:
        if not _done(one) and _lot(one) != _NO_CONSENT:
            for purpose in _AGREED:
                crm.consents.grant(one.id, purpose, "email", source=INVENTED)


def bought(crm: CRM, ids: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what each customer bought last, as the variables of his message."""
    for one in ids:
        touches = crm.touchpoints.of(one, kinds=["purchase"])
        named = (touch for touch in touches if touch.item and touch.attributes.get("description"))
        for touch in islice(named, 1):
            item = str(touch.attributes["description"]).strip().lower()
            yield one, {"item": item, "day": touch.at.date()}


def presents(crm: CRM, ids: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the present that was chosen for each; for some nobody has chosen one yet."""
    for one in ids:
        number = _number(crm.customers.get(one))
        if number % _EVERY != _NO_PRESENT:
            chosen = ("a tin of tea", "a box of candles", "a paper chain kit")
            yield one, {"present": chosen[number % len(chosen)]}


def _known(one: Customer, country: str) -> Customer:
    number = _number(one)
    name = _NAMES[number % len(_NAMES)]
    language, words = _ADDRESSED.get(country, ("en", "Dear {}"))
    lot = _lot(one)
    address = f"{GONE if lot == _MOVED else ''}{name.lower()}.{number}@example.com"
    keys = () if lot == _NO_ADDRESS else (Identity("email", address),)
    return attrs.evolve(
        one,
        number=str(number),  # so that he is called in every table as he was before
        identities=(*one.identities, *keys),
        addresses=() if country == "Unspecified" else (Address(country=country),),
        language=language,
        salutation=words.format(f"{'Ms' if number % 2 else 'Mr'} {name}"),
        details=(INVENTED,),
    )


def _done(one: Customer) -> bool:
    return INVENTED in one.details


def _country(crm: CRM, id: str) -> str:
    for touch in islice(crm.touchpoints.of(id), _LOOKED_AT):
        if touch.attributes.get("country"):
            return str(touch.attributes["country"])
    return "Unspecified"


def _lot(one: Customer) -> int:
    return _number(one) % _EVERY


def _number(one: Customer) -> int:
    return next(int(key.value) for key in one.identities if key.system == "shop")
