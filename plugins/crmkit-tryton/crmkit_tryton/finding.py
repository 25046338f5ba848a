"""Finding records by a value, so that nobody is made twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from crmkit_tryton import wire
from crmkit_tryton.model import Model
from crmkit_tryton.parts import Part
from crmkit_tryton.rpc import Rpc

_WILD = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def by_value(rpc: Rpc, model: Model, field: str, values: Iterable[str]) -> dict[str, list[int]]:
    """Give the ids of active records by the value that found them; those with none are left out.

    Letters count alike in an e-mail address, whose domain Tryton may write in small ones.
    """
    wanted = list(dict.fromkeys(values))
    part = model.parts.get(field)
    if part is not None:
        return _by_part(rpc, part, wanted)
    kind = model.kind(field)
    domain = [[field, "in", [wire.write(kind, value) for value in wanted]]]
    rows = rpc.call(f"model.{model.name}.search_read", domain, 0, None, [["id", "ASC"]], [field])
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        found[str(wire.read(kind, row[field]))].append(int(row["id"]))
    return found


def _by_part(rpc: Rpc, part: Part, wanted: list[str]) -> dict[str, list[int]]:
    """Look through the rows: a party has an e-mail address, whichever of its own that is."""
    spelt = {one: _plain(part, one) for one in wanted}
    domain = [["type", "=", part.kind], ["party.active", "=", True], _any(part, wanted)]
    columns = ["party", *part.columns()]
    rows = rpc.call(f"model.{part.model}.search_read", domain, 0, None, [["id", "ASC"]], columns)
    owners: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        code = str(row[part.column]).removeprefix(part.prefix)
        for value in {_plain(part, code), _plain(part, part.value(row) or "")}:
            if int(row["party"]) not in owners[value]:
                owners[value].append(int(row["party"]))
    return {one: owners[value] for one, value in spelt.items() if owners.get(value)}


def _any(part: Part, wanted: list[str]) -> list[Any]:
    if part.kind == "email":
        return ["OR", *([part.column, "ilike", one.translate(_WILD)] for one in wanted)]
    if part.compact is None:
        return [part.column, "in", [part.prefix + one for one in wanted]]
    plain = [_plain(part, one) for one in wanted]
    return ["OR", [part.column, "in", wanted], [part.compact, "in", plain]]


def _plain(part: Part, value: str) -> str:
    """Bring a value to the form in which two that mean the same are equal."""
    if part.kind == "email":
        return value.casefold()
    if part.compact is not None:
        return "".join(letter for letter in value if letter not in " -().")
    return value
