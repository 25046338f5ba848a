"""Touchpoints on their way to a CRM's activities and notes, and back through capture.

What came from the CRM bears the connector's name as its source and the CRM's id, and is never made
there a second time. Touchpoints of customers who are not in step are not kept in mind one by one:
a key of the customer's stands for them all until he is.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from operator import itemgetter
from typing import Any

from crmkit.arguments import ID_LIMIT
from crmkit.capture.amend import correct, retract
from crmkit.capture.duplicates import earlier
from crmkit.capture.intake import Part
from crmkit.capture.normalise import Normaliser
from crmkit.capture.tombstones import Tombstones
from crmkit.capture.touchpoints import Touchpoints
from crmkit.contracts.decisions import decision
from crmkit.contracts.pair_keys import (
    is_touchpoint_key,
    split_touchpoint_key,
    touchpoint_key,
    waiting_customer,
    waiting_key,
)
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import CUSTOMER, DECISION, TOUCHPOINT
from crmkit.errors import InvalidValueError, TouchpointNotFound
from crmkit.model.touchpoint import Rejection
from crmkit.sync.concepts.base import Applied, Concept, Draft, Gone, Local
from crmkit.sync.concepts.followed import moved
from crmkit.sync.fields import OWN, TOUCHPOINTS
from crmkit.sync.settings import MappingRule
from crmkit.value.basis import read_basis
from crmkit.value.history import touchpoint
from crmkit.value.layout import Layout
from crmkit.value.roots import roots_of

_SOURCE, _ID, _CUSTOMER, _KIND, _RECORDED, _RUN = (
    TOUCHPOINT.position[name] for name in ("source", "id", "customer", "kind", "recorded", "run")
)
_PUT_RIGHT = ("correct", "retract", "undo")
_NAMES = itemgetter(0)
_SHOWN = 60
"""Characters of a touchpoint's text by which a reader knows it."""
NOTE = "note"
"""Kind of what comes from there where the mapping names none."""


class TouchpointsConcept(Concept):
    """Touchpoints of customers."""

    name = TOUCHPOINTS
    about = "customer"

    def __init__(
        self, rule: MappingRule, source: str, touchpoints: Touchpoints, part: Part
    ) -> None:
        """Read nothing yet.

        Args:
            rule: The mapping.
            source: The connector's name.
            touchpoints: Puts them right.
            part: Captures them within a transaction of the sync's.
        """
        super().__init__(rule)
        self._source, self._doors, self._part = source, touchpoints, part
        self._kinds = frozenset(rule.kind)

    # -- reading -----------------------------------------------------------------------

    def changed(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        """Stream what was captured, put right or taken back, in the order of the log."""
        streams = (
            self._captured(reader, after, upto),
            self._put_right(reader, after, upto),
            moved(self, reader, after, upto),
        )
        return heapq.merge(*streams, key=_NAMES)

    def _captured(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        kinds = {"kind": tuple(sorted(self._kinds))} if self._kinds else None
        columns = ("seq", "source", "id")
        rows = reader.scan(
            TOUCHPOINT, by=("seq",), low=after + 1, high=upto, where=kinds, columns=columns
        )
        for seq, source, id_ in rows:
            yield seq, touchpoint_key(source, id_)

    def _put_right(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        where = {"kind": _PUT_RIGHT}
        for row in reader.scan(DECISION, by=("seq",), low=after + 1, high=upto, where=where):
            made = decision(row)
            if made.kind == "undo":
                run = int(made.body["run"])
                rows = reader.scan(TOUCHPOINT, where={"run": run}, columns=("source", "id"))
                yield from ((row[0], touchpoint_key(*one)) for one in rows)
            else:
                yield row[0], touchpoint_key(made.body["source"], made.body["id"])

    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, Local]:
        """Give touchpoints that hold today by key."""
        rows = self._live(reader, keys)
        roots = roots_of(reader, (row[_CUSTOMER] for row in rows.values()))
        return {
            key: self._local(key, row, roots.get(row[_CUSTOMER], str(row[_CUSTOMER])))
            for key, row in rows.items()
        }

    def _live(self, reader: Reader, keys: Sequence[str]) -> dict[str, Row]:
        named = {split_touchpoint_key(key): key for key in keys if waiting_customer(key) is None}
        return {
            named[one]: found.live
            for one, found in earlier(reader, named).items()
            if found.live is not None
        }

    def _local(self, key: str, row: Row, root: str) -> Local:
        one = touchpoint(row)
        kept = not self._kinds or one.kind in self._kinds
        plain = one.to_dict() if self.rule.fields else {}
        values = {rule.ours: _value(plain, rule.ours) for rule in self.rule.fields}
        values |= {"customer": root} | ({"id": key} if "id" in values else {})
        return Local(
            key=key,
            values=values,
            saved=row[_RECORDED],
            customer=root,
            name=(one.text or one.item or one.kind)[:_SHOWN],
            selected=kept and one.source != self._source,
        )

    def gone(self, reader: Reader, keys: Sequence[str]) -> dict[str, Gone]:
        """Tell which were taken back."""
        live = self._live(reader, keys)
        return {key: Gone() for key in keys if key not in live}

    def match(self, reader: Reader, field: str, values: Sequence[Any]) -> dict[Any, list[str]]:
        """Find touchpoints by the key that went out as their id."""
        if field != "id":
            return {}
        live = self._live(reader, [one for one in values if is_touchpoint_key(one)])
        return {key: [key] for key in live}

    def recognise(
        self, reader: Reader, records: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, list[str]]:
        """Find strangers who bear a key of ours as their id."""
        ids = {id_: values.get("id") for id_, values in records.items()}
        found = self.match(reader, "id", list(ids.values()))
        return {id_: found[key] for id_, key in ids.items() if key in found}

    def waiting(self, local: Local) -> str:
        """Give the key that stands for all touchpoints of a customer."""
        return waiting_key(str(local.customer))

    def awaited(self, reader: Reader, key: str) -> Iterator[str]:
        """Stream what a customer's key stands for."""
        home = waiting_customer(key)
        if home is None:
            yield key
            return
        group = list(reader.fetch(CUSTOMER, [(home,)], by=("root",)))
        ids = {row[0] for row in group} | {home}
        for row in sorted(reader.fetch(TOUCHPOINT, [(one,) for one in ids], by=("customer",))):
            if not self._kinds or row[_KIND] in self._kinds:
                yield touchpoint_key(row[_SOURCE], row[_ID])

    # -- writing -----------------------------------------------------------------------

    def telling(self) -> AbstractContextManager[object]:
        """Surround a transaction: who listens to captures is told after it."""
        return self._part.telling()

    def apply(self, writer: Writer, drafts: Sequence[Draft]) -> list[Applied]:
        """Capture what is new, all at once, and correct what is known."""
        new = [draft for draft in drafts if draft.key is None]
        layout = read_basis(writer, self._doors.defaults).layout
        captured = self._capture(writer, new) if new else {}
        return [
            captured[draft.remote_id]
            if draft.key is None
            else self._correct(writer, draft, draft.key, layout)
            for draft in drafts
        ]

    def _capture(self, writer: Writer, drafts: Sequence[Draft]) -> dict[str, Applied]:
        ids = self._ids(writer, drafts)
        refused: dict[str, Rejection] = {}

        def reject(rejection: Rejection) -> None:
            refused[rejection.record["id"]] = rejection

        records = [self._record(draft, ids[draft.remote_id]) for draft in drafts]
        self._part.take(writer, records, on_reject=reject)
        return {
            remote_id: Applied(None, refused[id_].field, refused[id_].reason)
            if id_ in refused
            else Applied(touchpoint_key(self._source, id_))
            for remote_id, id_ in ids.items()
        }

    def _ids(self, reader: Reader, drafts: Sequence[Draft]) -> dict[str, str]:
        """Give the ids to capture by: the CRM's, unless another of its objects has the same."""
        asked = [(self._source, draft.remote_id) for draft in drafts]
        taken = {id_ for _, id_ in earlier(reader, asked)}
        return {
            id_: f"{self.rule.object}:{id_}"[:ID_LIMIT] if id_ in taken else id_ for _, id_ in asked
        }

    def _record(self, draft: Draft, id_: str) -> dict[str, Any]:
        kind = next(iter(self.rule.kind), NOTE)
        made = {"kind": kind, "at": draft.made, "origin": "captured"}
        said = made | {name: value for name, value in _changes(draft).items() if value is not None}
        return said | {"id": id_, "source": self._source}

    def _correct(self, writer: Writer, draft: Draft, key: str, layout: Layout) -> Applied:
        doors, (source, id_) = self._doors, split_touchpoint_key(key)
        try:
            correct(
                writer,
                source,
                id_,
                _changes(draft),
                doors.session.deciding(f"changed in {self._source}", self._source),
                layout,
                kinds=doors.kinds,
                normaliser=Normaliser(doors.region),
                tombstones=Tombstones(writer, doors.key),
            )
        except InvalidValueError as error:
            field: str | None = getattr(error, "field", None)
            if field != "changes":  # what changes nothing is right already
                return Applied(None, field, str(error).removeprefix(f"{field} "))
        except TouchpointNotFound as error:
            return Applied(None, None, str(error))
        return Applied(key)

    def erase(self, key: str, why: str) -> None:
        """Retract what was deleted there."""
        source, id_ = split_touchpoint_key(key)
        doors = self._doors
        deciding = doors.session.deciding(why, self._source)
        with doors.session.store.write() as writer:
            retract(writer, source, id_, deciding, read_basis(writer, doors.defaults).layout)

    def merge(self, keep: str, drop: str, why: str) -> None:  # noqa: ARG002 - the other stays
        """Retract one of two that were made one there."""
        self.erase(drop, why)


def _value(plain: Mapping[str, Any], name: str) -> Any:
    if name.startswith(OWN):
        return (plain.get("attributes") or {}).get(name.removeprefix(OWN))
    return plain.get(name)


def _changes(draft: Draft) -> dict[str, Any]:
    """Give a draft's values as a captured record spells them; what tells it is left out."""
    return {
        name.removeprefix(OWN): value
        for name, value in draft.values.items()
        if name not in ("id", "source")
    }
