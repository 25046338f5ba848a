"""What an answer means: did the provider take the message, and if not, what has to happen?"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmkit.contracts.answers import by_status
from crmkit.contracts.channel import RETRY, Message, Receipt
from crmkit.contracts.http import Reply

_LONGEST = 300


@attrs.frozen
class CodeFamilies:
    """What the codes of one provider mean, who names them by families.

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


def status_alone(message: Message, reply: Reply, after: float | None) -> Receipt:
    """Make the receipt for an answer that names no code: only its HTTP status is left to go by.

    Args:
        message: The message it is about.
        reply: The answer.
        after: Seconds to wait, where it said so.
    """
    meaning = by_status(reply)
    return Receipt(
        message_id=message.id,
        outcome=meaning.outcome,
        code=str(reply.status),
        reason=meaning.words,
        after=after if meaning.outcome == RETRY else None,
    )


def fields(reply: Reply) -> Mapping[str, object]:
    """Give the object that an answer's body is; empty where it is none."""
    found = reply.json()
    return found if isinstance(found, dict) else {}
