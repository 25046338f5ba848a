"""Countries and their parts, as addresses spell them, and the time zones each has.

Which zones a country has says ``zone.tab`` of tzdata, how it is called ``iso3166.tab``; the parts
of countries with several zones stand in ``zones.toml``.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import attrs

from crmkit.clock import DAY
from crmkit.outreach.walls import change, offset, zone_of

_FIRST = 50 * 365 * DAY  # the end of 2019: clocks that agreed before and after are one
_LAST = 70 * 365 * DAY
_STEP = 7 * DAY  # no clock is changed twice within a week
_APART = re.compile(r"[\W_]+")


@attrs.frozen
class Place:
    """Where an address lies, as far as it is understood.

    Attributes:
        country: ISO 3166-1 code.
        part: ISO 3166-2 code without the country's own; None: not known.
    """

    country: str
    part: str | None = None

    @property
    def region(self) -> str:
        """The code in full: ``US-FL``, or ``DE`` where no part is known."""
        return self.country if self.part is None else f"{self.country}-{self.part}"


@lru_cache(8192)
def place(country: str | None, region: str | None, city: str | None) -> Place | None:
    """Understand an address; None: it names no country that is known.

    Args:
        country: ISO 3166-1 code, or a name.
        region: ISO 3166-2 code, with the country's own or without, or a name.
        city: Looked at where the region is missing: some cities are a part by themselves.
    """
    code = _countries().get(_plain(country or ""))
    if code is None:
        return None
    parts = _parts().get(code, {})
    for written in (region, city) if not (region or "").strip() else (region,):
        name = _plain(written or "")
        part = parts.get(name) or parts.get(_shorter(name, code))
        if part is not None:
            return Place(code, part)
    return Place(code)


@cache
def zones_in(where: Place) -> frozenset[str]:
    """Give the zones of a place; all of its country's where its part is not known."""
    if where.part is not None:
        zones: Mapping[str, str] = _data()[where.country]["zones"]
        return frozenset(name for name, codes in zones.items() if where.part in codes.split())
    return _by_country().get(where.country, frozenset())


@cache
def rules(name: str) -> tuple[tuple[int, int], ...]:
    """Give what a zone's clocks do from 2020 on: when they change, and to which offset.

    Zones of which it is equal are one, whatever they are called.
    """
    zone = zone_of(name)
    found = [(_FIRST, offset(_FIRST, zone))]
    for low in range(_FIRST, _LAST, _STEP):
        changed = change(low, low + _STEP, zone)
        if changed is not None:
            found.append((changed, offset(changed, zone)))
    return tuple(found)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("crmkit.outreach") / "zones.toml").read_text("utf-8"))


def _table(name: str) -> list[list[str]]:
    text = (files("tzdata") / "zoneinfo" / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]


@cache
def _by_country() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for code, _, name, *_ in _table("zone.tab"):
        found.setdefault(code, set()).add(name)
    return {code: frozenset(names) for code, names in found.items()}


@cache
def _countries() -> dict[str, str]:
    """Give the code of each country by everything that it is called."""
    found = {}
    for code, name in _table("iso3166.tab"):
        found[_plain(name)] = found[_plain(code)] = code
    for code, names in _data()["countries"].items():
        found |= {_plain(name): code for name in names}
    return found


@cache
def _parts() -> dict[str, dict[str, str]]:
    """Give the code of each part by everything that it is called, by country."""
    found: dict[str, dict[str, str]] = {}
    for country, data in _data().items():
        if country in ("countries", "suffixes"):
            continue
        parts = found[country] = {}
        for codes in data["zones"].values():
            for code in codes.split():
                parts[_plain(code)] = parts[_plain(f"{country}-{code}")] = code
        for code, names in data["names"].items():
            parts |= {_plain(name): code for name in names.split("|")}
    return found


def _plain(name: str) -> str:
    """Leave out case, accents and punctuation."""
    letters = unicodedata.normalize("NFKD", name[:200])
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return _APART.sub(" ", bare.casefold()).strip()


def _shorter(name: str, country: str) -> str:
    """Leave out what kind of a part it is."""
    for suffix in map(_plain, _data()["suffixes"].get(country, ())):
        if name.endswith(suffix):
            return name.removesuffix(suffix).strip()
    return name
