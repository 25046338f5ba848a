"""Opportunities on their way to a CRM's deals and back, through the funnel's own rules.

The CRM's one word for where a deal stands may be a stage of ours, or ``won`` or ``lost`` too, as
``fields.stage.values`` maps it. What the funnel refuses waits in quarantine with its reason.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

import attrs

from crmkit.arguments import show
from crmkit.contracts.decisions import Deciding, decision
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import DECISION
from crmkit.errors import CrmkitError, InvalidValueError, StoreError
from crmkit.lifecycle.funnel.becoming import (
    ACCEPTED,
    PAID,
    changed,
    checked,
    lost,
    opened,
    stepped,
)
from crmkit.lifecycle.funnel.book import BOOK, still_open
from crmkit.model.sales import COMPETITION, FUNNEL_STAGES, LOST, OPEN, WON, Opportunity
from crmkit.sync.concepts.base import Applied, Concept, Draft, Gone, Local
from crmkit.sync.concepts.followed import moved
from crmkit.sync.fields import OPPORTUNITIES
from crmkit.sync.pairs import LINKED
from crmkit.sync.settings import MappingRule
from crmkit.value.basis import Defaults, read_basis
from crmkit.value.roots import roots_of

_PLAIN = ("id", "name", "currency", "state", "owner", "source", "competition")
_GIVEN = ("name", "amount", "currency", "owner", "source", "competition", "closes")


class OpportunitiesConcept(Concept):
    """Opportunities of customers."""

    name = OPPORTUNITIES
    about = "customer"

    def __init__(
        self, rule: MappingRule, source: str, session: Session, defaults: Defaults
    ) -> None:
        """Read nothing yet.

        Args:
            rule: The mapping.
            source: The connector's name, which is who moves what was moved there.
            session: The store, the clock and the people.
            defaults: Give the currency of an amount that comes without one.
        """
        super().__init__(rule)
        self._source, self._session, self._defaults = source, session, defaults
        rules = {one.ours: one for one in rule.fields}
        words = rules["stage"].values if "stage" in rules else {}
        self._says_lost = LOST in words or "state" not in rules
        self._says_won = WON in words

    # -- reading -----------------------------------------------------------------------

    def changed(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        """Stream opportunities that were decided about, or are another customer's by a merge."""
        by, equal = ("kind", "seq"), (BOOK.kind,)
        rows = reader.scan(DECISION, by=by, equal=equal, low=after + 1, high=upto)
        decided = ((row[0], str(decision(row).body["document"]["id"])) for row in rows)
        return heapq.merge(decided, moved(self, reader, after, upto), key=itemgetter(0))

    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, Local]:
        """Give opportunities by id."""
        found = BOOK.some(reader, keys)
        roots = roots_of(reader, (one.customer_id for one in found))
        saved = self._saved(reader, found)
        return {one.id: self._local(one, roots, saved.get(one.id, 0)) for one in found}

    def _saved(self, reader: Reader, found: Sequence[Opportunity]) -> dict[str, int]:
        """Give when each was last decided about, in microseconds."""
        asked = {(one.customer_id,) for one in found}
        saved: dict[str, int] = {}
        for row in reader.fetch(DECISION, asked, by=("customer",)):
            if row[1] == BOOK.kind:
                id_ = str(decision(row).body["document"]["id"])
                saved[id_] = max(saved.get(id_, 0), row[3])
        return saved

    def _local(self, one: Opportunity, roots: Mapping[str, str], saved: int) -> Local:
        held = str(one.customer_id)
        root = roots.get(held, held)
        values: dict[str, Any] = {name: getattr(one, name) for name in _PLAIN}
        values |= {"amount": str(one.amount), "stage": self._stage(one), "customer": root}
        values["closes"] = None if one.closes is None else one.closes.isoformat()
        return Local(key=one.id, values=values, saved=saved, customer=root, name=one.name)

    def _stage(self, one: Opportunity) -> str:
        if one.state == LOST and self._says_lost:
            return LOST
        return WON if one.state == WON and self._says_won else one.stage

    def gone(self, reader: Reader, keys: Sequence[str]) -> dict[str, Gone]:
        """Tell which were erased with their customer."""
        there = {one.id for one in BOOK.some(reader, keys)}
        return {key: Gone() for key in keys if key not in there}

    def recognise(
        self, reader: Reader, records: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, list[str]]:
        """Find strangers among their customers' opportunities, by the field of the match."""
        field = self.rule.match
        found: dict[str, list[str]] = {}
        taken: set[str] = set()
        for id_, values in records.items() if field is not None else ():
            wanted = _folded(values.get(field or ""))
            if wanted is None or not values.get("customer"):
                continue
            his = self.read(reader, [one.id for one in BOOK.of(reader, values["customer"])])
            pairs = self.pairs.of(reader, his)
            for key, local in his.items():
                free = key not in taken and (key not in pairs or pairs[key].state != LINKED)
                if free and _folded(local.values.get(field or "")) == wanted:
                    found[id_] = [key]
                    taken.add(key)
                    break
        return found

    # -- writing -----------------------------------------------------------------------

    def apply(self, writer: Writer, drafts: Sequence[Draft]) -> list[Applied]:
        """Open, change and move opportunities; one that the funnel refuses costs only itself."""
        return [self._one(writer, draft) for draft in drafts]

    def _one(self, writer: Writer, draft: Draft) -> Applied:
        try:
            if draft.key is None:
                return Applied(self._open(writer, draft.values))
            return Applied(self._change(writer, draft.key, draft.values))
        except StoreError:
            raise
        except CrmkitError as refused:  # before anything of it was written
            return Applied(None, getattr(refused, "field", None), str(refused))

    def _open(self, writer: Writer, values: Mapping[str, Any]) -> str | None:
        """Open one as it stands there, in as many moves as the funnel asks for."""
        deciding = self._deciding(f"opened in {self._source}")
        customer, stage, ended = values.get("customer"), *_where(values)
        base = {"amount": 0, "currency": None, "owner": None, "name": ""}
        given = self._given(writer, base | dict(values))
        begins = ACCEPTED if stage == PAID else stage or FUNNEL_STAGES[0]
        made = opened(writer, str(customer or ""), given, begins, "", deciding)
        after = made
        if stage == PAID:
            after = stepped(writer, made, PAID, deciding)
        elif ended:
            after = lost(made, self._deciding(f"lost in {self._source}"))
        id_ = BOOK.open(writer, deciding, made).id
        if after is not made:
            BOOK.move(writer, deciding, attrs.evolve(after, id=id_), after.state)
        return id_

    def _change(self, writer: Writer, key: str, values: Mapping[str, Any]) -> str:
        """Change one as it was changed there; a step back has that for its reason."""
        deciding = self._deciding(f"changed in {self._source}")
        before = still_open(writer, key, "changed")
        self._stays(writer, before, values)
        stage, ended = _where(values)
        after = changed(writer, before, self._given(writer, values))
        done = [(after, "updated")] if after != before else []
        if stage is not None and stage != after.stage:
            after = stepped(writer, after, stage, deciding)
            done.append((after, WON if stage == PAID else "moved"))
        if ended:
            after = lost(after, self._deciding(f"lost in {self._source}"))
            done.append((after, LOST))
        for one, what in done:
            why = one.moves[-1].reason if what != "updated" else deciding.reason
            BOOK.move(writer, attrs.evolve(deciding, reason=why), one, what)
        return key

    def _stays(self, reader: Reader, before: Opportunity, values: Mapping[str, Any]) -> None:
        """See that it stays with whom it was opened.

        Raises:
            RefusedError: it would be another's.
        """
        if "customer" not in values:
            return
        held = str(before.customer_id)
        if values["customer"] != roots_of(reader, [held]).get(held, held):
            message = "an opportunity stays with whom it was opened: open another with him"
            raise CrmkitError(message, field="customer")

    def _given(self, reader: Reader, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the plain fields of a draft, checked; an emptied one as the funnel has it."""
        given = {name: values[name] for name in _GIVEN if name in values}
        if "currency" in given and given["currency"] is None:
            given["currency"] = read_basis(reader, self._defaults).layout.model.currency
        if "amount" in given:
            given["amount"] = Decimal(str(given["amount"] or 0))
        if given.get("closes") is not None:
            given["closes"] = date.fromisoformat(given["closes"])
        empty = {"name": "", "source": "", "competition": COMPETITION[0]}
        given |= {name: value for name, value in empty.items() if name in given and not given[name]}
        return checked(self._session, given)

    def _deciding(self, reason: str) -> Deciding:
        return self._session.deciding(reason, self._source)

    def erase(self, key: str, why: str) -> None:
        """Lose what was deleted there; what was closed stays as it is."""
        with self._session.store.write() as writer:
            for before in BOOK.some(writer, [key]):
                if before.state == OPEN:
                    deciding = self._deciding(why)
                    BOOK.move(writer, deciding, lost(before, deciding), LOST)

    def merge(self, keep: str, drop: str, why: str) -> None:  # noqa: ARG002 - it stays as it is
        """Lose one of two that were made one there."""
        self.erase(drop, why)


def _where(values: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Give the stage that a draft leads to, if it does to any, and whether it is lost.

    Raises:
        InvalidValueError: its stage or its state is no word of the funnel's.
    """
    stage, state = values.get("stage"), values.get("state")
    for name, found, words in (
        ("stage", stage, (*FUNNEL_STAGES, WON, LOST)),
        ("state", state, (OPEN, WON, LOST)),
    ):
        if found not in (None, *words):
            message = f"must be one of {', '.join(words)}, got {show(str(found))}"
            raise InvalidValueError(f"{name} {message}", field=name)
    if WON in (stage, state):
        return PAID, False
    if LOST in (stage, state):
        return None if stage == LOST else stage, True
    return stage, False


def _folded(value: Any) -> str | None:
    return None if value in (None, "") else str(value).strip().casefold()
