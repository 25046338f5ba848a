"""Ids that crmkit makes itself, and the small facts about the workspace that capture keeps."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from json.encoder import encode_basestring_ascii

from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Writer

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: ids are read out on the phone
_PAIRS = [one + two for one in _ALPHABET for two in _ALPHABET]
_TIME_LETTERS = 9
_GENERATION = "generation"


def customer_id() -> str:
    """Make a customer's id: by time, so that new ones lie together in the database, and random."""
    return next(customer_ids(1))


def customer_ids(at_once: int = 100) -> Iterator[str]:
    """Make ids of customers, for one transaction: a fork of this process would make the same.

    The system is asked for the randomness of many `at_once`, which takes as long as that of one.
    """
    while True:
        drawn = secrets.token_bytes(5 * at_once)
        for place in range(0, len(drawn), 5):
            random = int.from_bytes(drawn[place : place + 5], "big")
            yield (
                _moment(time.time_ns() // 1_000_000)
                + _PAIRS[random >> 30]
                + _PAIRS[random >> 20 & 1023]
                + _PAIRS[random >> 10 & 1023]
                + _PAIRS[random & 1023]
            )


@lru_cache(maxsize=1)
def _moment(millisecond: int) -> str:
    """Give how ids begin that are made within one millisecond: many are."""
    letters = [_ALPHABET[millisecond >> 5 * place & 31] for place in range(_TIME_LETTERS)]
    return "c" + "".join(reversed(letters))


def digest(*parts: str) -> str:
    """Give a short name that is the same for the same texts, and for no others."""
    written = f"[{', '.join(map(encode_basestring_ascii, parts))}]"  # as `json.dumps` writes it
    return blake2b(written.encode(), digest_size=15).hexdigest()


def generation(reader: Reader) -> int:
    """Tell how often identities were taken back or led elsewhere: merges, resolutions, undos."""
    return int(read_fact(reader, _GENERATION) or 0)


def next_generation(writer: Writer) -> None:
    """Make every process forget which customer a key led to."""
    write_fact(writer, _GENERATION, str(generation(writer) + 1))
