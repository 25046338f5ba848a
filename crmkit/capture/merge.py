"""Two records that are one customer: merged by a decision, taken back by another.

Nothing is rewritten but where ids lead (``root``). Touchpoints keep the id they were written with,
so that an unmerge gives each side exactly what came by its own keys, also what came since.
"""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.arguments import seq_of, text
from crmkit.capture import handover
from crmkit.capture.customer_rows import read_groups, with_search
from crmkit.capture.ids import next_generation
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding, decide, decision
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import COLLISION, CUSTOMER, DECISION, STANDING
from crmkit.errors import DecisionNotFound, InvalidValueError
from crmkit.model.customer import Merge
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild
from crmkit.value.scoring import require_root

_ROOT = CUSTOMER.position["root"]
_SEQ = CUSTOMER.position["seq"]
_RESOLVED = COLLISION.position["resolved"]
_KIND = DECISION.position["kind"]


def merge(  # noqa: PLR0913 - whom, and what a decision needs
    writer: Writer,
    keep: str,
    drop: str,
    deciding: Deciding,
    layout: Layout,
    *,
    collision: str | None = None,
) -> Merge:
    """Let `drop` and all that was merged into it lead to `keep`.

    While plugins have still to hand over, the same merge is given again, and nothing is decided.

    Args:
        writer: The transaction.
        keep: The id that goes on.
        drop: The id that leads there from now on.
        deciding: Who, when and why.
        layout: The value model in force.
        collision: Id of the collision that this resolves.

    Raises:
        CustomerNotFound: one of the ids is nobody's; `CustomerMerged` names where it went.
        InvalidValueError: both are the same.
    """
    if text("keep", keep) == text("drop", drop):
        raise InvalidValueError(f"a customer cannot be merged with himself: {keep!r}", field="drop")
    require_root(writer, keep)
    before = _made(writer, keep).get(drop)
    if before is not None and before.keep == keep and handover.is_open(writer, before.id):
        return before
    require_root(writer, drop)
    body = {"keep": keep, "drop": drop} | ({"collision": collision} if collision else {})
    seq = decide(writer, "merge", keep, deciding, body)
    moved = [row[0] for row in writer.fetch(CUSTOMER, [(drop,)], by=("root",))]
    lead(writer, dict.fromkeys(moved, keep))
    _settle(writer, (keep, drop), deciding, layout)
    return _merge(seq, keep, drop, deciding)


def unmerge(writer: Writer, merge_id: str, deciding: Deciding, layout: Layout) -> Merge:
    """Take a merge back: both ids stand for themselves again.

    Merges made before or after it stay: whatever was merged into the dropped id goes with it.

    Raises:
        DecisionNotFound: no merge has that id, or it was taken back already.
    """
    merge = find(writer, merge_id)
    keep, drop = merge.keep, merge.drop
    parents = {child: made.keep for child, made in _made(writer, keep).items() if child != drop}
    group = [member[0] for member in _group(writer, keep)]
    roots = {member: _top(member, parents) for member in group}
    decide(writer, "unmerge", keep, deciding, {"keep": keep, "drop": drop, "merge": merge_id})
    lead(writer, {member: root for member, root in roots.items() if root == drop})
    _reopen(writer, int(merge_id))
    handover.ended(writer, [merge_id])
    _settle(writer, (roots[keep], drop), deciding, layout)
    return _merge(int(merge_id), keep, drop, deciding)


def find(reader: Reader, merge_id: str) -> Merge:
    """Give a merge that stands.

    Raises:
        DecisionNotFound: no merge has that id, or it was taken back.
    """
    place = seq_of(text("merge_id", merge_id))
    for row in reader.fetch(DECISION, [] if place is None else [(place,)]):
        if row[_KIND] == "merge":
            said = decision(row).body
            made = _made(reader, said["keep"]).get(said["drop"])
            if made is None or made.id != str(row[0]):
                message = f"merge {merge_id} was taken back already"
                raise DecisionNotFound(message, id=merge_id)
            return made
    raise DecisionNotFound(f"no merge has the id {merge_id!r}", id=merge_id)


def lead(writer: Writer, roots: dict[str, str]) -> None:
    """Write where ids lead, as changes of those customers."""
    rows = list(writer.fetch(CUSTOMER, [(member,) for member in roots]))
    seq = writer.sequence(len(rows)) if rows else 0
    writer.put(
        CUSTOMER,
        [
            (row[0], seq + place, roots[row[0]], *row[_ROOT + 1 :])
            for place, row in enumerate(sorted(rows))
        ],
    )


def _settle(writer: Writer, roots: Iterable[str], deciding: Deciding, layout: Layout) -> None:
    """Put right what hangs on roots: search text, value, standing, other processes' memory."""
    roots = list(roots)
    index(writer, roots)
    writer.delete(STANDING, [(root,) for root in roots])
    rebuild(writer, roots, layout, deciding.now)
    next_generation(writer)


def index(writer: Writer, roots: Iterable[str]) -> None:
    """Let search find roots by everything that leads to them."""
    pairs = [with_search(*group) for group in read_groups(writer, list(roots)).items()]
    changed = [row for before, row in pairs if row != before]
    if changed:
        seq = writer.sequence(len(changed))
        writer.put(
            CUSTOMER,
            [(row[0], seq + place, *row[_SEQ + 1 :]) for place, row in enumerate(changed)],
        )


def _group(reader: Reader, member: str) -> list[Row]:
    (row,) = reader.fetch(CUSTOMER, [(member,)])
    return list(reader.fetch(CUSTOMER, [(row[_ROOT],)], by=("root",)))


def _made(reader: Reader, member: str) -> dict[str, Merge]:
    """Give the merges that stand in a customer's group, by whom they dropped."""
    group = [(row[0],) for row in _group(reader, member)]
    made: dict[str, Merge] = {}
    for row in sorted(reader.fetch(DECISION, group, by=("customer",))):
        if row[_KIND] == "merge":
            _, _, _, at, by, reason, _ = row
            said = decision(row).body
            deciding = Deciding(now=at, by=by, reason=reason)
            made[said["drop"]] = _merge(row[0], said["keep"], said["drop"], deciding)
        elif row[_KIND] == "unmerge":
            made.pop(decision(row).body["drop"], None)
    return made


def _top(member: str, parents: dict[str, str]) -> str:
    while member in parents:
        member = parents[member]
    return member


def _reopen(writer: Writer, merged: int) -> None:
    """Let the collision that a merge had resolved stand again, wherever its two stand by now."""
    (made,) = writer.fetch(DECISION, [(merged,)])
    rows = writer.fetch(COLLISION, [(decision(made).body.get("collision", ""),)])
    writer.put(COLLISION, [(*row[:_RESOLVED], None) for row in rows if row[_RESOLVED] == merged])


def _merge(seq: int, keep: str, drop: str, deciding: Deciding) -> Merge:
    return Merge(
        id=str(seq),
        keep=keep,
        drop=drop,
        at=instant(deciding.now),
        by=deciding.by,
        reason=deciding.reason,
    )
