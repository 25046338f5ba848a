"""The pairs of our records and theirs, as the store keeps them and as a run changes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import attrs

from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import PAIR
from crmkit.sync.comparing import Base

_decode = json.JSONDecoder().raw_decode  # half the time of loads()
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring  # what the encoder itself makes of a text, in C
_name = lru_cache(maxsize=1_000)(_quoted)  # a mapping has few, and each record all of them

LINKED = "linked"
MAKING = "making"
"""It is being made there, and nobody knows yet whether it was."""
WANTED = "wanted"
"""It is to be made there, whenever it was changed here."""
UNLINKED = "unlinked"
"""It was deleted there and is never made again."""
ERASED = "erased"
"""It was erased here, and is to be deleted there."""
BURIED = "buried"
"""It was erased here and is gone there: should it be restored there, it stays out."""
REMOVING = "removing"
"""It was deleted there, and is to be erased here."""
ABSORBED = "absorbed"
"""It was merged there into another, and `fields` names ours that it is to be merged into here."""
NEW = "new:"
"""Before the id of a record that a plan alone makes: the key of whoever a run would make for it."""
INTO = "/into"
"""Under which `fields` names it, beside what both had in common."""
UNREAD = 0
"""`changed` of a pair that a merge led to another record or customer, until the record was read."""


class Pair(NamedTuple):
    """One row of PAIR; see there."""

    connector: str
    object: str
    ours: str
    theirs: str | None
    customer: str | None
    state: str
    due: int | None
    changed: int | None
    at: int
    fields: str = "{}"

    @property
    def there(self) -> str | None:
        """The id of its record there; None: it has none, or that was deleted."""
        return None if self.state == UNLINKED else self.theirs

    @property
    def base(self) -> dict[str, Base]:
        """What both sides had in common, by our field's name."""
        return {name: _base(value) for name, value in _decode(self.fields)[0].items()}

    @property
    def shown(self) -> dict[str, Any]:
        """What theirs had when it was last read, by our field's name: `base` in part."""
        # one value, theirs second, or third where somebody is asked: see `_plain`
        return {name: value[len(value) // 2] for name, value in _decode(self.fields)[0].items()}


def packed(base: Mapping[str, Base]) -> str:
    """Write what both sides have in common; one value where both are spelled alike."""
    plain = {name: _plain(one) for name, one in base.items()}
    return _encode(plain)


def alike(names: Iterable[str], values: Mapping[str, Any]) -> str:
    """Write what both sides have in common in some fields, where all of it is spelled alike.

    Most values are texts or nothing, for which an encoder takes five times as long.
    """
    written = [
        f"{_name(name)}:[{_quoted(value)}]"
        if type(value := values.get(name)) is str
        else f"{_name(name)}:[{'null' if value is None else _encode(value)}]"
        for name in names
    ]
    return "{" + ",".join(written) + "}"


def _base(value: list[Any]) -> Base:
    return Base(value[0], value[0]) if len(value) == 1 else Base(*value)


def _plain(base: Base) -> list[object]:
    if base.asked:
        return list(base)
    if base.refused is not None:
        return list(base[:3])
    if base.ours == base.theirs and type(base.ours) is type(base.theirs):
        return [base.ours]
    return [base.ours, base.theirs]


@attrs.frozen
class _Written:
    """The keys and ids of every pair that there is, where none was before this run."""

    ours: set[str] = attrs.field(factory=set)
    theirs: set[str] = attrs.field(factory=set)


@attrs.define
class Pairs:
    """The pairs of one object, with what this run has changed of them and not written yet.

    Attributes:
        connector: Its name.
        object: The CRM's object.
        dry: Nothing is ever written; what was changed is kept to the end.
        begun: Our keys that came into step since the last transaction.
    """

    connector: str
    object: str
    dry: bool = False
    begun: set[str] = attrs.field(factory=set)
    _changed: dict[str, Pair | None] = attrs.field(factory=dict)
    _theirs: dict[str, str] = attrs.field(factory=dict)
    _written: _Written | None = None

    # -- reading -----------------------------------------------------------------------

    def look(self, reader: Reader) -> None:
        """See whether any pair is kept yet: where none is, the store is asked for ours alone."""
        if self._written is None:
            kept = reader.scan(PAIR, equal=(self.connector, self.object), limit=1)
            self._written = None if any(kept) else _Written()

    def of(self, reader: Reader, keys: Iterable[str]) -> dict[str, Pair]:
        """Give pairs by our keys."""
        wanted = set(keys)
        unread = wanted - self._changed.keys()
        if self._written is not None:
            unread &= self._written.ours
        asked = [(self.connector, self.object, key) for key in unread]
        found = {row[2]: Pair(*row) for row in reader.fetch(PAIR, asked)} if asked else {}
        changed = ((key, self._changed[key]) for key in wanted & self._changed.keys())
        return found | {key: pair for key, pair in changed if pair is not None}

    def by_theirs(self, reader: Reader, ids: Iterable[str]) -> dict[str, Pair]:
        """Give pairs by their ids."""
        wanted = set(ids)
        unread = wanted if self._written is None else wanted & self._written.theirs
        asked = [(self.connector, self.object, one) for one in unread]
        rows = reader.fetch(PAIR, asked, by=("connector", "object", "theirs")) if asked else ()
        found = {row[3]: Pair(*row) for row in rows if row[2] not in self._changed}
        for one in wanted & self._theirs.keys():
            pair = self._changed.get(self._theirs[one])
            if pair is not None and pair.theirs == one:
                found[one] = pair
        return found

    def about(self, reader: Reader, customers: Iterable[str]) -> list[Pair]:
        """Give the pairs of records about these customers, in the order of our keys."""
        wanted = set(customers)
        rows = reader.fetch(PAIR, [(one,) for one in wanted], by=("customer",))
        mine = (Pair(*row) for row in rows if row[:2] == (self.connector, self.object))
        found = {pair.ours: pair for pair in mine if pair.ours not in self._changed}
        changed = (pair for pair in self._changed.values() if pair is not None)
        found |= {pair.ours: pair for pair in changed if pair.customer in wanted}
        return [found[key] for key in sorted(found)]

    def due(self, reader: Reader) -> Iterator[Pair]:
        """Stream the pairs that are to be looked at in this run."""
        yield from self._scan(reader, "due", 1)

    def in_state(self, reader: Reader, state: str) -> Iterator[Pair]:
        """Stream the pairs in one state: most are linked."""
        yield from self._scan(reader, "state", state, few=state != LINKED)

    def _scan(
        self, reader: Reader, column: str, value: int | str, *, few: bool = True
    ) -> Iterator[Pair]:
        mine = (self.connector, self.object)
        if few:
            by = ("connector", "object", column)
            rows = reader.scan(PAIR, by=by, equal=(*mine, value))
        else:
            rows = reader.scan(PAIR, equal=mine, where={column: value})
        place = Pair._fields.index(column)
        seen = set()
        for row in rows:
            pair = self._now(Pair(*row))
            seen.add(row[2])
            if pair is not None and pair[place] == value:
                yield pair
        for key, pair in list(self._changed.items()):
            if key not in seen and pair is not None and pair[place] == value:
                yield pair

    def _now(self, pair: Pair) -> Pair | None:
        return self._changed.get(pair.ours, pair)

    def begin(  # noqa: PLR0913 - what is known of it at the beginning, by name
        self,
        ours: str,
        state: str,
        at: int,
        *,
        theirs: str | None = None,
        customer: str | None = None,
        due: int | None = None,
    ) -> Pair:
        """Give a pair of this object that nothing is known of yet; it is not put."""
        return Pair(self.connector, self.object, ours, theirs, customer, state, due, None, at)

    # -- changing ----------------------------------------------------------------------

    def put(self, pair: Pair) -> None:
        """Change or add a pair."""
        self._changed[pair.ours] = pair
        if pair.theirs is not None:
            self._theirs[pair.theirs] = pair.ours

    def drop(self, ours: str) -> None:
        """Forget a pair."""
        self._changed[ours] = None

    def flush(self, writer: Writer) -> None:
        """Write what was changed, in the caller's transaction."""
        if self.dry:
            return
        gone = [key for key, pair in self._changed.items() if pair is None]
        kept = [pair for pair in self._changed.values() if pair is not None]
        if gone:
            writer.delete(PAIR, [(self.connector, self.object, key) for key in gone])
        if kept and self._written is not None:
            known = self._written.ours
            fresh = [pair for pair in kept if pair.ours not in known]
            kept = [pair for pair in kept if pair.ours in known]
            kept += [fresh[place] for place in writer.append(PAIR, fresh)]
        if kept:
            writer.put(PAIR, kept)
        if self._written is not None:
            self._written.ours.update(self._changed)
            self._written.theirs.update(self._theirs)

    def written(self) -> None:
        """Forget what was changed, once the transaction that wrote it is committed."""
        if not self.dry:
            self._changed.clear()
            self._theirs.clear()
            self.begun.clear()
