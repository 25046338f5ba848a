"""Customers looked up: by key, by text, by tier, stage, kind and owner, page by page."""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from crmkit.arguments import count, flaw, optional_text, refuse, text
from crmkit.capture.customer_rows import read_customers
from crmkit.capture.exact import Fault
from crmkit.capture.keys import read_keys
from crmkit.capture.normalise import Normaliser
from crmkit.capture.searching import fold
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, DECISION, IDENTITY, STANDING, TEXT, Table
from crmkit.model.customer import CUSTOMER_KINDS, Customer
from crmkit.model.log import Page
from crmkit.paging import pages

_ROOT = CUSTOMER.position["root"]
_OWNER = CUSTOMER.position["owner"]
_SEARCH = CUSTOMER.position["search"]
_NUMBER = "number"
_PAGE = 200


def find(reader: Reader, normaliser: Normaliser, identity: Mapping[str, Any]) -> Customer | None:
    """Give the customer that keys find, strongest key first; None where nobody has one.

    Args:
        reader: One consistent look.
        normaliser: Spells the keys.
        identity: Value by system: ``email``, ``phone``, a system's name, or ``number``.
    """
    keyed = {system: value for system, value in identity.items() if system != _NUMBER}
    base = _by_key(reader, normaliser, keyed) if keyed else None
    number = identity.get(_NUMBER)
    if base is None and isinstance(number, str) and not flaw(number):
        rows = reader.fetch(CUSTOMER, [(number,)], by=(_NUMBER,))
        base = next((row[0] for row in sorted(rows)), None)
        if base is None and not keyed:
            base = _by_key(reader, normaliser, identity)  # a system may be called "number"
    for row in reader.fetch(CUSTOMER, [(base,)] if base else []):
        return read_customers(reader, [row[_ROOT]])[0]
    return None


def _by_key(reader: Reader, normaliser: Normaliser, keyed: Mapping[str, Any]) -> str | None:
    try:
        keys = read_keys(keyed, normaliser).keys
    except Fault:
        return None
    owners = {(row[0], row[1]): row[2] for row in reader.fetch(IDENTITY, keys)}
    return next((owners[key] for key in keys if owners.get(key)), None)


@attrs.frozen(kw_only=True)
class Query:
    """What to search for; None asks nothing.

    Attributes:
        text: Words that all stand in a customer's names, number or keys; any script and case.
        tier: Tier as `advance` recorded it.
        stage: Stage as `advance` recorded it.
        kind: ``person`` or ``organisation``, or a kind of customer as `advance` recorded it.
        owner: Account manager.
    """

    text: str | None = None
    tier: str | None = None
    stage: str | None = None
    kind: str | None = None
    owner: str | None = None

    def __attrs_post_init__(self) -> None:
        """Check that everything that is asked for is text.

        Raises:
            InvalidValueError: `field` names what is not.
        """
        for name, value in attrs.asdict(self).items():
            optional_text(name, value)

    @property
    def words(self) -> list[str]:
        """The words of the text, folded, longest first."""
        return sorted(fold(self.text or "").split(), key=len, reverse=True)

    @property
    def standing(self) -> dict[str, str]:
        """What STANDING must say."""
        kind = None if self.kind in CUSTOMER_KINDS else self.kind
        asked = {"tier": self.tier, "stage": self.stage, "kind": kind}
        return {name: value for name, value in asked.items() if value is not None}

    @property
    def customer(self) -> dict[str, str]:
        """What CUSTOMER must say, but for the owner: a merged record may say that."""
        kind = self.kind if self.kind in CUSTOMER_KINDS else None
        return {} if kind is None else {"kind": kind}


def search(reader: Reader, query: Query, limit: int, after: str | None) -> Page[Customer]:
    """Give one page of the customers that a query finds.

    With a tier they come by rank, else by id.

    Args:
        reader: One consistent look.
        query: What to search for.
        limit: At most so many, 1 and more.
        after: The last page's `next`.

    Raises:
        InvalidValueError: `limit` is below 1, or `after` is no page's `next`.
    """
    limit = count("limit", limit, least=1)
    entries = _by_standing(reader, query, after) if query.standing else _by_id(reader, query, after)
    found = list(islice(entries, limit + 1))
    items = read_customers(reader, [row[0] for row, _ in found[:limit]])
    more = _token(found[limit - 1][1]) if len(found) > limit else None
    return Page(tuple(items), more)


def _by_id(reader: Reader, query: Query, after: str | None) -> Iterator[tuple[Row, Row]]:
    """Go through CUSTOMER; give rows with their places."""
    place = _place(after, CUSTOMER, ("id",))
    words = query.words
    asked: dict[str, Any] = {
        "where": query.customer,
        "contains": {"search": words[0]} if words else None,
    }
    if query.owner is None:
        rows = reader.scan(CUSTOMER, by=("id",), after=place, **asked)
    else:
        rows = _of_owner(reader, query.owner, place, asked)
    for row in rows:
        if _matches(row, query):
            yield row, (row[0],)


def _of_owner(
    reader: Reader, owner: str, place: Row | None, asked: dict[str, Any]
) -> Iterator[Row]:
    """Give the rows that name an account manager, and whom only a merged record says it of."""
    behind = None if place is None else (owner, *place)
    own = reader.scan(CUSTOMER, by=("owner", "id"), equal=(owner,), after=behind, **asked)
    if not any(reader.scan(DECISION, by=("kind", "seq"), equal=("merge",), limit=1)):
        return own
    columns = ("id", "root")
    every = reader.scan(CUSTOMER, by=("owner", "id"), equal=(owner,), columns=columns)
    merged = {(root,) for customer, root in every if customer != root}
    roots = sorted(row for row in reader.fetch(CUSTOMER, merged) if not row[_OWNER])
    owners = _owners(reader, roots)
    more = [row for row in roots if owners.get(row[0]) == owner]
    return heapq.merge(own, more if place is None else [row for row in more if row[:1] > place])


def _owners(reader: Reader, rows: Sequence[Row]) -> dict[str, str]:
    """Give the account managers of customers: what a record lacks, those merged into it say."""
    owners = {row[0]: row[_OWNER] for row in rows if row[_OWNER]}
    lacking = [(row[0],) for row in rows if not row[_OWNER]]
    for row in sorted(reader.fetch(CUSTOMER, lacking, by=("root",))):
        if row[_OWNER]:
            owners.setdefault(row[_ROOT], row[_OWNER])
    return owners


def _by_standing(reader: Reader, query: Query, after: str | None) -> Iterator[tuple[Row, Row]]:
    """Go through STANDING in pages, and look up who they are."""
    where: dict[str, Any] = dict(query.standing)
    by: tuple[str, ...] = ("customer",)
    equal: Row = ()
    if "tier" in where:
        by, equal = ("tier", "rank"), (where.pop("tier"),)
    elif "stage" in where:
        by, equal = ("stage", "customer"), (where.pop("stage"),)
    columns = tuple(dict.fromkeys((*by[len(equal) :], "customer")))
    place = _place(after, STANDING, columns)
    behind = None if place is None else (*equal, *place)
    rows = reader.scan(STANDING, by=by, equal=equal, after=behind, where=where, columns=columns)
    for page in pages(rows, _PAGE):
        people = {row[0]: row for row in reader.fetch(CUSTOMER, [(row[-1],) for row in page])}
        people = {root: row for root, row in people.items() if _matches(row, query)}
        if query.owner is not None:
            owners = _owners(reader, list(people.values()))
            people = {root: row for root, row in people.items() if owners.get(root) == query.owner}
        yield from ((people[found[-1]], found) for found in page if found[-1] in people)


def _matches(row: Row, query: Query) -> bool:
    return (
        row[_ROOT] == row[0]
        and all(row[CUSTOMER.position[name]] == value for name, value in query.customer.items())
        and all(word in row[_SEARCH] for word in query.words)
    )


def _token(place: Row) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(after: str | None, table: Table, columns: tuple[str, ...]) -> Row | None:
    """Read a page's `next`, which holds these columns of the last row."""
    if after is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(text("after", after)))
    except (ValueError, RecursionError):
        place = None
    types = [table.columns[table.position[name]].type for name in columns]
    if not isinstance(place, list) or len(place) != len(types) or not all(map(_fits, place, types)):
        refuse("after", "must be the `next` of a page of the same search", after)
    return tuple(place)


def _fits(value: object, kind: str) -> bool:
    """Tell whether a column of this type may hold a value."""
    if kind == TEXT:
        return isinstance(value, str) and not flaw(value)
    return type(value) is int and abs(value) < 1 << 63
