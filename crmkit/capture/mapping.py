"""Column mappings: a TOML file that says which column is what, read into a checked `Mapping`.

``docs/import.md`` shows every key at work.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmkit.errors import MappingError

Getter = Callable[[Any], Any]
"""Gives one column's value of a row: text is trimmed, None where there is none."""

_CONDITIONS = frozenset("column equals in starts ends matches empty below above not".split())
_TEXTS = "source delimiter encoding time_format decimal thousands within".split()
_CHARACTERS = frozenset({"delimiter", "decimal"})
_SECTIONS = "fields customer friend attributes identities contacts addresses profile custom".split()
_KEYS = frozenset({*_TEXTS, *_SECTIONS, "timezone", "skip"})


@attrs.frozen(kw_only=True)
class Mapping:
    """What a mapping file says.

    Attributes:
        source: Source of the records; None: the file's name or the caller's.
        delimiter: What separates columns.
        encoding: What lines are read in that are not UTF-8.
        zone: Time zone of instants that have none.
        time_format: How instants are written, as ``strptime`` reads them; None: ISO 8601.
        decimal: Decimal mark of numbers.
        thousands: What groups digits; removed.
        within: Template of what the occurrence number ``{#}`` counts within.
        skips: Rules for lines to leave out: conditions, and why.
        sections: Values by section: ``fields``, ``customer``, ``attributes``...
    """

    source: str | None = None
    delimiter: str = ","
    encoding: str | None = None
    zone: ZoneInfo | None = None
    time_format: str | None = None
    decimal: str = "."
    thousands: str = ""
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
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path}: cannot be read: {error}", field="file") from None
    except MappingError as error:
        field = getattr(error, "field", None)
        raise MappingError(f"{path}: {error}", field=field) from None


def _mapping(plain: dict[str, Any]) -> Mapping:
    for key in plain:
        if key not in _KEYS:
            raise MappingError(f"unknown key {key!r}{near(key, _KEYS)}", field=key)
    texts = {key: plain[key] for key in _TEXTS if key in plain}
    for key, value in texts.items():
        if not isinstance(value, str) or (key in _CHARACTERS and len(value) != 1):
            what = "one character" if key in _CHARACTERS else "text"
            raise MappingError(f"{key} must be {what}, got {value!r}", field=key)
    sections: dict[str, Any] = {key: plain[key] for key in _SECTIONS if key in plain}
    for key, section in sections.items():
        wanted = list if key in ("contacts", "addresses") else dict
        if not isinstance(section, wanted) and not (key == "customer" and isinstance(section, str)):
            kind = "an array of tables [[...]]" if wanted is list else "a table [...]"
            raise MappingError(f"{key} must be {kind}", field=key)
    return Mapping(
        **texts,
        zone=zone_of(plain["timezone"]) if "timezone" in plain else None,
        skips=tuple(_skip(rule) for rule in _listed(plain.get("skip", []), "skip")),
        sections=sections,
    )


def _skip(rule: Any) -> tuple[Any, str]:
    if not isinstance(rule, dict) or set(rule) - {"when", "reason"} or "when" not in rule:
        raise MappingError("skip needs `when`, and may give a `reason`", field="skip")
    return rule["when"], str(rule.get("reason", "skipped by the mapping"))


def zone_of(name: Any) -> ZoneInfo:
    """Give a time zone by its IANA name; raises MappingError where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        message = f"unknown time zone {name!r}: give an IANA name such as 'Europe/London'"
        raise MappingError(message, field="timezone") from None


def _listed(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise MappingError(f"{field} must be an array of tables [[{field}]]", field=field)
    return value


def near(name: str, known: Iterable[str]) -> str:
    """Give ``; did you mean ...?`` where a name resembles a known one."""
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"


# -- conditions ----------------------------------------------------------------------------


def condition(spec: Any, column: Callable[[str], Getter], number: Callable[[str], Any]) -> Getter:
    """Compile a condition: a table whose every key must hold, or a list of which all must.

    Args:
        spec: ``{ column = "InvoiceNo", starts = "C" }``.
        column: Gives the getter of a column, by name.
        number: Reads a number, for ``below`` and ``above``.

    Raises:
        MappingError: a key is unknown, or no `column` is named.
    """
    if isinstance(spec, list):
        tests = [condition(one, column, number) for one in spec]
        return lambda row: all(test(row) for test in tests)
    if not isinstance(spec, dict) or "column" not in spec:
        raise MappingError("a condition needs the `column` it looks at", field="when")
    for key in spec:
        if key not in _CONDITIONS:
            message = f"unknown condition {key!r}{near(key, _CONDITIONS)}"
            raise MappingError(message, field="when")
    get = column(spec["column"])
    tests = [
        _test(key, value, number) for key, value in spec.items() if key not in ("column", "not")
    ]
    wanted = not spec.get("not", False)
    if len(tests) == 1:
        (test,) = tests
        return lambda row: test(_shown(get(row))) is wanted
    return lambda row: all(test(text) for text in [_shown(get(row))] for test in tests) is wanted


def _shown(value: Any) -> str:
    return value if type(value) is str else "" if value is None else str(value)


def _test(key: str, value: Any, number: Callable[[str], Any]) -> Callable[[str], bool]:
    if key == "in":
        words = frozenset(str(one) for one in value)
        return lambda text: text in words
    if key == "empty":
        return lambda text: (not text) is bool(value)
    if key == "matches":
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise MappingError(f"matches is no pattern: {error}", field="when") from None
        return lambda text: pattern.fullmatch(text) is not None
    if key in ("below", "above"):
        limit = number(str(value))
        below = key == "below"

        def compare(text: str) -> bool:
            try:
                found = number(text)
            except ArithmeticError:
                return False  # what is no number is neither below nor above
            return bool(found < limit if below else found > limit)

        return compare
    word = str(value)
    tests: dict[str, Callable[[str], bool]] = {
        "equals": lambda text: text == word,
        "starts": lambda text: text.startswith(word),
        "ends": lambda text: text.endswith(word),
    }
    return tests[key]
