"""What an answer means: did the provider take the message, and if not, what has to happen?"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import attrs

from crmkit.contracts.channel import MISCONFIGURED, RETRY, UNKNOWN, Message, Receipt
from crmkit.contracts.http import Forbidden, NotSent, Reply, Unclear

_LONGEST = 300


@attrs.frozen
class Codes:
    """What the codes of one provider mean.

    Attributes:
        known: Outcome by code.
        families: Outcome by how a code begins, for those that are not known; the first fits.
        otherwise: Outcome of any other. An explicit error is never ``unknown`` by default: the
            provider said that he did not take it.
    """

    known: Mapping[str, str]
    families: tuple[tuple[str, str], ...]
    otherwise: str

    def outcome(self, code: str) -> str:
        """Give what a code means: one of `crmkit.contracts.channel.OUTCOMES`."""
        if code in self.known:
            return self.known[code]
        fits = (outcome for start, outcome in self.families if code.startswith(start))
        return next(fits, self.otherwise)

    def receipt(
        self, message: Message, code: str, why: object, after: float | None = None
    ) -> Receipt:
        """Make the receipt for an error that the provider named.

        Args:
            message: The message it is about.
            code: His code.
            why: His words.
            after: Seconds to wait, where he said so.
        """
        outcome = self.outcome(code)
        return Receipt(
            message_id=message.id,
            outcome=outcome,
            code=code,
            reason=one_line(f"{code}: {why}"),
            after=after if outcome == RETRY else None,
        )


def one_line(text: object) -> str:
    """Make a provider's words fit for a log: one line, not long."""
    return " ".join(str(text).split())[:_LONGEST]


def not_answered(message: Message, error: NotSent | Unclear) -> Receipt:
    """Make the receipt for a call that brought no answer."""
    if isinstance(error, Forbidden):
        return Receipt.misconfigured(message, str(error))
    if isinstance(error, NotSent):
        return Receipt.retry(message, str(error))
    return Receipt.unknown(message, str(error))


def status_alone(message: Message, reply: Reply, after: float | None) -> Receipt:
    """Make the receipt for an answer that names no code: only its HTTP status is left to go by.

    Who is too busy has not taken it; who fails halfway, or says yes and no more, may have.
    """
    status = reply.status
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        outcome = RETRY
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.MULTIPLE_CHOICES:
        outcome = UNKNOWN
    else:
        outcome = MISCONFIGURED
    return Receipt(
        message_id=message.id,
        outcome=outcome,
        code=str(status),
        reason=f"HTTP {status} without an answer that can be read",
        after=after if outcome == RETRY else None,
    )


def fields(reply: Reply) -> Mapping[str, object]:
    """Give the object that an answer's body is; empty where it is none."""
    found = reply.json()
    return found if isinstance(found, dict) else {}
