"""Column mappings: a TOML file that says which column is what, read into a checked `Mapping`.

``docs/import.md`` shows every key at work.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmkit.arguments import show
from crmkit.clock import zone
from crmkit.contracts.settings import nearest
from crmkit.errors import MappingError

Getter = Callable[[Any], Any]
"""Gives one column's value of a row: text is trimmed, None where there is none."""

_TEXTS = "source delimiter encoding decimal thousands signs within".split()
_NEVER = {"delimiter": '\0\r\n"', "decimal": "+-0123456789"}
_BESIDE = {"thousands": "+-()", "signs": "+-().,"}
_SECTIONS = "fields customer friend attributes identities contacts addresses profile custom".split()
_LONGEST = 1_000
_KEYS = frozenset({*_TEXTS, *_SECTIONS, "timezone", "time_format", "skip"})


@attrs.frozen(kw_only=True)
class Mapping:
    """What a mapping file says.

    Attributes:
        source: Source of the records; None: the file's name or the caller's.
        delimiter: What separates columns; None: a tab in a file named ``.tsv``, else a comma.
        encoding: What lines are read in that are not UTF-8.
        zone: Time zone of instants that have none.
        time_format: How instants are written, one form or a list of them: as ``strptime`` reads
            them, or ``excel``, ``unix``, ``unix_ms``; None: ISO 8601.
        decimal: Decimal mark of numbers.
        thousands: What groups digits; removed.
        signs: Characters that stand beside a number and are left out, such as a currency's.
        within: Template of what the occurrence number ``{#}`` counts within.
        skips: Rules for lines to leave out: conditions, and why.
        sections: Values by section: ``fields``, ``customer``, ``attributes``...
    """

    source: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    zone: ZoneInfo | None = None
    time_format: Any = None
    decimal: str = "."
    thousands: str = ""
    signs: str = ""
    within: str | None = None
    skips: tuple[tuple[Any, str], ...] = ()
    sections: dict[str, Any] = attrs.field(factory=dict)


def load_mapping(source: Path | str | dict[str, Any]) -> Mapping:
    """Read a mapping: a TOML file, or the same as a dict.

    Raises:
        MappingError: it is no TOML, or a key makes no sense; `field` names it.
    """
    if isinstance(source, dict):
        return _mapping(source)
    path = Path(source)
    try:
        return _mapping(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except MappingError as error:
        field = getattr(error, "field", None)
        raise MappingError(f"{path}: {error}", field=field) from None
    except (OSError, ValueError, RecursionError) as error:  # no file, no text, no TOML
        raise MappingError(f"{path}: cannot be read: {error}", field="file") from None


def _mapping(plain: dict[str, Any]) -> Mapping:
    for key in plain:
        if key not in _KEYS:
            raise MappingError(f"unknown key {key!r}{near(key, _KEYS)}", field=key)
    texts = {key: text(key, plain[key]) for key in _TEXTS if key in plain}
    _check_marks(texts)
    sections: dict[str, Any] = {key: plain[key] for key in _SECTIONS if key in plain}
    for key, section in sections.items():
        wanted = list if key in ("contacts", "addresses") else dict
        if not isinstance(section, wanted) and not (key == "customer" and isinstance(section, str)):
            kind = "an array of tables [[...]]" if wanted is list else "a table [...]"
            raise MappingError(f"{key} must be {kind}", field=key)
        if wanted is list and not all(isinstance(one, dict) for one in section):
            raise MappingError(f"{key} must be an array of tables [[{key}]]", field=key)
    return Mapping(
        **texts,
        zone=zone_of(plain["timezone"]) if "timezone" in plain else None,
        time_format=plain.get("time_format"),
        skips=tuple(map(_skip, listed("skip", plain.get("skip", [])))),
        sections=sections,
    )


def _check_marks(texts: dict[str, str]) -> None:
    """Refuse marks that could never be told from what they separate."""
    for key, never in _NEVER.items():
        value = texts.get(key, "x")
        if len(value) != 1 or value in never:
            raise MappingError(f"{key} must be one character, got {show(value)}", field=key)
    for key, never in _BESIDE.items():
        if any(character.isdigit() or character in never for character in texts.get(key, "")):
            message = f"{key} must be what stands beside digits, got {show(texts[key])}"
            raise MappingError(message, field=key)
    if texts.get("thousands") == texts.get("decimal", "."):
        raise MappingError("thousands must be another mark than decimal", field="thousands")


def _skip(rule: Any) -> tuple[Any, str]:
    if not isinstance(rule, dict) or set(rule) - {"when", "reason"} or "when" not in rule:
        raise MappingError("skip needs `when`, and may give a `reason`", field="skip")
    return rule["when"], text("reason", rule.get("reason", "skipped by the mapping"))


def zone_of(name: Any) -> ZoneInfo:
    """Give a time zone by its IANA name; raises MappingError where there is none."""
    found = zone(name)
    if found is None:
        message = f"unknown time zone {show(name)}: give an IANA name such as 'Europe/London'"
        raise MappingError(message, field="timezone")
    return found


def text(key: str, value: Any) -> str:
    """Take a text of a mapping; raises MappingError for anything else."""
    if not isinstance(value, str):
        raise MappingError(f"{key} must be text, got {show(value)}", field=key)
    return value


def flag(key: str, value: Any) -> bool:
    """Take true or false of a mapping; raises MappingError for anything else."""
    if not isinstance(value, bool):
        raise MappingError(f"{key} must be true or false, got {show(value)}", field=key)
    return value


def listed(key: str, value: Any) -> list[Any]:
    """Take a list of a mapping; raises MappingError for anything else."""
    if not isinstance(value, list):
        raise MappingError(f"{key} must be a list [...], got {show(value)}", field=key)
    return value


def near(name: str, known: Iterable[str]) -> str:
    """Give ``; did you mean ...?`` where a name resembles a known one; else the known ones."""
    words = sorted(filter(None, known))
    names = ", ".join(words)
    listed = names if len(names) <= _LONGEST else names[:_LONGEST] + "..."
    return nearest(name, words) or f"; known: {listed}"
