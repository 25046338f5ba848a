"""A service that takes messages from a ``webhook`` channel, and posts receipts and replies back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crmkit.channels.standard_webhooks import keys, sign, verify
from crmkit.clock import Clock, system_clock
from crmkit.errors import SignatureInvalid
from crmkit.testing.simulators.base import Answer, Call, Simulator

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the specification's example
"""The secret it has unless another is given."""


class WebhookReceiver(Simulator):
    """Takes signed messages, each id once.

    Attributes:
        taken: The messages by id, as they came in first.
        refusals: Ids, or customers' ids, that are refused, with the reason that is given.
    """

    def __init__(self, secret: str = SECRET, clock: Clock = system_clock) -> None:
        """Listen with a secret, by a clock."""
        super().__init__()
        self.taken: dict[str, dict[str, Any]] = {}
        self.refusals: dict[str, str] = {}
        self._keys = keys([secret])
        self._clock = clock

    def answer(self, call: Call) -> Answer:
        """Take a message; one that came before is accepted, and changes nothing."""
        try:
            name = verify(self._keys, call.headers, call.body, self._clock())
        except SignatureInvalid as error:
            return Answer({"error": str(error)}, 401)
        message = call.json()
        for subject in (name, message["customer_id"]):
            if subject in self.refusals:
                return Answer({"error": self.refusals[subject]}, 422)
        self.taken.setdefault(name, message)
        return Answer({"id": f"theirs-{name}"}, 202)

    def event(self, content: Any, name: str = "evt_1") -> tuple[Mapping[str, str], bytes]:
        """Give headers and body of a call that tells receipts or replies, signed just now.

        Args:
            content: One event or a list; `crmkit.channels.receipts` tells their form.
            name: Id of the call; it may come again.
        """
        body = json.dumps(content, ensure_ascii=False).encode()
        return sign(self._keys, name, self._clock(), body), body
