"""As much of some accounts' logs as is talked about: the newest of it, more where that is short.

Whoever bought a thousand times is told about as quickly as whoever bought ten times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import attrs

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT, VOID
from crmkit.lifecycle.signals import OPEN_FOR, OPEN_KINDS
from crmkit.value.history import FOREVER, Entry
from crmkit.value.layout import Kinds

T = TypeVar("T")
_SEQ, _CUSTOMER, _AT = (TOUCHPOINT.position[name] for name in ("seq", "customer", "at"))
_SHOWN, _SAID, _MORE = 10, 1, 4
"""Rows that are read of each id at first, and how many times as many where they were too few."""


def talks(kinds: Kinds) -> frozenset[str]:
    """Give the kinds of what is said: to us, by us, and what waits for our answer."""
    return OPEN_KINDS | kinds.two_way


def shown(kinds: Kinds) -> frozenset[str]:
    """Give the kinds that are worth a word as the last that happened."""
    return talks(kinds) | {"purchase", "return", "praise"}


class TooFewError(Exception):
    """Somebody asked for what was not read: more is read then, and he is asked again."""

    def __init__(self, newest: Newest) -> None:
        """Tell of what too little is known."""
        super().__init__()
        self.newest = newest


@attrs.frozen
class Newest:
    """What is known of a log, newest first.

    Attributes:
        entries: What holds of it, newest first.
        behind: What happened then or before was not read; None: everything was.
    """

    entries: Sequence[Entry]
    behind: int | None = None

    def __iter__(self) -> Iterator[Entry]:
        """Give the entries."""
        return self.since(-FOREVER)

    def since(self, at: int) -> Iterator[Entry]:
        """Give the entries that happened after an instant."""
        for entry in self.entries:
            if entry.at <= at:
                return
            yield entry
        if self.behind is not None and self.behind > at:
            raise TooFewError(self)


@attrs.frozen
class Asked:
    """An account that is told about.

    Attributes:
        bases: Every id that its touchpoints were written with.
        contacted: Whether anybody may ever have talked to it.
    """

    bases: Sequence[str]
    contacted: bool = True


@attrs.frozen
class Recent:
    """Reads what happened before an instant, and holds.

    Attributes:
        reader: Where to read.
        kinds: The touchpoint kinds in force.
        begins: The instant, in microseconds.
    """

    reader: Reader
    kinds: Kinds
    begins: int

    def tell(
        self, asked: Mapping[str, Asked], say: Callable[[str, Newest, Newest], T]
    ) -> dict[str, T]:
        """Say something about each account.

        Args:
            asked: The accounts.
            say: Called with an account, with what happened last, and with what was said last; it
                may be called again, with more.
        """
        found: dict[str, T] = {}
        last: dict[str, Newest] = {}
        said: dict[str, Newest] = {}
        times, of_last, of_said = 1, asked, dict[str, Asked]()
        while of_last or of_said:
            waiting = {**of_last, **of_said}
            last |= self._last(of_last, shown(self.kinds), _SHOWN * times)
            said |= self._said(of_said, _SAID * times)
            of_last, of_said = {}, {}
            for name, one in waiting.items():
                newest = last[name]  # what was said is among it: mostly that is enough
                spoken = said.get(name) or attrs.evolve(newest)
                try:
                    found[name] = say(name, newest, spoken)
                except TooFewError as few:
                    (of_last if few.newest is newest else of_said)[name] = one
            times *= _MORE
        return {name: found[name] for name in asked}

    def first(self, bases: Iterable[str]) -> int | None:
        """Give when the oldest touchpoint of these ids happened; None: there is none."""
        oldest = []
        for base in bases:
            gone = self._gone([base])
            rows = self.reader.scan(
                TOUCHPOINT,
                by=("customer", "at"),
                equal=(base,),
                high=self.begins - 1,
                limit=len(gone) + 1,
                columns=("seq", "at"),
            )
            oldest += [at for seq, at in rows if seq not in gone][:1]
        return min(oldest, default=None)

    def _said(self, asked: Mapping[str, Asked], count: int) -> dict[str, Newest]:
        """Read what was said; where nobody ever talked to him, what may still be open."""
        found: dict[str, Newest] = {}
        for contacted in (True, False):
            some = {name: one for name, one in asked.items() if one.contacted is contacted}
            low = None if contacted else self.begins - OPEN_FOR
            found |= self._last(some, talks(self.kinds), count, low)
        return found

    def _last(
        self,
        asked: Mapping[str, Asked],
        kinds: Iterable[str],
        count: int,
        low: int | None = None,
    ) -> dict[str, Newest]:
        """Read the newest entries of some kinds of each account, from `low` on."""
        bases = [base for one in asked.values() for base in one.bases]
        rows = self.reader.last_of(
            TOUCHPOINT,
            [(base,) for base in bases],
            by=("customer", "at"),
            count=count,
            low=low,
            high=self.begins - 1,
            where={"kind": tuple(sorted(kinds))},
        )
        gone = self._gone(bases)
        log: dict[str, list[Entry]] = {base: [] for base in bases}
        for row in rows:
            log[row[_CUSTOMER]].append(Entry(row, FOREVER))
        found = {}
        for name, one in asked.items():
            # Of those that happened at the same instant as the oldest row, some may be missing.
            ends = [
                min(entry.at for entry in log[base])
                for base in one.bases
                if len(log[base]) == count
            ]
            behind = max(ends, default=None if low is None else low - 1)
            entries = [
                entry
                for base in one.bases
                for entry in log[base]
                if (behind is None or entry.at > behind) and entry.row[_SEQ] not in gone
            ]
            entries.sort(key=lambda entry: (entry.at, entry.row[_SEQ]), reverse=True)
            found[name] = Newest(entries, behind)
        return found

    def _gone(self, bases: Iterable[str]) -> set[int]:
        """Give what was taken back of these ids."""
        rows = self.reader.fetch(VOID, [(base,) for base in bases], by=("customer",))
        return {row[1] for row in rows}
