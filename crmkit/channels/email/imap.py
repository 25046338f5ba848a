"""A folder on an IMAP server, opened for reading only (RFC 3501)."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from crmkit.channels.email.connecting import Unreachable, trusted
from crmkit.channels.email.mailboxes import LARGEST, MOST, Mailbox, MailboxError
from crmkit.channels.email.settings import is_local

T = TypeVar("T")
_RANGE = 20_000  # numbers in one search
_FAULTS = (OSError, ValueError, imaplib.IMAP4.error, Unreachable)  # a value: no ASCII


class Imap(Mailbox):
    """A folder: ``imaps://`` is secured from the first byte, ``imap://`` by STARTTLS.

    Over an open line it logs in only to this machine itself.
    """

    def __init__(self, url: str, *, ca_file: str | None, timeout: float) -> None:
        """Take the URL; what is special in user, password and folder is written as ``%40``."""
        parts = urlsplit(url)
        self._secured = parts.scheme == "imaps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (993 if self._secured else 143)
        self._login = unquote(parts.username or ""), unquote(parts.password or "")
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._ca_file, self._timeout = ca_file, timeout
        self._client: imaplib.IMAP4 | None = None
        self._lock = Lock()

    def find(self, message_ids: Iterable[str]) -> set[str]:
        """Ask the server for each of them."""
        wanted = list(message_ids)

        def search(client: imaplib.IMAP4) -> set[str]:
            self._select(client)
            return {one for one in wanted if _search(client, f'HEADER Message-ID "{one}"')}

        return self._do(search)

    def since(self, cursor: str | None) -> tuple[list[tuple[str, bytes]], str | None]:
        """Fetch what came since; the cursor is ``UIDVALIDITY:UID`` of the last one read."""

        def fetch(client: imaplib.IMAP4) -> tuple[list[tuple[str, bytes]], str | None]:
            valid = self._select(client)
            before, _, last = (cursor or "").partition(":")
            start = int(last) if before == valid and last.isdigit() else 0
            uids, end = _after(client, start)
            mails = [(f"{valid}:{uid}", raw) for uid in uids if (raw := _fetch(client, uid))]
            return mails, f"{valid}:{uids[-1] if uids else end}"

        return self._do(fetch)

    def close(self) -> None:
        """Log out."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            with suppress(*_FAULTS):
                client.logout()

    def _do(self, work: Callable[[imaplib.IMAP4], T]) -> T:
        """Work over the kept connection, and where it is gone over a new one."""
        with self._lock:
            if self._client is not None:
                try:
                    return work(self._client)
                except _FAULTS:
                    self._drop()
            try:
                self._client = self._connected()
                self._log_in(self._client)
                return work(self._client)
            except _FAULTS as error:
                self._drop()
                why = f"{self._host}:{self._port} cannot be read over IMAP: {_plain(error)}"
            raise MailboxError(why)  # outside: imaplib's own errors may quote the login

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(*_FAULTS):
                client.shutdown()

    def _connected(self) -> imaplib.IMAP4:
        if not self._secured:
            return imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        context = trusted(self._ca_file)
        return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)

    def _log_in(self, client: imaplib.IMAP4) -> None:
        """Log in, over a secured line unless the server is this machine itself."""
        if not self._secured and not is_local(self._host):
            client.starttls(trusted(self._ca_file))
        if self._login[0]:
            client.login(*self._login)

    def _select(self, client: imaplib.IMAP4) -> str:
        """Open the folder for reading and give its UIDVALIDITY."""
        name = self._folder.replace("\\", "\\\\").replace('"', '\\"')
        state, said = client.select(f'"{name}"', readonly=True)
        if state != "OK":
            raise imaplib.IMAP4.error(f"no folder {self._folder}: {said!r:.100}")
        _, valid = client.response("UIDVALIDITY")
        return valid[0].decode() if valid and valid[0] else "0"


def _search(client: imaplib.IMAP4, what: str) -> list[int]:
    state, found = client.uid("SEARCH", what)
    if state != "OK":
        raise imaplib.IMAP4.error("SEARCH was refused")
    return [int(uid) for part in found if part for uid in part.split()]


def _after(client: imaplib.IMAP4, start: int) -> tuple[list[int], int]:
    """Give the first numbers behind one, and up to where there is none else.

    The server is asked for a range at a time: imaplib takes no answer of a million bytes.
    """
    _, said = client.response("UIDNEXT")
    if not said or not said[0]:  # then n:* names the last mail, whatever its number
        found = sorted(uid for uid in _search(client, f"UID {start + 1}:*") if uid > start)
        return found[:MOST], start
    top, found = int(said[0]) - 1, []
    while start < top and len(found) < MOST:
        end = min(start + _RANGE, top)
        found += sorted(uid for uid in _search(client, f"UID {start + 1}:{end}") if uid > start)
        start = end
    return found[:MOST], start


def _fetch(client: imaplib.IMAP4, uid: int) -> bytes | None:
    """Fetch a mail's beginning without marking it as read; None where it is gone."""
    _, parts = client.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{LARGEST}>)")
    found: list[Any] = [part for part in parts if isinstance(part, tuple)]
    return bytes(found[0][1]) if found else None


def _plain(error: BaseException) -> str:
    if isinstance(error, imaplib.IMAP4.error):
        return "it refused the login or a command"
    return str(error) if isinstance(error, Unreachable) else type(error).__name__
