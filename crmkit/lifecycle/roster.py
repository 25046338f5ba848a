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
    """Read everybody's records, or take those that were read: (id, root, owner, parent, body).

    What a record does not say is said by those that were merged into it, as everywhere.
    """
    roster = Roster()
    parents: dict[str, str] = {}
    merged: list[Row] = []
    for row in reader.scan(CUSTOMER, columns=_COLUMNS) if rows is None else rows:
        if row[0] != row[1]:
            roster.roots[row[0]] = row[1]
            merged.append(row)
        else:
            _note(roster, parents, row)
    for row in sorted(merged):
        _note(roster, parents, row)
    found = roots_of(reader, parents.values())
    for customer, parent in parents.items():
        above = found.get(parent, customer)  # an organisation that is not known has no agenda
        if above != customer:
            roster.parents[customer] = above
    return roster


def pick(row: Row) -> Row:
    """Take the columns that `read_roster` reads out of a CUSTOMER row."""
    return tuple(row[CUSTOMER.position[name]] for name in _COLUMNS)


def _note(roster: Roster, parents: dict[str, str], row: Row) -> None:
    """Note what a record says of its root, where nothing was noted yet; flags are his own."""
    customer, root, owner, parent, body = row
    if owner:
        roster.owners.setdefault(root, owner)
    if parent:
        parents.setdefault(root, parent)
    if not any(key in body for key in _ASKED):
        return
    said = json.loads(body)
    for name, known in roster.said.items():
        if said.get(name):
            known.setdefault(root, said[name])
    if customer == root and (
        said.get("internal") or (said.get("unreachable") and not _reached(said))
    ):
        roster.left_out.add(customer)


def _reached(body: dict[str, Any]) -> bool:
    """Tell whether somebody without a digital channel can be visited or called all the same."""
    return bool(body.get("addresses") or body.get("contacts") or body.get("preferred_channel"))
