"""What a file's columns hold: text, unless ``NAME.schema.toml`` beside it says more."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from crmkit.connectors.csv.sheet import LONGEST
from crmkit.contracts.connector import TYPES, Field, Schema, SyncAborted
from crmkit.contracts.settings import structure
from crmkit.errors import ConfigError

BATCH = 5_000
"""Records of one call: each rewrites the file once."""


@attrs.frozen(kw_only=True)
class Column:
    """A section ``[fields.NAME]`` of a schema file; the keys are those of `Field`."""

    type: str = attrs.field(default="text", validator=attrs.validators.in_(TYPES))
    label: str = ""
    required: bool = False
    readonly: bool = False
    unique: bool = True
    choices: tuple[str, ...] = ()
    length: int | None = LONGEST


def told(path: Path) -> dict[str, Column]:
    """Read a schema file; nothing where there is none.

    Raises:
        SyncAborted: it cannot be read, or says what is no schema.
    """
    try:
        return structure(_Told, tomllib.loads(path.read_text("utf-8-sig"))).fields
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, ConfigError) as error:
        raise SyncAborted(f"{path.name}: {error}") from error


@attrs.frozen(kw_only=True)
class _Told:
    fields: dict[str, Column] = attrs.field(factory=dict)


def described(
    entity: str, header: Sequence[str], columns: dict[str, Column], id_column: str, page: int
) -> Schema:
    """Describe an object; columns that only the schema names are made by the first write."""
    names = dict.fromkeys([*header, *columns])
    names.pop(id_column, None)
    own = Field(name=id_column, readonly=True, unique=True)
    fields = (Field(name=name, **_facts(columns.get(name, Column()))) for name in names)
    return Schema(entity=entity, fields=(own, *fields), batch=BATCH, page=page)


def _facts(column: Column) -> dict[str, Any]:
    return attrs.asdict(column, recurse=False)
