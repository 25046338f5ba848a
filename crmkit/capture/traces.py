"""What imports of customers did to each, noted in his row so that they can be taken back.

The last few stay, until somebody saves him by hand: what he said before is then no longer what he
should say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from crmkit.capture.customer_rows import APART, RUN, TRACE, customer_of, with_body
from crmkit.capture.keys import Key
from crmkit.contracts.store import Row
from crmkit.contracts.tables import CUSTOMER
from crmkit.model.customer import Customer

_RECORDED, _BODY = CUSTOMER.position["recorded"], CUSTOMER.position["body"]
_SAID = tuple(field.name for field in attrs.fields(Customer) if field.name not in APART)
_KEPT = 3
"""Imports one after the other that can be taken back: who comes every night is not to grow."""


@attrs.frozen
class Trace:
    """What one import did to a customer.

    Attributes:
        run: Id of the import.
        at: When it was, in microseconds.
        made: Run that made him; None: none did, or somebody saved him before.
        said: What he said before, by the fields that it changed.
        keys: Keys that it taught of somebody who was there.
    """

    run: int
    at: int
    made: int | None
    said: Mapping[str, Any] = attrs.field(factory=dict)
    keys: tuple[Key, ...] = ()

    @property
    def new(self) -> bool:
        """Whether the import made him."""
        return self.made == self.run


def trace_of(row: Row) -> Trace | None:
    """Give what the last import did to a customer; None: nothing, or he was saved since.

    A capture that made him looks like an import that did.
    """
    body = json.loads(row[_BODY])
    told, made = body.get(TRACE), body.get(RUN)
    if told:
        keys = tuple((system, value) for system, value in told[0]["keys"])
        return Trace(**{**told[0], "keys": keys})
    return None if made is None else Trace(made, row[_RECORDED], made)


def said_before(row: Row) -> list[Mapping[str, Any]]:
    """Give what a customer said before each import that changed it, newest first."""
    return [one["said"] for one in json.loads(row[_BODY]).get(TRACE, ()) if one["said"]]


def traced(row: Row, before: Row | None, run: int, now: int, keys: Iterable[Key]) -> Row:
    """Note in a customer's new row what an import did.

    Args:
        row: As he stands now.
        before: His row as it was; None: the import makes him.
        run: Id of the import.
        now: The clock when it began, in microseconds.
        keys: Keys that it has just taught.
    """
    if before is None:
        return with_body(row, **{RUN: run})
    body = json.loads(before[_BODY])
    made, told = body.get(RUN), body.get(TRACE, [])
    if made == run and not told:  # a file may name somebody twice
        return with_body(row, **{RUN: run})
    if not told or told[0]["run"] != run:
        told = [{"run": run, "at": now, "made": made, "said": {}, "keys": []}, *told[: _KEPT - 1]]
    told[0]["said"] = {**_changed(before, row), **told[0]["said"]}
    told[0]["keys"] += keys
    return with_body(row, **{TRACE: told})


def untraced(row: Row, former: Row) -> Row:
    """Note in a row that says again what it said that the last import did nothing.

    Args:
        row: As he stands now.
        former: His row as the import left it.
    """
    newest, *older = json.loads(former[_BODY])[TRACE]
    return with_body(row, **{RUN: newest["made"], TRACE: older or None})


def _changed(before: Row, after: Row) -> dict[str, Any]:
    """Give what a customer said before, where he says something else now."""
    old, new = customer_of(before), customer_of(after)
    changed = [name for name in _SAID if getattr(old, name) != getattr(new, name)]
    plain = old.to_dict() if changed else {}
    return {name: plain[name] for name in changed}
