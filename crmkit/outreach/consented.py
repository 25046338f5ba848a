"""What consents say about a message: one law, for the gate and for whoever asks.

For each id of a merge group the newest record decides whose channel is the message's, or all
channels; at the same instant a withdrawal goes first, else what was recorded later. Over the group
the strictest holds: one withdrawal refuses, and where consent is needed one must be in force. A
record that waits for its confirmation decides nothing: whoever types a stranger's address into a
form neither allows anything nor undoes a withdrawal.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.clock import EPOCH, SECOND, instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import DECISION
from crmkit.model.consent import Consent

_DECODE = json.JSONDecoder().raw_decode  # half the time of loads()
KIND = "consent"
"""Kind of the decisions that hold consents."""
GIVEN, WITHDRAWN, EXPIRED, PENDING = "given", "withdrawn", "expired", "pending"
OPT_IN, OPT_OUT = BASES = ("opt_in", "opt_out")
"""What a purpose rests on: consent is needed, or it is enough that nobody objected."""


@attrs.frozen(kw_only=True)
class Statement:
    """What a customer once said of a purpose, as it was recorded.

    Attributes:
        customer: The id it was recorded under.
        purpose: One of ``PURPOSES``.
        channel: Name or type of a channel; None: every channel.
        state: ``given``, ``withdrawn`` or ``pending``.
        at: When, in microseconds since 1970.
        expires: From when on it no longer holds; None: never.
        source: Where it was given.
        wording: What was agreed to.
        by: Who recorded it.
        seq: Of its decision.
    """

    customer: str
    purpose: str
    channel: str | None
    state: str
    at: int
    expires: int | None = None
    source: str
    wording: str = ""
    by: str | None = None
    seq: int = 0

    @classmethod
    def of(cls, row: Row) -> Statement:
        """Read a DECISION row of the kind `KIND`."""
        seq, _, customer, _, by, source, body = row
        said, _ = _DECODE(body)
        return cls(
            seq=seq,
            customer=customer,
            purpose=said["purpose"],
            channel=said.get("channel"),
            state=said["state"],
            at=_instant(said["at"]),
            expires=_instant(said["expires"]) if "expires" in said else None,
            source=source,
            wording=said.get("wording", ""),
            by=by,
        )

    def body(self) -> dict[str, Any]:
        """Give the body of the decision that `of` reads; readable, since a customer may ask."""
        said = {
            "channel": self.channel,
            "expires": None if self.expires is None else instant(self.expires).isoformat(),
            "wording": self.wording or None,
        }
        return {
            "state": self.state,
            "purpose": self.purpose,
            "at": instant(self.at).isoformat(),
            **{name: value for name, value in said.items() if value is not None},
        }

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Order of what decides: the greatest does."""
        return self.at, self.state == WITHDRAWN, self.seq

    def state_at(self, at: int) -> str:
        """Give its state at an instant, its expiry considered."""
        over = self.state == GIVEN and self.expires is not None and self.expires <= at
        return EXPIRED if over else self.state

    def told(self, at: int, channel: str | None) -> Consent:
        """Make the public record of what this says at an instant about a channel."""
        state = self.state_at(at)
        return Consent(
            customer_id=self.customer,
            purpose=self.purpose,
            channel=channel,
            given=state == GIVEN,
            state=state,
            source=self.source,
            wording=self.wording,
            at=instant(self.at),
            expires=None if self.expires is None else instant(self.expires),
            by=self.by,
        )


def statements(reader: Reader, ids: Iterable[str]) -> Iterator[Statement]:
    """Give every consent that was recorded under these ids, in no order."""
    rows = reader.fetch(DECISION, {(one,) for one in ids}, by=("customer",))
    return (Statement.of(row) for row in rows if row[1] == KIND)


def deciding(
    group: Iterable[Statement], purpose: str, channels: Collection[str], at: int
) -> Statement | None:
    """Give the statement that decides for a purpose and a channel, over a whole merge group.

    Args:
        group: What was recorded under the ids of the group.
        purpose: Which messages.
        channels: Names of the channel: its own, and its type.
        at: What was given later is left out; what was withdrawn later, as a clock that was set
            back makes possible, is not.
    """
    newest: dict[str, Statement] = {}
    waiting: Statement | None = None
    for one in group:
        if one.purpose != purpose or not (one.channel is None or one.channel in channels):
            continue
        if one.at > at and one.state != WITHDRAWN:
            continue
        if one.state == PENDING:
            if waiting is None or one.rank > waiting.rank:
                waiting = one
        elif one.customer not in newest or one.rank > newest[one.customer].rank:
            newest[one.customer] = one
    if not newest:
        return waiting
    return max(newest.values(), key=lambda one: (_STRICT[one.state_at(at)], one.rank))


_STRICT = {WITHDRAWN: 2, GIVEN: 1, EXPIRED: 0}
"""Which of two ids' statements decides: a withdrawal, else a consent in force."""


@attrs.frozen
class Consented:
    """The consents of a batch of customers, read at once.

    Attributes:
        statements: What was recorded in each merge group, by its root.
    """

    statements: dict[str, list[Statement]]
    _rows: Mapping[str, Sequence[Row]] = attrs.field(factory=dict)

    @classmethod
    def read(cls, reader: Reader, groups: Mapping[str, Sequence[str]]) -> Consented:
        """Read what was recorded, by one look into the log.

        Args:
            reader: The store.
            groups: The ids of each merge group, its root's among them, by root.
        """
        roots = {one: root for root, ids in groups.items() for one in ids}
        found: dict[str, list[Statement]] = {}
        for one in statements(reader, roots):
            found.setdefault(roots[one.customer], []).append(one)
        return cls(found)

    @classmethod
    def of(cls, rows: Mapping[str, Sequence[Row]]) -> Consented:
        """Take what was read already: DECISION rows of the kind `KIND`, by root."""
        return cls({}, rows)

    def _of(self, root: str) -> Sequence[Statement]:
        """Give what was recorded in a group; rows are looked into when they are asked for."""
        if root not in self.statements:
            self.statements[root] = [Statement.of(row) for row in self._rows.get(root, ())]
        return self.statements[root]

    def allows(
        self, root: str, purpose: str, channels: Collection[str], at: int, basis: str = OPT_IN
    ) -> str | None:
        """Say why a message must not go; None: it may.

        Args:
            root: Whom it is for.
            purpose: What it is for.
            channels: Names of the channel: its own, and its type.
            at: The clock's instant, in microseconds since 1970.
            basis: ``opt_in``: a consent must be in force; ``opt_out``: nobody may have objected.
        """
        one = deciding(self._of(root), purpose, channels, at)
        state = None if one is None else one.state_at(at)
        if one is not None and state == WITHDRAWN:
            return f"{purpose} was refused on {_day(one.at)} ({one.source})"
        if basis == OPT_OUT or state == GIVEN:
            return None
        if one is not None and state == EXPIRED:
            return f"the consent to {purpose} expired on {_day(one.expires or one.at)}"
        if one is not None:
            return f"the consent to {purpose} of {_day(one.at)} waits for its confirmation"
        return f"no consent to {purpose}"

    def standing(self, root: str, at: int) -> tuple[Consent, ...]:
        """Give what stands for each purpose and channel that was ever named.

        The item of a channel tells what decides for it, be that a record for every channel.
        """
        group = self._of(root)
        named = {(one.purpose, one.channel) for one in group if one.at <= at}
        found = []
        for purpose, channel in sorted(named, key=lambda pair: (pair[0], pair[1] or "")):
            known = [one for one in group if one.at <= at]
            one = deciding(known, purpose, () if channel is None else (channel,), at)
            if one is not None:
                found.append(one.told(at, channel))
        return tuple(found)


def _instant(text: str) -> int:
    since = datetime.fromisoformat(text) - EPOCH  # it was checked before it was written
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def _day(at: int) -> str:
    return f"{instant(at):%Y-%m-%d}"
