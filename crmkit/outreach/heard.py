"""The touchpoints that receipts and replies are (R34)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from crmkit.clock import instant
from crmkit.contracts.channel import Delivery
from crmkit.outreach.ledger import Entry
from crmkit.outreach.lines import Line
from crmkit.outreach.recipients import Recipient
from crmkit.outreach.settling import SOURCE

_HEARD = frozenset({"delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"})


def touchpoints(
    one: Delivery, line: Line, whose: Recipient, about: Entry | None, at: int
) -> list[dict[str, Any]]:
    """Make the touchpoint that a receipt or a reply is; none where it tells nothing of him."""
    common = {"source": SOURCE, "customer": whose.root, "channel": line.name, "at": instant(at)}
    facts = {} if about is None else {"message": about.id, "occasion": about.occasion}
    if one.what == "replied":
        text = (one.text or "")[:100_000].replace("\0", "")
        return [
            common
            | {
                "id": f"reply:{line.name}:{_event(one, whose)}"[:200],
                "kind": "message_in",
                "direction": "in",
                "text": text,
                "attributes": facts,
            }
        ]
    if one.what == "unsubscribed" and about is None:
        said = {"kind": "note", "direction": "in", "text": one.what}
        told = {"receipt": one.what, "machine": one.machine}
        id_ = f"unsubscribed:{line.name}:{_event(one, whose)}"[:200]
        return [common | said | {"id": id_, "attributes": told}]
    if one.what not in _HEARD or about is None:
        return []
    by_him = one.what in ("clicked", "complained", "unsubscribed") and not one.machine
    return [
        common
        | {
            "id": f"{about.id}:{one.what}",
            "kind": "note",
            "direction": "in" if by_him else "out",
            "text": one.what,
            "attributes": facts | {"receipt": one.what, "machine": one.machine},
        }
    ]


def _event(one: Delivery, whose: Recipient) -> str:
    """Give what makes a reply itself: its id, or else what it says."""
    known = one.event_id or one.provider_id
    if known:
        return known
    said = f"{whose.root}\0{one.at}\0{one.text}".encode("utf-8", "surrogatepass")
    return sha256(said).hexdigest()
