"""What a channel answered and what it tells, made what a store can keep, whatever the channel did.

A plugin may put anything anywhere; one odd receipt must cost no other message its row, and one odd
delivery must not keep the others of its page from being heard, again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import attrs

from crmkit.contracts.channel import UNKNOWN, Delivery, Receipt

_LONGEST = 500
_LONGEST_REPLY = 100_000
_MOST = 366 * 86_400.0
"""Longest wait that is taken from a provider, in seconds."""


def listed(given: object) -> Iterable[object]:
    """Give what a channel's ``send`` gave, to be gone through.

    Raises:
        TypeError: it is no iterable, or one receipt alone; it says what is wanted.
    """
    if isinstance(given, Receipt) or not isinstance(given, Iterable):
        raise TypeError(f"send must give an iterable of Receipt, gave {type(given).__name__}")
    return given


def one_each(ids: Collection[str], given: Iterable[object], why: str) -> dict[str, Receipt]:
    """Give one receipt a message, by its id.

    Args:
        ids: Ours, of the messages that the channel was handed; it may have changed those.
        given: What it gave back; what is no receipt, or of another message, is left out.
        why: Why there is none, for those without one.
    """
    found: dict[str, Receipt] = {}
    for receipt in given:
        if not isinstance(receipt, Receipt) or not isinstance(receipt.message_id, str):
            continue
        if receipt.message_id not in ids:
            continue
        before = found.get(receipt.message_id)
        if before is not None and before.outcome != receipt.outcome:
            two = f"the channel says {before.outcome}, and {receipt.outcome} too"
            receipt = attrs.evolve(receipt, outcome=UNKNOWN, reason=two)  # noqa: PLW2901
        found[receipt.message_id] = _plain(receipt)
    return {
        one: found.get(one) or Receipt(message_id=one, outcome=UNKNOWN, reason=why) for one in ids
    }


def _plain(receipt: Receipt) -> Receipt:
    """Give a receipt as a store can keep it, whatever a plugin has put into it."""
    id_, code, after = receipt.provider_id, receipt.code, receipt.after
    absent = after is None and code is None
    if absent and (id_ is None or _is_plain(id_)) and _is_plain(receipt.reason):
        return receipt  # as nearly always
    return attrs.evolve(
        receipt,
        provider_id=_maybe(receipt.provider_id),
        code=_maybe(receipt.code),
        reason=_text(receipt.reason or ""),
        after=_wait(receipt.after),
    )


def _is_plain(value: object) -> bool:
    """Tell whether a value is a text that is kept as it is, as far as that is quick to see."""
    if type(value) is not str or len(value) > _LONGEST:
        return False
    return value.isascii() and "\0" not in value


def told(given: Iterable[object]) -> tuple[Delivery, ...]:
    """Give deliveries as a store can keep them; what is none is left out."""
    return tuple(_told(one) for one in given if isinstance(one, Delivery))


def _told(one: Delivery) -> Delivery:
    aware = isinstance(one.at, datetime) and one.at.utcoffset() is not None
    plain = attrs.evolve(
        one,
        message_id=_maybe(one.message_id),
        provider_id=_maybe(one.provider_id),
        at=one.at if aware else None,
        event_id=_maybe(one.event_id),
        address=_maybe(one.address),
        text=_maybe(one.text, _LONGEST_REPLY),
        code=_maybe(one.code),
        reason=_text(one.reason or ""),
    )
    return one if plain == one else plain


def _maybe(value: object, most: int = _LONGEST) -> str | None:
    return None if value is None else _text(value, most)


def _text(value: object, most: int = _LONGEST) -> str:
    return str(value)[:most].replace("\0", "").encode("utf-8", "replace").decode()


def _wait(after: object) -> float | None:
    if isinstance(after, bool) or not isinstance(after, (int, float)):
        return None
    return float(min(after, _MOST)) if after > 0 else 0.0  # what is no number is not above 0
