"""A mail server for the tests: it speaks SMTP, keeps what it takes, and does wrong when told."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Any

import attrs


@attrs.define
class Taken:
    """A mail that was taken."""

    sender: str
    to: list[str]
    data: bytes
    connection: int


@attrs.define
class Talk:
    """One connection: what the client sent, packet by packet, and the open transaction."""

    number: int
    packets: list[bytes] = attrs.field(factory=list)
    commands: list[str] = attrs.field(factory=list)
    sender: str | None = None
    to: list[str] = attrs.field(factory=list)


Answer = Callable[[Talk, str], bytes | None]
CUT = b""
TAKE_AND_CUT = b"\0"


class MailServer:
    """A server on 127.0.0.1, one thread a connection.

    Attributes:
        answer: Called with each command (``BODY`` after a body): what it gives is answered instead;
            `CUT` breaks the connection off, and `TAKE_AND_CUT` after a body was taken.
        offers: What EHLO offers.
    """

    def __init__(
        self,
        answer: Answer | None = None,
        offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 50000000"),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer or (lambda _talk, _command: None)
        self.offers = offers
        self.context = context
        self.taken: list[Taken] = []
        self.talks: list[Talk] = []
        self.lock = Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self.port = self._socket.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def hang_up(self) -> None:
        """Close every connection from the server's side."""
        with self.lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._socket.accept()
                Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with self.lock:
            talk = Talk(len(self.talks))
            self.talks.append(talk)
            self._open.append(sock)
        with suppress(OSError, EOFError), sock:
            if self.context is None:
                self._talk(talk, _Lines(sock, talk))
                return
            with self.context.wrap_socket(sock, server_side=True) as secured:
                self._talk(talk, _Lines(secured, talk))

    def _talk(self, talk: Talk, lines: _Lines) -> None:
        lines.write(self.answer(talk, "CONNECT") or b"220 test\r\n")
        while True:
            command = lines.line().decode().rstrip("\r\n")
            talk.commands.append(command)
            said = self.answer(talk, command)
            if said == CUT:
                return
            verb = command[:4].upper()
            if verb == "DATA" and said is None:
                self._data(talk, lines)
                continue
            lines.write(said if said is not None else self._usual(talk, verb, command))
            if (said is not None and said.startswith(b"421")) or verb == "QUIT":
                return

    def _usual(self, talk: Talk, verb: str, command: str) -> bytes:
        if verb == "EHLO":
            lines = ["test", *self.offers]
            return b"".join(
                f"250{'-' if n < len(lines) else ' '}{line}\r\n".encode()
                for n, line in enumerate(lines, 1)
            )
        if verb == "MAIL":
            if talk.sender is not None:
                return b"503 5.5.1 nested MAIL\r\n"
            talk.sender, talk.to = _path(command), []
        elif verb == "RCPT":
            if talk.sender is None:
                return b"503 5.5.1 no MAIL\r\n"
            talk.to.append(_path(command))
        elif verb == "RSET":
            talk.sender, talk.to = None, []
        return b"250 2.0.0 ok\r\n"

    def _data(self, talk: Talk, lines: _Lines) -> None:
        if not talk.to:
            lines.write(b"554 5.5.1 no valid recipients\r\n")
            return
        lines.write(b"354 go\r\n")
        body = []
        while (line := lines.line()) != b".\r\n":
            body.append(line.removeprefix(b"."))
        talk.commands.append("BODY")
        said = self.answer(talk, "BODY")
        if said in (None, TAKE_AND_CUT):
            with self.lock:
                taken = Taken(talk.sender or "", talk.to, b"".join(body), talk.number)
                self.taken.append(taken)
            said = CUT if said == TAKE_AND_CUT else b"250 2.0.0 taken\r\n"
        talk.sender, talk.to = None, []
        if said == CUT:
            raise EOFError
        lines.write(said)
        if said.startswith(b"421"):
            raise EOFError


class _Lines:
    """Lines of a socket, with the packets they came in."""

    def __init__(self, sock: socket.socket, talk: Talk) -> None:
        self._sock, self._talk = sock, talk
        self._rest = b""

    def line(self) -> bytes:
        while b"\r\n" not in self._rest:
            packet = self._sock.recv(1 << 18)
            if not packet:
                raise EOFError
            self._talk.packets.append(packet)
            self._rest += packet
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line + b"\r\n"

    def write(self, data: bytes) -> None:
        self._sock.sendall(data)


def _path(command: str) -> str:
    return command.partition("<")[2].rpartition(">")[0]


@contextmanager
def serving(*arguments: Any, **named: Any) -> Iterator[MailServer]:
    server = MailServer(*arguments, **named)
    try:
        yield server
    finally:
        server.close()


def wait_for(what: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is so, a moment at a time."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)
