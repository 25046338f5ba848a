"""What breadth counts: different values, each with the newest instant it was seen at, packed."""

from __future__ import annotations

from array import array
from struct import Struct
from typing import Any

from crmkit.contracts.engine import TAG_BITS, value_key

_COMPACT_FROM = 16
_PAIR = Struct("=2q").pack
_UNTOLD = (bool, type(None), list, dict)
TAG_MASK = (1 << TAG_BITS) - 1


def see(seen: bytes, value: Any, tag: int, at: int) -> bytes | None:
    """Add a value seen at an instant; None where it is none that could be told from others."""
    if type(value) is str:
        if not value:
            return None
    elif value == "" or isinstance(value, _UNTOLD):
        return None
    seen += _PAIR(value_key(value, tag), at)
    pairs = len(seen) >> 4
    if pairs & (pairs - 1) == 0 and pairs >= _COMPACT_FROM:
        return _compact(seen)
    return seen


def newest_seen(seen: bytes) -> dict[int, int]:
    """Give the newest instant of each value key."""
    newest: dict[int, int] = {}
    numbers = array("q", seen)
    for key, at in zip(numbers[::2], numbers[1::2], strict=True):
        if at > newest.get(key, at - 1):
            newest[key] = at
    return newest


def _compact(seen: bytes) -> bytes:
    """Keep only the newest instant of each value: what grows is what differs."""
    pairs = newest_seen(seen).items()
    return array("q", [number for pair in pairs for number in pair]).tobytes()
