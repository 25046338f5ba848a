"""What a provider's answer makes of a message: the code in its body first, then the HTTP status.

Many providers answer HTTP 200 to what they did not do, and say so in the body alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from crmkit.clock import Clock, system_clock
from crmkit.contracts.channel import (
    ACCEPTED,
    MISCONFIGURED,
    OUTCOMES,
    REFUSED,
    RETRY,
    UNKNOWN,
    Message,
    Receipt,
)
from crmkit.contracts.http import Forbidden, NotSent, Reply, Unclear
from crmkit.contracts.lines import joined

_WORDS = 300  # characters of a provider's own words that are kept
_LATER = (429, 503)
_SETTINGS = (401, 403, 404, 405)
_REQUEST_TIMEOUT, _REDIRECTED, _OUR_FAULT, _HIS_FAULT = 408, 300, 400, 500


@attrs.frozen
class Meaning:
    """What one code means.

    Attributes:
        outcome: One of `OUTCOMES`.
        words: What a person can do about it.
        after: Seconds to wait before the next try (``retry``).
    """

    outcome: str = attrs.field(validator=attrs.validators.in_(OUTCOMES))
    words: str = ""
    after: float | None = None


@attrs.frozen
class Codes:
    """The codes of one provider.

    A code that is not listed is `otherwise`, unless the HTTP status beside it says that the
    provider failed or has too much to do. Neither a code nor a status that tells: ``unknown``.

    Attributes:
        meanings: What each code means, by the code as text.
        families: What a code means that is not among these, by how it begins; the first fits.
        otherwise: What any other means: the provider said no, and nobody knows when he would say
            yes.
        field: Names of the body's field that holds the code; the first one found counts.
        words: Names of the field that says why.
        done: The code of success.

    Example:
        >>> codes = Codes({"45009": Meaning("retry", after=60)}, field=("errcode",))
        >>> message = Message(id="m1", customer_id="", purpose="service", text="Hello")
        >>> codes.receipt(message, Reply(200, {}, b'{"errcode": 45009}')).outcome
        'retry'
    """

    meanings: Mapping[str, Meaning]
    families: Sequence[tuple[str, Meaning]] = attrs.field(default=(), kw_only=True)
    otherwise: Meaning = attrs.field(default=Meaning(REFUSED), kw_only=True)
    field: tuple[str, ...] = ("code",)
    words: tuple[str, ...] = ("message", "msg", "errmsg")
    done: str = "0"

    def code(self, reply: Reply) -> str | None:
        """Give the code an answer carries; None: it carries none."""
        found = _first(reply.json(), self.field)
        return None if found is None or isinstance(found, (bool, dict, list)) else str(found)

    def meaning(self, reply: Reply, clock: Clock = system_clock) -> Meaning:
        """Tell what an answer means, by its code or, without one, by its status."""
        code = self.code(reply)
        if code is None:
            return by_status(reply, clock)
        if code == self.done:
            return Meaning(ACCEPTED) if reply.status < _REDIRECTED else by_status(reply, clock)
        return self.of(code, reply, clock)

    def of(self, code: str, reply: Reply | None = None, clock: Clock = system_clock) -> Meaning:
        """Tell what a code means.

        Args:
            code: As the provider spells it.
            reply: The answer it stood in; it may say how long to wait. None: it came otherwise.
            clock: Gives now.
        """
        fits = (meaning for start, meaning in self.families if code.startswith(start))
        known = self.meanings.get(code) or next(fits, None)
        if reply is None:
            return known or self.otherwise
        if known is None and (reply.status >= _HIS_FAULT or reply.status in _LATER):
            return by_status(reply, clock)
        asked = reply.after(clock)
        known = known or self.otherwise
        return known if asked is None else attrs.evolve(known, after=asked)

    def reason(self, reply: Reply, clock: Clock = system_clock) -> str:
        """Give the words of an answer's meaning, and the provider's own after them."""
        return _reason(self.meaning(reply, clock), _first(reply.json(), self.words))

    def receipt(self, message: Message, reply: Reply, clock: Clock = system_clock) -> Receipt:
        """Give the receipt of a message from the answer it got."""
        meaning = self.meaning(reply, clock)
        code = self.code(reply) or str(reply.status)
        return _receipt(message, meaning, code, _first(reply.json(), self.words))

    def error(
        self,
        message: Message,
        code: str,
        own: object = "",
        reply: Reply | None = None,
        clock: Clock = system_clock,
    ) -> Receipt:
        """Give the receipt of a message for an error that stands anywhere in an answer.

        Args:
            message: What was sent.
            code: The error's code.
            own: The provider's own words.
            reply: The answer.
            clock: Gives now.
        """
        return _receipt(message, self.of(code, reply, clock), code, own)


def plain(message: Message, reply: Reply, clock: Clock = system_clock) -> Receipt:
    """Give the receipt of a message from an answer that names no code: its status is all."""
    return _receipt(message, by_status(reply, clock), str(reply.status))


def by_status(reply: Reply, clock: Clock = system_clock) -> Meaning:
    """Tell what an answer without a code means.

    A failing server may have taken the message first, so only 429 and 503 say that it did not.
    """
    status = reply.status
    if status in _LATER:
        return Meaning(RETRY, "the provider has too much to do", reply.after(clock))
    if status in _SETTINGS:
        return Meaning(MISCONFIGURED, f"HTTP {status}: see to the credentials and the endpoint")
    if _REDIRECTED <= status < _OUR_FAULT:
        return Meaning(MISCONFIGURED, f"HTTP {status}: the endpoint leads elsewhere")
    if _OUR_FAULT <= status < _HIS_FAULT and status != _REQUEST_TIMEOUT:
        return Meaning(REFUSED, f"HTTP {status}")
    return Meaning(UNKNOWN, f"HTTP {status}, and nothing that tells what became of it")


def failed(message: Message, error: NotSent | Unclear) -> Receipt:
    """Give the receipt of a message whose call failed."""
    if isinstance(error, Forbidden):  # its own words hold the address, and that may hold a secret
        why = "the endpoint is no address of the web, or a private one without allow_private"
        return Receipt.misconfigured(message, why)
    if isinstance(error, NotSent):
        return Receipt.retry(message, str(error))
    return Receipt.unknown(message, str(error))


def one_by_one(messages: Sequence[Message], send: Callable[[Message], Receipt]) -> list[Receipt]:
    """Send one message after another.

    Once the provider says that it goes too fast, the rest waits as long as he says: going on would
    prolong his ban.
    """
    receipts: list[Receipt] = []
    for message in messages:
        last = receipts[-1] if receipts else None
        if last is not None and last.outcome == RETRY:
            receipts.append(attrs.evolve(last, message_id=message.id))
        else:
            receipts.append(send(message))
    return receipts


def _receipt(message: Message, meaning: Meaning, code: str, own: object = "") -> Receipt:
    if meaning.outcome == ACCEPTED:
        return Receipt.accepted(message)
    return Receipt(
        message_id=message.id,
        outcome=meaning.outcome,
        code=code,
        reason=_reason(meaning, own) or f"the provider says {code}, and no more",
        after=meaning.after if meaning.outcome == RETRY else None,
    )


def _reason(meaning: Meaning, own: object) -> str:
    own = joined(own[:_WORDS]) if isinstance(own, str) else ""
    return ": ".join(part for part in (meaning.words, own) if part)


def _first(body: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(body, Mapping):
        return None
    return next((body[name] for name in names if name in body), None)
