"""Drawing by lot: the same each time, known beforehand to nobody, and nothing of it is kept."""

from __future__ import annotations

from hashlib import blake2b

_BYTES = 8


def drawn(name: str, share: float) -> bool:
    """Tell whether the lot falls on a name.

    Args:
        name: Whom it is drawn for, and on which occasion; another occasion is another lot.
        share: Part of all names that it falls on, 0.0 to 1.0.
    """
    lot = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
    return int.from_bytes(lot, "big") < int(share * 2 ** (8 * _BYTES))
