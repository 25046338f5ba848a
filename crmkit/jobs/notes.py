"""What is noted of jobs in the database: the last slot of each that was submitted, and its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import META

_SLOTS, _LAST = "jobs:slots", "jobs:last:"

Which = tuple[str, str | None]
"""A job by its name, and the channel or connector it is of."""


def read_slots(reader: Reader) -> dict[str, int]:
    """Give when the last slot began that was submitted, in microseconds, by `word`."""
    found: dict[str, int] = json.loads(read_fact(reader, _SLOTS) or "{}")
    return found


def note_slots(writer: Writer, slots: Mapping[str, int]) -> None:
    """Note slots as submitted, beside those of others; an earlier one never takes a later's place.

    Args:
        writer: The open transaction.
        slots: When each began, by `word`.
    """
    known = read_slots(writer)
    kept = {word: max(start, known.get(word, start)) for word, start in slots.items()}
    write_fact(writer, _SLOTS, json.dumps(known | kept, sort_keys=True))


def read_last(reader: Reader) -> dict[str, dict[str, Any]]:
    """Give what became of every job that was ever done, by `word`."""
    rows = reader.scan(META, low=_LAST, high=_LAST[:-1] + ";")
    return {name.removeprefix(_LAST): json.loads(written) for name, written in rows}


def note_last(writer: Writer, which: Which, facts: Mapping[str, Any]) -> None:
    """Note what became of a job."""
    text = json.dumps(facts, ensure_ascii=False, default=str)
    write_fact(writer, _LAST + word(which), text)


def word(which: Which) -> str:
    """Give a job's name in the notes."""
    name, of = which
    return name if of is None else f"{name} {of}"
