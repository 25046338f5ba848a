"""Mail transactions over one connection, one letter each, in as few packets as the server allows.

Where it offers PIPELINING (RFC 2920), a letter's body and the next letter's MAIL, RCPT and DATA
leave in one packet: one round trip a letter. With an archive DATA waits for the answers to RCPT,
since a server that refuses the customer and takes the archive would deliver to the archive alone.
While the server works, the next letter is written.
"""

from __future__ import annotations

from contextlib import suppress

from crmkit.channels.email.jobs import Job
from crmkit.channels.email.letters import Letter
from crmkit.channels.email.replies import RECIPIENT, Reply, meaning
from crmkit.channels.email.turns import Turns
from crmkit.channels.email.wire import Lost, Wire
from crmkit.contracts.channel import MISCONFIGURED, RETRY, Receipt

_GO_AHEAD = 354
_DATA = b"DATA\r\n"


class Transactions:
    """What goes on over one connection until nothing is left, or it breaks."""

    def __init__(self, wire: Wire, job: Job, copy: str | None) -> None:
        """Take a connection, the batch, and the address of the archive."""
        self._wire, self._job, self._copy = wire, job, copy
        self.answered = 0
        """Letters that the server answered for, whatever it said."""
        self._given: Letter | None = None  # its body has left, its answer is to come
        self._open: Letter | None = None  # its envelope has left, or is about to
        self._ahead: Letter | None = None  # written, nothing of it has left
        self._reset = False  # a RSET went before the envelope, and is answered before it

    def run(self) -> Turns[None]:
        """Work until nothing is left.

        Raises:
            Lost: the connection is gone; every letter is settled or back in the job.
        """
        try:
            while (yield from self._step()):
                pass
        except Lost as lost:
            self._sort_out(lost)
            raise
        except BaseException:
            self._leave_open()
            raise

    def _step(self) -> Turns[bool]:
        """Answer for the letter that was given, then give the next; tell whether there was any."""
        if self._given is None and self._open is None:
            self._open = self._next()
            if self._open is None:
                return False
            if self._wire.pipelining:
                yield from self._wire.say(self._group(self._open))
        if self._ahead is None:
            self._ahead = self._next()
        if self._given is not None:
            self._take_answer(self._given, (yield from self._wire.hear()))
        if self._open is not None:
            if (yield from self._may_go(self._open)):
                yield from self._give(self._open)
            else:
                self._wire.clean = False
        return True

    def _next(self) -> Letter | None:
        """Take the next letter that this server may take."""
        letter, self._ahead = self._ahead or self._job.take(), None
        while letter is not None and (why := self._wire.objection(letter)):
            self._job.settle(Receipt.refused(letter.message, why))
            letter = self._job.take()
        return letter

    def _group(self, letter: Letter) -> bytes:
        """Write the commands that go in one packet."""
        self._reset = not self._wire.clean
        commands = self._wire.envelope(letter, self._copy)
        self._wire.clean = True
        return b"".join(commands) + (b"" if self._copy else _DATA)

    def _take_answer(self, letter: Letter, reply: Reply) -> None:
        """Settle the letter whose body has left."""
        self._given = None
        self.answered += 1
        if reply.good:
            self._job.settle(Receipt.accepted(letter.message, letter.message_id))
        elif not 400 <= reply.code < 600:  # noqa: PLR2004 - neither taken nor refused
            why = f"the mail server gave no answer to the message: {reply.text}"
            self._job.settle(Receipt.unknown(letter.message, why, code=reply.both))
        else:
            self._job.refuse(letter, reply, "the message")

    def _may_go(self, letter: Letter) -> Turns[bool]:
        """Hear about an envelope; a letter that may not go is settled."""
        sender, to, copy, data = yield from self._envelope_answers(letter)
        self.answered += 1
        if not sender.good:
            self._job.refuse(letter, sender, "the sender", of_sender=True)
        elif not to.good:
            self._job.refuse(letter, to, RECIPIENT)
        elif copy is not None and not copy.good:
            outcome = RETRY if meaning(copy) == RETRY else MISCONFIGURED
            why = f"the mail server refused the archive's address: {copy.text}"
            message = letter.message.id
            self._job.settle(
                Receipt(message_id=message, outcome=outcome, code=copy.both, reason=why)
            )
        elif data is not None and data.code != _GO_AHEAD:
            self._job.refuse(letter, data, "the message")
        else:
            return True
        self._open = None
        if data is not None and data.code == _GO_AHEAD:
            yield from self._give_nothing(to)
        return False

    def _give_nothing(self, to: Reply) -> Turns[None]:
        """End a body that is for nobody, as RFC 2920 wants it (3.1)."""
        if to.good:  # it refused MAIL, and took the rest: an empty mail could arrive
            raise Lost("the mail server waits for a body whose sender it refused")
        yield from self._wire.say(b".\r\n")
        yield from self._wire.hear()

    def _envelope_answers(
        self, letter: Letter
    ) -> Turns[tuple[Reply, Reply, Reply | None, Reply | None]]:
        """Hear the answers to MAIL, RCPT, the archive's RCPT and DATA; ask what was not asked."""
        wire, wanted = self._wire, 3 if self._copy else 2
        if wire.pipelining:
            if self._reset:
                yield from wire.hear()
            replies = []
            for _ in range(wanted):
                replies.append((yield from wire.hear()))  # noqa: PERF401 - no generator waits
        else:
            commands = wire.envelope(letter, self._copy)
            if not wire.clean:
                yield from wire.ask(commands[:1])
            replies = yield from wire.ask(commands[-wanted:])
            wire.clean = True
        data = None
        if wire.pipelining and not self._copy:
            data = yield from wire.hear()
        elif len(replies) == wanted and all(reply.good for reply in replies):
            yield from wire.say(_DATA)
            data = yield from wire.hear()
        refusal = replies[-1]
        sender, to = replies[0], replies[1] if len(replies) > 1 else refusal
        copy = (replies[2] if len(replies) == wanted else refusal) if self._copy else None
        return sender, to, copy, data

    def _give(self, letter: Letter) -> Turns[None]:
        """Write the body, and the next envelope behind it."""
        if self._wire.pipelining:
            self._ahead = self._next()
        following = self._ahead if self._wire.pipelining else None
        rest = self._group(following) if following else b""
        try:
            yield from self._wire.say(letter.data + rest)
        except Lost as lost:
            if lost.written < len(letter.data):
                yield from self._last_words(letter)
            else:
                self._given, self._open = letter, None
            raise
        self._given, self._open = letter, following
        if following is not None:
            self._ahead = None

    def _last_words(self, letter: Letter) -> Turns[None]:
        """Hear why the server hung up in the middle of a body, where it said so."""
        with suppress(Lost):
            reply = yield from self._wire.hear()
            if not reply.good:
                self._job.refuse(letter, reply, "the message")
                self._open = None

    def _leave_open(self) -> None:
        """Say of what is in hand that nobody knows, since a fault of our own broke it off."""
        for letter in filter(None, (self._given, self._open)):
            self._job.settle(Receipt.unknown(letter.message, "the sending was broken off"))

    def _sort_out(self, lost: Lost) -> None:
        """Settle, or put back, what the broken connection had in hand."""
        first: Lost | None = lost
        if self._given is not None:
            first = None
            if lost.code is not None:  # it says itself that it did not take it
                self._job.give_back(self._given, lost)
            else:
                why = f"{lost}, after the whole message had left"
                self._job.settle(Receipt.unknown(self._given.message, why))
        if self._open is not None:
            self._job.give_back(self._open, first)
        if self._ahead is not None:
            self._job.give_back(self._ahead)
        self._given = self._open = self._ahead = None
