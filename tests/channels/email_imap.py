"""As much of an IMAP server as reading one folder takes (RFC 3501)."""

from __future__ import annotations

import re
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

_TAGGED = re.compile(r"(\S+) (UID )?(\S+) ?(.*)")


class ImapServer(socketserver.ThreadingTCPServer):
    """A server on 127.0.0.1 that knows one user and his folders."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.context = context
        self.folders: dict[str, dict[int, bytes]] = {"INBOX": {}}
        self.valid = 1
        self.tells_next = True
        self.commands: list[str] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    def put(self, raw: bytes, folder: str = "INBOX", uid: int = 0) -> None:
        mails = self.folders.setdefault(folder, {})
        mails[uid or max(mails, default=0) + 1] = raw

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up is part of the tests."""


class _Session(socketserver.StreamRequestHandler):
    server: ImapServer

    def setup(self) -> None:
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def handle(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.wfile.write(b"* OK ready\r\n")
        with suppress(OSError):
            while line := self.rfile.readline().decode().strip():
                self.server.commands.append(line)
                tag, _, verb, rest = _TAGGED.fullmatch(line).groups()
                said = getattr(self, verb.lower(), self.unknown)(rest)
                self.wfile.write(f"{tag} {said}\r\n".encode())
                if verb == "LOGOUT":
                    return

    def unknown(self, _rest: str) -> str:
        return "BAD what?"

    def capability(self, _rest: str) -> str:
        self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
        return "OK done"

    def login(self, rest: str) -> str:
        return "OK in" if rest == 'lin "p@ss/w"' else f"NO wrong login {rest}"

    def examine(self, rest: str) -> str:
        name = rest.strip('"')
        if name not in self.server.folders:
            return "NO no such folder"
        self.mails = self.server.folders[name]
        told = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.server.valid}] ok\r\n"
        if self.server.tells_next:
            told += f"* OK [UIDNEXT {max(self.mails, default=0) + 1}] ok\r\n"
        self.wfile.write(told.encode())
        return "OK [READ-ONLY] done"

    def search(self, rest: str) -> str:
        if rest.startswith("UID "):
            start, _, end = rest[4:].partition(":")
            last = max(self.mails, default=0)  # n:* always names the last
            start, end = (min(int(start), last), last) if end == "*" else (int(start), int(end))
            found = [uid for uid in self.mails if start <= uid <= end]
        else:
            wanted = rest.partition('"')[2].rstrip('"').encode()
            found = [uid for uid, raw in self.mails.items() if wanted in raw]
        self.wfile.write(f"* SEARCH {' '.join(map(str, found))}\r\n".encode())
        return "OK done"

    def fetch(self, rest: str) -> str:
        assert "PEEK" in rest
        uid = int(rest.partition(" ")[0])
        raw = self.mails[uid]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode())
        self.wfile.write(raw + b")\r\n")
        return "OK done"

    def logout(self, _rest: str) -> str:
        self.wfile.write(b"* BYE\r\n")
        return "OK bye"


@contextmanager
def imap(context: ssl.SSLContext | None = None) -> Iterator[ImapServer]:
    with ImapServer(context) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
