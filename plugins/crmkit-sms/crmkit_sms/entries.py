"""Entries of what a provider tells in JSON, with texts that a database can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.contracts.reading import clean


def listed(found: object) -> list[Mapping[str, Any]] | None:
    """Give the objects of decoded JSON, one or a list of them; None where it is neither.

    Entries of a list that are no objects are left out.
    """
    if not isinstance(found, list | dict):
        return None
    several = found if isinstance(found, list) else [found]
    return [
        {name: clean(value) if isinstance(value, str) else value for name, value in one.items()}
        for one in several
        if isinstance(one, dict)
    ]
