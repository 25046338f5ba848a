"""What the engine needs of each concept of ours, whatever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import attrs

from crmkit.capture.exact import Fault
from crmkit.contracts.store import Reader, Writer
from crmkit.sync.pairs import Pairs
from crmkit.sync.settings import MappingRule
from crmkit.sync.values import empty


class Local(NamedTuple):
    """One record of ours as it stands; a tuple, since every record that moves is one.

    Attributes:
        key: Ours, unique within the concept.
        values: Plain JSON values by our field's name.
        also: Further values of a field that are as good: a customer's other addresses.
        saved: When it was last changed here, in microseconds.
        customer: Id of whom it is about.
        name: What a reader knows it by.
        selected: Whether the mapping lets it be made there.
        merged: Keys of those that were merged into it.
    """

    key: str
    values: Mapping[str, Any]
    also: Mapping[str, Sequence[Any]] = MappingProxyType({})
    saved: int = 0
    customer: str | None = None
    name: str = ""
    selected: bool = True
    merged: Sequence[str] = ()


@attrs.frozen(kw_only=True)
class Draft:
    """What a record of ours shall become.

    Attributes:
        key: Ours; None: it is new.
        values: Values that change, by our field's name; None empties a field.
        remote_id: The CRM's id of it.
        made: When it was made there, where the CRM tells it.
    """

    key: str | None
    values: Mapping[str, Any]
    remote_id: str
    made: datetime | None = None


@attrs.frozen
class Applied:
    """What became of a draft: the key of the record, or why it was refused."""

    key: str | None
    field: str | None = None
    reason: str = ""


@attrs.frozen
class Gone:
    """What became of a record of ours that is no more.

    Attributes:
        into: The key it was merged into; None: it was erased.
        hidden: It is only out of sight, behind what its customer was merged into: the CRM's record
            of it stays as it is, until the merge is taken back or its customer is erased.
    """

    into: str | None = None
    hidden: bool = False


class Concept(ABC):
    """One concept of ours, for one mapping. Everything is asked in batches."""

    name: ClassVar[str]
    """As the mapping calls it."""
    about: ClassVar[str | None] = None
    """The field that names the customer whom a record is about, without whom it cannot go over."""
    pairs: Pairs
    """Our records and theirs; set by the engine before anything is read."""

    def __init__(self, rule: MappingRule) -> None:
        """Read nothing yet."""
        self.rule = rule

    @abstractmethod
    def changed(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        """Stream what changed here: its place in the commit order, and the record's key.

        Args:
            reader: One consistent look.
            after: Behind this place.
            upto: To this one, inclusive.
        """

    @abstractmethod
    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, Local]:
        """Give records by key; those that are gone are left out."""

    @abstractmethod
    def gone(self, reader: Reader, keys: Sequence[str]) -> dict[str, Gone]:
        """Tell of these keys which are no more, and where they went."""

    def match(
        self,
        reader: Reader,  # noqa: ARG002 - for those that are about nobody but themselves
        field: str,  # noqa: ARG002
        values: Sequence[Any],  # noqa: ARG002
    ) -> dict[Any, list[str]]:
        """Find keys by a field's values; several where it is not unique."""
        return {}

    def twins(self, reader: Reader, field: str, made: Iterable[Local]) -> dict[str, str]:
        """Find whom the CRM could not tell from those to be made: who has their match there.

        Args:
            reader: One consistent look.
            field: The match.
            made: Those to be made.

        Returns:
            Who is in step already, by the key of who is to be made.
        """
        given = {local.key: local.values.get(field) for local in made}
        values = {key: str(value) for key, value in given.items() if not empty(value)}
        found = self.match(reader, field, list(values.values())) if values else {}
        others = {key: set(found.get(value, ())) - {key} for key, value in values.items()}
        pairs = self.pairs.of(reader, set().union(*others.values()))
        there = {key for key, pair in pairs.items() if pair.theirs is not None}
        return {key: min(found & there) for key, found in others.items() if found & there}

    def weigh(self, reader: Reader, drafts: Sequence[Draft]) -> list[Fault | None]:  # noqa: ARG002
        """Tell why drafts would be refused, as far as that shows without writing them."""
        return [None] * len(drafts)

    @abstractmethod
    def apply(self, writer: Writer, drafts: Sequence[Draft]) -> list[Applied]:
        """Write drafts, one outcome each in their order; a bad one costs only itself."""

    @abstractmethod
    def erase(self, key: str, why: str) -> None:
        """Do away with a record that was deleted there, in a transaction of its own."""

    @abstractmethod
    def merge(self, keep: str, drop: str, why: str) -> None:
        """Make one of two records that were made one there, in a transaction of its own."""

    def wanted(self, reader: Reader) -> Iterator[str]:  # noqa: ARG002 - for those that select
        """Stream keys that may have come into the selection although nothing of theirs changed."""
        return iter(())

    def recognise(
        self,
        reader: Reader,  # noqa: ARG002 - for those whom a customer's records are looked among
        records: Mapping[str, Mapping[str, Any]],  # noqa: ARG002
    ) -> dict[str, list[str]]:
        """Find the keys of those that strangers are, by the strangers' ids.

        Asked instead of `match` where a record is `about` a customer: his records alone are
        looked among.

        Args:
            reader: One consistent look.
            records: Their values by our field's name, by their id.
        """
        return {}

    def waiting(self, local: Local) -> str:
        """Give the key under which it is kept in mind that a record's customer is waited for."""
        return local.key

    def awaited(self, reader: Reader, key: str) -> Iterator[str]:  # noqa: ARG002
        """Stream the keys of the records that were kept in mind under one of `waiting`."""
        return iter((key,))

    def telling(self) -> AbstractContextManager[object]:
        """Surround a transaction: whoever is to be told of what `apply` wrote is, after it."""
        return nullcontext()
