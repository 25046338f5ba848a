"""The contract of an engine: it sums the whole log up where that lies, and the core does the rest.

Rebuilding every value state touchpoint by touchpoint takes a process hours, of billions days.
An engine adds them up by customer, wherever it runs; the core packs and writes what it gives, and
refolds by itself whoever was touched meanwhile. The laws of the sums stand in `docs/value.md`;
words and limits that they name are here too, for whoever states them elsewhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
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
    "Seen",
    "Source",
    "Summary",
    "Tally",
    "micros",
    "span",
]

REVENUE = -1
"""In place of an indicator's number: purchases less returns, undecayed."""


@attrs.frozen(kw_only=True)
class EngineConfig:
    """Where an engine works; one with settings of its own subclasses it.

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


class Tally(NamedTuple):
    """What one customer's touchpoints come to for one indicator, in one currency.

    Attributes:
        n: How many count.
        chance: How many gave the chance.
        a: Decayed sum: of 1, of the field (``sum``, ``mean``), of successes (``rate``).
        b: Decayed count (``mean``), or decayed count of chances (``rate``).
        ref: The instant that `a` and `b` are decayed to: the newest that anything is aged from;
            None: nothing counts.
        last: The newest that counts, which of returns may be another.
    """

    n: int = 0
    chance: int = 0
    a: float = 0.0
    b: float = 0.0
    ref: int | None = None
    last: int | None = None


class Seen(NamedTuple):
    """One of the different values that a breadth tells apart.

    Attributes:
        place: The indicator's number in the model.
        value: The text or the number.
        at: When it was seen last, in microseconds.
    """

    place: int
    value: str | float
    at: int


@attrs.frozen(kw_only=True)
class Summary:
    """One customer's touchpoints that hold and happened by the instant asked for; all in micros.

    Attributes:
        customer: Root of the merge group.
        first: The earliest.
        newest: The latest.
        contact: The latest between two people, other than a purchase, that no machine made.
        own: The latest that he made himself: ``in``, or of a kind that is not the firm's.
        recorded: When the latest of them was recorded.
        revenue: Purchases less returns in the base currency, undecayed.
        tallies: One an indicator, in the model's order; of money only what is in the base
            currency or in none.
        foreign: Money in others: (indicator's number or `REVENUE`, currency, what it comes to).
        seen: Values of the breadth indicators, each once.
        bought: Instants of the purchases; repeated or not, in any order.
    """

    customer: str
    first: int
    newest: int
    recorded: int
    tallies: tuple[Tally, ...]
    contact: int | None = None
    own: int | None = None
    revenue: float = 0.0
    foreign: tuple[tuple[int, str, Tally], ...] = ()
    seen: tuple[Seen, ...] = ()
    bought: tuple[int, ...] = ()


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
    def summaries(self, folding: Folding) -> Iterator[Summary]:
        """Give everybody who did anything by then, ordered by the bytes of his id in UTF-8.

        Raises:
            ModelError: an indicator cannot be expressed; nothing was given yet.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give everything back; closing twice does nothing."""
