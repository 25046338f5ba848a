"""Keys that point at two customers: listed, and resolved by a person (R25)."""

from __future__ import annotations

import json
from typing import Any

from crmkit.arguments import choice, text
from crmkit.capture import handover
from crmkit.capture.customer_rows import SHARED, with_body
from crmkit.capture.ids import next_generation
from crmkit.capture.merge import find, index, merge
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding, decide
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import COLLISION, CUSTOMER, IDENTITY
from crmkit.errors import DecisionNotFound, InvalidValueError
from crmkit.model.customer import Collision, Identity, Merge
from crmkit.value.layout import Layout
from crmkit.value.roots import roots_of

MERGE = "merge"
APART = "apart"

_ROOT = CUSTOMER.position["root"]
_SEQ = CUSTOMER.position["seq"]
_BODY = CUSTOMER.position["body"]
_RESOLVED = COLLISION.position["resolved"]


def collisions(reader: Reader) -> tuple[Collision, ...]:
    """Give the collisions that stand, oldest first.

    One whose customers were merged in the meantime rests, and stands again when they are unmerged.
    """
    rows = sorted(
        (row for row in reader.scan(COLLISION, where={"resolved": None})),
        key=lambda row: (row[COLLISION.position["recorded"]], row[0]),
    )
    roots = _roots(reader, rows)
    found = ((row, roots.get(row[3]), roots.get(row[4])) for row in rows)
    return tuple(
        _collision(row, holder, other)
        for row, holder, other in found
        if holder is not None and other is not None and holder != other
    )


def resolve(  # noqa: PLR0913 - the decision and what it needs
    writer: Writer,
    collision_id: str,
    action: str,
    deciding: Deciding,
    layout: Layout,
    *,
    keep: str | None = None,
) -> tuple[Collision, Merge | None]:
    """Resolve a collision; give it, and the merge that was made of it.

    While plugins have still to hand over, the same resolution is given again with its merge.

    Args:
        writer: The transaction.
        collision_id: Which.
        action: ``merge``: both are one customer; ``apart``: they are two, and the key, though it
            reaches both, identifies neither from now on.
        deciding: Who, when and why.
        layout: The value model in force.
        keep: On a merge the id that goes on; None: the one that holds the key.

    Raises:
        DecisionNotFound: no collision that stands has that id.
        InvalidValueError: another action, or `keep` is neither of the two.
    """
    choice("action", action, (MERGE, APART))
    row = next(iter(writer.fetch(COLLISION, [(text("collision_id", collision_id),)])), None)
    made = _merged(writer, row, keep) if row is not None and action == MERGE else None
    if row is not None and made is not None:
        return _collision(row, made.keep, made.drop), made
    roots = _roots(writer, [row] if row else [])
    if row is None or row[_RESOLVED] is not None or len(roots) < 2:  # noqa: PLR2004 - two of them
        message = f"no collision that stands has the id {collision_id!r}"
        raise DecisionNotFound(message, id=collision_id)
    holder, other = roots[row[3]], roots[row[4]]
    if action == MERGE:
        made = _merge(writer, row, (holder, other), keep, deciding, layout)
        if made is None:  # they were merged otherwise meanwhile
            seq = decide(writer, "resolve", holder, deciding, _body(row, MERGE))
        else:
            seq = int(made.id)
    else:
        seq = _part(writer, row, deciding)
    writer.put(COLLISION, [(*row[:_RESOLVED], seq)])
    return _collision(row, holder, other), made


def _merged(reader: Reader, row: Row, keep: str | None) -> Merge | None:
    """Give the merge, with this keeper, that resolved a collision and is not handed over yet."""
    if row[_RESOLVED] is None or not handover.is_open(reader, str(row[_RESOLVED])):
        return None
    made = find(reader, str(row[_RESOLVED]))
    return made if keep in (None, made.keep) else None


def _merge(  # noqa: PLR0913 - private
    writer: Writer,
    row: Row,
    roots: tuple[str, str],
    keep: str | None,
    deciding: Deciding,
    layout: Layout,
) -> Merge | None:
    if keep is None:
        keep = roots[0]
    if keep not in roots:
        message = f"keep must be one of the two customers, {roots[0]!r} or {roots[1]!r}"
        raise InvalidValueError(message, field="keep")
    if roots[0] == roots[1]:
        return None
    drop = roots[1] if keep == roots[0] else roots[0]
    return merge(writer, keep, drop, deciding, layout, collision=row[0])


def _part(writer: Writer, row: Row, deciding: Deciding) -> int:
    """Take the key from its holder; both keep it as a way to reach them."""
    system, value, holder = row[1:4]
    seq = decide(writer, "resolve", holder, deciding, _body(row, APART))
    key = (system, value)
    for identity in writer.fetch(IDENTITY, [key]):
        writer.put(IDENTITY, [(*key, None, identity[3])])
    same = [
        found
        for found in writer.fetch(COLLISION, [(holder,)], by=("holder",))
        if found[1:3] == key and found[_RESOLVED] is None
    ]
    writer.put(COLLISION, [(*found[:_RESOLVED], seq) for found in same])
    people = {(holder,), *((found[4],) for found in same)}
    rows = [_sharing(found, key) for found in writer.fetch(CUSTOMER, people)]
    first = writer.sequence(len(rows))
    writer.put(
        CUSTOMER,
        [(found[0], first + at, *found[_SEQ + 1 :]) for at, found in enumerate(sorted(rows))],
    )
    index(writer, sorted(set(roots_of(writer, (found[0] for found in rows)).values())))
    next_generation(writer)
    return seq


def _sharing(row: Row, key: tuple[str, str]) -> Row:
    shared = shared_keys(row) | {key}
    return with_body(row, **{SHARED: sorted(shared)})


def shared_keys(row: Row) -> set[tuple[str, str]]:
    """Give the keys that reach a customer and others."""
    return {(system, value) for system, value in json.loads(row[_BODY]).get(SHARED, ())}


def _body(row: Row, action: str) -> dict[str, Any]:
    names = ("collision", "system", "value", "holder", "other")
    return dict(zip(names, row, strict=False)) | {"action": action}


def _roots(reader: Reader, rows: list[Row]) -> dict[str, str]:
    return roots_of(reader, (customer for row in rows for customer in row[3:5]))


def _collision(row: Row, holder: str, other: str) -> Collision:
    return Collision(
        id=row[0],
        identity=Identity(row[1], row[2]),
        customers=(holder, other),
        at=instant(row[COLLISION.position["recorded"]]),
        source=row[5],
        record=row[6],
    )
