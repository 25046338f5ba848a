"""One connection to a mail server: writing, reading, and knowing how far the writing came."""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from contextlib import suppress

from crmkit.channels.email.connecting import Opened, connect
from crmkit.channels.email.letters import Letter
from crmkit.channels.email.replies import CLOSING, Reply
from crmkit.channels.email.settings import EmailSettings
from crmkit.errors import CrmkitError

_LINE = 4096  # bytes of one line of an answer; RFC 5321 allows 512
_LINES = 200
_QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux


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

    def __init__(self, settings: EmailSettings) -> None:
        """Connect.

        Raises:
            Unreachable: the server cannot be reached, or does not let us in.
        """
        self._opened: Opened = connect(settings)
        self._sock = self._opened.sock
        self._file = self._sock.makefile("rb")
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

    def say(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            Lost: the connection broke; `written` bytes had left.
        """
        done, view = 0, memoryview(data)
        try:
            while done < len(view):
                done += self._sock.send(view[done:])
        except OSError as error:
            raise Lost(f"the connection broke: {type(error).__name__}", done) from None

    def hear(self) -> Reply:
        """Read one answer.

        Raises:
            Lost: none came, or one that says the server closes the connection.
        """
        lines = []
        for _ in range(_LINES):
            try:
                _at_once(self._sock)
                line = self._file.readline(_LINE)
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

    def ask(self, commands: Sequence[bytes]) -> list[Reply]:
        """Give commands, each after the answer to the one before; stop at the first refusal."""
        replies = []
        for command in commands:
            self.say(command)
            replies.append(self.hear())
            if not replies[-1].good:
                break
        return replies

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
            self._file.close()
        with suppress(OSError):
            self._sock.close()


def _at_once(sock: socket.socket) -> None:
    """Acknowledge what comes without delay, where the system can.

    A server that writes its answers one by one would wait 40 ms for it between two of them.
    """
    if _QUICK is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
