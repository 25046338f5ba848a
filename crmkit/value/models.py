"""Model files: a value model in TOML, written and read by people."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from crmkit.errors import ModelError
from crmkit.model.value import Indicator, ValueModel

_UNITS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*")
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
    except (OSError, UnicodeDecodeError) as cause:
        message = f"model file {path}: cannot be read: {cause}"
        raise ModelError(message, field="file") from cause
    return parse_model(text, str(path))


def parse_model(text: str, name: str = "model") -> ValueModel:
    """Read a model from TOML text; `name` stands in the errors."""
    try:
        return model_of(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as cause:
        message = f"model file {name}: not TOML: {cause}"
        raise ModelError(message, field="file") from cause


def model_of(table: Mapping[str, Any], name: str = "model") -> ValueModel:
    """Build a model from the tables of a model file."""
    _known(table, {"version", "currency", "rates", "indicator"}, name)
    missing = [key for key in ("version", "currency", "indicator") if not table.get(key)]
    if missing:
        message = f"model file {name}: {missing[0]} is missing"
        raise ModelError(message, field=missing[0])
    return ValueModel(
        str(table["version"]),
        tuple(_indicator(entry, name) for entry in table["indicator"]),
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
                lines.append(f'half_life = "{value / timedelta(days=1)!r} days"')
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
    """Read ``"90 days"``, ``"1.5 years"`` (365 days a year, 30 a month).

    Raises:
        ModelError: it is no such text; `field` names the setting.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[2] not in _UNITS:
        message = f'{field} must be a duration such as "90 days" or "2 years", got {text!r}'
        raise ModelError(message, field=field)
    return timedelta(days=float(match[1]) * _UNITS[match[2]])


def _indicator(entry: Mapping[str, Any], name: str) -> Indicator:
    where = f"{name}, indicator {entry.get('name', '?')!r}"
    _known(entry, _FIELDS, where)
    for key in ("name", "kinds", "measure", "half_life", "weight"):
        if key not in entry:
            message = f"model file {where}: {key} is missing"
            raise ModelError(message, field=key)
    values = {**entry, "half_life": parse_duration(entry["half_life"])}
    try:
        return Indicator(**values)
    except (TypeError, ValueError) as cause:
        if isinstance(cause, ModelError):
            raise
        message = f"model file {where}: {cause}"
        raise ModelError(message, field="indicator") from cause


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
