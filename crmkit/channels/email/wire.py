"""One connection to a mail server: writing, reading, and knowing how far the writing came."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE

from crmkit.channels.email.connecting import Opened
from crmkit.channels.email.letters import Letter
from crmkit.channels.email.replies import CLOSING, Reply
from crmkit.channels.email.turns import Turns, Wait
from crmkit.errors import CrmkitError

_LINE = 4096  # bytes of one line of an answer; RFC 5321 allows 512
_LINES = 200
_QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Lost(CrmkitError):  # noqa: N818 - says what happened
    """The connection is gone, or the server says that it closes it.

    Attributes:
        written: Bytes of the last writing that had left.
        code: The server's code, where it said one.
    """

    def __init__(self, why: str, written: int = 0, code: str | None = None) -> None:
        """Keep how far it came."""
        super().__init__(why, written=written, code=code)
        self.written = written
        self.code = code


class Wire:
    """A connection that is ready for mail."""

    def __init__(self, opened: Opened, timeout: float) -> None:
        """Take a connection.

        Args:
            opened: The connection, as the server left it after the greetings.
            timeout: Seconds to wait for the server at each step.
        """
        self._opened = opened
        self._sock = self._opened.sock
        self._sock.settimeout(0)
        self._readable: Wait = (self._sock, EVENT_READ, timeout)
        self._writable: Wait = (self._sock, EVENT_WRITE, timeout)
        self._heard = b""  # bytes that came behind the last line
        self.pipelining = self._opened.pipelining
        self.clean = True
        """Whether a new transaction may begin without RSET."""

    def objection(self, letter: Letter) -> str | None:
        """Say why this server cannot take a letter, as far as it told at the start."""
        if letter.wide and not self._opened.utf8:
            return "the mail server takes no address beyond ASCII (SMTPUTF8)"
        if 0 < self._opened.largest < len(letter.data):
            return f"the message is larger than the mail server takes: {self._opened.largest} bytes"
        return None

    def envelope(self, letter: Letter, copy: str | None) -> list[bytes]:
        """Give the commands that open a transaction, without DATA."""
        options = f" SIZE={len(letter.data)}" if self._opened.size else ""
        options += " SMTPUTF8 BODY=8BITMIME" if letter.wide else ""
        commands = [f"MAIL FROM:<{letter.sender}>{options}", f"RCPT TO:<{letter.to}>"]
        if copy is not None:
            commands.append(f"RCPT TO:<{copy}>")
        if not self.clean:
            commands.insert(0, "RSET")
        return [f"{command}\r\n".encode() for command in commands]

    def say(self, data: bytes) -> Turns[None]:
        """Write all of it.

        Raises:
            Lost: the connection broke; `written` bytes had left.
        """
        done, view = 0, memoryview(data)
        try:
            while done < len(view):
                try:
                    done += self._sock.send(view[done:])
                except _NOT_YET as error:
                    yield self._wanted(error, self._writable)
        except OSError as error:
            raise Lost(f"the connection broke: {type(error).__name__}", done) from None

    def hear(self) -> Turns[Reply]:
        """Read one answer.

        Raises:
            Lost: none came, or one that says the server closes the connection.
        """
        lines = []
        for _ in range(_LINES):
            try:
                line = yield from self._line()
            except (OSError, ValueError) as error:
                raise Lost(f"the mail server gave no answer: {type(error).__name__}") from None
            if not line.endswith(b"\n") or not line[:3].isdigit():
                why = "the mail server closed the connection" if not line else "no answer of SMTP"
                raise Lost(why)
            lines.append(line[4:].strip().decode("utf-8", "replace"))
            if line[3:4] != b"-":
                break
        reply = Reply(int(line[:3]), " ".join(lines))
        if reply.code == CLOSING:
            raise Lost(f"the mail server closes: {reply.text}", code=reply.both)
        return reply

    def ask(self, commands: Sequence[bytes]) -> Turns[list[Reply]]:
        """Give commands, each after the answer to the one before; stop at the first refusal."""
        replies = []
        for command in commands:
            yield from self.say(command)
            replies.append((yield from self.hear()))
            if not replies[-1].good:
                break
        return replies

    def _line(self) -> Turns[bytes]:
        """Read one line, or what there is of it where the server hung up."""
        while not (end := self._heard.find(b"\n") + 1) and len(self._heard) < _LINE:
            if not self._has_more():
                if self.pipelining:
                    _at_once(self._sock)
                yield self._readable
            try:
                came = self._sock.recv(_LINE)
            except _NOT_YET as error:
                if isinstance(error, ssl.SSLWantWriteError):
                    yield self._writable
                continue
            if not came:
                break
            self._heard += came
        end = min(end or _LINE, _LINE)
        line, self._heard = self._heard[:end], self._heard[end:]
        return line

    def _has_more(self) -> bool:
        """Tell whether TLS has unpacked more than was read: its socket is not readable for that."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def _wanted(self, error: OSError, otherwise: Wait) -> Wait:
        """Give what TLS wants, which may have to read before it writes, and the other way round."""
        if isinstance(error, ssl.SSLWantReadError):
            return self._readable
        return self._writable if isinstance(error, ssl.SSLWantWriteError) else otherwise

    def idle(self) -> bool:
        """Tell whether it still waits for us: a server that hung up, or said so, is readable."""
        try:
            return not select.select([self._sock], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def close(self, *, politely: bool = False) -> None:
        """Give the connection back; closing twice does nothing."""
        if politely:
            with suppress(OSError):
                self._sock.settimeout(1)
                self._sock.sendall(b"QUIT\r\n")
        with suppress(OSError):
            self._sock.close()


def _at_once(sock: socket.socket) -> None:
    """Acknowledge what comes without delay, where the system can.

    A server that writes its answers one by one would wait 40 ms for it between two of them.
    """
    if _QUICK is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
