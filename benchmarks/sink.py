"""Mail servers that take everything, each in a process of its own, and keep what they took.

Others can so send the same bytes again. ``aiosmtpd`` is a server as there are many; the other two
cost as little as they can, since a server that works hides what whoever sends costs.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import attrs

Letter = tuple[str, str, bytes]
"""Envelope sender, recipient, and the bytes as a client of `smtplib` gives them to ``sendmail``."""
AIOSMTPD, PIPELINING, PLAIN = SERVERS = ("aiosmtpd", "a sink with PIPELINING", "a plain sink")
_END = b"\r\n.\r\n"
_WAIT = 60.0


@attrs.frozen
class Sink:
    """The server, as whoever measures sees it.

    Attributes:
        port: Where it listens on 127.0.0.1.
    """

    port: int
    _pipe: Connection

    def taken(self) -> list[Letter]:
        """Give what came in since this was asked last."""
        self._pipe.send(None)
        if not self._pipe.poll(_WAIT):
            message = "the mail server does not answer"
            raise RuntimeError(message)
        found: list[Letter] = self._pipe.recv()
        return found


@contextmanager
def sink(kind: str) -> Iterator[Sink]:
    """Run a server of one of `SERVERS`; ``PIPELINING``: commands may come together (RFC 2920)."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, kind), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Sink(ours.recv(), ours)
    finally:
        ours.close()
        process.join(_WAIT)


class _Session(asyncio.Protocol):
    """One connection: commands until DATA, then a letter until its lone dot."""

    def __init__(self, kept: list[Letter], *, pipelining: bool) -> None:
        self._kept = kept
        offered = ["sink", *(["PIPELINING"] if pipelining else []), "8BITMIME"]
        lines = [f"250-{one}" for one in offered] + ["250 SIZE 100000000"]
        self._hello = "".join(f"{line}\r\n" for line in lines).encode()
        self._rest = bytearray()
        self._sender = self._to = ""
        self._in_letter = False
        self._looked_at = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer everything that is there in one writing."""
        self._rest += data
        answers: list[bytes] = []
        while (answer := self._letter() if self._in_letter else self._command()) is not None:
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))
            if answers[-1].startswith(b"221"):
                self._transport.close()

    def _letter(self) -> bytes | None:
        end = self._rest.find(_END, self._looked_at)
        if end < 0:
            self._looked_at = max(0, len(self._rest) - len(_END))
            return None
        letter = bytes(self._rest[: end + 2]).replace(b"\r\n..", b"\r\n.")
        del self._rest[: end + len(_END)]
        self._in_letter, self._looked_at = False, 0
        self._kept.append((self._sender, self._to, letter))
        return b"250 taken\r\n"

    def _command(self) -> bytes | None:
        end = self._rest.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._rest[:end]).decode()
        del self._rest[: end + 2]
        verb = line[:4].upper()
        if verb == "DATA":
            self._in_letter = True
            return b"354 go on\r\n"
        if verb == "QUIT":
            return b"221 bye\r\n"
        if verb == "EHLO":
            return self._hello
        if verb == "MAIL":
            self._sender = _path(line)
        elif verb == "RCPT":
            self._to = _path(line)
        return b"250 ok\r\n"


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


class _Keeping:
    """What aiosmtpd gives its letters to."""

    def __init__(self, kept: list[Letter]) -> None:
        self._kept = kept

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep one."""
        self._kept.append((envelope.mail_from, envelope.rcpt_tos[0], envelope.content))
        return "250 taken"


def _protocol(kind: str, kept: list[Letter]) -> Callable[[], asyncio.Protocol]:
    """Give what makes the server's side of a connection."""
    if kind == AIOSMTPD:
        from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - its group may not be installed

        return lambda: SMTP(_Keeping(kept))
    return lambda: _Session(kept, pipelining=kind == PIPELINING)


def _serve(pipe: Connection, kind: str) -> None:
    asyncio.run(_run(pipe, kind))


async def _run(pipe: Connection, kind: str) -> None:
    """Serve until the other side hangs up."""
    kept: list[Letter] = []
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def asked() -> None:
        try:
            pipe.recv()
        except EOFError:
            loop.remove_reader(pipe.fileno())
            over.set_result(None)
            return
        pipe.send(kept)
        kept.clear()

    server = await loop.create_server(_protocol(kind, kept), "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    loop.add_reader(pipe.fileno(), asked)
    await over
    server.close()
