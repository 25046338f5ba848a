"""The opportunities of the log: found, by whose customer they are today, and who rivals whom.

One customer is courted by one manager; who sells beside him says so, and why (R25).
"""

from __future__ import annotations

from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.documents import Documents
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, TOUCHPOINT, VOID
from crmkit.errors import InvalidValueError, RefusedError, TouchpointNotFound
from crmkit.model.funnel import Rivals
from crmkit.model.sales import OPEN, FunnelMove, Opportunity
from crmkit.value.roots import roots_of

BOOK = Documents("opportunity", Opportunity)
_ROOT = CUSTOMER.position["root"]
_SEQ, _SOURCE, _ID, _KIND, _CUSTOMER = (
    TOUCHPOINT.position[name] for name in ("seq", "source", "id", "kind", "customer")
)


def still_open(reader: Reader, opportunity_id: str, what: str) -> Opportunity:
    """Read an opportunity that is open.

    Raises:
        DecisionNotFound: none has that id.
        RefusedError: it was closed.
    """
    found = BOOK.get(reader, opportunity_id)
    if found.state != OPEN:
        message = f"opportunity {found.id} was {found.state} already and cannot be {what}"
        raise RefusedError(message, opportunity_id=found.id, state=found.state)
    return found


def forbid_rivalry(reader: Reader, root: str, owner: str | None, but: str | None = None) -> None:
    """Refuse a second manager's unshared opportunity; `but` is one that does not count.

    Raises:
        RefusedError: another has one open; the error names both.
    """
    for one in BOOK.of(reader, root):
        rival = one.owner not in (None, owner) and owner is not None
        if one.state == OPEN and one.id != but and not one.shared and rival:
            message = (
                f"{one.owner} and {owner} would sell to customer {root!r} side by side: "
                f"{one.owner} has opportunity {one.id} ({one.name}) open; hand it over, or share "
                "with a reason"
            )
            raise RefusedError(
                message, customer_id=root, owners=(one.owner, owner), opportunity_id=one.id
            )


def collisions(reader: Reader) -> tuple[Rivals, ...]:
    """Give the customers who have open opportunities of several managers, none of them shared."""
    found = [one for one in BOOK.all(reader, states=(OPEN,)) if one.owner and not one.shared]
    leads = roots_of(reader, (one.customer_id for one in found))
    by_root: dict[str, list[Opportunity]] = {}
    for one in found:
        held = str(one.customer_id)
        by_root.setdefault(leads.get(held, held), []).append(one)
    return tuple(
        Rivals(
            customer_id=root,
            owners=tuple(sorted({str(one.owner) for one in group})),
            opportunities=tuple(one.id for one in group),
        )
        for root, group in by_root.items()
        if len({one.owner for one in group}) > 1
    )


def check_purchase(reader: Reader, root: str, source: str, touchpoint: str) -> tuple[str, str]:
    """Give source and id of a purchase that the log holds; none is ever made up.

    Raises:
        TouchpointNotFound: it holds no such record.
        InvalidValueError: it is no purchase, or another customer's.
    """
    rows = sorted(
        row
        for row in reader.fetch(TOUCHPOINT, [(source, touchpoint)], by=("source", "id"))
        if not list(reader.fetch(VOID, [(row[_CUSTOMER], row[_SEQ])]))
    )
    if not rows:
        message = f"no purchase {touchpoint!r} of {source!r} is in the log: capture it first"
        raise TouchpointNotFound(message, source=source, id=touchpoint)
    row = rows[-1]
    if row[_KIND] != "purchase":
        message = f"purchase: {touchpoint!r} of {source!r} is a {row[_KIND]}, not a purchase"
        raise InvalidValueError(message, field="purchase")
    (holder,) = reader.fetch(CUSTOMER, [(row[_CUSTOMER],)])
    if holder[_ROOT] != root:
        message = f"purchase: {touchpoint!r} of {source!r} is another customer's"
        raise InvalidValueError(message, field="purchase")
    return source, touchpoint


def moved(deciding: Deciding, stage: str, **fields: object) -> FunnelMove:
    """Make a move of now."""
    made = {"by": deciding.by, "reason": deciding.reason, "at": instant(deciding.now), **fields}
    return FunnelMove(stage=stage, **made)  # type: ignore[arg-type]
