"""The contract of a channel: send messages, and tell what became of each.

A channel decides nothing: whether a message may go was decided before it is called, and only the
engine sends one again.

`crmkit.testing.ChannelSuite` holds all that is said here as tests: the engine can rely on a channel
that passes it against a simulator of its provider.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import attrs

from crmkit.clock import system_clock
from crmkit.model.consent import PURPOSES
from crmkit.model.serial import Record

ACCEPTED = "accepted"
RETRY = "retry"
REFUSED = "refused"
MISCONFIGURED = "misconfigured"
UNKNOWN = "unknown"
OUTCOMES = (ACCEPTED, RETRY, REFUSED, MISCONFIGURED, UNKNOWN)
"""What a provider made of a message: took it; may take it later; never will for this person; will
not until somebody mends the settings; nobody knows, as after a timeout."""

DELIVERIES = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "failed",
    "complained",
    "unsubscribed",
    "replied",
)
"""What may become of a message that was accepted, and an answer to it."""

CAPABILITIES = frozenset(
    {
        "poll",
        "find",
        "receive",
        "unsubscribe",
        "subject",
        "html",
        "template",
        "resend",
        "person",
        "staff",
        "session",
        "meanwhile",
    }
)
"""What a `ChannelSpec` may declare: ``poll``, ``find`` and ``receive`` (the methods of those names
work), ``unsubscribe`` (it can give a link for it), ``subject``, ``html`` and ``template`` (fields
of a message it uses), ``resend`` (``on_unknown = "resend"`` sends nobody anything twice: the
provider drops a second one with the same id), ``person`` (a colleague carries it out: working days
and capacities hold), ``staff`` (it reaches colleagues, never a customer), ``session`` (free text
only for a while after the customer wrote; a template otherwise), ``meanwhile``
(`send_meanwhile` lets the engine work while it waits)."""


class Work(Protocol):
    """A bit of the engine's work, which a channel has it do while it waits."""

    def __call__(self, look: Callable[[], object] | None = None, /) -> bool:
        """Do it, and tell whether there may be more; `look` is called in the midst of it."""
        ...


@attrs.frozen(kw_only=True)
class Template:
    """A text the provider approved and keeps, with what is filled in.

    Attributes:
        code: The provider's id of it.
        signature: Name the sender signs with, where the provider wants one approved.
        values: Values by name, in the order the provider numbers them.
    """

    code: str
    signature: str | None = None
    values: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Message(Record):
    """One message to one customer, complete and allowed to go.

    Attributes:
        id: Ours, unique, the same at every try; give it to the provider where he takes one.
        customer_id: Whom it is for.
        to: Address, of the identity the channel's spec names; empty where it needs none.
        purpose: ``transactional service care marketing``.
        occasion: What it is sent on the occasion of, such as ``new-year-2027``.
        text: The text, as plain text.
        subject: One line, for channels that have one.
        html: The same text as HTML.
        template: The provider's own template instead of the text.
        language: BCP 47 tag of the text.
        name: The customer's name, as written.
        unsubscribe: URL for one-click unsubscribing (RFC 8058), as `Channel.unsubscribe_url` gave.
        brief: What a colleague must know who carries it out; JSON values. Keys are ``why``,
            ``about`` (a list), ``touches`` (the last ones, a list of texts), ``avoid`` (what not to
            mention, a list), ``phone``, ``kind`` (``call``, ``visit`` or ``gift``).
        headers: Further headers, for channels that have such.
        owner: Account manager of the customer.
        due: When a colleague should have done it; None: today.
        session: Whether the customer wrote lately, so that free text may go (``session``).
    """

    id: str
    customer_id: str
    to: str = ""
    purpose: str = attrs.field(validator=attrs.validators.in_(PURPOSES))
    occasion: str = ""
    text: str = ""
    subject: str | None = None
    html: str | None = None
    template: Template | None = None
    language: str | None = None
    name: str = ""
    unsubscribe: str | None = None
    brief: Mapping[str, Any] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    owner: str | None = None
    due: datetime | None = None
    session: bool = False


@attrs.frozen(kw_only=True)
class Receipt(Record):
    """What the provider answered to one message.

    Attributes:
        message_id: Our id of the message.
        outcome: One of `OUTCOMES`.
        provider_id: The provider's id of it, where he gave one.
        code: His code, as he spells it.
        reason: Why, in words that a person can act on; never a secret.
        after: Seconds to wait before the next try, where he said so (``retry``).
        permanent: On ``refused``, whether the address is dead for good: nothing is sent to it
            again, on whatever occasion.
        alone: On ``retry``, whether it is about this address alone, as a full mailbox is: it says
            nothing of the channel, which goes on with the others.
    """

    message_id: str
    outcome: str = attrs.field(validator=attrs.validators.in_(OUTCOMES))
    provider_id: str | None = None
    code: str | None = None
    reason: str = ""
    after: float | None = None
    permanent: bool = False
    alone: bool = False

    @classmethod
    def accepted(cls, message: Message, provider_id: str | None = None) -> Receipt:
        """Tell that the provider took the message; not yet that it arrived."""
        return cls(message_id=message.id, outcome=ACCEPTED, provider_id=provider_id)

    @classmethod
    def retry(
        cls,
        message: Message,
        reason: str,
        *,
        after: float | None = None,
        code: str | None = None,
        alone: bool = False,
    ) -> Receipt:
        """Tell that the provider surely did not take it, and may take it later."""
        return cls(
            message_id=message.id,
            outcome=RETRY,
            reason=reason,
            after=after,
            code=code,
            alone=alone,
        )

    @classmethod
    def refused(
        cls, message: Message, reason: str, *, code: str | None = None, permanent: bool = False
    ) -> Receipt:
        """Tell that this person cannot be reached this way; `permanent`: his address is dead."""
        return cls(
            message_id=message.id, outcome=REFUSED, reason=reason, code=code, permanent=permanent
        )

    @classmethod
    def misconfigured(cls, message: Message, reason: str, *, code: str | None = None) -> Receipt:
        """Tell that no message can go until somebody mends credentials, template or account."""
        return cls(message_id=message.id, outcome=MISCONFIGURED, reason=reason, code=code)

    @classmethod
    def unknown(cls, message: Message, reason: str, *, code: str | None = None) -> Receipt:
        """Tell that it may have been sent or not; it is never sent again blindly."""
        return cls(message_id=message.id, outcome=UNKNOWN, reason=reason, code=code)


@attrs.frozen(kw_only=True)
class Delivery(Record):
    """What became of a message later, or an answer that came in.

    Attributes:
        what: One of `DELIVERIES`.
        message_id: Our id, where the provider carries it.
        provider_id: His id, otherwise; for a reply the id of the reply itself.
        at: When it happened, as the provider says; None: he does not say.
        event_id: His id of this event; the same event may come twice.
        address: The address it is about; finds the customer of a reply.
        permanent: On ``bounced``, whether the address is dead for good.
        machine: On ``opened`` and ``clicked``, whether a machine did it.
        text: On ``replied``, what was written.
        code: His code, as he spells it.
        reason: Why, in words.
    """

    what: str = attrs.field(validator=attrs.validators.in_(DELIVERIES))
    message_id: str | None = None
    provider_id: str | None = None
    at: datetime | None = None
    event_id: str | None = None
    address: str | None = None
    permanent: bool = False
    machine: bool = False
    text: str | None = None
    code: str | None = None
    reason: str = ""


@attrs.frozen
class Response:
    """What to answer to a webhook call.

    Attributes:
        status: HTTP status.
        body: Body, such as the echo of a challenge.
        headers: Headers of the answer.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Received:
    """What came in by a provider's call, and what to answer him.

    Attributes:
        receipts: What became of messages, and replies.
        response: The answer he wants to hear.
        strangers: Those of the receipts that are about no message of this workspace; they changed
            nothing.
    """

    receipts: tuple[Delivery, ...]
    response: Response
    strangers: tuple[Delivery, ...] = ()


@attrs.frozen
class Poll:
    """What was fetched, and where to go on.

    Attributes:
        deliveries: What became of messages, and replies.
        cursor: To give to the next `Channel.poll`; None: as before.
    """

    deliveries: Sequence[Delivery]
    cursor: str | None = None


class Channel(ABC):
    """A way to reach customers, opened with its settings."""

    @staticmethod
    def clock() -> datetime:
        """Give the present instant; crmkit puts the host's clock in the place of this function.

        Sign by it, and judge by it whether what came in is fresh.
        """
        return system_clock()

    @abstractmethod
    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Hand messages to the provider and give one receipt a message, in any order.

        A text goes out whole or is refused; one for colleagues (``staff``) may be cut where the
        receipt's reason says so. One bad recipient must not cost the others. An HTTP 200 with an
        error in its body is an error. Where the connection broke after the request had left, the
        outcome is ``unknown``. An exception, or a missing receipt, counts as ``unknown`` too: catch
        what you can classify.
        """

    def send_meanwhile(self, messages: Sequence[Message], work: Work) -> Sequence[Receipt]:
        """Send as `send` does, and let the engine work while it waits (``meanwhile``).

        For a channel that waits for many short answers: a thread of its own would wait for the
        interpreter as often. It is called in the thread that dispatches, and must be safe to use
        from several threads all the same.

        Args:
            messages: What to hand to the provider.
            work: Does a bit of the engine's work, mostly less than a millisecond, and tells
                whether there may be more: if not, it is called no more. It raises nothing, and
                what is left is done afterwards. Where some of it takes longer it calls what it is
                given, several times in between: that looks after what the provider answered
                meanwhile, and must raise nothing.
        """
        raise NotImplementedError

    def poll(self, cursor: str | None) -> Poll:
        """Fetch what became of messages since `cursor` (capability ``poll``)."""
        raise NotImplementedError

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Look up messages by our ids (capability ``find``); leave out those not found.

        Absence is no proof that a message was not sent. Where the provider says for sure that he
        never took one, give a receipt ``retry``: it goes out again.
        """
        raise NotImplementedError

    def unsubscribe_url(self, message_id: str) -> str | None:  # noqa: ARG002
        """Give the link by which whoever gets this message wants no more (``unsubscribe``).

        It alone must tell the message and be hard to forge; `receive` reads it.
        """
        return None

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read a call of the provider's webhook (capability ``receive``).

        Check the signature first, in constant time. A GET or HEAD never changes anything: machines
        follow links. Header names may come in any case. The same event may come again: what is
        known changes nothing, so give it again.

        Raises:
            SignatureInvalid: the signature is missing, wrong or too old.
            InvalidValueError: it is rightly signed, and nobody can read its body. A part that is
                missing, or of another kind, is left out instead.
        """
        raise NotImplementedError

    def finished(self, message_id: str, outcome: str = "", *, done: bool = True) -> bool:  # noqa: ARG002
        """Hear that a task is over, so that nobody sets about it any more (capability ``person``).

        Args:
            message_id: Which; one that is not known changes nothing.
            outcome: What came of it, in words.
            done: Whether it was carried out; False: it need not be any more.

        Returns:
            Whether there was anything to take back.
        """
        return False

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give everything back; closing twice does nothing."""
