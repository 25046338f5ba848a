"""Customers from rows of a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import attrs

from crmkit.capture.cells import Compiler
from crmkit.capture.customer_rows import FLAGS
from crmkit.capture.exact import Fault, show
from crmkit.capture.gathering import Some
from crmkit.capture.mapping import near
from crmkit.capture.plainly import keyed
from crmkit.errors import MappingError
from crmkit.model.customer import CUSTOMER_KINDS, Address, Contact, Customer, Identity

_SECTIONS = frozenset({"fields", "identities", "contacts", "addresses", "profile", "custom"})
_FIELDS = frozenset(field.name for field in attrs.fields(Customer)) - (_SECTIONS | {"created_at"})
_PARTS = {
    name: frozenset(field.name for field in attrs.fields(cls))
    for name, cls in (("contacts", Contact), ("addresses", Address))
}
"""Fields of what a customer may have several of."""
_LISTS = frozenset({"needs", "details"})
_YES = frozenset({"1", "true", "yes", "y", "x"})
_NO = frozenset({"", "0", "false", "no", "n"})


def customer_maker(compiler: Compiler) -> Callable[[Any], Customer]:
    """Compile the sections of a customer mapping.

    Raises:
        MappingError: a section or field is unknown.
    """
    sections = compiler.mapping.sections
    for name in sections:
        if name not in _SECTIONS:
            raise MappingError(f"{name} belongs to a mapping of touchpoints", field=name)
    fields = sections.get("fields", {})
    if fields is None:
        return lambda line: whole_customer(keyed(line))
    _known("fields", fields, _FIELDS)
    for name, known in _PARTS.items():
        for one in sections.get(name, ()):
            _known(name, one, known)
    make = compiler.section(fields)
    plain = {
        name: compiler.section(sections[name], name)
        for name in ("identities", "profile", "custom")
        if name in sections
    }
    parts = {
        name: [compiler.section(one, name) for one in sections[name]]
        for name in _PARTS
        if name in sections
    }
    is_one_of_them = len(sections.get("contacts", ())) == 1

    def customer(row: Any) -> Customer:
        made = make(row) | {name: found for name, build in plain.items() if (found := build(row))}
        for name, builders in parts.items():
            made[name] = [found for build in builders if (found := build(row))]
        whole = whole_customer(made)
        # A table for each of several contacts says who they are; one table, that he is among them.
        return attrs.evolve(whole, contacts=Some(whole.contacts)) if is_one_of_them else whole

    return customer


def _known(section: str, given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a section with a field that is none.

    Raises:
        MappingError: it has one; `field` names it.
    """
    for name in given:
        if name not in known:
            raise MappingError(f"{section}: unknown field {name!r}{near(name, known)}", field=name)


def whole_customer(plain: dict[str, Any]) -> Customer:
    """Give a customer of plain values: a line of JSON, or what a mapping made.

    Identities may be a mapping of system to value or values; flags and lists may be text.

    Raises:
        Fault: a field is unknown or of the wrong shape.
    """
    made = {name: value for name, value in plain.items() if value is not None}
    made.pop("created_at", None)
    identities = made.pop("identities", ())
    if isinstance(identities, dict):
        identities = [
            {"system": system, "value": str(value)}
            for system, given in identities.items()
            for value in (given if isinstance(given, (list, tuple)) else (given,))
            if value is not None and value != ""
        ]
    for name in FLAGS & set(made):
        made[name] = _flag(name, made[name])
    for name in _LISTS & set(made):
        if isinstance(made[name], str):
            made[name] = [part.strip() for part in made[name].split(";") if part.strip()]
    if made.get("kind", CUSTOMER_KINDS[0]) not in CUSTOMER_KINDS:
        reason = f"must be {' or '.join(CUSTOMER_KINDS)}, got {show(made['kind'])}"
        raise Fault("kind", reason)
    if "birthday" in made and not isinstance(made["birthday"], str):
        made["birthday"] = made["birthday"].isoformat()
    return _structured(made, identities)


def _structured(made: dict[str, Any], identities: Any) -> Customer:
    for name in made:
        if name not in _FIELDS | _SECTIONS:
            raise Fault(name, f"is no field of a customer{near(name, _FIELDS)}")
    for name in _PARTS:
        for one in made.get(name, ()):
            _check_part(name, one)
    try:
        keys = tuple(Identity(str(one["system"]), str(one["value"])) for one in identities)
        return attrs.evolve(Customer.from_dict(made), identities=keys)
    except Exception as error:  # noqa: BLE001 - cattrs gathers whatever is wrong
        raise Fault("customer", f"cannot be read: {show(_first(error))}") from None


def _check_part(name: str, one: Any) -> None:
    """Look at a contact or an address, and turn what may be text into what it stands for."""
    if not isinstance(one, dict):
        raise Fault(name, f"must be a list of objects {{...}}, got {show(one)}")
    unknown = min(one.keys() - _PARTS[name], default=None)
    if unknown is not None:
        raise Fault(name, f"have no field {unknown!r}{near(unknown, _PARTS[name])}")
    if name == "contacts" and one.get("name") is None:
        raise Fault(name, "need a name, each of them")
    if "primary" in one:
        one["primary"] = _flag("primary", one["primary"])
    if isinstance(one.get("lines"), str):
        one["lines"] = [one["lines"]]


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise Fault(name, f"must be yes or no, got {show(value)}")
    return word in _YES
