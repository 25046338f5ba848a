"""Customers of the mappings met lately: most records repeat one that was resolved before.

Only mappings that are clear are kept: every key known, nothing learnt, nothing in dispute. What
they lead to changes only where identities are taken back or led elsewhere, and every transaction
that does so moves the workspace's generation on; so several processes stay right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from crmkit.capture.fields import CUSTOMER
from crmkit.capture.identity import Found
from crmkit.capture.ids import generation
from crmkit.capture.keys import Keys, read_keys
from crmkit.capture.normalise import Normaliser
from crmkit.capture.outcome import Staged
from crmkit.contracts.store import Reader

_MOST = 100_000
_PART = 500
"""Records looked up at a time."""


class Whose:
    """A bounded cache: customer mapping as it came -> whose it is."""

    def __init__(self, normaliser: Normaliser) -> None:
        """Start empty."""
        self._normaliser = normaliser
        self._known: dict[Any, Found] = {}
        self._generation = -1
        self._age = 0

    def refresh(self, reader: Reader) -> None:
        """Forget everything where the workspace's generation moved on."""
        now = generation(reader)
        if now != self._generation:
            self.forget()
            self._generation = now

    def forget(self) -> None:
        """Forget everything: what was learnt in a transaction that was undone is not so."""
        self._known.clear()
        self._age += 1

    def of(self, staged: Staged) -> list[Found | None]:
        """Give whose the records of a batch are, where they name somebody met; None: look it up."""
        for _ in self.meet(staged):
            pass
        return staged.owners

    def meet(self, staged: Staged) -> Iterator[None]:
        """Find out what `of` gives bit by bit, without any code but crmkit's."""
        if staged.age != self._age:  # found before everything was forgotten
            staged.owners.clear()
            staged.age = self._age
        while part := staged.parsed[len(staged.owners) : len(staged.owners) + _PART]:
            staged.owners += self._met([parsed[CUSTOMER] for parsed in part])
            yield

    def _met(self, customers: Sequence[Any]) -> list[Found | None]:
        known = self._known.get
        try:
            return [
                known((*one, *one.values()))
                if type(one) is dict
                else known(one)
                if type(one) is str
                else None
                for one in customers
            ]
        except Exception:  # noqa: BLE001 - lists among the values, or a host's own classes
            return [None] * len(customers)

    def look_up(self, customer: Any) -> Found | Keys | str:
        """Give whose a mapping is, or its keys; an id stays as it is.

        Raises:
            Fault: the mapping names nobody, or is none.
        """
        if type(customer) is str:
            return self._known.get(customer, customer)
        try:
            found = self._known.get((*customer, *customer.values()))
        except TypeError:  # lists among the values
            found = None
        if found is not None:
            return found
        spelt = _spelt(customer)
        if spelt is not None and (found := self._known.get(spelt)):
            return found
        return read_keys(customer, self._normaliser)

    def remember(self, customer: Any, found: Found) -> None:
        """Keep whose a mapping is."""
        spelt = customer if type(customer) is str else _spelt(customer)
        if spelt is None:
            return
        if len(self._known) >= _MOST:
            for oldest in list(islice(self._known, _MOST // 10)):
                del self._known[oldest]
        self._known[spelt] = found


def _spelt(customer: Any) -> tuple[str, ...] | None:
    """Give a mapping as a key that no other mapping equals: 1, 1.0 and True are one to Python.

    The systems stand first and their values behind them: a pair each would take twice the memory.
    """
    values = []
    for value in customer.values():
        if type(value) is str:
            values.append(value)
        elif type(value) is int:
            values.append(str(value))
        else:
            return None
    return (*customer, *values)
