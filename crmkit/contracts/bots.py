"""Robots in a group chat of colleagues: what those of all providers have in common.

They take a text and no addressee, give no id back, and cannot be asked what became of a post.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import attrs

from crmkit.contracts.answers import Codes, failed, one_by_one
from crmkit.contracts.channel import ACCEPTED, Channel, Message, Receipt
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit.contracts.lines import written

CUT = "…"
"""Ends a text that was cut."""


class BotConfig(Protocol):
    """What the settings of every bot have."""

    @property
    def allow_private(self) -> bool:
        """Whether a private address may be called."""


class StaffBot(Channel):
    """Posts texts to a group of colleagues; a subclass says what a post looks like.

    A text longer than the provider takes is cut: an alert that arrives in part is better than
    none. The receipt's reason then says so.
    """

    codes: ClassVar[Codes]
    """What the provider's codes mean."""
    longest: ClassVar[int]
    """Longest text, as `size` measures it."""

    def __init__(self, config: BotConfig) -> None:
        """Keep the settings; nothing is called before the first post."""
        self.http = Http(allow_private=config.allow_private)

    @abstractmethod
    def post(self, text: str, message: Message) -> Reply:
        """Make the call that posts a text, which is short enough."""

    def size(self, text: str) -> int:
        """Measure a text as the provider does: its bytes."""
        return len(text.encode())

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Post one message after another, until the provider says that it goes too fast."""
        return one_by_one(messages, self._send)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def _send(self, message: Message) -> Receipt:
        whole = written(message.text)
        if not whole.strip():
            return Receipt.refused(message, "there is no text to post")
        text = fit(whole, self.longest, self.size)
        try:
            reply = self.post(text, message)
        except (NotSent, Unclear) as error:
            return failed(message, error)
        receipt = self.codes.receipt(message, reply, self.clock)
        if receipt.outcome == ACCEPTED and text != whole:
            reason = f"cut: {len(text) - len(CUT):,} of its {len(whole):,} characters were posted"
            return attrs.evolve(receipt, reason=reason)
        return receipt


def fit(text: str, longest: int, size: Callable[[str], int]) -> str:
    """Cut a text at a character so that it measures at most `longest`, and mark it with `CUT`.

    Args:
        text: Any text.
        longest: The most it may measure; at least what `CUT` does.
        size: Measures a text; a longer text must not measure less, nor a character nothing.

    Example:
        >>> fit("储值卡", 8, lambda text: len(text.encode()))
        '储…'
    """
    if len(text) <= longest and size(text) <= longest:
        return text
    low, high = 0, min(len(text), longest)
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[:middle] + CUT) <= longest:
            low = middle
        else:
            high = middle - 1
    return text[:low] + CUT
