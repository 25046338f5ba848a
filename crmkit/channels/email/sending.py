"""Sending a batch over several connections, which are kept for the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from crmkit.channels.email.addresses import address
from crmkit.channels.email.connecting import Unreachable, opening
from crmkit.channels.email.jobs import Job
from crmkit.channels.email.letters import Letter
from crmkit.channels.email.settings import EmailSettings
from crmkit.channels.email.transactions import Transactions
from crmkit.channels.email.turns import Turns, nothing, take_turns
from crmkit.channels.email.wire import Lost, Wire
from crmkit.contracts.channel import RETRY, Message, Receipt, Work

_SHARE = 8  # messages that are worth a connection of their own
_LOSSES = 6  # connections lost in a row, the server having answered for no letter


class Office:
    """Hands letters over to the mail server; several threads may use it at the same time."""

    def __init__(self, settings: EmailSettings) -> None:
        """Take the settings; nothing is connected before something is sent."""
        self._settings = settings
        self._copy = address(settings.blind_copy).text if settings.blind_copy else None
        self._idle: list[Wire] = []
        self._lock = Lock()

    def send(
        self,
        messages: Sequence[Message],
        write: Callable[[Message], Letter],
        meanwhile: Work = nothing,
    ) -> list[Receipt]:
        """Send a batch and give a receipt for each message.

        Args:
            messages: To whom and what.
            write: Makes the letter of one; may raise `Unsendable`.
            meanwhile: Does a bit of other work while the server works, as `take_turns` has it.
        """
        job = Job(messages, write)
        count = min(self._settings.connections, 1 + len(messages) // _SHARE)
        take_turns([self._work(job) for _ in range(count)], meanwhile)
        return job.receipts()

    def close(self) -> None:
        """Take leave of the server on every idle connection; closing twice does nothing."""
        with self._lock:
            idle, self._idle = self._idle, []
        for wire in idle:
            wire.close(politely=True)

    def _work(self, job: Job) -> Turns[None]:
        """Work through the batch over one connection at a time, until nothing is left."""
        losses = 0
        while job.waiting and losses < _LOSSES:
            try:
                wire = yield from self._connection()
            except Unreachable as error:
                job.trouble = error
                return
            work = Transactions(wire, job, self._copy)
            try:
                yield from work.run()
            except Lost as lost:
                losses = 1 if work.answered else losses + 1
                wire.close()
                job.trouble = Unreachable(str(lost), RETRY, lost.code)
            except BaseException:  # a fault of our own must not leave a connection half used
                wire.close()
                raise
            else:
                self._keep(wire)

    def _connection(self) -> Turns[Wire]:
        """Give a kept connection that still stands, or a new one."""
        while True:
            with self._lock:
                wire = self._idle.pop() if self._idle else None
            if wire is None:
                return Wire((yield from opening(self._settings)), self._settings.timeout)
            if wire.idle():
                return wire
            wire.close()

    def _keep(self, wire: Wire) -> None:
        with self._lock:
            if len(self._idle) < self._settings.connections:
                self._idle.append(wire)
                return
        wire.close(politely=True)
