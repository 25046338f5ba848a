"""The relationship map of form 089 as the log fills it (R181-R188).

A person is whom the plan is for, or at an organisation a contact or somebody who belongs to it. A
contract is a field of the customer's own, or of a touchpoint, whose name says so: the day among
them is its term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from statistics import fmean
from typing import Any

from crmkit.care.dossier import YEAR, Dossier
from crmkit.care.plan_words import Tongue
from crmkit.care.words import many
from crmkit.clock import day as a_day
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.lifecycle.signals import touches
from crmkit.model.customer import Contact, Customer
from crmkit.model.plan import Relation

_ATTRIBUTES = TOUCHPOINT.position["attributes"]
_CONTRACT = ("contract", "合同", "合约")
_COMPLAINTS = 3


def relations(dossier: Dossier, say: Tongue) -> tuple[Relation, ...]:
    """Fill the relationship map."""
    contracts, term = _contracts(dossier)
    customer = dossier.customer
    known = {one.customer_id for one in customer.contacts}
    rows = [_of_contact(dossier, one, say) for one in customer.contacts]
    rows += [_of_customer(dossier, one, say) for one in dossier.members if one.id not in known]
    if not rows and customer.name:
        rows = [_of_customer(dossier, customer, say)]
    return tuple(
        Relation(**row, contracts=contracts, term=term) for row in rows if row["supporter"]
    )


# -- inside ----------------------------------------------------------------------------


def _of_contact(dossier: Dossier, contact: Contact, say: Tongue) -> dict[str, str]:
    title = f" ({contact.title})" if contact.title else ""
    ways = [way for way in (contact.phone, contact.email) if way]
    return {
        "supporter": f"{contact.name}{title}",
        "approach": say("reach", what=say.list(ways)) if ways else "",
        **_felt(dossier, contact.customer_id, say),
    }


def _of_customer(dossier: Dossier, customer: Customer, say: Tongue) -> dict[str, str]:
    channel = customer.preferred_channel or dossier.told.channel()
    return {
        "supporter": customer.name,
        "approach": say("reach", what=say.channel(channel)) if channel else "",
        **_felt(dossier, customer.id, say),
    }


def _felt(dossier: Dossier, who: str | None, say: Tongue) -> dict[str, str]:
    """Say how far the relationship with one person has come, and how satisfied he is.

    What is not known of a single person is said of the whole customer.
    """
    made = [
        (one, entry.row[_ATTRIBUTES])
        for one, entry in zip(dossier.touchpoints, dossier.told.happened, strict=True)
    ]
    own = [one for one in made if one[0].customer == who] or made
    touched = next((one for one, held in own if touches(one.kind, held, dossier.kinds)), None)
    since = dossier.now - YEAR
    ratings = [one.rating for one, _ in own if one.rating is not None and one.at >= since]
    complaints = (one.text for one, _ in own if one.kind == "complaint" and one.text)
    return {
        "progress": say("untouched")
        if touched is None
        else say("touched", day=say.day(touched.at)),
        "satisfaction": say(
            "rated",
            mean=fmean(ratings),
            count=len(ratings),
            ratings=many(len(ratings), "rating"),
        )
        if ratings
        else "",
        "complaints": say.lines(islice(complaints, _COMPLAINTS)),
    }


def _contracts(dossier: Dossier) -> tuple[str, date | None]:
    """Find past contracts, and the last day among them."""
    fields = list(_named(dossier.customer.custom))
    for touchpoint in dossier.touchpoints:
        fields += _named(touchpoint.attributes)
    days = [day for _, value in fields if (day := _date(value)) is not None]
    texts = [value for _, value in fields if _date(value) is None]
    return "\n".join(dict.fromkeys(texts)), max(days, default=None)


def _named(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, str) and any(word in name.casefold() for word in _CONTRACT):
            yield name, value


def _date(value: str) -> date | None:
    """Read a day that can be kept out of a field, or None."""
    try:
        return a_day(date.fromisoformat(value))
    except ValueError:  # no day, or one that is not kept
        return None
