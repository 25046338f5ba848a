"""The contract of an engine: it sums the whole log up where that lies, and the core does the rest.

Rebuilding every value state touchpoint by touchpoint takes a process hours, of billions days.
An engine adds them up by customer, wherever it runs; the core packs and writes what it gives, and
refolds by itself whoever was touched meanwhile. The laws of the sums stand in `docs/value.md`;
words and limits that they name are here too, for whoever states them elsewhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import attrs

from crmkit.clock import EARLIEST, micros, span
from crmkit.model.touchpoint import (
    NEGATIVE_KINDS,
    NUMBER_LIMIT,
    NUMBERS,
    OUTBOUND_KINDS,
    TEXTS,
    TWO_WAY_KINDS,
)
from crmkit.model.value import (
    DECLINED,
    MONEY_FIELDS,
    NOT_APPLICABLE,
    OBSERVED,
    TIERS,
    UNOBSERVED,
    ValueModel,
)

__all__ = [
    "DECLINED",
    "EARLIEST",
    "MONEY_FIELDS",
    "NEGATIVE_KINDS",
    "NOT_APPLICABLE",
    "NUMBERS",
    "NUMBER_LIMIT",
    "OBSERVED",
    "OUTBOUND_KINDS",
    "REVENUE",
    "TEXTS",
    "TIERS",
    "TWO_WAY_KINDS",
    "UNOBSERVED",
    "Engine",
    "EngineConfig",
    "Folding",
    "Foreign",
    "Source",
    "Summaries",
    "Tallies",
    "breadth_tags",
    "micros",
    "span",
    "value_key",
]

REVENUE = -1
"""In place of an indicator's number: purchases less returns, undecayed."""
TAG_BITS = 6
"""Bits of a value's key that tell which of the model's breadth indicators saw it."""


@attrs.frozen(kw_only=True)
class EngineConfig:
    """Where an engine works; settings of its own are its plugin's (``crmkit_settings``).

    Attributes:
        backend: What stands behind the colon of ``--engine NAME:BACKEND``; empty: nothing.
        log: Folder of the exported log, brought up to date just before; None: there is none.
        url: Address of the database itself.
        workspace: Whose log.
    """

    backend: str = ""
    log: str | None = None
    url: str | None = attrs.field(default=None, repr=False)  # it may carry a password
    workspace: str = "default"


@attrs.frozen(kw_only=True)
class Folding:
    """What is to be added up.

    Attributes:
        model: The value model; its weights, scales and rates mean nothing here.
        until: The last instant that counts, in microseconds since 1970.
        outbound: Kinds that the firm does.
        two_way: Kinds that are contact between two people.
        negative: Kinds that take revenue back: aged from the purchase they name under ``of``.
    """

    model: ValueModel
    until: int
    outbound: frozenset[str] = OUTBOUND_KINDS
    two_way: frozenset[str] = TWO_WAY_KINDS
    negative: frozenset[str] = NEGATIVE_KINDS


class Tallies(NamedTuple):
    """What touchpoints come to for one indicator: columns with a number a customer.

    A column that the indicator's measure has no use for is None.

    Attributes:
        n: How many count.
        chance: How many gave the chance.
        a: Decayed sum: of 1, of the field (``sum``, ``mean``), of successes (``rate``).
        b: Decayed count (``mean``), or decayed count of chances (``rate``).
        ref: The instant that `a` and `b` are decayed to: the newest that anything is aged from;
            None for a customer: nothing of his counts.
        last: The newest that counts, which of returns may be another.
    """

    n: Sequence[int] | None = None
    chance: Sequence[int] | None = None
    a: Sequence[float] | None = None
    b: Sequence[float] | None = None
    ref: Sequence[int | None] | None = None
    last: Sequence[int | None] | None = None


class Foreign(NamedTuple):
    """What one customer's money in another currency than the model's comes to.

    Attributes:
        place: The indicator's number, or `REVENUE`, of which `n` and `a` alone are read.
        currency: Its code.
        n: How many count.
        a: Decayed sum; of `REVENUE` undecayed.
        b: Decayed count.
        ref: The instant that both are decayed to.
        last: The newest that counts.
    """

    place: int
    currency: str
    n: int
    a: float
    b: float = 0.0
    ref: int = 0
    last: int = 0


@attrs.frozen(kw_only=True)
class Summaries:
    """A batch of customers, column by column; what holds and happened by the instant asked for.

    Every column has a value a customer, in the order of `customers`; instants are microseconds.
    A batch is written in one transaction: some thousands are many.

    Attributes:
        customers: Roots of merge groups.
        first: The earliest touchpoint's instant.
        newest: The latest.
        recorded: When the latest of them was recorded.
        contact: The latest between two people, other than a purchase, that no machine made; None:
            there is none.
        own: The latest that he made himself: ``in``, or of a kind that is not the firm's.
        revenue: Purchases less returns in the base currency, undecayed.
        tallies: One an indicator, in the model's order; of money only what is in the base
            currency or in none.
        foreign: Money in others.
        seen: What each breadth tells apart: `value_key` of a value and the instant that it was seen
            last, as two signed integers of 64 bits in the machine's order, one pair after another.
        bought: Instants of the purchases, as such integers; repeated or not, in any order.
    """

    customers: Sequence[str]
    first: Sequence[int]
    newest: Sequence[int]
    recorded: Sequence[int]
    contact: Sequence[int | None]
    own: Sequence[int | None]
    revenue: Sequence[float]
    tallies: Sequence[Tallies]
    foreign: Sequence[Sequence[Foreign]]
    seen: Sequence[bytes]
    bought: Sequence[bytes]


def breadth_tags(model: ValueModel) -> dict[int, int]:
    """Give for each breadth indicator, by its number in the model, what `value_key` calls it."""
    breadths = [n for n, indicator in enumerate(model.indicators) if indicator.measure == "breadth"]
    return {place: tag for tag, place in enumerate(breadths)}


@lru_cache(maxsize=1 << 15)
def value_key(value: str | float, tag: int) -> int:
    """Give 58 bits of a value's hash with the breadth indicator's number below them.

    Numbers that are equal give one key (``1``, ``1.0``); texts are compared exactly.
    """
    if not isinstance(value, str):
        value = "\0" + repr(int(value) if value == value // 1 else value)
    digest = int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big", signed=True)
    return (digest >> TAG_BITS << TAG_BITS) | tag


@attrs.frozen(kw_only=True)
class Source:
    """What an engine reads.

    Attributes:
        workspace: Whose log.
        watermark: The place in the commit order that it reaches; None: the database itself is read.
        cursor: The same place as the manifest writes it, by which a log is known that was left by
            a restore; None: the log was written before any restore.
    """

    workspace: str
    watermark: int | None = None
    cursor: str | None = None


class Engine(ABC):
    """Sums the whole log up."""

    @abstractmethod
    def source(self) -> Source:
        """Tell what is read.

        Raises:
            ExportError: the folder holds no finished export.
        """

    @abstractmethod
    def summaries(self, folding: Folding) -> Iterator[Summaries]:
        """Give everybody who did anything by then, ordered by the bytes of his id in UTF-8.

        Raises:
            ModelError: an indicator cannot be expressed; nothing was given yet.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give everything back; closing twice does nothing."""
