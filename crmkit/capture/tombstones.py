"""What is left of the erased: keyed hashes, so that nobody erased comes in again unnoticed.

The key stands outside the database: whoever gets hold of the database alone can neither read the
erased identities from it nor try out guesses.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Store, Writer
from crmkit.contracts.tables import TOMBSTONE
from crmkit.errors import ConfigError

Key = Callable[[], bytes]
"""Gives the erasure key when it is needed."""

ERASED = "was erased on request, and must not be captured again"
"""Why whatever holds something erased is refused."""
VARIABLE = "CRMKIT_ERASURE_KEY"
_SHORTEST = 16
PROOF = "erasure-key"
"""Name of the fact by which another key is noticed."""


def no_key() -> bytes:
    """Stand in for a key where none was configured.

    Raises:
        ConfigError: always.
    """
    message = (
        f"erasure needs a key outside the database, and so does a list of addresses that nothing "
        f"is sent to: set {VARIABLE} to a secret of at least {_SHORTEST} characters, the same for "
        "every process"
    )
    raise ConfigError(message, key=VARIABLE)


def key_of(store: Store, environ: Mapping[str, str]) -> Key:
    """Give the function that finds a store's erasure key: the environment's, or the one beside it.

    A store that dies with the process has a key that does, too.
    """
    if store.file is None and not store.persistent:
        fleeting = secrets.token_bytes(32)
        return lambda: fleeting
    return key_from(environ, None if store.file is None else store.file.with_suffix(".erasure-key"))


def key_from(environ: Mapping[str, str], path: Path | None = None) -> Key:
    """Give the function that finds the erasure key: the environment's, or the file's.

    Args:
        environ: Where `CRMKIT_ERASURE_KEY` may stand; at least 16 characters.
        path: Key file beside the database; written on first use, readable by its owner only.
    """

    def key() -> bytes:
        text = environ.get(VARIABLE, "")
        if text:
            if len(text) < _SHORTEST:
                message = f"{VARIABLE} must have at least {_SHORTEST} characters"
                raise ConfigError(message, key=VARIABLE)
            return text.encode()
        if path is None:
            return no_key()
        # Two processes may want the first key at once: whoever creates the file decides.
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        found = path.read_text().strip()
        if len(found) < _SHORTEST:
            message = f"the erasure key in {path} is damaged: put the right one back"
            raise ConfigError(message, key=VARIABLE)
        return found.encode()

    return key


class Tombstones:
    """Tells the erased in one transaction; asks for the key only where anybody was erased."""

    def __init__(self, reader: Reader, key: Key) -> None:
        """Look whether anybody was ever erased."""
        self._reader = reader
        self._key = b""
        if any(reader.scan(TOMBSTONE, limit=1)):
            self._key = checked(reader, key)

    def __bool__(self) -> bool:
        """Tell whether anybody was erased."""
        return bool(self._key)

    def erased(self, what: str, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Give those of the pairs that were erased; `what` is ``identity`` or ``record``."""
        if not self._key:
            return set()
        hashes = {(keyed(self._key, what, pair),): pair for pair in pairs}
        return {hashes[row[:1]] for row in self._reader.fetch(TOMBSTONE, hashes)}


def check_key(reader: Reader, key: Key) -> None:
    """Find out whether somebody could be erased now.

    Raises:
        ConfigError: there is no erasure key, or it is not the one others were erased with.
    """
    checked(reader, key)


def bury(
    writer: Writer, key: Key, now: int, what: str, pairs: Iterable[tuple[str, str]]
) -> list[str]:
    """Leave a tombstone for each pair, and give what stands on them."""
    secret = proven(writer, key)
    hashes = [keyed(secret, what, pair) for pair in pairs]
    writer.append(TOMBSTONE, [(one, now) for one in hashes])
    return hashes


# -- keyed hashes, of which suppressions are made too ----------------------------------


def keyed(secret: bytes, what: str, pair: tuple[str, str]) -> str:
    """Give the keyed hash of a pair; `what` keeps the hashes of different tables apart."""
    # Lengths go in, so that ("ab", "c") and ("a", "bc") differ.
    message = f"{what}\0{len(pair[0])}\0{pair[0]}\0{pair[1]}".encode()
    return hmac.digest(secret, message, "sha256").hex()


def checked(reader: Reader, key: Key) -> bytes:
    """Give the key, where it is the one that earlier hashes were made with.

    Raises:
        ConfigError: there is none, or it is another.
    """
    secret = key()
    _proof_of(reader, secret)
    return secret


def proven(writer: Writer, key: Key) -> bytes:
    """Give the key to make hashes with, and leave a proof of it with the first; raises alike."""
    secret = key()
    if not _proof_of(writer, secret):
        write_fact(writer, PROOF, fingerprint(secret))
    return secret


def fingerprint(secret: bytes) -> str:
    """Give what tells one key from another, and nothing about either."""
    return keyed(secret, PROOF, ("", ""))


def _proof_of(reader: Reader, secret: bytes) -> bool:
    """Refuse a key that is not the one the hashes were made with; False: none were made."""
    proof = read_fact(reader, PROOF)
    if proof is not None and not hmac.compare_digest(proof, fingerprint(secret)):
        message = f"the erasure key is not the one people were erased with: restore {VARIABLE}"
        raise ConfigError(message, key=VARIABLE)
    return proof is not None
