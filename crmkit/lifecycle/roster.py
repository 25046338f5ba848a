"""Who everybody is: owners, organisations and what the records say, read in one pass.

Only what is said is kept, so that a hundred thousand plain buyers cost one look each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER
from crmkit.value.roots import roots_of

_ROOT = CUSTOMER.position["root"]
_COLUMNS = ("id", "root", "owner", "parent", "body")
# JSON writes a key like this; a record without any of them need not be parsed.
_ASKED = ('"acquired_by"', '"research"', '"internal"', '"unreachable"')


@attrs.define
class Roster:
    """What the records say; everything by root id, and only where it is said.

    Attributes:
        roots: Where merged ids lead to.
        owners: Account managers.
        parents: The organisation each belongs to.
        left_out: Departments of the firm itself, and those whom nothing reaches.
        said: ``acquired_by`` and ``research``.
    """

    roots: dict[str, str] = attrs.field(factory=dict)
    owners: dict[str, str] = attrs.field(factory=dict)
    parents: dict[str, str] = attrs.field(factory=dict)
    left_out: set[str] = attrs.field(factory=set)
    said: dict[str, dict[str, str]] = attrs.field(
        factory=lambda: {"acquired_by": {}, "research": {}}
    )

    def root(self, customer: str) -> str:
        """Give whom an id was merged into; itself where it was not."""
        return self.roots.get(customer, customer)

    def account(self, customer: str) -> str:
        """Give whose agenda item a customer's contacts count for: the top of his organisation.

        Where records or a merge lead in a circle there is no top: it is the least id of the circle.
        """
        way = [customer]
        while (above := self.parents.get(way[-1])) is not None:
            if above in way:
                return min(way[way.index(above) :])
            way.append(above)
        return way[-1]


def read_roster(reader: Reader, rows: Iterable[Row] | None = None) -> Roster:
    """Read everybody's records, or take those that were read: (id, root, owner, parent, body)."""
    roster = Roster()
    parents: list[tuple[str, str]] = []
    for customer, root, owner, parent, body in (
        reader.scan(CUSTOMER, columns=_COLUMNS) if rows is None else rows
    ):
        if root != customer:
            roster.roots[customer] = root
            continue
        if owner is not None:
            roster.owners[customer] = owner
        if parent is not None:
            parents.append((customer, parent))
        if any(key in body for key in _ASKED):
            _note(roster, customer, json.loads(body))
    found = roots_of(reader, (parent for _, parent in parents))
    for customer, parent in parents:
        above = found.get(parent, customer)  # an organisation that is not known has no agenda
        if above != customer:
            roster.parents[customer] = above
    return roster


def pick(row: Row) -> Row:
    """Take the columns that `read_roster` reads out of a CUSTOMER row."""
    return tuple(row[CUSTOMER.position[name]] for name in _COLUMNS)


def _note(roster: Roster, customer: str, body: dict[str, Any]) -> None:
    for name, known in roster.said.items():
        if body.get(name) is not None:
            known[customer] = body[name]
    if body.get("internal") or (body.get("unreachable") and not _reached(body)):
        roster.left_out.add(customer)


def _reached(body: dict[str, Any]) -> bool:
    """Tell whether somebody without a digital channel can be visited or called all the same."""
    return bool(body.get("addresses") or body.get("contacts") or body.get("preferred_channel"))
