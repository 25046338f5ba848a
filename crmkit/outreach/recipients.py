"""Whom a message is for: the whole merge group behind an id, read in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import attrs

from crmkit.capture.customer_rows import Glance, Group, glance_of, group_of, read_groups
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import DECISION
from crmkit.lifecycle.ended import ended_among
from crmkit.model.customer import Customer
from crmkit.outreach.consented import KIND as CONSENT
from crmkit.outreach.ledger import Entry
from crmkit.outreach.lines import Line
from crmkit.value.roots import roots_of

_KIND, _CUSTOMER = DECISION.position["kind"], DECISION.position["customer"]


@attrs.frozen
class Recipient:
    """One customer, as the gate must know him.

    Attributes:
        root: The id that the merges lead to.
        ids: Every id that leads there.
        ended: Whether the relationship is ended.
        consents: What was recorded of his consents: DECISION rows, which the gate reads.
        at_a_glance: Whether `glance` will do, and `customer` is asked of few.
    """

    root: str
    ids: tuple[str, ...]
    ended: bool
    consents: Sequence[Row]
    at_a_glance: bool
    _group: Group = attrs.field(repr=False, eq=False)

    @cached_property
    def customer(self) -> Customer:
        """All that is known of him, from all his ids; made when it is first needed."""
        return group_of(*self._group)

    @cached_property
    def glance(self) -> Glance | Customer:
        """What the gate must know of him."""
        return glance_of(*self._group) if self.at_a_glance else self.customer

    def address(self, line: Line) -> str | None:
        """Give the address by which a channel reaches him; None: it does not.

        A channel that needs none has an empty one. Of several the first in order is taken, so that
        it is the same every time.
        """
        wanted = line.spec.identity
        if wanted is None:
            return ""
        for identity in self.glance.identities:
            if identity.system == wanted:
                return identity.value
        return None


def read_recipients(
    reader: Reader, ids: Iterable[str], *, at_a_glance: bool = False
) -> dict[str, Recipient]:
    """Read whom each id leads to; an id that nobody has is not among the keys.

    Args:
        reader: One consistent look.
        ids: Any ids, those of merged records among them.
        at_a_glance: Whether nothing is written to them yet, and little must be known.
    """
    asked = dict.fromkeys(ids)
    # Nearly every id is a root, and found as one: the others alone are looked up before.
    groups = read_groups(reader, sorted(asked))
    roots = {one: one for one in groups} | roots_of(reader, asked.keys() - groups.keys())
    groups |= read_groups(reader, sorted(set(roots.values()) - groups.keys()))
    members = {root: tuple(sorted(row[0] for row in rows)) for root, (rows, _) in groups.items()}
    decided, ended = _decided(reader, members)
    found = {
        root: Recipient(
            root, members[root], root in ended, decided.get(root, ()), at_a_glance, group
        )
        for root, group in groups.items()
    }
    return {one: found[root] for one, root in roots.items()}


def _decided(
    reader: Reader, members: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[Row]], set[str]]:
    """Read consents by root, and whose relationship is ended: one look into the log for both."""
    roots = {one: root for root, ids in members.items() for one in ids}
    rows = list(reader.fetch(DECISION, [(one,) for one in roots], by=("customer",)))
    consents: dict[str, list[Row]] = {}
    for row in rows:
        if row[_KIND] == CONSENT:
            consents.setdefault(roots[row[_CUSTOMER]], []).append(row)
    return consents, ended_among(rows, roots)


def identities_of(recipient: Recipient, line: Line) -> list[tuple[str, str]]:
    """Give what he is reached as by a channel, any of which may be suppressed; none: he is not.

    A channel that needs no address knows him by his id, and by those that lead there.
    """
    system, address = line.spec.identity, recipient.address(line)
    if system is None:
        return [(line.name, one) for one in recipient.ids]
    return [] if address is None else [(system, address)]


def reached_as(
    recipient: Recipient, line: Line, message: Entry | None, named: tuple[str, str] | None = None
) -> tuple[str, str]:
    """Give what is suppressed where a message came back, or he complained.

    Args:
        recipient: Who got it.
        line: By which channel.
        message: Which; None: that is not said. Its customer is who is known where the channel
            needs no address.
        named: The identity that is named; None: it is what the message went to, or else his own.
    """
    system = line.spec.identity
    if system is None:
        return (line.name, recipient.root if message is None else message.customer)
    went = None if message is None else message.identity
    return named or went or (system, recipient.address(line) or recipient.root)


def members_of(recipients: Iterable[Recipient]) -> dict[str, Sequence[str]]:
    """Give the ids of each merge group by its root, as consents and endings are asked by."""
    return {one.root: one.ids for one in recipients}
