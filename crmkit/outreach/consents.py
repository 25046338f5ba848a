"""``crm.consents``: what customers allowed and forbade, by purpose and channel (R73, R74)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from crmkit.arguments import ID_LIMIT, choice, flag, refuse, text
from crmkit.clock import micros
from crmkit.contracts.decisions import Deciding, decide_all
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import CUSTOMER
from crmkit.errors import RefusedError
from crmkit.model.consent import PURPOSES, Consent
from crmkit.outreach.consented import (
    GIVEN,
    KIND,
    PENDING,
    WITHDRAWN,
    Consented,
    Statement,
    statements,
)
from crmkit.value.scoring import require_root


@attrs.frozen
class Consents:
    """Who agreed to what, with wording, source and time; and who took it back.

    Attributes:
        session: The open workspace.
    """

    session: Session

    def grant(  # noqa: PLR0913 - what a consent is
        self,
        id: str,  # noqa: A002
        purpose: str,
        channel: str | None = None,
        *,
        source: str,
        wording: str = "",
        at: datetime | None = None,
        expires: datetime | None = None,
        confirmed: bool = True,
        by: str | None = None,
    ) -> Consent:
        """Record that a customer agreed to messages of a purpose.

        Args:
            id: The customer.
            purpose: ``transactional service care marketing``.
            channel: Name or type of the channel; None: every channel.
            source: Where it was given: a form, a call.
            wording: What the customer agreed to, word for word or by its version.
            at: When; None: now. It may lie in the past.
            expires: From when on it no longer holds.
            confirmed: False: the first step of a double opt-in, which allows nothing until
                `confirm`.
            by: Who records it; None: the actor.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            InvalidValueError: there is no such purpose, no source, `at` lies ahead of the clock,
                or `expires` not behind `at`; `field` names it.
        """
        deciding = self._deciding(source, by)
        when = deciding.now if at is None else micros(at)
        if when > deciding.now:
            refuse("at", "lies ahead of the clock", at)
        until = None if expires is None else micros(expires, "expires")
        if until is not None and until <= when:
            refuse("expires", "must lie behind the consent itself", expires)
        statement = Statement(
            customer=id,
            purpose=choice("purpose", purpose, PURPOSES),
            channel=_channel(channel),
            state=GIVEN if flag("confirmed", confirmed) else PENDING,
            at=when,
            expires=until,
            source=deciding.reason,
            wording=text("wording", wording),
            by=deciding.by,
        )
        with self.session.store.write() as writer:
            require_root(writer, id)
            _append(writer, [statement], deciding)
        return statement.told(deciding.now, statement.channel)

    def confirm(
        self,
        id: str,  # noqa: A002
        purpose: str,
        channel: str | None = None,
        *,
        source: str,
        by: str | None = None,
    ) -> Consent:
        """Record the second step of a double opt-in; confirming twice is confirming once.

        Args:
            id: The customer.
            purpose: As it was asked for.
            channel: As it was asked for.
            source: How it was confirmed: the link in an e-mail.
            by: Who records it; None: the actor.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            RefusedError: nothing waits to be confirmed, or it was withdrawn or expired meanwhile.
            InvalidValueError: there is no such purpose, or no source.
        """
        deciding = self._deciding(source, by)
        choice("purpose", purpose, PURPOSES)
        channel = _channel(channel)
        with self.session.store.write() as writer:
            require_root(writer, id)
            group = list(statements(writer, group_ids(writer, id)))
            asked = [one for one in group if (one.purpose, one.channel) == (purpose, channel)]
            newest = max(asked, key=lambda one: one.rank, default=None)
            if newest is not None:
                _not_taken_back(newest, group)
            if newest is None or newest.state_at(deciding.now) not in (GIVEN, PENDING):
                where = "every channel" if channel is None else channel
                message = f"no consent of customer {id!r} to {purpose} by {where} waits"
                raise RefusedError(message, customer_id=id)
            if newest.state == GIVEN:
                return newest.told(deciding.now, channel)
            statement = attrs.evolve(
                newest, state=GIVEN, at=deciding.now, source=deciding.reason, by=deciding.by
            )
            _append(writer, [statement], deciding)
            return statement.told(deciding.now, channel)

    def withdraw(
        self,
        id: str,  # noqa: A002
        purpose: str | None,
        channel: str | None = None,
        *,
        source: str,
        by: str | None = None,
    ) -> tuple[Consent, ...]:
        """Record that a customer takes a consent back, or objects where none was given.

        Args:
            id: The customer.
            purpose: Of which messages; None: of all.
            channel: By which channel; None: by any.
            source: How we know: an unsubscribe link, a call.
            by: Who records it; None: the actor.

        Returns:
            What was recorded, one item a purpose.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            InvalidValueError: there is no such purpose, or no source.
        """
        deciding = self._deciding(source, by)
        purposes = PURPOSES if purpose is None else (choice("purpose", purpose, PURPOSES),)
        channel = _channel(channel)
        with self.session.store.write() as writer:
            require_root(writer, id)
            written = write_withdrawal(writer, id, purposes, channel, deciding)
        return tuple(one.told(deciding.now, channel) for one in written)

    def of(self, id: str, at: datetime | None = None) -> tuple[Consent, ...]:  # noqa: A002
        """Give what stands at an instant: one item a purpose and channel ever named.

        The item of a channel tells what decides for it, be that a record for every channel. What
        was recorded under ids that were merged into this one counts: the strictest holds.

        Args:
            id: The customer.
            at: When, as far back as you like; None: now.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        """
        when = self.session.now() if at is None else micros(at)
        with self.session.store.read() as reader:
            require_root(reader, id)
            return Consented.read(reader, {id: group_ids(reader, id)}).standing(id, when)

    def history(self, id: str) -> tuple[Consent, ...]:  # noqa: A002
        """Give everything that was recorded, as it was recorded, in the order of recording.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        """
        with self.session.store.read() as reader:
            require_root(reader, id)
            found = sorted(statements(reader, group_ids(reader, id)), key=lambda one: one.seq)
        return tuple(one.told(one.at, one.channel) for one in found)

    def _deciding(self, source: str, by: str | None) -> Deciding:
        return self.session.deciding(text("source", source, least=1), by)


def write_withdrawal(
    writer: Writer,
    customer: str,
    purposes: Sequence[str],
    channel: str | None,
    deciding: Deciding,
) -> tuple[Statement, ...]:
    """Write a withdrawal inside a transaction, for what comes in: STOP, one-click, a complaint.

    Args:
        writer: The transaction.
        customer: Whose; an id that was merged will do.
        purposes: Of which messages.
        channel: By which channel; None: by any.
        deciding: Who, when, and where it comes from (`reason`).
    """
    written = tuple(
        Statement(
            customer=customer,
            purpose=purpose,
            channel=channel,
            state=WITHDRAWN,
            at=deciding.now,
            source=deciding.reason,
            by=deciding.by,
        )
        for purpose in purposes
    )
    _append(writer, written, deciding)
    return written


def group_ids(reader: Reader, root: str) -> tuple[str, ...]:
    """Give the ids of a merge group: the root's own, and those that were merged into it."""
    return tuple(sorted(row[0] for row in reader.fetch(CUSTOMER, [(root,)], by=("root",))))


def _append(writer: Writer, written: Sequence[Statement], deciding: Deciding) -> None:
    decide_all(
        writer, KIND, ((one.customer, deciding.reason, one.body()) for one in written), deciding
    )


def _channel(channel: str | None) -> str | None:
    return None if channel is None else text("channel", channel, ID_LIMIT, least=1)


def _not_taken_back(asked: Statement, group: Sequence[Statement]) -> None:
    """Refuse to confirm what was withdrawn since it was asked for."""
    for one in group:
        covers = one.purpose == asked.purpose and one.channel in (None, asked.channel)
        if covers and one.state == WITHDRAWN and one.rank > asked.rank:
            message = f"the consent to {asked.purpose} was withdrawn meanwhile: ask for it again"
            raise RefusedError(message, customer_id=asked.customer)
