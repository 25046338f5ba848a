"""What every template is given of a customer: who he is, how and in which tone he is addressed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from crmkit.model.customer import ORGANISATION, Customer
from crmkit.model.people import Person

FORMAL, FAMILIAR = TONES = ("formal", "familiar")
"""How customers are written to, where ``custom["tone"]`` says nothing else."""

SHOWN = (
    "id name known_as kind number language salutation birthday industry introduction profile "
    "custom details needs"
).split()
"""What a template may read of a customer; addresses and keys of his are not among it."""

GIVEN = ("customer", "salutation", "tone", "owner", "today")
"""Variables that `variables_of` gives of its own."""

_ADDRESSED = {
    "zh": {FORMAL: "尊敬的{}", FAMILIAR: "亲爱的{}"},
    "zh-hant": {FORMAL: "尊敬的{}", FAMILIAR: "親愛的{}"},
    "en": {FORMAL: "Dear {}", FAMILIAR: "Hello {}"},
}
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def variables_of(  # noqa: PLR0913 - each is a fact of its own
    customer: Customer,
    *,
    owner: Person | None,
    today: date,
    extra: Mapping[str, Any],
    language: str | None = None,
    tone: str = FORMAL,
) -> dict[str, Any]:
    """Give the variables of a message to one customer.

    Args:
        customer: Whom it is for.
        owner: His account manager, who signs.
        today: The day, where the customer is.
        extra: The host's own variables; they go before those given here.
        language: BCP 47 tag of the firm's customers, for one whose own is not known.
        tone: Of `TONES`, for a customer whose ``custom["tone"]`` does not say.

    Returns:
        ``customer`` (what `SHOWN` lists), ``salutation``, ``tone``, ``owner`` and ``today``. What
        is not known is left out or None, so that no message goes with a blank in its place.
    """
    own = customer.custom.get("tone")
    tone = own if own in TONES else tone
    return {
        "customer": {name: getattr(customer, name) for name in SHOWN},
        "salutation": salutation_of(customer, language=language, tone=tone),
        "tone": tone,
        "owner": (owner.name or None) if owner else None,
        "today": today,
        **extra,
    }


def salutation_of(
    customer: Customer, *, language: str | None = None, tone: str = FORMAL
) -> str | None:
    """Say how a customer is addressed: as he wishes, else by his name, in his language.

    Whether somebody is a Mr or a Ms is not guessed: that is what `Customer.salutation` is for. An
    organisation is addressed by its primary contact, where it has one.

    Returns:
        The words, or None where not even a name is known. A language without words of its own has
        the name alone.

    Example:
        >>> salutation_of(Customer(name="王芳", language="zh-CN"))
        '尊敬的王芳'
        >>> salutation_of(Customer(name="Wang Fang", language="en", salutation="Ms Wang"))
        'Ms Wang'
    """
    if customer.salutation and not customer.salutation.isspace():
        return customer.salutation
    name = customer.name
    if customer.kind == ORGANISATION:
        name = next((contact.name for contact in customer.contacts if contact.primary), "") or name
    if not name or name.isspace():
        return None
    tag = (customer.language or language or "").replace("_", "-").lower()
    words = _ADDRESSED.get("zh-hant" if tag.startswith(_TRADITIONAL) else tag.partition("-")[0])
    return words[tone].format(name) if words else name
