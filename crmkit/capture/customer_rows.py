"""CUSTOMER rows and `Customer` objects: one from the other, and a merge group as one customer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import attrs

from crmkit.capture.exact import Fault, attributes, show, text
from crmkit.capture.searching import fold, indexed
from crmkit.clock import instant, zone
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, IDENTITY
from crmkit.model.customer import Customer, Identity
from crmkit.value.scoring import require_root

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_COLUMNS = ("id", "kind", "name", "number", "owner", "parent")
_COLUMNS_OF = itemgetter(*(CUSTOMER.position[name] for name in _COLUMNS))
_BODY = CUSTOMER.position["body"]
_NAME = CUSTOMER.position["name"]
_ROOT = CUSTOMER.position["root"]
_RECORDED = CUSTOMER.position["recorded"]
_OUTSIDE = frozenset({*_COLUMNS, "identities", "created_at"})
_EMPTY = Customer()
_PLAIN = frozenset(
    field.name
    for field in attrs.fields(Customer)
    if str(field.type) in ("bool", "str", "str | None", "Mapping[str, Any]")
)
"""Fields that JSON gives as they are; whoever has no others needs no converter."""
_DECODE = json.JSONDecoder().raw_decode  # half the time of loads()
SHARED = "shared"
"""Key of the body for identities that reach this customer and others, and identify nobody."""
RUN = "run"
"""Key of the body for the capture or import that made the customer, until somebody saves him."""
TRACE = "import"
"""Key of the body for what an import changed, until somebody saves him: `crmkit.capture.traces`."""
SAVED = "saved"
"""Key of the body for when somebody last saved him, in microseconds."""
FLAGS = frozenset({"internal", "unreachable"})
"""Fields that are true or false."""
APART = frozenset({"id", "identities", "created_at"})
"""Fields that say nothing of a customer, but who he is and since when."""
_NOT_FILLED = FLAGS | APART | {"kind"}

_OLD_ZONE = "timezone"


def customer_of(row: Row, identities: Iterable[Identity] = ()) -> Customer:
    """Turn one CUSTOMER row into the public record, whatever it was merged into."""
    plain, _ = _DECODE(row[_BODY])
    shared = plain.pop(SHARED, ())
    for name in (RUN, TRACE, SAVED):
        plain.pop(name, None)
    if _OLD_ZONE in plain:  # as schemas 1 and 2 spelled it
        plain["time_zone"] = plain.pop(_OLD_ZONE)
    plain.update(zip(_COLUMNS, _COLUMNS_OF(row), strict=True))
    found = {*identities, *(Identity(*pair) for pair in shared)} if shared else identities
    customer = Customer(**plain) if plain.keys() <= _PLAIN else Customer.from_dict(plain)
    # Set while nobody has seen it yet: a copy of all its fields would cost as much again.
    object.__setattr__(customer, "identities", tuple(sorted(found)))
    object.__setattr__(customer, "created_at", instant(row[_RECORDED]))
    return customer


def saved_at(rows: Sequence[Row]) -> int:
    """Give when any row of a merge group was last saved, in microseconds."""
    return max(int(json.loads(row[_BODY]).get(SAVED) or row[_RECORDED]) for row in rows)


def group_of(rows: Sequence[Row], identities: Mapping[str, Iterable[Identity]]) -> Customer:
    """Turn the rows of a merge group into one customer: what the root lacks the others fill.

    Args:
        rows: All rows that lead to one root, in any order.
        identities: Identities by customer id.
    """
    own = sorted(rows, key=lambda row: (row[0] != row[_ROOT], row[0]))
    customers = [customer_of(row, identities.get(row[0], ())) for row in own]
    whole = customers[0]
    if len(customers) == 1:
        return whole
    filled: dict[str, Any] = {}
    for field in attrs.fields(Customer):
        if field.name not in _NOT_FILLED and not getattr(whole, field.name):
            values = (getattr(one, field.name) for one in customers)
            filled[field.name] = next(filter(None, values), getattr(whole, field.name))
    return attrs.evolve(
        whole,
        **filled,
        identities=tuple(sorted({key for one in customers for key in one.identities})),
        created_at=min(one.created_at for one in customers if one.created_at is not None),
    )


@attrs.frozen
class Glance:
    """As much of a customer as tells whether and in what language he can be written to.

    Attributes:
        identities: As `Customer.identities`.
        language: As `Customer.language`.
        unreachable: As `Customer.unreachable`.
        name: As `Customer.name`.
    """

    identities: tuple[Identity, ...]
    language: str | None
    unreachable: bool
    name: str


def glance_of(rows: Sequence[Row], identities: Mapping[str, Iterable[Identity]]) -> Glance:
    """Give a part of what `group_of` gives, for a quarter of the time where nobody was merged."""
    if len(rows) > 1:
        whole = group_of(rows, identities)
        return Glance(whole.identities, whole.language, whole.unreachable, whole.name)
    (row,) = rows
    id_, name, text_ = row[0], row[_NAME], row[_BODY]
    body, _ = _DECODE(text_)
    keys = {*identities.get(id_, ()), *(Identity(*pair) for pair in body.get(SHARED, ()))}
    language, unreachable = body.get("language"), body.get("unreachable", False)
    return Glance(tuple(sorted(keys)), language, unreachable, name or "")


Group = tuple[list[Row], dict[str, list[Identity]]]
"""The rows of a merge group, and the identities of each of its ids."""


def read_groups(reader: Reader, roots: Sequence[str]) -> dict[str, Group]:
    """Read merge groups by their roots, in the order asked for; an id that is no root has none."""
    groups: dict[str, Group] = {root: ([], {}) for root in roots}
    homes: dict[str, Group] = {}
    for row in reader.fetch(CUSTOMER, [(root,) for root in groups], by=("root",)):
        homes[row[0]] = group = groups[row[_ROOT]]
        group[0].append(row)
    keys = [(member,) for member in homes]
    for system, value, customer, _ in reader.fetch(IDENTITY, keys, by=("customer",)):
        homes[customer][1].setdefault(customer, []).append(Identity(system, value))
    return {root: group for root, group in groups.items() if group[0]}


def read_customers(reader: Reader, roots: Sequence[str]) -> list[Customer]:
    """Give customers by the roots of their merge groups, in the order asked for."""
    return [group_of(*group) for group in read_groups(reader, roots).values()]


def read_customer(reader: Reader, customer: str) -> Customer:
    """Give one customer with everything that was merged into him.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
    """
    require_root(reader, customer)
    return read_customers(reader, [customer])[0]


def row_of(customer: Customer, old: Row | None, root: str, now: int) -> Row:
    """Turn a customer into his row; ``seq`` is set when it is written.

    Args:
        customer: As he shall stand; his identities go elsewhere.
        old: His row so far, whose instant of recording and shared keys stay.
        root: Where merges lead from here.
        now: The clock, in microseconds.

    Raises:
        Fault: a field cannot be stored; `field` names it.
    """
    plain = customer.to_dict()
    body = {
        name: value
        for name, value in plain.items()
        if name not in _OUTSIDE and getattr(customer, name) != getattr(_EMPTY, name)
    }
    if old is not None and SHARED in (before := json.loads(old[_BODY])):
        body[SHARED] = before[SHARED]
    _check_words(customer)
    body[SAVED] = now
    written = attributes(body, "customer") or "{}"
    for name in _COLUMNS:
        if plain[name] is not None:
            text(name, plain[name], 1_000)
    return (
        customer.id,
        0 if old is None else old[1],
        root,
        *(plain[name] for name in ("kind", "name", "number", "owner", "parent")),
        search_text(customer),
        now if old is None else old[_RECORDED],
        written,
    )


def _check_words(customer: Customer) -> None:
    """Check what others must understand: a zone that clocks know, a tag that speaks of a language.

    Raises:
        Fault: one of them says nothing; `field` names it.
    """
    if customer.time_zone is not None and zone(customer.time_zone) is None:
        reason = "must be an IANA time zone such as Europe/Berlin"
        raise Fault("time_zone", f"{reason}, got {show(customer.time_zone)}")
    if customer.language is not None and not _is_tag(customer.language):
        reason = "must be a language tag (BCP 47) such as zh-CN"
        raise Fault("language", f"{reason}, got {show(customer.language)}")


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and _TAG.fullmatch(value) is not None


def search_text(customer: Customer) -> str:
    """Give the folded text that search looks into: names, number, contacts and keys."""
    parts = [indexed(customer.name), fold(customer.number or "")]
    parts += [indexed(contact.name) for contact in customer.contacts]
    parts += [fold(key.value) for key in customer.identities]
    return "\n".join(part for part in parts if part)


def with_search(root: str, group: Group) -> tuple[Row, Row]:
    """Give a root's row as it is, and with the search text of everything that leads to it."""
    rows, identities = group
    (own,) = (row for row in rows if row[0] == root)
    others = sorted(row for row in rows if row[0] != root)
    texts = [search_text(customer_of(row, identities.get(row[0], ()))) for row in (own, *others)]
    place = CUSTOMER.position["search"]
    return own, (*own[:place], "\n".join(filter(None, texts)), *own[place + 1 :])


def with_body(row: Row, **changes: Any) -> Row:
    """Give a row with keys of its body changed; None takes one away."""
    body = json.loads(row[_BODY]) | changes
    kept = {name: value for name, value in body.items() if value is not None}
    return (*row[:_BODY], json.dumps(kept, ensure_ascii=False, sort_keys=True))
