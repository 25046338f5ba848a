"""What a sync leaves for people: fields in conflict, and records that a side refused."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from crmkit.capture.ids import digest
from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import SYNC_CASE
from crmkit.model.sync import OURS, SIDES, Quarantined, SyncConflict
from crmkit.sync.comparing import Clash
from crmkit.sync.concepts.base import Local

CONFLICT, QUARANTINE = "conflict", "quarantine"
STRANGER = "stranger"
"""The side of a record of theirs that we refuse and that is nobody of ours: its key is their id."""
_AWAITING = "awaits "
_BEHIND = "behind "
_FREE, _READ = "free", "read"
_HASH, _BODY, _AT = (SYNC_CASE.position[name] for name in ("hash", "body", "at"))


def hashed(values: Mapping[str, Any] | str) -> str:
    """Give what tells whether a record has changed since it was refused."""
    written = values if isinstance(values, str) else json.dumps(values, sort_keys=True, default=str)
    return digest("refused", written)


def awaiting(remote_id: str) -> str:
    """Give what stands in the place of `hashed` where a record waits for another of theirs."""
    return f"{_AWAITING}{remote_id}"


def behind(remote_id: str) -> str:
    """Give what stands in the place of `hashed` where another of theirs is in a record's way."""
    return f"{_BEHIND}{remote_id}"


@attrs.define
class Cases:
    """The cases of one object, with those that this run adds and closes.

    Attributes:
        connector: Its name.
        object: The CRM's object.
        dry: Nothing is ever written.
        conflicts: Conflicts that this run found.
        refused: Records that this run found refused, by side and key.
    """

    connector: str
    object: str
    dry: bool = False
    conflicts: list[SyncConflict] = attrs.field(factory=list)
    refused: dict[tuple[str, str], Quarantined] = attrs.field(factory=dict)
    _put: dict[Row, Row] = attrs.field(factory=dict)
    _closed: set[Row] = attrs.field(factory=set)
    _held: dict[tuple[str, str], str] | None = None

    def held(self, reader: Reader, side: str, keys: Iterable[str]) -> dict[str, str]:
        """Give the hash under which each of these records was refused, if it was.

        All of them are read once: they are few, and only this run adds to them.
        """
        if self._held is None:
            equal, columns = (self.connector, self.object, QUARANTINE), ("key", "field", "hash")
            rows = reader.scan(SYNC_CASE, equal=equal, columns=columns)
            self._held = {(one, key): hash_ for key, one, hash_ in rows}
            for *_, key, one in (place for place in self._closed if place[2] == QUARANTINE):
                self._held.pop((one, key), None)
            for row in self._put.values():
                if row[2] == QUARANTINE:
                    self._held[row[4], row[3]] = row[_HASH]
        held = self._held
        return {key: held[side, key] for key in keys if (side, key) in held} if held else {}

    def standing(self, reader: Reader) -> list[Quarantined]:
        """Give everything that stands in quarantine, what this run found among it."""
        equal = (self.connector, self.object, QUARANTINE)
        rows = {row[:5]: row for row in reader.scan(SYNC_CASE, equal=equal)}
        rows |= {key: row for key, row in self._put.items() if key[2] == QUARANTINE}
        kept = (row for key, row in sorted(rows.items()) if key not in self._closed)
        return [Quarantined.from_dict(json.loads(row[_BODY])) for row in kept]

    def fields(self, reader: Reader, side: str, keys: Iterable[str]) -> dict[str, str | None]:
        """Give the field for whose sake each of these records was refused, if it was."""
        held = self.held(reader, side, keys)  # few, and known without asking the store
        rows = self._rows(reader, [(side, key) for key in held])
        return {key: json.loads(row[_BODY])["field"] for (_, key), row in rows.items()}

    def keys(self, reader: Reader, side: str) -> list[str]:
        """Give the keys of everything that one side refused."""
        equal = (self.connector, self.object, QUARANTINE)
        return [row[3] for row in reader.scan(SYNC_CASE, equal=equal) if row[4] == side]

    def awaited(self, reader: Reader) -> dict[tuple[str, str], str]:
        """Give the record of theirs that each refused by us waits for, by side and key."""
        self.held(reader, OURS, ())
        return {
            (side, key): hash_.removeprefix(_AWAITING)
            for (side, key), hash_ in (self._held or {}).items()
            if side in (OURS, STRANGER) and hash_.startswith(_AWAITING)
        }

    def free(self, reader: Reader, ids: Iterable[str]) -> None:
        """Keep in mind what was refused for the sake of records that are gone there by now."""
        self.held(reader, STRANGER, ())
        gone = {behind(one) for one in ids}
        waited = [place for place, hash_ in (self._held or {}).items() if hash_ in gone]
        self._rehash(reader, waited, _FREE)

    def freed(self, reader: Reader) -> list[str]:
        """Give the keys of what is to be read again since the record in its way is gone."""
        self.held(reader, STRANGER, ())
        return [key for (_, key), hash_ in (self._held or {}).items() if hash_ == _FREE]

    def asked(self, reader: Reader) -> None:
        """Keep in mind that those of `freed` that were not met again need not be read once more."""
        self._rehash(reader, [(STRANGER, key) for key in self.freed(reader)], _READ)

    def refuse(  # noqa: PLR0913 - what a case says, by name
        self,
        side: str,
        key: str,
        reason: str,
        *,
        at: int,
        hash: str,  # noqa: A002 - the column's word
        customer: str | None = None,
        field: str | None = None,
        code: str | None = None,
    ) -> None:
        """Put a record into quarantine."""
        case = Quarantined(
            connector=self.connector,
            object=self.object,
            side=OURS if side == STRANGER else side,
            key=key,
            field=field,
            code=code,
            reason=reason,
            at=instant(at),
        )
        self.refused[side, key] = case
        if self._held is not None:
            self._held[side, key] = hash
        self._keep((QUARANTINE, key, side), customer, at, hash, case.to_dict())

    def release(self, side: str, *keys: str) -> None:
        """Take records out of quarantine."""
        held = self._held
        for key in keys if held is None or held else ():
            if held is None or held.pop((side, key), None) is not None:
                self.refused.pop((side, key), None)
                self._close((QUARANTINE, key, side))

    def clash(self, clash: Clash, local: Local, remote_id: str, at: int) -> None:
        """Record a field in conflict."""
        key = local.key
        field = clash.rule.ours
        case = SyncConflict(
            id=self._named(key, field),
            connector=self.connector,
            object=self.object,
            key=key,
            remote_id=remote_id,
            name=local.name,
            field=field,
            ours=clash.ours,
            theirs=clash.theirs,
            before=clash.before,
            rule=clash.rule.owner,
            took=clash.took,
            at=instant(at),
        )
        self.conflicts.append(case)
        self._keep((CONFLICT, key, field), local.customer, at, "", case.to_dict())

    def retell(self, reader: Reader, key: str, ours: Mapping[str, Any]) -> None:
        """Show what ours are by now, in conflicts that somebody has to decide."""
        asked = [(self.connector, self.object, CONFLICT, key, field) for field in ours]
        for row in list(reader.fetch(SYNC_CASE, asked)):
            body = json.loads(row[_BODY])
            if body["took"] is None and body["ours"] != ours[row[4]]:
                body["ours"] = ours[row[4]]
                self._keep((CONFLICT, key, row[4]), row[5], row[_AT], "", body)

    def settle(self, key: str, field: str) -> None:
        """Close a conflict that somebody had to decide."""
        self._close((CONFLICT, key, field))

    def follow(self, reader: Reader, key: str, into: str | None) -> None:
        """Forget what waits of a record that is gone; what was asked of its pair goes along.

        Args:
            reader: One consistent look.
            key: The record that was merged or erased.
            into: Whose its pair is now; None: nobody's.
        """
        for row, body in self._forgotten(reader, [key]):
            if into is not None:
                field = row[4]
                body |= {"key": into, "id": self._named(into, field)}
                self._keep((CONFLICT, into, field), into, row[_AT], "", body)

    def forget(self, reader: Reader, keys: Sequence[str]) -> None:
        """Forget what waits of records that are gone: refused by a side, or asked of somebody."""
        deque(self._forgotten(reader, keys), maxlen=0)

    def _forgotten(
        self, reader: Reader, keys: Sequence[str]
    ) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Forget what waits of these records, and give the questions that were open."""
        for side in SIDES:
            self.release(side, *keys)
        asked = [(self.connector, self.object, CONFLICT, key) for key in keys]
        by = ("connector", "object", "what", "key")
        for row in list(reader.fetch(SYNC_CASE, asked, by=by)) if asked else ():
            body = json.loads(row[_BODY])
            if body["took"] is None:
                self._close((CONFLICT, row[3], row[4]))
                yield row, body

    def flush(self, writer: Writer) -> None:
        """Write what was added and closed, in the caller's transaction."""
        if self.dry:
            return
        if self._closed:
            writer.delete(SYNC_CASE, sorted(self._closed))
        if self._put:
            writer.put(SYNC_CASE, list(self._put.values()))

    def written(self) -> None:
        """Forget what was flushed, once its transaction is committed."""
        if not self.dry:
            self._put.clear()
            self._closed.clear()

    def _rows(
        self, reader: Reader, places: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Row]:
        """Give what stands in quarantine as it is kept, by side and key."""
        asked = [(self.connector, self.object, QUARANTINE, key, side) for side, key in places]
        rows = {row[:5]: row for row in reader.fetch(SYNC_CASE, asked)} if asked else {}
        rows |= {key: self._put[key] for key in asked if key in self._put}
        return {(key[4], key[3]): row for key, row in rows.items()}

    def _rehash(self, reader: Reader, places: Iterable[tuple[str, str]], hash_: str) -> None:
        for place, row in self._rows(reader, places).items():
            self._put[row[:5]] = (*row[:_HASH], hash_, *row[_HASH + 1 :])
            if self._held is not None:
                self._held[place] = hash_

    def _named(self, key: str, field: str) -> str:
        """Give the id of the conflict of one field."""
        return digest("conflict", self.connector, self.object, key, field)[:16]

    def _keep(
        self, place: tuple[str, str, str], customer: str | None, at: int, hash_: str, body: Any
    ) -> None:
        key = (self.connector, self.object, *place)
        written = json.dumps(body, ensure_ascii=False, sort_keys=True)
        self._put[key] = (*key, customer, at, hash_, written)
        self._closed.discard(key)

    def _close(self, place: tuple[str, str, str]) -> None:
        key = (self.connector, self.object, *place)
        self._put.pop(key, None)
        self._closed.add(key)


def read_conflicts(reader: Reader, connector: str) -> tuple[SyncConflict, ...]:
    """Give a connector's conflicts, the newest first."""
    found = [SyncConflict.from_dict(body) for body in _bodies(reader, connector, CONFLICT)]
    return tuple(sorted(found, key=lambda one: (one.at, one.id), reverse=True))


def read_quarantine(reader: Reader, connector: str) -> tuple[Quarantined, ...]:
    """Give what stands in a connector's quarantine, by object and key."""
    return tuple(Quarantined.from_dict(body) for body in _bodies(reader, connector, QUARANTINE))


def count_quarantine(reader: Reader, connector: str) -> int:
    """Count what stands in a connector's quarantine."""
    return reader.count(SYNC_CASE, {"connector": connector, "what": QUARANTINE})


def _bodies(reader: Reader, connector: str, what: str) -> Iterable[dict[str, Any]]:
    rows = reader.scan(SYNC_CASE, equal=(connector,), where={"what": what})
    return (json.loads(row[_BODY]) for row in rows)
