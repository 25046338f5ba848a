"""Customers on their way to a CRM and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

import attrs

from crmkit.capture.customer_rows import SAVED, group_of, read_groups
from crmkit.capture.customers import Customers
from crmkit.capture.exact import Fault
from crmkit.capture.ids import customer_id
from crmkit.capture.normalise import Normaliser
from crmkit.capture.saving import Saved, Saver
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import CUSTOMER, STANDING
from crmkit.model.customer import CUSTOMER_KINDS, Customer
from crmkit.sync.concepts.base import Applied, Concept, Draft, Gone, Local
from crmkit.sync.concepts.changing import ADDRESS, KEYS, with_values
from crmkit.sync.concepts.keys import Disputes, homes_by_key, keys_held
from crmkit.sync.fields import CUSTOMERS, OWN
from crmkit.sync.pairs import NEW
from crmkit.sync.settings import MappingRule

_ID, _SEQ, _ROOT, _BODY = (CUSTOMER.position[name] for name in ("id", "seq", "root", "body"))
_RECORDED = CUSTOMER.position["recorded"]
_COLUMNS = ("id", "kind", "name", "number", "owner", "parent")
_ASKED = (*_COLUMNS, "root", "recorded", "body")
"""What is asked of a customer whom nobody was merged into: not the text that search looks into."""
_PLACES = {name: place for place, name in enumerate(_COLUMNS)}
_KIND, _NAME, _NUMBER, _OWNER = (_PLACES[name] for name in ("kind", "name", "number", "owner"))
_KEY, _HOME, _MADE, _TEXT = map(_ASKED.index, ("id", "root", "recorded", "body"))
_columns_of = itemgetter(*(CUSTOMER.position[name] for name in _COLUMNS))
_decode = json.JSONDecoder().raw_decode  # half the time of loads()
BY = "sync"
"""Who decides what is done here because it was done there."""
_STOOD = ("tier", "stage", "kind")


class CustomersConcept(Concept):
    """Customers, their keys and their first address."""

    name = CUSTOMERS

    def __init__(
        self,
        rule: MappingRule,
        source: str,
        normaliser: Normaliser,
        saver: Callable[..., Saver],
        customers: Customers,
    ) -> None:
        """Read nothing yet.

        Args:
            rule: The mapping.
            source: What customers from there are said to come from: the connector's name.
            normaliser: Spells e-mail addresses and phone numbers.
            saver: Makes what writes customers in a transaction.
            customers: Erases and merges them.
        """
        super().__init__(rule)
        self._source, self._normaliser, self._saver = source, normaliser, saver
        self._customers = customers
        self._found: dict[str, dict[str, list[str]]] = {}
        self._disputes = Disputes(normaliser)

    @cached_property
    def _asked(self) -> list[tuple[str, str | None, int | None]]:
        """Each field that is asked for, with the system of a key, or the place of a column."""
        names = (field.ours for field in self.rule.fields)
        return [(name, KEYS.get(name), _PLACES.get(name)) for name in names]

    # -- reading -----------------------------------------------------------------------

    def changed(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        """Stream customers by their place in the commit order, and whom they were merged into."""
        columns = ("seq", "id", "root")
        rows = reader.scan(CUSTOMER, by=("seq",), low=after + 1, high=upto, columns=columns)
        for seq, id_, root in rows:
            yield seq, id_
            if root != id_:
                yield seq, root

    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, Local]:
        """Give customers by id, with everything that was merged into them."""
        groups: dict[str, list[Row]] = {key: [] for key in keys}
        asked = [(key,) for key in groups]
        homes: dict[str, str] = {}
        for row in reader.fetch_columns(CUSTOMER, asked, _ASKED, by=("root",)):
            groups[row[_HOME]].append(row)
            homes[row[_KEY]] = row[_HOME]
        merged = [
            key for key, rows in groups.items() if rows and [row[_KEY] for row in rows] != [key]
        ]
        whole: dict[str, list[Row]] = {key: [] for key in merged}
        for row in reader.fetch(CUSTOMER, [(key,) for key in merged], by=("root",)):
            whole[row[_ROOT]].append(row)
        wanted = {system for _, system, _ in self._asked if system is not None}
        held = keys_held(reader, homes, wanted) if wanted else {}
        stood = self._stood(reader, list(groups))
        return {
            key: self._local(key, rows[0], whole.get(key), held, stood.get(key))
            for key, rows in groups.items()
            if rows
        }

    def _local(
        self,
        key: str,
        row: Row,
        group: list[Row] | None,
        identities: Mapping[tuple[str, str], list[str]],
        stood: Mapping[str, Any] | None,
    ) -> Local:
        """Make one of a row as it was asked for, or of the whole rows of a merge group."""
        merged: tuple[str, ...] = ()
        if group is None:
            plain: dict[str, Any] = _decode(row[_TEXT])[0]
            saved = plain.get(SAVED) or row[_MADE]
        else:
            plain, saved = _plain(group)
            merged = tuple(one[_ID] for one in group if one[_ID] != key)
            row = tuple(map(plain.get, _COLUMNS))
        also: dict[str, Sequence[Any]] = {}
        values: dict[str, Any] = {}
        for name, system, place in self._asked:
            if system is not None:
                held = identities.get((key, system))
                values[name] = held[0] if held else None
                if held and len(held) > 1:
                    also[name] = held[1:]
            else:
                values[name] = _value(plain, name) if place is None else row[place]
        name = row[_NAME] or row[_NUMBER] or ""
        selected = not self.rule.select or self._selected(row, stood)
        return Local(key, values, also, saved, key, name, selected, merged)

    def _stood(self, reader: Reader, keys: list[str]) -> dict[str, dict[str, Any]]:
        """Give tier, stage and kind of customer, where the mapping selects by them."""
        if not any(name in self.rule.select for name in _STOOD):
            return {}
        places = {name: STANDING.position[name] for name in _STOOD}
        rows = reader.fetch(STANDING, [(key,) for key in keys])
        return {row[0]: {name: row[place] for name, place in places.items()} for row in rows}

    def _selected(self, row: Row, stood: Mapping[str, Any] | None) -> bool:
        for name, words in self.rule.select.items():
            said = {row[_KIND], (stood or {}).get("kind")} if name == "kind" else None
            if said is None:
                said = {row[_OWNER]} if name == "owner" else {(stood or {}).get(name)}
            if said.isdisjoint(words):
                return False
        return True

    def gone(self, reader: Reader, keys: Sequence[str]) -> dict[str, Gone]:
        """Tell who was erased, and who was merged into whom."""
        roots = {row[_ID]: row[_ROOT] for row in reader.fetch(CUSTOMER, [(key,) for key in keys])}
        return {key: Gone(roots.get(key)) for key in keys if key not in roots or roots[key] != key}

    def match(self, reader: Reader, field: str, values: Sequence[Any]) -> dict[Any, list[str]]:
        """Find customers by a key, their number or their id; by another field in one look."""
        texts = [value for value in values if isinstance(value, str) and value]
        if field in KEYS:
            return homes_by_key(reader, self._normaliser, KEYS[field], texts)
        if field in ("id", "number"):
            rows = reader.fetch(CUSTOMER, [(one,) for one in dict.fromkeys(texts)], by=(field,))
            found: dict[Any, list[str]] = {}
            for row in rows:
                found.setdefault(row[CUSTOMER.position[field]], []).append(row[_ROOT])
            return found
        if field not in self._found:
            self._found[field] = self._everybody(reader, field)
        return {one: self._found[field][one] for one in texts if one in self._found[field]}

    def twins(self, reader: Reader, field: str, made: Iterable[Local]) -> dict[str, str]:
        """Find whom the CRM could not tell from those to be made.

        No two customers have one key, number or id here; a key may be in dispute between two.
        """
        if field in ("id", "number"):
            return {}
        if field not in KEYS:
            return super().twins(reader, field, made)
        return self._disputes.twins(reader, self.pairs, field, KEYS[field], made)

    def _everybody(self, reader: Reader, field: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in reader.scan(CUSTOMER):
            value = _value(_plain([row])[0], field) if row[_ID] == row[_ROOT] else None
            if value not in (None, ""):
                found.setdefault(str(value), []).append(row[_ID])
        return found

    def wanted(self, reader: Reader) -> Iterator[str]:
        """Stream who stands where the mapping selects: a tier moves without the customer."""
        for name in ("tier", "stage"):
            by = ("tier", "rank") if name == "tier" else ("stage", "customer")
            for word in self.rule.select.get(name, ()):
                for (key,) in reader.scan(STANDING, by=by, equal=(word,), columns=("customer",)):
                    yield key
        kinds = tuple(set(self.rule.select.get("kind", ())) - set(CUSTOMER_KINDS))
        if kinds:
            for (key,) in reader.scan(STANDING, where={"kind": kinds}, columns=("customer",)):
                yield key

    # -- writing -----------------------------------------------------------------------

    def apply(self, writer: Writer, drafts: Sequence[Draft]) -> list[Applied]:
        """Save what came from there: a new customer, or fields of one that is known."""
        self._found.clear()
        self._disputes.forget()
        done = _each(self._made(writer, drafts), self._saver(writer, strict=False).save)
        return [
            Applied(None, outcome.field, outcome.reason)
            if isinstance(outcome, Fault)
            else Applied(key)
            for key, outcome in done
        ]

    def weigh(self, reader: Reader, drafts: Sequence[Draft]) -> list[Fault | None]:
        """Tell which customers could not be saved; whom a plan makes is nobody's parent yet."""
        made = self._made(reader, [_with_parent_left_out(draft) for draft in drafts])
        done = _each(made, self._saver(reader, strict=False).weigh)
        return [outcome if isinstance(outcome, Fault) else None for _, outcome in done]

    def _made(self, reader: Reader, drafts: Sequence[Draft]) -> list[Customer | Fault]:
        """Give customers as drafts would have them, or why they cannot be so."""
        keys = [draft.key for draft in drafts if draft.key is not None]
        groups = read_groups(reader, list(dict.fromkeys(keys)))
        merged = {key for key, (rows, _) in groups.items() if len(rows) > 1}
        known = {key: group_of(*group) for key, group in groups.items()}
        made: list[Customer | Fault] = []
        for draft in drafts:
            base = Customer(id=customer_id(), source=self._source)
            try:
                customer = known.get(draft.key or "", base)
                made.append(with_values(customer, draft.values, merged=customer.id in merged))
            except Fault as fault:
                made.append(fault)
        return made

    def erase(self, key: str, why: str) -> None:
        """Erase a customer who was deleted there."""
        self._customers.erase(key, reason=why, by=BY)

    def merge(self, keep: str, drop: str, why: str) -> None:
        """Merge two customers who were merged there."""
        self._customers.merge(keep, drop, reason=why, by=BY)


def _plain(rows: list[Row]) -> tuple[dict[str, Any], int]:
    """Give a merge group as plain values, and when it was last saved, in microseconds.

    The whole way is gone only where somebody was merged.
    """
    row = rows[0]
    plain: dict[str, Any] = _decode(row[_BODY])[0]
    saved = plain.get(SAVED) or row[_RECORDED]
    if len(rows) > 1 or row[_ID] != row[_ROOT]:
        bodies = [(_decode(one[_BODY])[0], one[_RECORDED]) for one in rows]
        saved = max(body.get(SAVED) or recorded for body, recorded in bodies)
        return group_of(rows, {}).to_dict(), saved
    plain.update(zip(_COLUMNS, _columns_of(row), strict=True))
    return plain, saved


def _value(plain: Mapping[str, Any], name: str) -> Any:
    if name.startswith(OWN):
        return (plain.get("custom") or {}).get(name.removeprefix(OWN))
    if name in ADDRESS:
        first: Mapping[str, Any] = next(iter(plain.get("addresses") or ()), {})
        return "\n".join(first.get("lines") or ()) if name == "street" else first.get(name)
    return plain.get(name)


def _each(
    made: Sequence[Customer | Fault], do: Callable[[Sequence[Customer]], Saved]
) -> Iterator[tuple[str | None, str | Fault]]:
    """Do something to those that are customers; give each one's id and outcome, in their order."""
    saved = do([one for one in made if isinstance(one, Customer)])
    done = zip(saved.ids, saved.outcomes, strict=True)
    return ((None, one) if isinstance(one, Fault) else next(done) for one in made)


def _with_parent_left_out(draft: Draft) -> Draft:
    """Leave a parent out who is made by the same plan."""
    parent = draft.values.get("parent")
    if not (isinstance(parent, str) and parent.startswith(NEW)):
        return draft
    kept = {name: value for name, value in draft.values.items() if name != "parent"}
    return attrs.evolve(draft, values=kept)
