"""Who is meant on the command line, and what a person is called in what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmkit.cli.failing import wrong

if TYPE_CHECKING:
    from crmkit.crm import CRM


def found(
    crm: CRM,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
) -> str:
    """Give the id of the one customer that was named; keys of two are refused, not chosen from."""
    given = [("email", email), ("phone", phone), *_split(identity)]
    keys = [(system, value) for system, value in given if value]
    if (id is None) == (not keys):
        wrong("name one customer: by ID, or by --email, --phone or --identity SYSTEM=VALUE")
    if id is not None:
        return crm.customers.get(id).id
    whose = {
        one.id: f"{system} {value!r} is {one.known_as}'s ({one.id})"
        for system, value in keys
        if (one := crm.customers.find(**{system: value})) is not None
    }
    if len(whose) > 1:
        wrong(f"{', '.join(whose.values())}: name one customer, by one of them")
    if not whose:
        named = ", ".join(f"{system} {value!r}" for system, value in keys)
        wrong(_unusable(crm, keys) or f"no customer has {named}: `crmkit customers TEXT` searches")
    return next(iter(whose))


def _unusable(crm: CRM, keys: list[tuple[str, str]]) -> str:
    """Say why a key can find nobody; empty where it could."""
    from crmkit.capture.normalise import EMAIL, PHONE, Normaliser

    region = crm.config.region
    for system, value in keys:
        if system not in (EMAIL, PHONE) or Normaliser(region).key(system, value) is not None:
            continue
        if system == PHONE and region is None:
            return (
                f"{value!r} is no telephone number with its country code: write it like "
                '+8613800138000, or set region in crmkit.toml (region = "CN")'
            )
        if system == PHONE:
            return f"{value!r} is no telephone number of {region}, nor one with its country code"
        if "@" not in value:
            return f"{value!r} is no e-mail address"
    return ""


def names(crm: CRM, ids: list[str]) -> dict[str, str]:
    """Give what several customers are called; who was merged is called as whom he is now."""
    from crmkit.capture.customer_rows import read_customers
    from crmkit.value.roots import roots_of

    with crm.session.store.read() as reader:
        roots = roots_of(reader, ids)
        customers = read_customers(reader, sorted({*roots.values()}))
    words = {customer.id: customer.known_as for customer in customers}
    return {one: words[root] for one, root in roots.items()}


def _split(identity: str | None) -> list[tuple[str, str]]:
    if identity is None:
        return []
    system, equals, value = identity.partition("=")
    if not (system and equals and value):
        wrong(f"--identity is SYSTEM=VALUE, such as crm=4711, got {identity!r}")
    return [(system, value)]
