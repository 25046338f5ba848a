"""Addresses that nothing is sent to, as keyed hashes: dead ones, and those of who complained.

An address stands here and not its customer, so it holds whoever has the address, and outlives his
erasure. Whoever gets hold of the database alone can neither read the addresses nor try out guesses:
the key is the one of erasures, outside the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import attrs

from crmkit.capture.tombstones import Key, checked, keyed, proven
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import SUPPRESSION

Pair = tuple[str, str]
"""System of an identity (``email``, ``phone``...) and its value, normalised."""

_REASON = SUPPRESSION.position["reason"]


@attrs.frozen(kw_only=True)
class Suppressed:
    """One address to which nothing shall go.

    Attributes:
        pair: The identity.
        reason: Why: ``bounced 5.1.1``, ``complained``.
        source: How we know.
        channel: Name or type of the only channel it holds for; None: every one.
    """

    pair: Pair
    reason: str
    source: str
    channel: str | None = None


def suppress(writer: Writer, key: Key, entries: Iterable[Suppressed], *, now: int) -> int:
    """Suppress addresses; one that is suppressed already keeps its reason. Tell how many are new.

    Raises:
        ConfigError: there is no erasure key, or it is another than before.
    """
    given = list(entries)
    if not given:
        return 0
    secret = proven(writer, key)
    rows = [
        (_hash(secret, one.pair, one.channel), one.channel, now, one.reason, one.source)
        for one in given
    ]
    return len(rows) - len(writer.append(SUPPRESSION, rows))


def unsuppress(
    writer: Writer, key: Key, pairs: Iterable[Pair], *, channel: str | None = None
) -> int:
    """Let messages go to addresses again; tell how many were suppressed.

    Args:
        writer: The transaction.
        key: Gives the erasure key; asked for only where anything was suppressed.
        pairs: The identities.
        channel: What was suppressed for this channel alone; None: what was for every one.

    Raises:
        ConfigError: as `suppress`.
    """
    if not any(writer.scan(SUPPRESSION, limit=1)):
        return 0
    secret = checked(writer, key)
    return writer.delete(SUPPRESSION, {(_hash(secret, pair, channel),) for pair in pairs})


class Suppressions:
    """Tells the suppressed in one transaction; asks for the key only where there are any."""

    def __init__(self, reader: Reader, key: Key) -> None:
        """Look whether anything was ever suppressed.

        Raises:
            ConfigError: it was, and the erasure key is missing or another.
        """
        self._reader = reader
        self._secret = b""
        if any(reader.scan(SUPPRESSION, limit=1)):
            self._secret = checked(reader, key)

    def __bool__(self) -> bool:
        """Tell whether anything is suppressed."""
        return bool(self._secret)

    def among(self, pairs: Iterable[Pair], channels: Collection[str] = ()) -> dict[Pair, str]:
        """Give those of the identities to which nothing may go, with the reason, in one look-up.

        Args:
            pairs: The identities.
            channels: Names of the channel: its own, and its type.
        """
        if not self._secret:
            return {}
        hashes = {
            (_hash(self._secret, pair, channel),): pair
            for pair in pairs
            for channel in (None, *dict.fromkeys(channels))
        }
        found = self._reader.fetch(SUPPRESSION, hashes)
        return {hashes[row[:1]]: row[_REASON] for row in found}


def _hash(secret: bytes, pair: Pair, channel: str | None) -> str:
    what = "suppression" if channel is None else f"suppression/{channel}"
    return keyed(secret, what, pair)
