"""Model files: a value model in TOML, written and read by people."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from crmkit.arguments import show
from crmkit.clock import DAY, SECOND, span
from crmkit.errors import ModelError
from crmkit.model.value import Indicator, ValueModel

_UNITS = {"day": DAY, "hour": DAY // 24, "minute": 60 * SECOND, "second": SECOND} | {
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
"""Microseconds by unit; durations are written in the first that leaves no rest."""
_DURATION = re.compile(r"\s*([0-9]{1,30}(?:\.[0-9]{1,30})?)\s*([a-z]+?)s?\s*")
_FIELDS = {field.name for field in attrs.fields(Indicator)}


@cache
def default_model() -> ValueModel:
    """Give the model that holds until another is used."""
    text = files("crmkit.value").joinpath("default_model.toml").read_text("utf-8")
    return parse_model(text, "default_model.toml")


def load_model(path: str | Path) -> ValueModel:
    """Read a model file.

    Raises:
        ModelError: the file is missing, no TOML, or makes no sense; the message names the place.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, TypeError, ValueError) as cause:  # it may be no path at all, or no text
        message = f"model file {show(path)}: cannot be read: {cause}"
        raise ModelError(message, field="file") from cause
    return parse_model(text, str(path))


def parse_model(text: str, name: str = "model") -> ValueModel:
    """Read a model from TOML text; `name` stands in the errors."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as cause:  # numbers and depths beyond Python's too
        message = f"model file {name}: not TOML: {cause}"
        raise ModelError(message, field="file") from cause
    return model_of(table, name)


def model_of(table: Mapping[str, Any], name: str = "model") -> ValueModel:
    """Build a model from the tables of a model file."""
    _known(table, {"version", "currency", "rates", "indicator"}, name)
    missing = [key for key in ("version", "currency", "indicator") if not table.get(key)]
    if missing:
        message = f"model file {name}: {missing[0]} is missing"
        raise ModelError(message, field=missing[0])
    entries = table["indicator"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        message = f"model file {name}: indicators are tables [[indicator]]"
        raise ModelError(message, field="indicator")
    return ValueModel(
        str(table["version"]),
        tuple(_indicator(entry, name) for entry in entries),
        currency=table["currency"],
        rates=table.get("rates", {}),
    )


def dump_model(model: ValueModel) -> str:
    """Write a model as TOML that `parse_model` reads back equal."""
    lines = [f"version = {_text(model.version)}", f"currency = {_text(model.currency)}", ""]
    if model.rates:
        lines += ["[rates]", *(f"{_text(c)} = {rate!r}" for c, rate in model.rates.items()), ""]
    for indicator in model.indicators:
        lines.append("[[indicator]]")
        for field in attrs.fields(Indicator):
            value = getattr(indicator, field.name)
            if field.name == "half_life":
                lines.append(f'half_life = "{write_duration(value)}"')
            elif field.name == "defaults":
                if value:
                    pairs = ", ".join(f"{_text(k)} = {float(v)!r}" for k, v in value.items())
                    lines.append(f"defaults = {{ {pairs} }}")
            elif isinstance(value, tuple):
                lines.append(f"{field.name} = [{', '.join(map(_text, value))}]")
            elif value is not None:
                shown = _text(value) if isinstance(value, str) else repr(value)
                lines.append(f"{field.name} = {shown}")
        lines.append("")
    return "\n".join(lines)


def parse_duration(text: object, field: str = "half_life") -> timedelta:
    """Read ``"90 days"``, ``"1.5 years"`` (365 days a year, 30 a month), to the microsecond.

    Raises:
        ModelError: it is no such text; `field` names the setting.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is not None and match[2] in _UNITS:
        whole = round(Fraction(match[1]) * _UNITS[match[2]])
        if whole <= span(timedelta.max):
            return timedelta(microseconds=whole)
    message = f'{field} must be a duration such as "90 days" or "2 years", got {show(text)}'
    raise ModelError(message, field=field)


def write_duration(duration: timedelta) -> str:
    """Write a duration so that `parse_duration` reads it back equal: ``90 days``."""
    whole = span(duration)
    for unit, size in _UNITS.items():
        if whole % size == 0:
            return f"{whole // size} {unit}s"
    return f"{whole // SECOND}.{whole % SECOND:06} seconds"


def _indicator(entry: Mapping[str, Any], name: str) -> Indicator:
    where = f"{name}, indicator {entry.get('name', '?')!r}"
    _known(entry, _FIELDS, where)
    for key in ("name", "kinds", "measure", "half_life", "weight"):
        if key not in entry:
            message = f"model file {where}: {key} is missing"
            raise ModelError(message, field=key)
    return Indicator(**{**entry, "half_life": parse_duration(entry["half_life"])})


def _known(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        message = f"model file {where}: unknown key {unknown[0]!r}; known: {sorted(known)}"
        raise ModelError(message, field=unknown[0])


def _text(value: str) -> str:
    escaped = value.translate(_ESCAPES)
    return f'"{escaped}"'


_ESCAPES = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)},
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}
