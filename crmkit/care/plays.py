"""What may be done for a customer by the signs that the log gives: a table in TOML (R99, R101).

Where ``[care] plays`` names a file, that is read instead of ``plays.toml`` beside this module.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import attrs

from crmkit.contracts.settings import structure
from crmkit.errors import ConfigError, ModelError
from crmkit.model.plan import BONDS


@attrs.frozen(kw_only=True)
class Said:
    """A text in both languages."""

    en: str = ""
    zh: str = ""


@attrs.frozen(kw_only=True)
class PlayAction:
    """One action of a play.

    Attributes:
        content: What is done.
        bond: What it ties the customer by.
        days: Days after the plan was drawn up.
        on: ``birthday``: on that day instead.
        by: ``senior``: the nearest senior person above the account manager carries it out.
        resources: What is needed for it.
        deliverable: What comes out of it.
    """

    content: Said
    bond: str
    days: int = 0
    on: Literal["birthday"] | None = None
    by: Literal["senior"] | None = None
    resources: Said = Said()
    deliverable: Said = Said()


@attrs.frozen(kw_only=True)
class Play:
    """What is done where one of some signs is there.

    Attributes:
        name: Unique.
        signs: Any of them calls for it.
        action: Its actions.
        strategy: In a sentence.
        expansion: How it widens the relationship.
    """

    name: str
    signs: tuple[str, ...]
    action: tuple[PlayAction, ...]
    strategy: Said = Said()
    expansion: Said = Said()


def fitting(plays: Sequence[Play], signs: Collection[str]) -> list[Play]:
    """Give the plays that some sign calls for, in the order of the table."""
    return [play for play in plays if not set(play.signs).isdisjoint(signs)]


@attrs.frozen(kw_only=True)
class PlanSettings:
    """Settings of ``[care]`` that plans go by.

    Attributes:
        plays: File of the plays; None: the default ones.
    """

    plays: str | None = None


def plays_of(section: Mapping[str, Any], folder: Path | None = None) -> tuple[Play, ...]:
    """Read the plays that the configuration's section ``[care]`` names.

    Args:
        section: The section.
        folder: Where a relative file lies; None: the working directory.

    Raises:
        ConfigError: a setting makes no sense.
        ModelError: the file is missing or makes no sense.
    """
    settings = structure(PlanSettings, section, "care")
    if settings.plays is None:
        return default_plays()
    path = (folder or Path()) / Path(settings.plays).expanduser()
    try:
        return parse_plays(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeError) as cause:
        raise ModelError(f"plays {path}: cannot be read: {cause}", field="care.plays") from cause


@cache
def default_plays() -> tuple[Play, ...]:
    """Give the plays that hold where the configuration names none."""
    return parse_plays(files("crmkit.care").joinpath("plays.toml").read_text("utf-8"), "plays.toml")


def parse_plays(text: str, name: str = "plays") -> tuple[Play, ...]:
    """Read plays from TOML text; `name` stands in the errors.

    Raises:
        ModelError: it is no TOML, or makes no sense; `field` names the place.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as cause:
        raise ModelError(f"plays {name}: not TOML: {cause}", field="file") from cause
    entries = table.get("play")
    if set(table) != {"play"} or not isinstance(entries, list):
        raise ModelError(f"plays {name}: must hold [[play]] tables only", field="play")
    try:
        plays = tuple(
            structure(Play, entry, f"play[{number}]") for number, entry in enumerate(entries)
        )
    except ConfigError as error:
        raise ModelError(f"plays {name}: {error}", field=getattr(error, "key", "play")) from error
    for play in plays:
        for action in play.action:
            if action.bond not in BONDS:
                message = f"plays {name}: {play.name}: bond is one of {', '.join(BONDS)}"
                raise ModelError(message, field="bond")
    return plays
