"""What a channel answered to a batch, made one receipt a message whatever the channel did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from crmkit.contracts.channel import UNKNOWN, Message, Receipt

_LONGEST = 500
_MOST = 366 * 86_400.0
"""Longest wait that is taken from a provider, in seconds."""


def one_each(messages: Sequence[Message], given: Iterable[object], why: str) -> dict[str, Receipt]:
    """Give one receipt a message, by its id.

    Args:
        messages: What the channel was handed.
        given: What it gave back; what is no receipt, or of another message, is left out.
        why: Why there is none, for those without one.
    """
    found: dict[str, Receipt] = {}
    known = {message.id: message for message in messages}
    for receipt in given:
        if not isinstance(receipt, Receipt) or receipt.message_id not in known:
            continue
        before = found.get(receipt.message_id)
        if before is not None and before.outcome != receipt.outcome:
            two = f"the channel says {before.outcome}, and {receipt.outcome} too"
            receipt = attrs.evolve(receipt, outcome=UNKNOWN, reason=two)  # noqa: PLW2901
        found[receipt.message_id] = _plain(receipt)
    return {id_: found.get(id_) or Receipt.unknown(one, why) for id_, one in known.items()}


def _plain(receipt: Receipt) -> Receipt:
    """Give a receipt as a store can keep it, whatever a plugin has put into it."""
    return attrs.evolve(
        receipt,
        provider_id=None if receipt.provider_id is None else _text(receipt.provider_id),
        code=None if receipt.code is None else _text(receipt.code),
        reason=_text(receipt.reason or ""),
        after=_wait(receipt.after),
    )


def _text(value: object) -> str:
    return str(value)[:_LONGEST].replace("\0", "").encode("utf-8", "replace").decode()


def _wait(after: object) -> float | None:
    if isinstance(after, bool) or not isinstance(after, (int, float)):
        return None
    return float(min(after, _MOST)) if after > 0 else 0.0  # what is no number is not above 0
