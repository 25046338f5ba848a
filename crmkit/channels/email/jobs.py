"""One batch that several connections work through, and what became of each message in it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence

from crmkit.channels.email.connecting import Unreachable
from crmkit.channels.email.letters import Letter, Unsendable
from crmkit.channels.email.replies import Reply, receipt
from crmkit.channels.email.wire import Lost
from crmkit.contracts.channel import Message, Receipt

_TRIES = 2  # of one message that the connection breaks on, before the next batch


class Job:
    """The messages of a batch; each is taken by one connection and settled once."""

    def __init__(self, messages: Sequence[Message], write: Callable[[Message], Letter]) -> None:
        """Take the messages, and what makes a letter of one."""
        self.trouble: Unreachable | None = None
        """Why nothing more can go, once a connection cannot be had."""
        self._messages = messages
        self._write = write
        self._waiting: deque[Message | Letter] = deque(messages)
        self._lost: Counter[str] = Counter()
        self._receipts: dict[str, Receipt] = {}

    @property
    def waiting(self) -> bool:
        """Whether there is anything left to take."""
        return bool(self._waiting)

    def take(self) -> Letter | None:
        """Give the next letter; None: there is none left.

        A message that no letter can be made of is refused here.
        """
        while True:
            found = self._waiting.popleft() if self._waiting else None
            if found is None or isinstance(found, Letter):
                return found
            try:
                return self._write(found)
            except Unsendable as error:
                self.settle(Receipt.refused(found, str(error)))
            except Exception as error:  # noqa: BLE001 - one odd message must not cost the others
                why = f"no letter can be made of it: {type(error).__name__}"
                self.settle(Receipt.refused(found, why))

    def settle(self, told: Receipt) -> None:
        """Keep what became of a message."""
        self._receipts[told.message_id] = told

    def refuse(self, letter: Letter, reply: Reply, what: str, *, of_sender: bool = False) -> None:
        """Keep that the server refused a message."""
        self.settle(receipt(letter.message, reply, what, of_sender=of_sender))

    def give_back(self, letter: Letter, lost: Lost | None = None) -> None:
        """Put a letter back that surely was not taken.

        Args:
            letter: Which.
            lost: How the connection broke on this very letter: it goes behind the others, and the
                second time it is left for a later batch, so that it cannot keep them from going.
        """
        name = letter.message.id
        if lost is not None:
            self._lost[name] += 1
            if self._lost[name] >= _TRIES:
                self.settle(Receipt.retry(letter.message, str(lost), code=lost.code))
                return
        if lost is None:
            self._waiting.appendleft(letter)
        else:
            self._waiting.append(letter)

    def receipts(self) -> list[Receipt]:
        """Give one receipt a message; what was not even tried may be tried later."""
        return [self._receipts.get(one.id) or self._untried(one) for one in self._messages]

    def _untried(self, message: Message) -> Receipt:
        trouble = self.trouble
        if trouble is None:
            return Receipt.retry(message, "there was no connection left to send it over")
        return Receipt(
            message_id=message.id, outcome=trouble.outcome, code=trouble.code, reason=str(trouble)
        )
