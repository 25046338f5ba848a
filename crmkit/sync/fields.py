"""The fields of ours that a mapping may name, and their types.

Types: ``text``, ``email``, ``phone``, ``number``, ``flag``, ``date``, ``instant``, ``list``,
``customer`` (the id of one), ``person`` (an account manager) and ``any`` (the host's own fields).
"""

from __future__ import annotations

CUSTOMERS, CONTACTS, TOUCHPOINTS = "customers", "contacts", "touchpoints"
OPPORTUNITIES, SCORES = "opportunities", "scores"


def _typed(spec: str) -> dict[str, str]:
    pairs = (word.partition(":") for word in spec.split())
    return {name: kind or "text" for name, _, kind in pairs}


CONCEPTS: dict[str, dict[str, str]] = {
    CUSTOMERS: _typed(
        "id name kind number email:email phone:phone owner:person industry language salutation "
        "birthday:date time_zone parent:customer internal:flag acquired_by preferred_channel "
        "unreachable:flag research introduction source street city region postcode country"
    ),
    CONTACTS: _typed("name title email:email phone:phone primary:flag customer:customer"),
    TOUCHPOINTS: _typed(
        "id kind at:instant customer:customer amount:number currency margin:number "
        "quantity:number item category channel direction rating:number text source"
    ),
    OPPORTUNITIES: _typed(
        "id name customer:customer amount:number currency stage state closes:date owner:person "
        "source competition"
    ),
    SCORES: _typed("total:number tier stage next_contact:date why"),
}
"""Fields by concept; ``attributes.NAME`` beside them is a host's own field."""
OWN = "attributes."
_OPEN = frozenset({CUSTOMERS, TOUCHPOINTS})
SCORE = "scores."
"""What a score's fields are called beside a customer's, once they are read."""
SAME = {"score": "total", "reason": "why", "next_reason": "why"}
"""What a score's fields may be called besides."""


def known(concept: str, name: str) -> str | None:
    """Give the type of one of our fields; None: there is no such field."""
    if name.startswith(OWN) and len(name) > len(OWN):
        return "any" if concept in _OPEN else None
    if concept == SCORES:
        name = SAME.get(name, name)
    return CONCEPTS[concept].get(name)


def type_of(concept: str, name: str) -> str:
    """Give the type of a field that is known, a score's among a customer's too."""
    if name.startswith(SCORE):
        concept, name = SCORES, name.removeprefix(SCORE)
    return known(concept, name) or "any"
