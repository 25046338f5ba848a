"""The connector: what the engine asks of it, by the models of one database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock

from crmkit.contracts.connector import (
    Changes,
    Connector,
    Cursor,
    Finding,
    Ids,
    Remote,
    Result,
    Schema,
    SyncAborted,
    Upsert,
    WriteLost,
)
from crmkit_tryton import reading, wire
from crmkit_tryton.model import Model, describe, unfilled
from crmkit_tryton.removing import merge, remove
from crmkit_tryton.rpc import Refused, Rpc
from crmkit_tryton.settings import TrytonConfig
from crmkit_tryton.writing import Batch

CUSTOMERS = "party.party"
BATCH = 100
"""Records in one writing call; Tryton keeps the database's locks while it works on them."""
_SWEEP = 1000
_TURNS = 3
_CALLS = 4  # of one batch: find, read, write, and read when it was changed
_OLDEST = (6, 0)


class Tryton(Connector):
    """A database of a Tryton server; several threads may use it.

    Args:
        config: Where it is, and whose access rights hold.
    """

    def __init__(self, config: TrytonConfig) -> None:
        """Connect to nothing yet."""
        self._config = config
        self._bare = Rpc(config)
        self._models: dict[str, Model] = {}
        self._lock = Lock()

    @property
    def _rpc(self) -> Rpc:
        """The server, with what the engine gave to keep its token and to count its calls."""
        self._bare.service.keep(self.tokens, self.meter)
        return self._bare

    def _model(self, entity: str, *, fresh: bool = False) -> Model:
        """Give a model as Tryton described it, asking once."""
        with self._lock:
            if fresh or entity not in self._models:
                self._models[entity] = describe(self._rpc, entity)
            return self._models[entity]

    def entities(self) -> Sequence[str]:
        """Name the models of the database, ``party.party`` first; of Tryton's inside only notes."""
        try:
            told = self._rpc.call("model.ir.model.fields_get", [])
            column = "model" if "model" in told else "name"  # renamed in 7.2
            rows = self._rpc.call("model.ir.model.search_read", [], 0, None, None, [column])
        except Refused:
            return (CUSTOMERS,)  # not every user may read the list
        names = {str(row[column]) for row in rows}
        notes = names & {"ir.note"}
        inner = ("ir.", "res.")
        kept = (one for one in names - {CUSTOMERS} if not one.startswith(inner) and "-" not in one)
        return (CUSTOMERS, *sorted(notes), *sorted(kept))

    def schema(self, entity: str) -> Schema:
        """Describe a model; raises as the contract says."""
        model = self._model(entity, fresh=True)
        fields = model.described(unfilled(self._rpc, model))
        return Schema(entity=entity, fields=fields, batch=BATCH, page=self._config.page_size)

    def account(self) -> str | None:
        """Name the database and when it was made, which another one of its name does not share."""
        order, column = [["id", "ASC"]], ["create_date"]
        try:
            rows = self._rpc.call("model.ir.lang.search_read", [], 0, 1, order, column)
        except Refused:
            rows = []
        made = wire.instant(rows[0].get("create_date")) if rows else None
        return self._config.database + (f" of {made.isoformat()}" if made else "")

    def seconds(self, calls: int) -> float:
        """Give the least time that the limits leave for so many batches."""
        return self._config.limits.seconds(calls * _CALLS)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read the next page, a party's rows among it; raises as the contract says."""
        model = self._model(entity)
        names = model.known(fields)
        rows = {part.model for name in names if (part := model.parts.get(name)) is not None}
        behind = [self._model(one) for one in sorted(rows)]
        size = self._config.page_size
        try:
            return reading.Reader(self._rpc, model, behind, names).page(cursor, size)
        except Refused as error:
            raise _unreadable(entity, error) from error

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write a batch; what is found by its match is written again where an answer was lost."""
        model = self._model(entity)
        known = all(one.remote_id or one.match for one in records)
        for turn in range(_TURNS):
            try:
                return Batch(self._rpc, model, records).write()
            except WriteLost:
                if not known or turn == _TURNS - 1:
                    raise
                time.sleep(0.5 * 2**turn)  # Tryton may still be at it
            except Refused as error:
                raise _unreadable(entity, error) from error
        raise AssertionError  # the last turn raises or returns

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Delete records, or archive them where the settings say so."""
        archive = self._config.on_delete == "archive"
        try:
            return remove(self._rpc, self._model(entity), ids, archive=archive)
        except Refused as error:
            raise _unreadable(entity, error) from error

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        """Make two parties one; other models have no such thing in Tryton."""
        if entity != CUSTOMERS:
            return Result(key=drop, code="unsupported", reason=f"Tryton merges no {entity}")
        try:
            return merge(self._rpc, self._model(entity), keep, drop)
        except Refused as error:
            return Result(key=drop, code=error.code, reason=error.reason)

    def ids(self, entity: str, after: str | None) -> Ids:
        """Enumerate the ids of active records."""
        domain = [["id", ">", int(after or 0)]]
        try:
            found = self._rpc.call(f"model.{entity}.search", domain, 0, _SWEEP, [["id", "ASC"]])
        except Refused as error:
            raise _unreadable(entity, error) from error
        ids = [str(one) for one in found]
        return Ids(ids, ids[-1] if len(ids) >= _SWEEP else None)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read records by id; those that are gone, or inactive, come as deleted."""
        model = self._model(entity)
        names = model.known(fields)
        numbers = list(dict.fromkeys(int(one) for one in ids if one.isdecimal()))
        try:
            rows = reading.found(self._rpc, model, numbers, model.columns(names))
        except Refused as error:
            raise _unreadable(entity, error) from error
        here = {str(number): model.remote(row, names) for number, row in rows.items()}
        return [here.get(one) or Remote(id=one, deleted=True) for one in dict.fromkeys(ids)]

    def check(self) -> Sequence[Finding]:
        """Look at the version, the password and what the user may do with parties."""
        try:
            version = self._rpc.version()
            series = tuple(int(part) for part in version.split(".")[:2])
            old = series < _OLDEST
            self._model(CUSTOMERS)
            access = self._rpc.call("model.ir.model.access.get_access", [CUSTOMERS])
        except SyncAborted as error:
            return (Finding(what=str(error), remedy="mend the settings, or the server"),)
        except (Refused, ValueError):
            return ()  # what Tryton does not tell
        found = []
        if old:
            what = f"Tryton {version} is older than any that was tried"
            found.append(Finding(what=what, remedy="use Tryton 6.0 or later", fatal=False))
        rights = access.get(CUSTOMERS, {})
        missing = [
            one for one in ("read", "write", "create", "delete") if not rights.get(one, True)
        ]
        if missing:
            what = f"{self._config.username} may not {', '.join(missing)} {CUSTOMERS}"
            remedy = "give the user Tryton's group Party Administration, or another one that may"
            found.append(Finding(what=what, remedy=remedy, fatal="read" in missing))
        return tuple(found)

    def close(self) -> None:
        """Give the connections back."""
        self._bare.service.close()


def _unreadable(entity: str, error: Refused) -> SyncAborted:
    return SyncAborted(f"Tryton does not answer for {entity}: {error.reason} ({error.code})")
